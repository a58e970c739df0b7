"""HTTP to one server of language models: answers bounded in size, and to no other host.

What goes wrong comes back as a value, without the error that told it: aiohttp's errors keep the
headers of the request, and with them keys and passwords of proxies. A key that the server repeats
is taken out of what it says.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import urllib.request
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from polaris_core.llm.endpoint import Endpoint, is_forbidden_address

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["Answer", "NoAnswer", "Transport"]

_LARGEST_BYTES = 4 << 20
_CONNECT_S = 10.0
_SHORTEST_SECRET = 8
"""Shorter keys are words like "ollama", set because some program insists on a key."""
_HIDDEN = "[key]"


class Answer(NamedTuple):
    """What a server sent, whole."""

    status: int
    content: bytes
    """At most 4 MiB."""
    content_type: str = ""
    retry_after: str = ""
    location: str = ""


class NoAnswer(NamedTuple):
    """Why there is no whole answer."""

    problem: str
    """What follows the address in a sentence: "cannot be reached"."""
    reason: str = ""
    hint: str = ""
    passing: bool = False
    """Whether it may go better the next time."""


class Transport:
    """An open session with one server; an asynchronous context manager."""

    def __init__(self, endpoint: Endpoint, key: str | None) -> None:
        self._endpoint = endpoint
        self._key = key or ""
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._session: aiohttp.ClientSession | None = None
        self._resolver: AbstractResolver | None = None
        self._proxy: str | None = None

    async def __aenter__(self) -> Transport:
        """Open the session; nothing is sent."""
        import aiohttp

        self._proxy = _proxy_for(self._endpoint)
        self._resolver = cast("AbstractResolver", _Resolver(aiohttp.DefaultResolver()))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, resolver=self._resolver),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_S),
            auto_decompress=False,
            # It would also send passwords from a .netrc; the proxy is looked up above.
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the session."""
        assert self._session is not None
        await self._session.close()
        if self._resolver:
            await self._resolver.close()

    async def get(self, path: str) -> Answer | NoAnswer:
        """GET a route below the server's base."""
        return self._without_key(await self._request("GET", path, None))

    async def post(self, path: str, body: bytes) -> Answer | NoAnswer:
        """POST JSON to a route below the server's base."""
        return self._without_key(await self._request("POST", path, body))

    async def _request(self, method: str, path: str, body: bytes | None) -> Answer | NoAnswer:
        import aiohttp

        assert self._session is not None, "used outside `async with`"
        if self._proxy and urlsplit(self._proxy).scheme not in ("http", "https"):
            return NoAnswer(
                "cannot be reached through the proxy that the environment names",
                hint="Polaris speaks to http proxies; NO_PROXY lists hosts that need none",
            )
        try:
            # A redirect would carry the user's picture to another host.
            async with self._session.request(
                method,
                f"{self._endpoint.base}{path}",
                data=body,
                headers=self._headers,
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                return await _read(response)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            return _no_answer(error)

    def _without_key(self, answer: Answer | NoAnswer) -> Answer | NoAnswer:
        if len(self._key) < _SHORTEST_SECRET:
            return answer
        if isinstance(answer, NoAnswer):
            return answer._replace(reason=answer.reason.replace(self._key, _HIDDEN))
        return Answer(
            answer.status,
            _as_written(self._key).sub(_HIDDEN.encode("ascii"), answer.content),
            *(field.replace(self._key, _HIDDEN) for field in answer[2:]),
        )


async def _read(response: aiohttp.ClientResponse) -> Answer | NoAnswer:
    encoding = response.headers.get("Content-Encoding", "")
    if encoding.strip().lower() not in ("", "identity"):
        # Unpacked, it could be a thousand times as long; nobody asked for it.
        return NoAnswer(
            "answers in a compressed form that was not asked for",
            encoding,
            "Is this an OpenAI-compatible server?",
        )
    content = bytearray()
    async for part in response.content.iter_any():
        content += part
        if len(content) > _LARGEST_BYTES:
            return NoAnswer(
                f"sends an answer of more than {_LARGEST_BYTES >> 20} MiB",
                hint="Is this an OpenAI-compatible server?",
            )
    return Answer(
        response.status,
        bytes(content),
        response.headers.get("Content-Type", ""),
        response.headers.get("Retry-After", ""),
        response.headers.get("Location", ""),
    )


def _as_written(key: str) -> re.Pattern[bytes]:
    """The key in a body, be it that JSON escapes some of its characters."""
    spelled = (
        rf"(?:{re.escape(c)}|\\{re.escape(c)}|\\u00(?:{ord(c):02x}|{ord(c):02X}))" for c in key
    )
    return re.compile("".join(spelled).encode("ascii"))


def _no_answer(error: BaseException) -> NoAnswer:
    import aiohttp

    reason = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return NoAnswer(
            "has a certificate that cannot be trusted",
            reason,
            "If it is yours, name the file of its certificate in SSL_CERT_FILE",
        )
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return NoAnswer("cannot be spoken to over TLS", reason, "Is its address http, not https?")
    if isinstance(getattr(error, "os_error", None), _ForbiddenError):
        return NoAnswer("is a link-local address or a metadata service, which is never asked")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return NoAnswer("broke off its answer", reason, passing=True)
    if isinstance(error, aiohttp.ClientConnectionError | OSError | asyncio.TimeoutError):
        return NoAnswer(
            "cannot be reached", reason, "Is the server running, and is its port right?", True
        )
    return NoAnswer(
        "does not answer in HTTP as it should", reason, "Is this an OpenAI-compatible server?"
    )


class _ForbiddenError(OSError):
    """A name leads to where nobody may go."""


class _Resolver:
    """Looks up names, which may lead to a metadata service as well as an address does."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(is_forbidden_address(each["host"]) for each in found):
            raise _ForbiddenError(host)
        return found

    async def close(self) -> None:
        await self._inner.close()


def _proxy_for(endpoint: Endpoint) -> str | None:
    """The environment's proxy for hosts outside the user's network."""
    if endpoint.is_private or urllib.request.proxy_bypass(endpoint.host):
        return None
    return urllib.request.getproxies().get(urlsplit(endpoint.base).scheme)
