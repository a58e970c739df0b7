"""Follow one workflow on a server from submission to its end.

A websocket tells what happens, and the history tells what came out. The websocket may drop, fall
silent or never open, so the history is also asked now and then: whether a workflow has ended well
is decided by the history alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from polaris_core.comfyui.connection import Connection
from polaris_core.comfyui.replies import Outcome, as_mapping, failure, is_queued, read_history
from polaris_core.comfyui.workflow import Workflow, title_of
from polaris_core.errors import ServerUnreachable, WorkflowFailed
from polaris_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

__all__ = ["Follower"]

_TICK_S = 0.25
_LOOK_WHILE_LISTENING_S = 5.0
_LOOK_WHILE_DEAF_S = 0.5
_UNREACHABLE_S = 15.0
"""How long a server may be away while a workflow runs on it."""
_CANCEL_S = 5.0


class Follower:
    """One workflow on its way.

    Attributes:
        prompt_id: The server's number for it.
        seconds: From submission to the end; 0 until then.
    """

    def __init__(
        self, connection: Connection, workflow: Workflow, progress: Progress, timeout_s: float
    ) -> None:
        self.prompt_id = str(uuid.uuid4())
        self.seconds = 0.0
        self._connection = connection
        self._workflow = workflow
        self._progress = progress
        self._timeout_s = timeout_s
        self._client_id = uuid.uuid4().hex
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._finished: set[str] = set()
        self._at_work = ""
        self._sent = False
        self._what = "waiting in the queue"

    async def run(self) -> Outcome:
        """Submit the workflow and wait until it has ended.

        Raises:
            WorkflowRejected: It is refused.
            WorkflowFailed: It failed, was interrupted, forgotten, or took too long.
            ServerProblem: The server cannot be reached or answers nonsense.
            Cancelled: `progress` said so.
        """
        begin = time.monotonic()
        # A task, so that `progress` is asked however long an answer takes.
        following = asyncio.create_task(self._follow())
        try:
            while not following.done():
                self._progress(len(self._finished), len(self._workflow), self._what)
                if time.monotonic() - begin > self._timeout_s:
                    raise WorkflowFailed(
                        f"the workflow took longer than {self._timeout_s:g} s and was stopped",
                        hint="Allow it more time, or look at the server's log",
                    )
                await asyncio.wait({following}, timeout=_TICK_S)
        except BaseException:
            following.cancel()
            await asyncio.wait({following})
            if self._sent:
                await self._cancel()
            raise
        finally:
            if self._socket is not None:
                await self._socket.close()
        self.seconds = time.monotonic() - begin
        return following.result()

    async def _follow(self) -> Outcome:
        # Listening first, so that nothing is missed.
        self._socket = await self._connection.listen(self._client_id)
        self._sent = True
        self.prompt_id = await self._connection.submit(
            self._workflow, self._client_id, self.prompt_id
        )
        reached, missed = time.monotonic(), 0
        while True:
            ended = await self._hear()
            try:
                outcome = await self._look()
                queued = outcome is not None or await self._is_queued()
                reached = time.monotonic()
            except ServerUnreachable:
                if time.monotonic() - reached > _UNREACHABLE_S:
                    raise
                continue
            if outcome is not None:
                return outcome
            missed = 0 if queued else missed + 1
            if missed > 2:
                raise WorkflowFailed(
                    "the server no longer knows the workflow", hint="It may have been restarted"
                )
            if ended:
                await asyncio.sleep(_LOOK_WHILE_DEAF_S)

    async def _look(self) -> Outcome | None:
        history = await self._connection.get_json(f"/history/{self.prompt_id}")
        return read_history(history, self.prompt_id)

    async def _is_queued(self) -> bool:
        queue = await self._connection.get_json("/queue")
        return is_queued(queue, self.prompt_id, "queue_running", "queue_pending")

    async def _hear(self) -> bool:
        """Listen for a while; whether the workflow is said to have ended."""
        if self._socket is None:
            await asyncio.sleep(_LOOK_WHILE_DEAF_S)
            with contextlib.suppress(ServerUnreachable):
                self._socket = await self._connection.listen(self._client_id)
            return False
        try:
            return await asyncio.wait_for(
                self._listen_until_ended(self._socket), _LOOK_WHILE_LISTENING_S
            )
        except asyncio.TimeoutError:
            return False

    async def _listen_until_ended(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> bool:
        import aiohttp

        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                if self._note(str(message.data)):
                    return True
            elif message.type is not aiohttp.WSMsgType.BINARY:  # closed or broken; pictures pass
                self._socket = None
                return False

    def _note(self, text: str) -> bool:
        """Take note of one event; whether it says that the workflow has ended."""
        try:
            event = as_mapping(json.loads(text))
        except (ValueError, RecursionError):
            return False
        kind, data = event.get("type"), as_mapping(event.get("data"))
        if data.get("prompt_id") != self.prompt_id:
            return False
        if kind == "execution_error":
            raise failure(data)
        node = data.get("display_node") or data.get("node")
        if kind == "execution_cached":
            nodes = data.get("nodes")
            self._finished.update(set(self._workflow).intersection(_strings(nodes)))
        elif kind == "executing" and node is None:
            return True
        elif kind == "executing" and isinstance(node, str):
            self._begin(node)
        elif kind == "progress" and isinstance(node, str):
            self._begin(node)
            self._what = f"{self._title(node)} {_steps(data.get('value'), data.get('max'))}"
        elif kind == "progress_state":
            self._read_states(as_mapping(data.get("nodes")))
        return False

    def _read_states(self, nodes: Mapping[str, Any]) -> None:
        """Nodes of ComfyUI's newer kind, such as ours, tell their steps here and nowhere else."""
        for node, told in nodes.items():
            state = as_mapping(told)
            steps = _steps(state.get("value"), state.get("max"))
            if state.get("state") == "running" and steps and steps != "0/1":  # that is any node's
                self._what = f"{self._title(node)} {steps}"

    def _begin(self, node: str) -> None:
        if node != self._at_work and self._at_work in self._workflow:
            self._finished.add(self._at_work)
        self._at_work = node
        self._what = self._title(node)

    def _title(self, node: str) -> str:
        return title_of(self._workflow[node]) if node in self._workflow else node[:80]

    async def _cancel(self) -> None:
        """Stop it on the server, as far as that answers: the user waits no longer than needed."""
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._connection.cancel(self.prompt_id), _CANCEL_S)


def _strings(value: object) -> set[str]:
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()  # pyright: ignore[reportUnknownVariableType]


def _steps(value: object, most: object) -> str:
    known = isinstance(value, (int, float)) and isinstance(most, (int, float))
    return f"{value:g}/{most:g}" if known else ""
