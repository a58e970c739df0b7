"""Going on with a file that is there in part: what to ask for, and what to make of the answer.

    asked: Range: bytes=N-, If-Range: what the site called the file the last time
    206    the rest, from N on          ─▶ append
    200    the whole file: it was changed, or the site knows no ranges   ─▶ from the start
    416    there is nothing after N     ─▶ from the start, if the file can be the one

All of this is pure. Whatever is decided, the file's hash has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polaris_core.errors import WrongContent

__all__ = ["ContentRange", "Validator", "parse_content_range", "range_headers", "start_of"]

_SATISFIED = re.compile(r"bytes[ \t]+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes[ \t]+\*/(\d{1,18})", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}")
_STRONG = re.compile(r'"[\x21\x23-\x7e]{0,200}"')
_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@dataclass(frozen=True, slots=True)
class ContentRange:
    """What a Content-Range header says."""

    first: int
    """Of the bytes that come; -1 where none do."""
    last: int
    """Inclusive; -1 where none do."""
    total: int | None
    """Size of the whole file; None if the site does not know it."""


def parse_content_range(text: str) -> ContentRange | None:
    """Read a Content-Range header; None if it makes no sense."""
    text = text.strip()
    if none := _UNSATISFIED.fullmatch(text):
        return ContentRange(-1, -1, int(none[1]))
    found = _SATISFIED.fullmatch(text)
    if not found:
        return None
    first, last = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    makes_sense = first <= last and (total is None or last < total)
    return ContentRange(first, last, total) if makes_sense else None


@dataclass(frozen=True, slots=True)
class Validator:
    """What a site calls the state of a file."""

    etag: str = ""
    """A strong one, with its quotes; empty if there is none."""
    modified: str = ""
    """A date as HTTP writes it; empty if there is none."""

    @staticmethod
    def of(headers: Mapping[str, str]) -> Validator:
        """What the headers of an answer call it; weak tags and malformed dates are left out."""
        etag, modified = headers.get("ETag", "").strip(), headers.get("Last-Modified", "").strip()
        return Validator(
            etag if _STRONG.fullmatch(etag) else "", modified if _DATE.fullmatch(modified) else ""
        )

    def differs_from(self, other: Validator) -> bool:
        """Whether two are known to be of different states."""
        if self.etag and other.etag:
            return self.etag != other.etag
        return bool(self.modified and other.modified and self.modified != other.modified)


def range_headers(have: int, validator: Validator) -> dict[str, str]:
    """What to send for a file of which the first `have` bytes are here."""
    if have <= 0:
        return {}
    headers = {"Range": f"bytes={have}-"}
    if condition := validator.etag or validator.modified:
        headers["If-Range"] = condition
    return headers


def start_of(
    status: int, headers: Mapping[str, str], *, have: int, size: int, validator: Validator
) -> int | None:
    """Where the body of an answer belongs.

    Args:
        status: 200, 206 or 416.
        headers: Of the answer.
        have: How many bytes were here when it was asked for.
        size: Of the whole file; 0 if unknown.
        validator: What the site called the file when these bytes came.

    Returns:
        `have` to append to what is here, 0 to begin again with this body, None to ask again for
        the whole file.

    Raises:
        WrongContent: It is no answer to the question, or the file is of another size.
    """
    if status == 206:
        return _appended(headers, have, size, validator)
    if status == 416:
        rest = parse_content_range(headers.get("Content-Range", ""))
        if rest is not None and rest.first < 0:
            _check_size(rest.total, size)
        return None
    length = headers.get("Content-Length", "").strip()
    if length and not _LENGTH.fullmatch(length):
        raise WrongContent("the site tells a length that is none", value=length)
    _check_size(int(length) if length else None, size)
    return 0


def _appended(headers: Mapping[str, str], have: int, size: int, validator: Validator) -> int | None:
    part = parse_content_range(headers.get("Content-Range", ""))
    if part is None:
        raise WrongContent(
            "the site sends a part without saying which",
            value=headers.get("Content-Range", ""),
        )
    _check_size(part.total, size)
    if part.first != have or (size and part.last >= size):
        raise WrongContent(
            f"the site sends another part than the one from byte {have} on",
            value=headers.get("Content-Range", ""),
        )
    return None if validator.differs_from(Validator.of(headers)) else have


def _check_size(offered: int | None, size: int) -> None:
    if offered is not None and size and offered != size:
        raise WrongContent(
            f"the site offers a file of {offered} bytes, not of {size}",
            hint="It may have been replaced by another version: look at its page",
        )
