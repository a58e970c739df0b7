"""What a request must be before anything is done for it: from our own page, small, of its type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from polaris_core.errors import InvalidInput

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["Refused", "check_origin", "content_of", "decoded"]

_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """A request that is answered with an error and nothing else."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        self.status = status
        self.error = error
        self.hint = hint
        super().__init__(error)


def check_origin(headers: Mapping[str, str]) -> None:
    """See that a request comes from the page that this server gave out, or from no page.

    Raises:
        Refused: It comes from another site, or from an unknown one.
    """
    site = headers.get("Sec-Fetch-Site", "none").lower()
    if site not in ("same-origin", "none"):
        raise Refused(403, "the request comes from another site", "Use ComfyUI's own page")
    origin = headers.get("Origin")
    if origin is None:
        return
    theirs, ours = _place(origin), _place(_own_address(headers, origin))
    if theirs is None or theirs != ours:
        raise Refused(403, "the request comes from another site", "Use ComfyUI's own page")


def _own_address(headers: Mapping[str, str], origin: str) -> str:
    """What this server is called by whoever asks; the scheme decides only which port is meant."""
    return f"{origin.partition(':')[0]}://{headers.get('Host', '')}"


def _place(address: str) -> tuple[str, int] | None:
    """Host and port; None for what is no address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (host, port) if host and port else None


async def content_of(request: web.Request, most: int, types: tuple[str, ...]) -> bytes:
    """The body of a request.

    Raises:
        Refused: It is of another type or larger.
    """
    if request.content_type not in types:
        raise Refused(415, f"a body of the type {' or '.join(types)} is expected")
    if request.content_length is not None and request.content_length > most:
        raise Refused(413, f"the body is larger than {most} bytes")
    content = bytearray()
    async for block in request.content.iter_any():
        content += block
        if len(content) > most:
            raise Refused(413, f"the body is larger than {most} bytes")
    return bytes(content)


def decoded(content: bytes) -> object:
    """The value of a JSON body.

    Raises:
        InvalidInput: It is no JSON, holds NaN, or is nested too deeply.
    """

    def refuse(text: str) -> object:
        raise InvalidInput("the body holds a number that JSON does not know", value=text)

    try:
        return json.loads(content, parse_constant=refuse)
    except InvalidInput:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is no JSON", value=f"{len(content)} bytes") from error
