"""One session of HTTP with the sites that files come from.

The library is aiohttp. ComfyUI brings it, and so does our own core; it is kept by a team with
releases for security; and it has the three things this needs as documented parts: a resolver of
one's own, so that a connection goes to the address that was checked; a time limit between two
pieces of an answer; and answers that are neither unpacked nor redirected behind one's back.
`requests`, which ComfyUI brings too, resolves names deep inside urllib3, and takes passwords from
a .netrc and proxies from the environment unless told otherwise.

What goes wrong is raised without the error that told it: aiohttp's errors hold the headers of the
request, and with them a token.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, cast

from polaris_core import __version__
from polaris_core.errors import AddressRefused, FetchProblem, SourceUnreachable
from polaris_core.fetching.addresses import Address, Rules
from polaris_core.fetching.faults import Asked, PassingError, fault_in, login_wanted
from polaris_core.fetching.resolver import CheckedResolver, PrivateAddressError
from polaris_core.site_tokens import Tokens

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import AbstractResolver

__all__ = ["FILE_STATUSES", "Limits", "Site"]

FILE_STATUSES = frozenset({200, 206, 416})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_COMPLAINT_BYTES = 4096
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient we are."""

    connect_s: float = 20.0
    stall_s: float = 30.0
    """Nothing comes for this long: the connection is given up, and another one made."""
    retries: int = 5
    """How often in a row something may fail that brings the file no further."""
    backoff_s: float = 1.0
    """The first pause; the next ones are twice as long each, up to 30 s."""
    longest_wait_s: float = 300.0
    """A site that asks for a longer pause is left alone."""
    largest_bytes: int = 128 << 30
    spare_bytes: int = 256 << 20
    """What has to be left on the disk."""


class Site:
    """An open session; an asynchronous context manager.

    Args:
        rules: Which addresses may be asked, also after redirects.
        tokens: Each is sent to its own origin.
        limits: How patient we are.
        resolver: Looks names up.
    """

    def __init__(
        self,
        rules: Rules,
        tokens: Tokens,
        limits: Limits,
        resolver: CheckedResolver | None = None,
    ) -> None:
        self._rules = rules
        self._tokens = tokens
        self._limits = limits
        self._resolver = resolver or CheckedResolver()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Site:
        """Open the session; nothing is sent."""
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                force_close=True,
                use_dns_cache=False,
                resolver=cast("AbstractResolver", self._resolver),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=self._limits.connect_s,
                sock_read=self._limits.stall_s,
            ),
            headers={
                "Accept-Encoding": "identity",
                "User-Agent": f"polaris-zoo/{__version__}",
            },
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_BUFFER_BYTES,
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
        await self._resolver.close()

    @asynccontextmanager
    async def open(
        self, address: Address, headers: Mapping[str, str], page: str = ""
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """Ask for a file, wherever the site has put it; what comes is not read yet.

        Args:
            address: Where to ask.
            headers: To send, besides those that every request has.
            page: The page about the file, for what is said when it is refused.

        Yields:
            An answer of status 200, 206 or 416.

        Raises:
            AddressRefused: The address, or one it leads to, may not be asked.
            FetchProblem: The site refuses.
            PassingError: It failed in a way that may be over soon.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            self._rules.check(address)
            asked = Asked(address, page, self._tokens)
            async with self._request(address, headers) as response:
                if response.status not in _REDIRECTS:
                    await _check_status(response, asked)
                    with _in_our_words(asked, self._limits):
                        yield response
                    return
                target = address.leading_to(response.headers.get("Location", ""))
            if denied := login_wanted(target, asked):
                raise denied
            address = target
        raise AddressRefused(
            f"the site leads from one address to the next more than {_MOST_REDIRECTS} times",
            value=str(address),
        )

    @asynccontextmanager
    async def _request(
        self, address: Address, headers: Mapping[str, str]
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        import yarl

        assert self._session is not None, "used outside `async with`"
        asked = Asked(address, "", self._tokens)
        with _in_our_words(asked, self._limits):
            response = await self._session.get(
                # Signatures must arrive as they were written.
                yarl.URL(address.url, encoded=True),
                headers={**headers, **self._tokens.header_for(address.origin)},
                allow_redirects=False,
            )
        try:
            yield response
        finally:
            response.close()


async def _check_status(response: aiohttp.ClientResponse, asked: Asked) -> None:
    if response.status in FILE_STATUSES:
        return
    import aiohttp

    body = b""
    with suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):  # the status says enough
        body = await response.content.read(_COMPLAINT_BYTES)
    raise fault_in(response.status, response.headers, body, asked)


class _in_our_words:
    """Raise what aiohttp and the system raise as errors of ours."""

    def __init__(self, asked: Asked, limits: Limits) -> None:
        self._asked = asked
        self._limits = limits

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        import aiohttp

        if isinstance(error, aiohttp.ClientError | OSError | asyncio.TimeoutError):
            raise _translated(error, self._asked, self._limits) from None


def _translated(error: BaseException, asked: Asked, limits: Limits) -> FetchProblem | PassingError:
    import aiohttp

    where = asked.address.origin
    reason = asked.tokens.hidden_in(str(error) or type(error).__name__)
    if isinstance(getattr(error, "os_error", error), PrivateAddressError):
        return AddressRefused(
            "the host's name leads into a private network",
            value=asked.address.host,
            hint="Its name server, or the one you use, does not tell the truth",
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        hint = "Is the clock right? Somebody may be between you and the site"
        return SourceUnreachable(f"the certificate of {where} cannot be trusted", hint=hint)
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        hint = "Is something between you and the site that speaks no TLS?"
        return SourceUnreachable(f"{where} cannot be spoken to over TLS", hint=hint)
    kept = "what has come is kept"
    if isinstance(error, aiohttp.ServerTimeoutError | asyncio.TimeoutError):
        problem = f"{where} sends nothing for {limits.stall_s:g} s"
        return PassingError(SourceUnreachable(problem, hint=f"Try again later; {kept}"))
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        problem = f"{where} breaks off again and again"
        return PassingError(SourceUnreachable(problem, hint=f"Try again later; {kept}"))
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        hint = f"Is this machine online? Proxies are not used; {kept}"
        return PassingError(
            SourceUnreachable(f"{where} cannot be reached", value=reason, hint=hint)
        )
    return FetchProblem(f"{where} does not answer in HTTP as it should", value=reason)
