"""Bring the bytes of a file into its part, however often the connection breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polaris_core.catalogue.header import HEADER_LIMIT_BYTES
from polaris_core.errors import AskedTooOften, SourceUnreachable, WrongContent
from polaris_core.fetching.addresses import Address
from polaris_core.fetching.faults import PassingError
from polaris_core.fetching.part import Part
from polaris_core.fetching.ranges import Validator, parse_content_range, range_headers, start_of
from polaris_core.fetching.site import Limits, Site

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Tally", "Wanted", "download"]

_LONGEST_BACKOFF_S = 30.0
_STEP_BYTES = 1 << 20
_BEGINNING = 9


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file that is to come."""

    address: Address
    size_bytes: int
    """0 if unknown."""
    page: str = ""
    """The page about it, for people; empty if unknown."""


@dataclass
class Tally:
    """How far a download is; read by another thread."""

    done: int = 0
    total: int = 0
    """0 while unknown."""
    what: str = ""


async def download(
    site: Site,
    wanted: Wanted,
    part: Part,
    tally: Tally,
    limits: Limits,
    make_room: Callable[[int], None],
) -> bool:
    """Fill the part until it is as long as the file.

    Args:
        site: Whom to ask.
        wanted: What for.
        part: What there is of it; it is gone on with.
        tally: Is kept up to date.
        limits: How patient we are.
        make_room: Told how many bytes are still to come, before the first of them; raises if the
            disk does not take them.

    Returns:
        Whether all of it came in one answer, so that it cannot be made of two states of a file.

    Raises:
        FetchProblem: It does not come.
        WrongContent: What comes is not the file.
    """
    name, best, failures = tally.what, part.size(), 0
    while True:
        try:
            return await _once(site, wanted, part, tally, limits, make_room)
        except PassingError as passing:
            here = part.size()
            if here - best >= min(_STEP_BYTES, max(1, wanted.size_bytes // 100)):
                best, failures = here, 0
            failures += 1
            if failures > limits.retries or passing.wait_s > limits.longest_wait_s:
                raise passing.error from None
            await _pause(passing, failures, tally, limits)
            tally.what = name


async def _pause(passing: PassingError, failures: int, tally: Tally, limits: Limits) -> None:
    longest = min(limits.backoff_s * 2 ** (failures - 1), _LONGEST_BACKOFF_S)
    # Many who were refused together should not come back together.
    pause_s = max(passing.wait_s, longest * random.uniform(0.75, 1.25))
    why = "is asked too often" if isinstance(passing.error, AskedTooOften) else "broke off"
    tally.what = f"the site {why}: going on in {pause_s:.0f} s"
    await asyncio.sleep(pause_s)


async def _once(
    site: Site,
    wanted: Wanted,
    part: Part,
    tally: Tally,
    limits: Limits,
    make_room: Callable[[int], None],
) -> bool:
    size = wanted.size_bytes
    if size and part.size() > size:
        part.discard()
    have = part.size()
    tally.done, tally.total = have, size
    if size and have == size:
        return False
    known = part.validator() if have else Validator()
    async with site.open(wanted.address, range_headers(have, known), wanted.page) as answer:
        _check_kind(answer, wanted)
        start = start_of(answer.status, answer.headers, have=have, size=size, validator=known)
        if start is None:
            if not have:
                raise WrongContent("the site has nothing of the file", value=str(wanted.address))
            part.discard()
        else:
            total = size or _total_in(answer)
            if total > limits.largest_bytes:
                raise WrongContent("the file is larger than any model", value=f"{total} bytes")
            make_room(max(0, total - start))
            tally.total = total
            try:
                with part.writing(start, Validator.of(answer.headers)):
                    await _receive(answer, part, tally, start, total or limits.largest_bytes)
            except WrongContent:
                part.discard()
                raise
            _check_end(part, wanted, tally, total)
            return start == 0
    # What is here is of another state than what the site has now: from the start.
    return await _once(site, wanted, part, tally, limits, make_room)


def _check_kind(answer: aiohttp.ClientResponse, wanted: Wanted) -> None:
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        # Unpacked it could be a thousand times as long; nobody asked for it.
        raise WrongContent("the site sends the file in a packed form", value=encoding)
    if answer.status != 416 and answer.content_type in ("text/html", "application/xhtml+xml"):
        raise _page_came(wanted)


def _page_came(wanted: Wanted) -> WrongContent:
    place = wanted.page or wanted.address.origin
    return WrongContent(
        "the site sends a page instead of the file",
        value=str(wanted.address),
        hint=f"Open {place} in a browser: it may want you to log in or to accept something",
    )


def _total_in(answer: aiohttp.ClientResponse) -> int:
    """The size of the whole file as the site tells it; 0 if it does not."""
    if answer.status == 206:
        part = parse_content_range(answer.headers.get("Content-Range", ""))
        return (part and part.total) or 0
    return answer.content_length or 0


async def _receive(
    answer: aiohttp.ClientResponse, part: Part, tally: Tally, start: int, most: int
) -> None:
    beginning, reached = b"", start
    async for block in answer.content.iter_any():
        if reached + len(block) > most:
            raise WrongContent("the site sends more than the file", value=f"over {most} bytes")
        if start == 0 and len(beginning) < _BEGINNING:
            beginning += block[: _BEGINNING - len(beginning)]
            _check_beginning(beginning, most)
        part.write(block)
        reached += len(block)
        tally.done = reached


def _check_beginning(beginning: bytes, most: int) -> None:
    """See that a file begins like safetensors, before gigabytes of something else have come."""
    if len(beginning) < _BEGINNING:
        return
    length = int.from_bytes(beginning[:8], "little")
    if length > min(HEADER_LIMIT_BYTES, most) or beginning[8:] != b"{":
        hint = "It may be a page that tells of an error, or another kind of file"
        raise WrongContent("what comes is no safetensors file", value=repr(beginning), hint=hint)


def _check_end(part: Part, wanted: Wanted, tally: Tally, total: int) -> None:
    if total and tally.done < total:
        hint = "Try again later; what has come is kept"
        raise PassingError(
            SourceUnreachable(f"{wanted.address.origin} breaks off again and again", hint=hint)
        )
    if not total and part.size() == 0:
        raise WrongContent("the site sends an empty file", value=str(wanted.address))
