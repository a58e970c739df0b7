"""Ask a site for JSON, politely: seldom, patiently, and no more than is needed.

a request ─▶ 429, 408, 5xx, no answer, no JSON  ─▶ again after a pause: what Retry-After says, else
                                                   longer each time
          ─▶ 400, 401, 403, 404, a redirect     ─▶ one error with the address and what to do
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from polaris_core import __version__
from polaris_core.errors import InvalidInput, SourceProblem
from polaris_core.llm.background import run_beside
from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.faults import asked_pause_s
from polaris_core.progress import Progress

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Patience", "Query", "Refusal", "Site"]

Query = Sequence[tuple[str, str]]
"""Names and values; a name may stand there several times."""

_LARGEST_BYTES = 64 << 20
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_HINTS = {
    401: "The site wants a token: see `polaris import --help` for where it is kept",
    403: "The site refuses this machine, or the token may not do this",
    404: "Is the address right?",
    451: "The site does not serve this country",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a site is asked, and how long it is waited for."""

    pause_s: float = 0.5
    """Between two requests."""
    attempts: int = 8
    """How often one request is tried before the import is put off."""
    first_backoff_s: float = 1.0
    longest_backoff_s: float = 30.0
    longest_asked_s: float = 300.0
    """A site that asks to wait for longer is left alone: the import can be gone on with later."""
    timeout_s: float = 60.0
    """For one answer."""


class Refusal(NamedTuple):
    """An answer that asking again would not change."""

    status: int
    said: str


class _Answer(NamedTuple):
    status: int
    content: bytes
    retry_after: str = ""
    location: str = ""


class _Trouble(NamedTuple):
    """Something that may pass."""

    problem: str
    retry_after: str = ""


