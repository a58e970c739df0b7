"""What a scan remembers between runs: the state of each model file, and what was wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.rows import loaded, stored
from polaris_core.catalogue.upsert import Written, mark_changed, remove, upsert
from polaris_core.errors import BrokenHeader, BrokenPreview, BrokenSidecar, FileProblem

__all__ = [
    "Found",
    "Known",
    "Outcome",
    "forget",
    "known_devices",
    "known_files",
    "problems_in",
    "record",
    "record_folders",
]

_CLASSES: Mapping[str, type[FileProblem]] = {
    cls.__name__: cls for cls in (FileProblem, BrokenHeader, BrokenSidecar, BrokenPreview)
}


class Found(NamedTuple):
    """A model file as a walk through a folder finds it."""

    path: str
    """Absolute and without links: the same file found by two ways has one path."""
    root: str
    file: str
    """Relative to `root`, with `/`; may lead through links."""
    signature: str
    """Another one whenever the model file or something that belongs to it has changed."""
    siblings: tuple[str, ...]
    """Names of its sidecars and previews."""
    expected: Kind | None
    """What the folder is for; None if it is for several."""


class Known(NamedTuple):
    """What the catalogue knows of a model file."""

    root: str
    file: str
    signature: str
    """Empty if the file has to be read again in any case."""
    has_entry: bool


class Outcome(NamedTuple):
    """What came of reading one file."""

    found: Found
    entry: Entry | None
    problems: tuple[FileProblem, ...]


def known_files(connection: sqlite3.Connection) -> dict[str, Known]:
    """All model files of earlier scans by their path without links."""
    rows = connection.execute("SELECT path, root, file, signature, id IS NOT NULL FROM files")
    return {
        loaded(path): Known(loaded(root), loaded(file), signature, bool(has_entry))
        for path, root, file, signature, has_entry in rows
    }


def known_devices(connection: sqlite3.Connection) -> dict[str, str]:
    """The device on which each model folder was at its last scan."""
    rows = connection.execute("SELECT root, device FROM roots")
    return {loaded(root): device for root, device in rows}


def record(connection: sqlite3.Connection, outcomes: Iterable[Outcome]) -> dict[Written, int]:
    """Write what came of reading some files, within a transaction; counts what became of entries.

    The entry of a file that is broken now is removed. A file that only could not be opened keeps
    its entry, and is read again at the next scan.
    """
    counts = dict.fromkeys(Written, 0)
    for found, entry, problems in outcomes:
        path, root = stored(found.path), stored(found.root)
        row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        id: int | None = row[0] if row else None
        signature = found.signature
        if entry is not None:
            id, written = upsert(connection, entry, id)
            counts[written] += 1
        elif any(isinstance(problem, BrokenHeader) for problem in problems):
            if id is not None:
                remove(connection, id)
                counts[Written.REMOVED] += 1
            id = None
        else:
            signature = ""
        values = (path, root, stored(found.file), signature, id)
        connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", values)
        if row:
            connection.execute("DELETE FROM problems WHERE owner = ?", (path,))
        _note(connection, root, path, problems)
    if any(count for written, count in counts.items() if written is not Written.UNCHANGED):
        mark_changed(connection)
    return counts


def forget(connection: sqlite3.Connection, gone: Mapping[str, Known]) -> int:
    """Remove files that are gone, within a transaction; returns how many entries left.

    A file that another scan has meanwhile found at another place stays.
    """
    removed = 0
    for path, known in gone.items():
        place = (stored(path), stored(known.root), stored(known.file))
        where = "WHERE path = ? AND root = ? AND file = ?"
        row = connection.execute(f"SELECT id FROM files {where}", place).fetchone()
        if row is None:
            continue
        if row[0] is not None:
            remove(connection, row[0])
            removed += 1
        connection.execute("DELETE FROM files WHERE path = ?", place[:1])
        connection.execute("DELETE FROM problems WHERE owner = ?", place[:1])
    if removed:
        mark_changed(connection)
    return removed


def record_folders(
    connection: sqlite3.Connection,
    devices: Mapping[str, str],
    problems: Sequence[tuple[str, FileProblem]],
    roots: Iterable[str],
) -> None:
    """Write what is known of the folders themselves after a scan of `roots`."""
    for root in roots:
        connection.execute("DELETE FROM problems WHERE owner = '' AND root = ?", (stored(root),))
    for root, problem in problems:
        _note(connection, stored(root), "", [problem])
    rows = [(stored(root), device) for root, device in devices.items()]
    connection.executemany("INSERT OR REPLACE INTO roots VALUES (?, ?)", rows)


def _note(
    connection: sqlite3.Connection, root: str, owner: str, problems: Iterable[FileProblem]
) -> None:
    for problem in problems:
        name = type(problem).__name__
        facts = (problem.path, problem.problem, problem.value, problem.hint)
        row = (root, owner, name if name in _CLASSES else "FileProblem", *map(stored, facts))
        connection.execute("INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def problems_in(
    connection: sqlite3.Connection, roots: Iterable[str] | None = None
) -> list[FileProblem]:
    """What was wrong at the last scan of each of `roots`, or of all; in the order of paths."""
    wanted = None if roots is None else {stored(root) for root in roots}
    rows = connection.execute(
        "SELECT root, class, path, problem, value, hint FROM problems ORDER BY path, rowid"
    )
    problems: list[FileProblem] = []
    for root, name, path, problem, value, hint in rows:
        if wanted is None or root in wanted:
            made = _CLASSES[name](loaded(problem), path=loaded(path), hint=loaded(hint))
            made.value = loaded(value)  # shortened already
            problems.append(made)
    return problems
