"""Bring a source's entries into the catalogue.

Each page is written together with the place where the next one begins, in one transaction: an
import that is stopped or killed at any moment goes on after the last page that was written.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from polaris_core.catalogue.imports import ImportState, Refused, imports, keep, known_revision
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.upsert import Written
from polaris_core.errors import SourceProblem
from polaris_core.importing.base import Page, Source, StaleCursorError
from polaris_core.progress import Progress, silent

__all__ = ["ImportReport", "import_from"]

_SETTLED_PAGES = 2
"""So many pages without anything new are enough of a source that gives new things first."""
_EMPTY_PAGES = 20
"""So many pages in a row that only repeat what this reading has seen lead nowhere."""
_SHOWN_REFUSALS = 100


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What one import did."""

    origin: str
    added: int = 0
    """Offers that were new; models that other sources offer too are no new entries."""
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    problems: tuple[Refused, ...] = ()
    """The first hundred of the records that were refused."""
    resumed: bool = False
    """Whether it went on where an earlier one had been stopped."""
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        facts = [
            f"{count} {what}"
            for count, what in (
                (self.added, "added"),
                (self.changed, "changed"),
                (self.unchanged, "unchanged"),
                (self.refused, "refused"),
            )
            if count
        ]
        went_on = ", gone on with" if self.resumed else ""
        return f"{self.origin}: {', '.join(facts) or 'nothing'} ({self.seconds:.1f} s{went_on})"


def import_from(
    store: Store, source: Source, progress: Progress = silent, *, afresh: bool = False
) -> ImportReport:
    """Read a source into the catalogue, or go on where an earlier reading was stopped.

    Of a source that gives new things first, and was read to its end before, only what is new is
    read. Several imports may run at once, and scans beside them.

    Args:
        store: The catalogue.
        source: What to read.
        progress: Whatever it raises ends the import, and what was read until then stays.
        afresh: Read all of it from its beginning.

    Raises:
        SourceProblem: The source cannot be read any further; doing it again goes on from there.
        FileProblem: The source is a file that cannot be read.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    run = _Run(store, source, progress, afresh)
    try:
        run.read(run.start.cursor)
    except StaleCursorError:
        if not run.start.cursor:
            raise SourceProblem(
                "the source does not accept the place that it named itself",
                value=source.origin,
                hint="Try again later",
            ) from None
        run.begin_again()
        run.read("")
    return run.report()


class _Run:
    """State of one import."""

    def __init__(self, store: Store, source: Source, progress: Progress, afresh: bool) -> None:
        self._store = store
        self._source = source
        self._progress = progress
        self._began = time.perf_counter()
        self._counts: Counter[Written] = Counter()
        self._refused = 0
        self._problems: list[Refused] = []
        self._seen: set[int] = set()
        self._cursors: set[str] = set()
        known = {state.origin: state for state in imports(store)}.get(source.origin)
        self.start = known or ImportState(source.origin)
        if afresh:
            self.start = replace(self.start, cursor="", pages=0)
        self._state = self.start if self.start.cursor else replace(self.start, pages=0)
        self._only_new = source.newest_first and self.start.completed > 0 and not afresh

    def begin_again(self) -> None:
        """Forget where it was."""
        self._state = replace(self._state, cursor="", pages=0)
        self._cursors.clear()

    def read(self, cursor: str) -> None:
        """Read and write pages until the end, or until nothing new is to be expected."""
        settled = stale = 0
        self._cursors.add(cursor or "the beginning")
        for page in self._pages(cursor):
            before = self._counts.copy()
            fresh = self._unseen(page) or page.known
            stale = 0 if fresh else stale + 1
            fruitless = page.cursor in self._cursors or stale >= _EMPTY_PAGES
            self._cursors.add(page.cursor)
            self._write(page, ended=fruitless)
            if fruitless and page.cursor:
                raise SourceProblem(
                    "the source leads round in a circle and has no end",
                    value=f"{self._source.origin}, page {self._state.pages}",
                    hint="What it gave until there was kept; the next import begins anew",
                )
            new = self._counts - before
            busy = new[Written.ADDED] + new[Written.CHANGED]
            told = bool(page.offers or page.known)
            settled = settled + 1 if told and not busy else 0
            self._counts[Written.UNCHANGED] += page.known
            if self._only_new and settled >= _SETTLED_PAGES:
                self._finish()
                return
        if not self._state.pages:
            self._finish()

    def _pages(self, cursor: str) -> Iterator[Page]:
        def known(revision: str, /) -> bool:
            return known_revision(self._store, self._source.origin, revision)

        return self._source.pages(cursor, known, self._progress)

    def _unseen(self, page: Page) -> bool:
        """Whether a page holds a record that this reading has not seen yet."""
        keys = {hash(offer.key) for offer in page.offers} | {hash(r.key) for r in page.refused}
        fresh = not keys <= self._seen
        self._seen |= keys
        return fresh

    def _write(self, page: Page, *, ended: bool) -> None:
        last = not page.cursor
        self._state = replace(
            self._state,
            cursor="" if ended else page.cursor,
            pages=self._state.pages + 1,
            completed=self._state.completed + last,
        )
        self._counts.update(keep(self._store, self._state, page.offers, page.refused))
        self._refused += len(page.refused)
        self._problems += page.refused[: _SHOWN_REFUSALS - len(self._problems)]
        self._progress(page.done, page.total, self._source.origin)

    def _finish(self) -> None:
        completed = self._state.completed + 1
        keep(self._store, replace(self._state, cursor="", completed=completed), ())

    def report(self) -> ImportReport:
        """What came of it."""
        return ImportReport(
            self._source.origin,
            added=self._counts[Written.ADDED],
            changed=self._counts[Written.CHANGED],
            unchanged=self._counts[Written.UNCHANGED],
            refused=self._refused,
            problems=tuple(self._problems),
            resumed=bool(self.start.cursor),
            seconds=time.perf_counter() - self._began,
        )