@dataclass
class Site:
    """A site that answers in JSON. Its token goes into a header, and nowhere else."""

    base: str
    """What stands before all paths: scheme, host, and perhaps a path."""
    token: str | None = field(default=None, repr=False)
    patience: Patience = Patience()
    _next: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        self.base = self.base.strip().rstrip("/")
        endpoint = parse_endpoint(self.base)
        if "://" not in self.base:
            raise InvalidInput(
                "not the address of a site", value=self.base, hint="Begin it with https://"
            )
        if not (endpoint.is_encrypted or endpoint.is_private):
            hint = "Use its https address"
            raise InvalidInput("a public site is asked over https only", value=self.base, hint=hint)

    @property
    def host(self) -> str:
        """Its name, for people."""
        return urlsplit(self.base).netloc

    def get(self, path: str, query: Query, progress: Progress) -> object | Refusal:
        """The decoded JSON of a route.

        Args:
            path: Below `base`.
            query: Parameters.
            progress: Called ten times a second while waiting; what it raises ends it.

        Raises:
            SourceProblem: It cannot be reached or does not answer as it should, many times over.
        """
        trouble = _Trouble("was not asked")
        for attempt in range(self.patience.attempts):
            self._wait(self._pause_s(attempt, trouble), trouble, progress)
            answer = run_beside(
                lambda: self._request(path, query),
                lambda: progress(0, 0, f"waiting for {self.host}"),
            )
            self._next = time.monotonic() + self.patience.pause_s
            found = self._judge(answer)
            if not isinstance(found, _Trouble):
                return found
            trouble = found
        raise SourceProblem(
            f"{self.host} {trouble.problem}, {self.patience.attempts} times",
            value=f"{self.base}{path}",
            hint="Try again later: the import goes on where it is",
        )

    def _pause_s(self, attempt: int, trouble: _Trouble) -> float:
        """How long to wait before an attempt."""
        polite = self._next - time.monotonic()
        if not attempt:
            return polite
        patience = self.patience
        backoff = min(patience.first_backoff_s * 2 ** (attempt - 1), patience.longest_backoff_s)
        asked = asked_pause_s(trouble.retry_after) or 0.0
        if asked > patience.longest_asked_s:
            raise SourceProblem(
                f"{self.host} asks to wait {asked:.0f} s",
                value=trouble.problem,
                hint="Try again then: the import goes on where it is",
            )
        # Many who were refused together should not come back together.
        return max(polite, asked, backoff * random.uniform(0.75, 1.25))

    def _wait(self, pause_s: float, trouble: _Trouble, progress: Progress) -> None:
        until = time.monotonic() + pause_s
        while (left := until - time.monotonic()) > 0:
            if left > 1:
                what = f"{self.host} {trouble.problem}: asking again in {left:.0f} s"
                progress(0, 0, what)
            else:
                progress(0, 0, f"waiting for {self.host}")
            time.sleep(min(0.1, left))

    def _judge(self, answer: _Answer | _Trouble) -> object | Refusal | _Trouble:
        if isinstance(answer, _Trouble):
            return answer
        if answer.status in _PASSING:
            return _Trouble(f"answered {answer.status}", answer.retry_after)
        if 300 <= answer.status < 400:
            # It would carry the token to another host.
            raise SourceProblem(
                f"{self.host} sends us to another address",
                value=answer.location,
                hint="If you trust that address, name it yourself",
            )
        try:
            decoded: object = json.loads(answer.content)
        except (ValueError, RecursionError):
            decoded = None
        if answer.status >= 400:
            return Refusal(answer.status, _said(decoded, answer.content))
        if not isinstance(decoded, (dict, list)):
            return _Trouble("did not answer in JSON", answer.retry_after)
        return decoded  # pyright: ignore[reportUnknownVariableType]  checked by whoever asked

    def problem_of(self, refusal: Refusal, path: str) -> SourceProblem:
        """The error for an answer that asking again would not change."""
        hint = _HINTS.get(refusal.status, "")
        problem = f"{self.host} answered {refusal.status} to {path}"
        return SourceProblem(problem, value=self._clean(refusal.said), hint=hint)

    def _clean(self, text: str) -> str:
        return text.replace(self.token, "[token]") if self.token else text

    async def _request(self, path: str, query: Query) -> _Answer | _Trouble:
        import aiohttp

        # The name that Python's own library gives itself is refused by some sites.
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        headers["User-Agent"] = f"polaris-zoo/{__version__}"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        limits = aiohttp.ClientTimeout(total=self.patience.timeout_s, connect=10.0)
        proxied = not parse_endpoint(self.base).is_private
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=limits, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
                ) as session,
                session.get(
                    f"{self.base}{path}",
                    params=query,
                    headers=headers,
                    allow_redirects=False,
                    proxy=_proxy(self.base) if proxied else None,
                ) as response,
            ):
                return await _read(response)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            # Its text may hold the headers that were sent; its name does not.
            return _Trouble(f"cannot be reached ({type(error).__name__})")


def _proxy(base: str) -> str | None:
    import urllib.request

    parts = urlsplit(base)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


async def _read(response: aiohttp.ClientResponse) -> _Answer | _Trouble:
    """The answer, unpacked no further than what is kept of it."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip"):
        return _Trouble(f"answers in the form {encoding[:20]!r}, which was not asked for")
    unpack = zlib.decompressobj(31) if encoding == "gzip" else None
    content = bytearray()
    async for part in response.content.iter_any():
        try:
            content += unpack.decompress(part, _LARGEST_BYTES + 1) if unpack else part
        except zlib.error:
            return _Trouble("broke off its answer")
        if len(content) > _LARGEST_BYTES or (unpack and unpack.unconsumed_tail):
            return _Trouble(f"sends an answer of more than {_LARGEST_BYTES >> 20} MiB")
    if unpack and not unpack.eof:
        return _Trouble("broke off its answer")
    headers = response.headers
    return _Answer(
        response.status,
        bytes(content),
        headers.get("Retry-After", ""),
        headers.get("Location", ""),
    )


def _said(decoded: object, content: bytes) -> str:
    if isinstance(decoded, dict):
        for name in ("error", "message"):
            told = decoded.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(told, str):
                return told
    return content[:160].decode("utf-8", "replace")
