"""Refine all entries that need it.

What was made is written batch by batch, each as a whole and together with which entries it is of:
stopped or killed at any moment, the next run goes on with the rest. What was once made of the same
content is taken as it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.refinements import (
    Made,
    forget_refined,
    keep_refined,
    made_before,
    refined_by,
    unrefined,
)
from polaris_core.catalogue.store import Store
from polaris_core.errors import UnknownModel, UnreadableReply
from polaris_core.progress import Progress, silent
from polaris_core.refining.base import Refiner

__all__ = ["RefineReport", "refine"]

_BATCH = 256
_SECONDS = 2.0
"""A batch ends after so long: of what a slow model made no more than this is lost."""
_SHOWN_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class RefineReport:
    """What one run did."""

    by: str
    """The refiner's name."""
    made: int = 0
    """Cards that were written."""
    known: int = 0
    """Cards that had been written before of the same content."""
    failed: int = 0
    """Entries of which no card could be made: what was shown of them stays."""
    problems: tuple[str, ...] = ()
    """Why, of the first hundred."""
    left: int = 0
    """Entries that were settled before this run, by this refiner or one it does not replace."""
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        facts = [
            f"{count} {what}"
            for count, what in (
                (self.made, "refined"),
                (self.known, "known from before"),
                (self.failed, "failed"),
                (self.left, "left as they were"),
            )
            if count
        ]
        return f"{self.by}: {', '.join(facts) or 'nothing to do'} ({self.seconds:.1f} s)"


def refine(
    store: Store, refiner: Refiner, progress: Progress = silent, *, afresh: bool = False
) -> RefineReport:
    """Refine all checkpoints and LoRAs that this refiner has not refined yet.

    Args:
        store: The catalogue; scans and imports may run beside.
        refiner: Who does it. Words of others that it does not replace stay.
        progress: Told of every entry; whatever it raises ends the run, and what was made stays.
        afresh: Make anew what this refiner made before.

    Raises:
        LanguageModelProblem: The refiner's model cannot be asked; the next run goes on from there.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    began = time.perf_counter()
    if afresh:
        forget_refined(store, refiner.name, made=True)
    shown = refined_by(store)
    settled = [name for name in shown if not refiner.replaces(name)]
    run = _Run(store, refiner, progress)
    run.all(unrefined(store, settled))
    return RefineReport(
        refiner.name,
        made=run.made,
        known=run.known,
        failed=len(run.failed),
        problems=tuple(run.failed[:_SHOWN_PROBLEMS]),
        left=sum(shown[name] for name in settled),
        seconds=time.perf_counter() - began,
    )


class _Run:
    """State of one run."""

    def __init__(self, store: Store, refiner: Refiner, progress: Progress) -> None:
        self._store = store
        self._refiner = refiner
        self._progress = progress
        self._waiting: dict[int, Made] = {}
        self._since = time.monotonic()
        self.made = self.known = 0
        self.failed: list[str] = []

    def all(self, ids: list[int]) -> None:
        """Refine these; whatever ends it, what was made is written."""
        try:
            for done, entry, content in self._new(ids):
                self._progress(done, len(ids), "refining")
                self._one(entry, content)
                if len(self._waiting) >= _BATCH or time.monotonic() - self._since > _SECONDS:
                    self._write()
        finally:
            self._write()
        self._progress(len(ids), len(ids), "refining")

    def _new(self, ids: list[int]) -> Iterator[tuple[int, Entry, bytes]]:
        """Entries of whose content nothing was made before, with how many are done by then."""
        for start in range(0, len(ids), _BATCH):
            entries = _still_there(self._store, ids[start : start + _BATCH])
            contents = [self._refiner.content(entry) for entry in entries]
            before = made_before(self._store, contents)
            for place, (entry, content) in enumerate(zip(entries, contents, strict=True)):
                if content in before:
                    self._waiting[entry.id] = Made(content, before[content])
                    self.known += 1
                else:
                    yield start + place, entry, content
            self._write()

    def _one(self, entry: Entry, content: bytes) -> None:
        try:
            refined = self._refiner.refine(entry, self._within)
        except UnreadableReply as problem:
            self.failed.append(f"{entry.name}: {problem.problem}")
            return
        self._waiting[entry.id] = Made(content, refined)
        self.made += 1

    def _within(self, done: int, total: int, what: str, /) -> None:
        """Lets the refiner be stopped without its own count being shown."""
        self._progress(0, 0, what)

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self._since = time.monotonic()
        if waiting:
            keep_refined(self._store, waiting, self._refiner.content)


def _still_there(store: Store, ids: list[int]) -> list[Entry]:
    """The entries of these ids, without those that were removed meanwhile."""
    try:
        return store.entries(ids)
    except UnknownModel:
        found: list[Entry] = []
        for id in ids:
            try:
                found += store.entries([id])
            except UnknownModel:
                continue
        return found
