"""The contract of importers: a source is read page by page, and can be gone on with at any page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.offers import Offer
from polaris_core.progress import Progress

__all__ = ["Known", "Page", "Source", "StaleCursorError"]


class StaleCursorError(Exception):
    """A source does not know its own cursor any more: it has to be read from its beginning."""


class Known(Protocol):
    """What the catalogue has of a source already."""

    def __call__(self, revision: str, /) -> bool:
        """Whether offers of this revision are there: they need not be asked for again."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a source: what is read and written at once."""

    offers: tuple[Offer, ...]
    refused: tuple[Refused, ...] = ()
    """Records that could not be read: one broken record stops nothing."""
    cursor: str = ""
    """Where the next page begins; empty after the last one."""
    done: int = 0
    """How many records were read up to here, of `total`; for people."""
    total: int = 0
    """0 if the source does not say."""
    known: int = 0
    """How many records were passed over because the catalogue has them as they are."""


class Source(Protocol):
    """A catalogue of models somewhere else.

    Reading it twice gives the same offers, unless it has changed meanwhile. Offers keep their keys
    from one reading to the next. Pages that a cursor leads to are those that an uninterrupted
    reading would have given after it, so that nothing is lost or doubled.
    """

    @property
    def origin(self) -> str:
        """Its name, the same at each reading: what kind of source, a colon, which one."""
        ...

    @property
    def newest_first(self) -> bool:
        """Whether what is new or changed comes first: after it nothing new is to be expected."""
        ...

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """Read it.

        Args:
            cursor: Where to begin: empty, or what a page before gave.
            known: Tells what need not be read again.
            progress: Called ten times a second while waiting; what it raises ends the reading.

        Raises:
            StaleCursorError: The cursor leads nowhere any more.
            SourceProblem: It cannot be read, now or at all; what was given before stays true.
            FileProblem: It is a file, and cannot be read.
            Cancelled: `progress` raised it.
        """
        ...
