"""Segments of an index on disk, each in a folder named by the changes that it holds.

    <part>/<catalogue>/0-4096  4096-8192  8192-8200  8200-8201

The catalogue numbers its changes; a folder holds what those behind the first number, up to the
second one, have come to. A chain of folders from 0 on is the index. What was built once is never
changed: a builder that is killed leaves whole folders behind, and the next one goes on after them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Span", "chain_in", "remove_former", "remove_others", "tail_to_join"]

_NAME = re.compile(r"(0|[1-9][0-9]{0,17})-([1-9][0-9]{0,17})")

_RATIO = 8
"""A segment is at least so many times as large as all behind it together."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Which changes a segment holds."""

    start: int
    """Number of the last change before it."""
    end: int
    """Number of its last change, > `start`."""

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


def chain_in(folder: Path, without: frozenset[Span] = frozenset()) -> list[Span]:
    """The segments that follow upon each other from 0 on: of several that fit, the longest.

    Args:
        folder: Of one part of one catalogue.
        without: Those that were seen to be damaged.
    """
    longest: dict[int, Span] = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        if found := _NAME.fullmatch(path.name):
            span = Span(int(found[1]), int(found[2]))
            known = longest.get(span.start)
            if span.start < span.end and span not in without and (not known or known < span):
                longest[span.start] = span
    chain: list[Span] = []
    while (span := longest.get(chain[-1].end if chain else 0)) is not None:
        chain.append(span)
    return chain


def tail_to_join(sizes: Sequence[int]) -> int:
    """Where the segments begin that had better be one: so few stay, and each is seldom copied.

    Args:
        sizes: Of the segments in their order.
    """
    first, total = len(sizes) - 1, 0
    for at in range(len(sizes) - 1, 0, -1):
        total += sizes[at]
        if sizes[at - 1] < _RATIO * total:
            first = at - 1
    return max(first, 0)


def remove_others(folder: Path, chain: Sequence[Span]) -> None:
    """Remove segments that others have taken the place of, and those of other catalogues.

    Readers keep what they have opened. What goes beyond the chain is another builder's.
    """
    end = chain[-1].end if chain else 0
    for path in folder.iterdir() if folder.is_dir() else ():
        found = _NAME.fullmatch(path.name)
        span = Span(int(found[1]), int(found[2])) if found else None
        if span is None or (span.end <= end and span not in chain):
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.parent.iterdir():
        if path.name != folder.name:
            shutil.rmtree(path, ignore_errors=True)


def remove_former(folder: Path) -> None:
    """Remove what Polaris 0.1 wrote for a kind: there a part was one folder of files."""
    for part in folder.iterdir() if folder.is_dir() else ():
        for state in part.iterdir() if part.is_dir() else ():
            if any((state / name).exists() for name in ("manifest.json", "words")):
                shutil.rmtree(part, ignore_errors=True)
                break
