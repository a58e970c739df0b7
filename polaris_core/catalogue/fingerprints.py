"""Compute the hashes of model files that nobody has told: slowly, and only when asked."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.hashes import sha256_of
from polaris_core.catalogue.store import Store
from polaris_core.errors import FileProblem, UnknownModel
from polaris_core.progress import Progress, silent

__all__ = ["HashReport", "hash_missing", "hashed"]


@dataclass(frozen=True, slots=True)
class HashReport:
    """What was hashed."""

    hashed: int = 0
    problems: tuple[FileProblem, ...] = ()
    """Files that could not be read, or have changed since they were scanned."""


def hash_missing(store: Store, progress: Progress = silent, limit: int | None = None) -> HashReport:
    """Compute the SHA-256 of entries on disk that have none, smallest file first.

    Each hash is kept as soon as it is known, so that this can be stopped and goes on later.
    Pickled files are left out: they are never opened.

    Args:
        store: The catalogue.
        progress: Is told bytes, every few MiB.
        limit: How many files at the most; None for all.

    Raises:
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT id FROM entries WHERE on_disk AND NOT unsafe AND sha256 = '' "
            "ORDER BY size_bytes, id"
        ).fetchall()
    wanted = [row[0] for row in rows][:limit]
    waiting = store.entries(wanted)
    total = sum(entry.size_bytes for entry in waiting)
    before = count = 0
    problems: list[FileProblem] = []
    for entry in waiting:
        start = before

        def report(done: int, _total: int, what: str, /, start: int = start) -> None:
            progress(start + done, total, what)

        try:
            hashed(store, entry, report)
            count += 1
        except FileProblem as problem:
            problems.append(problem)
        except UnknownModel:
            pass  # removed by a scan meanwhile
        before += entry.size_bytes
    return HashReport(count, tuple(problems))


def hashed(store: Store, entry: Entry, progress: Progress = silent) -> Entry:
    """The entry with the SHA-256 of its file, computed and kept if it was not known.

    Raises:
        FileProblem: The file cannot be read, or has changed since it was scanned.
        UnknownModel: It was removed from the catalogue meanwhile.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    if entry.sha256:
        return entry
    path = os.path.join(entry.root, entry.file)
    digits = sha256_of(path, progress)
    try:
        status = os.stat(path)
        same = (status.st_size, status.st_mtime_ns) == (entry.size_bytes, entry.modified_ns)
    except OSError:
        same = False
    if not same:
        raise FileProblem("has changed since it was scanned", path=path, hint="scan again")
    store.set_sha256(entry.id, digits)
    return replace(entry, sha256=digits)
