"""Bring the catalogue up to date with model folders.

    list all folders ─▶ compare with what is known ─▶ read what is new ─▶ forget what is gone

Only names, sizes and times are looked at of a file that was read before. Results are written in
small transactions, so that a scan that is killed or stopped goes on where it was.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.found import (
    Found,
    Known,
    Outcome,
    forget,
    known_devices,
    known_files,
    problems_in,
    record,
    record_folders,
)
from polaris_core.catalogue.listing import Listing, ModelFolder, list_models
from polaris_core.catalogue.reading import Reading, read_entry
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.upsert import Written
from polaris_core.errors import FileProblem
from polaris_core.progress import Progress, silent

__all__ = ["ModelFolder", "Read", "ScanReport", "scan"]

_FILES_PER_BATCH = 256
_SECONDS_PER_BATCH = 0.5
_SECONDS_PER_REPORT = 0.05

_WRONG_FOLDER = {
    (Kind.LORA, Kind.CHECKPOINT): "a LoRA in a folder for checkpoints",
    (Kind.CHECKPOINT, Kind.LORA): "a checkpoint in a folder for LoRAs",
}


class Read(Protocol):
    """Reads one model file; `read_entry` is one."""

    def __call__(
        self,
        root: Path | str,
        file: str,
        *,
        expected: Kind | None = None,
        siblings: Sequence[str] | None = None,
    ) -> Reading:
        """As `read_entry`."""
        ...


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a completed scan did."""

    added: int = 0
    changed: int = 0
    """Entries that say something else than before."""
    unchanged: int = 0
    removed: int = 0
    """Entries whose file is gone or broken now."""
    problems: tuple[FileProblem, ...] = ()
    """All that is wrong in these folders, new or not, by path: each broken file once."""
    seconds: float = 0.0

    def summary(self) -> str:
        """One line for people."""
        facts = [
            f"{count} {what}"
            for count, what in (
                (self.added, "added"),
                (self.changed, "changed"),
                (self.unchanged, "unchanged"),
                (self.removed, "removed"),
                (len(self.problems), "problems"),
            )
            if count
        ]
        return f"{', '.join(facts) or 'no model files'} ({self.seconds:.1f} s)"


class _Pace:
    """Passes progress on, at most every 50 ms."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._next = 0.0

    def __call__(self, done: int, total: int, what: str, /) -> None:
        now = time.monotonic()
        if now >= self._next or done == total > 0:
            self._progress(done, total, what)
            self._next = time.monotonic() + _SECONDS_PER_REPORT


def scan(
    store: Store,
    folders: Iterable[ModelFolder],
    progress: Progress = silent,
    *,
    read: Read = read_entry,
) -> ScanReport:
    """Bring the catalogue up to date with the model files in `folders`.

    Several scans may run at once, in threads or processes. Nothing is hashed. Entries of other
    folders stay as they are, and so do those of a folder that is missing or cannot be listed,
    which is reported as a problem.

    Args:
        store: Where entries are kept.
        folders: Model folders; may be named twice, lie in one another, or be links.
        progress: Called at least every 50 ms or after each file, whichever is later; whatever it
            raises ends the scan, and all files that were read until then stay in the catalogue.
        read: What reads one file.

    Raises:
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    started = time.perf_counter()
    pace = _Pace(progress)
    with store.reading() as connection:
        known, devices = known_files(connection), known_devices(connection)
    listing = list_models(folders, lambda: pace(0, 0, "looking for model files"))
    _spare_unmounted(listing, devices)
    fresh = [found for found in listing.files if not _is_known(found, known)]
    seen = {found.path for found in listing.files}
    counts, vanished = _read_all(store, fresh, pace, read)
    gone = _gone(known, seen - vanished, listing)
    removed = _forget_all(store, gone, pace)
    with store.writing() as connection:
        record_folders(connection, listing.devices, listing.problems, listing.roots)
        problems = problems_in(connection, listing.roots)
    return ScanReport(
        added=counts[Written.ADDED],
        changed=counts[Written.CHANGED],
        unchanged=counts[Written.UNCHANGED]
        + sum(known[path].has_entry for path in seen - {found.path for found in fresh}),
        removed=counts[Written.REMOVED] + removed,
        problems=tuple(problems),
        seconds=time.perf_counter() - started,
    )


