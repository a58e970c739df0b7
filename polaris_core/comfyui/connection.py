"""The requests that a ComfyUI server understands, with every failure turned into ours."""

from __future__ import annotations

import asyncio
import json
import re
from types import TracebackType
from typing import TYPE_CHECKING, Any

from polaris_core.comfyui.replies import (
    PictureRef,
    as_mapping,
    is_queued,
    read_prompt_id,
    rejection,
)
from polaris_core.comfyui.workflow import Workflow
from polaris_core.errors import ServerProblem, ServerUnreachable

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Connection"]

_UNSENDABLE = re.compile(r'[\x00-\x1f\x7f"\\\ud800-\udfff]')
"""Characters of a file name that would end or break the line it is sent in."""
_LARGEST_JSON_BYTES = 256 << 20
_LARGEST_PICTURE_BYTES = 1 << 30
_LARGEST_EVENT_BYTES = 64 << 20
_PAUSE_S = 60.0
"""A server may be busy, but not silent for longer than this within one answer."""


class Connection:
    """An open session with one server; an asynchronous context manager."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Connection:
        """Open the session; nothing is sent."""
        import aiohttp

        limits = aiohttp.ClientTimeout(total=None, sock_connect=10.0, sock_read=_PAUSE_S)
        # A proxy named in the environment is not meant for the machines around us.
        self._session = aiohttp.ClientSession(timeout=limits, trust_env=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the session."""
        await self._open().close()

    async def get_json(self, path: str) -> Any:  # noqa: ANN401  decoded JSON
        """GET a route.

        Raises:
            ServerProblem: Not reached, refused, or not JSON.
        """
        status, content = await self._request("GET", path, _LARGEST_JSON_BYTES)
        self._expect_ok(path, status, content)
        return self._decode(path, content)

    async def submit(self, workflow: Workflow, client_id: str, prompt_id: str) -> str:
        """Queue a workflow; the server's number for it, which is `prompt_id` on newer ones.

        Raises:
            WorkflowRejected: The server finds fault with it, be it with one node of many.
            ServerProblem: Not reached, or nonsense answered.
        """
        body = {"prompt": workflow, "client_id": client_id, "prompt_id": prompt_id}
        status, content = await self._request("POST", "/prompt", _LARGEST_JSON_BYTES, json=body)
        if status == 400:
            raise rejection(self._decode("/prompt", content))
        self._expect_ok("/prompt", status, content)
        answer = self._decode("/prompt", content)
        prompt_id = read_prompt_id(answer)
        if as_mapping(as_mapping(answer).get("node_errors")):
            # It would run those outputs that it finds no fault with and leave out the others.
            await self.cancel(prompt_id)
            raise rejection(answer)
        return prompt_id

    async def cancel(self, prompt_id: str) -> None:
        """Take a workflow from the queue, or interrupt it if it runs; others go on."""
        await self._request("POST", "/queue", _LARGEST_JSON_BYTES, json={"delete": [prompt_id]})
        # Servers that do not know targeted interrupts stop whatever runs: make sure it is ours.
        if is_queued(await self.get_json("/queue"), prompt_id, "queue_running"):
            body = {"prompt_id": prompt_id}
            await self._request("POST", "/interrupt", _LARGEST_JSON_BYTES, json=body)

    async def upload(self, filename: str, content: bytes) -> object:
        """Put a picture into the input folder; the decoded answer.

        Raises:
            ServerProblem: Not reached, refused, or not JSON.
        """
        import aiohttp

        # Quoted fields would arrive as %20: ComfyUI does not decode them.
        form = aiohttp.FormData(quote_fields=False)
        filename = _UNSENDABLE.sub("_", filename)
        form.add_field("image", content, filename=filename, content_type="application/octet-stream")
        status, answer = await self._request(
            "POST", "/upload/image", _LARGEST_JSON_BYTES, data=form
        )
        self._expect_ok("/upload/image", status, answer)
        return self._decode("/upload/image", answer)

    async def view(self, ref: PictureRef) -> bytes:
        """Fetch a picture.

        Raises:
            ServerProblem: Not reached, refused, empty or over 1 GiB.
        """
        query = {"filename": ref.filename, "subfolder": ref.subfolder, "type": ref.folder}
        status, content = await self._request("GET", "/view", _LARGEST_PICTURE_BYTES, params=query)
        self._expect_ok("/view", status, content)
        if not content:
            raise ServerProblem("the server sent an empty picture", value=ref.filename)
        return content

    async def listen(self, client_id: str) -> aiohttp.ClientWebSocketResponse[bool]:
        """Open the websocket on which the server tells `client_id` what happens.

        Raises:
            ServerUnreachable: It cannot be opened.
        """
        import aiohttp

        try:
            return await self._open().ws_connect(
                f"{self._address}/ws",
                params={"clientId": client_id},
                max_msg_size=_LARGEST_EVENT_BYTES,
            )
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        assert self._session is not None, "used outside `async with`"
        return self._session

    async def _request(
        self,
        method: str,
        path: str,
        largest_bytes: int,
        **arguments: Any,  # noqa: ANN401  handed on
    ) -> tuple[int, bytes]:
        import aiohttp

        try:
            # Redirects would carry the user's workflow to another host.
            async with self._open().request(
                method, f"{self._address}{path}", allow_redirects=False, **arguments
            ) as answer:
                parts: list[bytes] = []
                size = 0
                async for part in answer.content.iter_chunked(1 << 20):
                    size += len(part)
                    if size > largest_bytes:
                        raise ServerProblem(
                            f"the answer to {path} is over {largest_bytes >> 20} MiB",
                            value=self._address,
                        )
                    parts.append(part)
                return answer.status, b"".join(parts)
        except aiohttp.ClientPayloadError as error:
            raise ServerProblem(f"the answer to {path} broke off", value=self._address) from error
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: BaseException) -> ServerUnreachable:
        reason = str(error) or type(error).__name__
        return ServerUnreachable(
            f"no ComfyUI answers at {self._address}",
            value=reason,
            hint="Start it with `python main.py` in its folder, or name its address",
        )

    def _expect_ok(self, path: str, status: int, content: bytes) -> None:
        if status != 200:
            raise ServerProblem(
                f"{self._address}{path} answered {status}",
                value=content[:400].decode("utf-8", "replace"),
                hint="Is this really a ComfyUI?" if status in (301, 302, 307, 404, 405) else "",
            )

    def _decode(self, path: str, content: bytes) -> Any:  # noqa: ANN401  decoded JSON
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ServerProblem(
                f"{self._address}{path} did not answer in JSON",
                value=content[:400].decode("utf-8", "replace"),
                hint="Is this really a ComfyUI?",
            ) from error
