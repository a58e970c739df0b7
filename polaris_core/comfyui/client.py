"""Run workflows on a ComfyUI server: submit, follow, fetch the pictures."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from polaris_core.comfyui.address import DEFAULT_ADDRESS, parse_address
from polaris_core.comfyui.connection import Connection
from polaris_core.comfyui.follow import Follower
from polaris_core.comfyui.replies import Outcome, PictureRef, as_mapping
from polaris_core.comfyui.workflow import Workflow, check_workflow, fresh
from polaris_core.errors import InvalidInput, MissingDependency, ServerProblem
from polaris_core.progress import Progress, silent

__all__ = ["ComfyClient", "Picture", "RunResult"]

_T = TypeVar("_T")
_LARGEST_UPLOAD_BYTES = 1 << 30


class Picture(NamedTuple):
    """A picture that a workflow made."""

    node_id: str
    filename: str
    """As the server calls it; never use it as a path unchecked."""
    content: bytes
    """The encoded file."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a finished workflow left."""

    prompt_id: str
    images: tuple[Picture, ...]
    """The pictures it saved."""
    previews: tuple[Picture, ...] = ()
    """The pictures it only showed."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The texts it showed, by node id."""
    cached: frozenset[str] = frozenset()
    """Ids of nodes that did not have to run, since nothing had changed for them."""
    seconds: float = 0.0
    """From submission to the end, without fetching the pictures."""


class ComfyClient:
    """Speaks to one ComfyUI server. Every method opens a connection and closes it again.

    The methods block and may not be called from within a running event loop.

    Attributes:
        address: `http://host:port`, without a slash at the end.
    """

    def __init__(self, address: str = DEFAULT_ADDRESS) -> None:
        """Check the address; nothing is sent yet.

        Raises:
            InvalidInput: The address is not one.
        """
        self.address = parse_address(address)

    def upload_image(self, path: Path) -> str:
        """Put a picture into the server's input folder.

        Returns:
            The name under which `LoadImage` finds it; the server changes the name rather than
            overwrite another picture.

        Raises:
            InvalidInput: The file cannot be read or is over 1 GiB.
            ServerProblem: The server cannot be reached or does not take it.
        """
        try:
            if path.stat().st_size > _LARGEST_UPLOAD_BYTES:
                raise InvalidInput("the picture is over 1 GiB", value=str(path))
            content = path.read_bytes()
        except (OSError, ValueError) as error:
            raise InvalidInput("the picture cannot be read", value=str(path)) from error

        async def upload(connection: Connection) -> object:
            return await connection.upload(path.name, content)

        answer = as_mapping(self._with_connection(upload))
        name, subfolder = answer.get("name"), answer.get("subfolder", "")
        if not isinstance(name, str) or not name or not isinstance(subfolder, str):
            raise ServerProblem("the server does not say where it put the picture", value=answer)
        return f"{subfolder}/{name}" if subfolder else name

    def get_json(self, path: str) -> Any:  # noqa: ANN401  whatever the server's route answers
        """The decoded answer of one of the server's routes, such as `/object_info`.

        Raises:
            ServerProblem: The server cannot be reached, refuses, or does not answer in JSON.
        """

        async def get(connection: Connection) -> object:
            return await connection.get_json(path)

        return self._with_connection(get)

    def submit(self, workflow: Mapping[str, object]) -> str:
        """Queue a workflow and do not wait for it.

        Returns:
            The number the server gave it.

        Raises:
            InvalidWorkflow: It is not in the API form.
            WorkflowRejected: The server refuses it.
            ServerProblem: The server cannot be reached or answers nonsense.
        """
        checked = fresh(check_workflow(workflow))

        async def submit(connection: Connection) -> str:
            return await connection.submit(checked, uuid.uuid4().hex, str(uuid.uuid4()))

        return self._with_connection(submit)

    def run(
        self,
        workflow: Mapping[str, object],
        progress: Progress = silent,
        *,
        timeout_s: float = 600.0,
    ) -> RunResult:
        """Run a workflow to its end.

        Args:
            workflow: In the API form.
            progress: Told the nodes finished and the one at work, at least twice a second. If it
                raises `Cancelled`, the workflow is taken from the queue or interrupted.
            timeout_s: After so long the same happens, and it is a `WorkflowFailed`.

        Raises:
            InvalidWorkflow: It is not in the API form.
            WorkflowRejected: The server refuses it.
            WorkflowFailed: A node failed, the workflow was interrupted by someone else, took too
                long, or was forgotten by the server.
            ServerProblem: The server cannot be reached or answers nonsense.
            Cancelled: `progress` said so.
        """
        checked = fresh(check_workflow(workflow))

        async def run(connection: Connection) -> RunResult:
            return await _run(connection, checked, progress, timeout_s)

        return self._with_connection(run)

    def _with_connection(self, use: Callable[[Connection], Awaitable[_T]]) -> _T:
        try:
            import aiohttp  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ImportError as error:
            raise MissingDependency(
                "aiohttp is not installed", hint="pip install aiohttp"
            ) from error

        async def connect() -> _T:
            async with Connection(self.address) as connection:
                return await use(connection)

        return asyncio.run(cast(Coroutine[Any, Any, _T], connect()))


async def _run(
    connection: Connection, workflow: Workflow, progress: Progress, timeout_s: float
) -> RunResult:
    follower = Follower(connection, workflow, progress, timeout_s)
    outcome = await follower.run()
    return RunResult(
        prompt_id=follower.prompt_id,
        images=await _fetch(connection, outcome, "output"),
        previews=await _fetch(connection, outcome, "temp"),
        texts=outcome.texts,
        cached=outcome.cached,
        seconds=follower.seconds,
    )


async def _fetch(connection: Connection, outcome: Outcome, folder: str) -> tuple[Picture, ...]:
    wanted: list[PictureRef] = [ref for ref in outcome.pictures if ref.folder == folder]
    return tuple([Picture(ref.node_id, ref.filename, await connection.view(ref)) for ref in wanted])