def _spare_unmounted(listing: Listing, devices: dict[str, str]) -> None:
    """Take a folder that is empty, and on another device than before, for one not mounted."""
    for root in listing.empty:
        if devices.get(root, listing.devices[root]) != listing.devices[root]:
            del listing.devices[root]
            listing.unseen.append((root, ""))
            problem = FileProblem(
                "the folder is empty; its drive seems not to be mounted",
                path=root,
                hint="mount it and scan again; what was known of it is kept",
            )
            listing.problems.append((root, problem))


def _is_known(found: Found, known: dict[str, Known]) -> bool:
    before = known.get(found.path)
    return before is not None and before[:3] == (found.root, found.file, found.signature)


def _read_all(
    store: Store, fresh: Sequence[Found], pace: _Pace, read: Read
) -> tuple[Counter[Written], set[str]]:
    """Read and record files; returns what became of entries, and the files that vanished."""
    batch = _Batch(store)
    vanished: set[str] = set()
    try:
        for done, found in enumerate(fresh):
            pace(done, len(fresh), "reading model files")
            outcome = _read(found, read)
            if outcome is None:
                vanished.add(found.path)
            else:
                batch.add(outcome)
    finally:
        batch.write()
    return batch.counts, vanished


class _Batch:
    """Outcomes that are to be written in one transaction."""

    def __init__(self, store: Store) -> None:
        self.counts: Counter[Written] = Counter()
        self._store = store
        self._outcomes: list[Outcome] = []
        self._due = 0.0

    def add(self, outcome: Outcome) -> None:
        if not self._outcomes:
            self._due = time.monotonic() + _SECONDS_PER_BATCH
        self._outcomes.append(outcome)
        if len(self._outcomes) == _FILES_PER_BATCH or time.monotonic() > self._due:
            self.write()

    def write(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            with self._store.writing() as connection:
                self.counts.update(record(connection, outcomes))


def _read(found: Found, read: Read) -> Outcome | None:
    """Read one file; None if it is gone."""
    try:
        reading = read(found.root, found.file, expected=found.expected, siblings=found.siblings)
    except FileProblem as problem:
        if isinstance(problem.__cause__, FileNotFoundError):
            return None
        return Outcome(found, None, (problem,))
    return Outcome(found, _noted(reading.entry, found.expected), reading.problems)


def _noted(entry: Entry, expected: Kind | None) -> Entry:
    """The entry, with a note if it lies in a folder for something else."""
    note = _WRONG_FOLDER.get((entry.kind, expected)) if expected else None
    return replace(entry, extra={**entry.extra, "wrong_folder": note}) if note else entry


def _gone(known: dict[str, Known], seen: set[str], listing: Listing) -> dict[str, Known]:
    """What is known of files in the listed folders that are not there any more."""
    roots = set(listing.roots)
    unseen: dict[str, tuple[str, ...]] = {}
    for root, prefix in listing.unseen:
        unseen[root] = (*unseen.get(root, ()), prefix)
    return {
        path: before
        for path, before in known.items()
        if before.root in roots
        and path not in seen
        and not before.file.startswith(unseen.get(before.root, ()))
        # Another scan may have found it after this one had listed its folder.
        and not os.path.isfile(os.path.join(before.root, before.file))
    }


def _forget_all(store: Store, gone: dict[str, Known], pace: _Pace) -> int:
    removed = 0
    items = list(gone.items())
    for start in range(0, len(items), _FILES_PER_BATCH):
        pace(start, len(items), "removing what is gone")
        with store.writing() as connection:
            removed += forget(connection, dict(items[start : start + _FILES_PER_BATCH]))
    return removed
