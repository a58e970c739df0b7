"""The catalogue: every entry of the zoo in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from polaris_core.catalogue.columns import BASE_MODELS, KINDS, ROLES, Columns, read_columns
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.found import problems_in
from polaris_core.catalogue.hashes import valid_sha256
from polaris_core.catalogue.lookup import ids_by_text, ids_meant_by
from polaris_core.catalogue.offers import own_of
from polaris_core.catalogue.refined_rows import REFINED, refined_entry_of
from polaris_core.catalogue.rows import COLUMNS
from polaris_core.catalogue.schema import connect, guarded
from polaris_core.catalogue.upsert import Written, mark_changed, upsert
from polaris_core.errors import FileProblem, InvalidInput, StoreProblem, UnknownModel

__all__ = ["Counts", "Store"]

_SELECT = f"SELECT id, {REFINED}, {', '.join(COLUMNS)} FROM entries"
_ROWS_AT_ONCE = 500

Counts = dict[tuple[Kind, BaseModel, Role], int]
"""How many entries there are of each kind, base model and role."""


class Store:
    """A catalogue that is open; may be used from several threads, and closed once.

    Other processes may read and write the same file meanwhile.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path) -> Store:
        """Open the catalogue at `path`, making it and its folder if there is none.

        Raises:
            StoreProblem: The file is not a catalogue, is of a newer version, or cannot be used.
        """
        return cls(path, connect(path))

    def close(self) -> None:
        """Close it; nothing may be asked of it afterwards."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """The connection, for this thread alone.

        Raises:
            StoreProblem: It is closed, or SQLite cannot do what is asked.
        """
        with self._lock, guarded(self.path):
            if self._connection is None:
                raise StoreProblem("the catalogue is closed", value=str(self.path))
            yield self._connection

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """The connection within a transaction that writes: all of it happens, or nothing.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def add(self, entries: Iterable[Entry]) -> list[int]:
        """Add or replace entries, all or none; returns their ids.

        A file is the same if root and path are; an entry that is not on disk if its sha256 is, or
        without that its source, AutoV3, or kind and name. `Entry.id` is not looked at.

        Raises:
            InvalidInput: An entry has no name, or a number out of range.
            StoreProblem: As `reading`.
        """
        entries = list(entries)
        with self.writing() as connection:
            written = [upsert(connection, entry) for entry in entries]
            if any(what is not Written.UNCHANGED for _, what in written):
                mark_changed(connection)
        return [id for id, _ in written]

    def entry(self, id: int) -> Entry:
        """The entry of that id.

        Raises:
            UnknownModel: There is none.
            StoreProblem: As `reading`.
        """
        return self.entries([id])[0]

    def entries(self, ids: Sequence[int]) -> list[Entry]:
        """The entries of these ids, in that order.

        Raises:
            UnknownModel: One of them is not in the catalogue.
            StoreProblem: As `reading`.
        """
        wanted = [int(id) for id in ids]  # numpy's integers are none to SQLite
        found: dict[int, Entry] = {}
        with self.reading() as connection:
            for start in range(0, len(wanted), _ROWS_AT_ONCE):
                part = [id for id in wanted[start : start + _ROWS_AT_ONCE] if 0 < id < 2**63]
                marks = ", ".join("?" * len(part))
                statement = f"{_SELECT} WHERE id IN ({marks})"
                for id, refined, *row in connection.execute(statement, part):
                    found[id] = refined_entry_of(id, refined, row)
        for id in wanted:
            if id not in found:
                hint = "Scan again: it may have been removed"
                raise UnknownModel("there is no such entry in the catalogue", value=id, hint=hint)
        return [found[id] for id in wanted]

    def all(self, kind: Kind | None = None) -> Iterator[Entry]:
        """All entries, or those of one kind, by rising id.

        What is added meanwhile may be among them; nothing is locked between two entries.

        Raises:
            StoreProblem: As `reading`.
        """
        last = 0
        condition, values = ("", ()) if kind is None else ("AND kind = ?", (kind.value,))
        while True:
            with self.reading() as connection:
                rows = connection.execute(
                    f"{_SELECT} WHERE id > ? {condition} ORDER BY id LIMIT {_ROWS_AT_ONCE}",
                    (last, *values),
                ).fetchall()
            for id, refined, *row in rows:
                yield refined_entry_of(id, refined, row)
            if len(rows) < _ROWS_AT_ONCE:
                return
            last = rows[-1][0]

    def find(self, text: str, *, kind: Kind | None = None, limit: int = 50) -> list[Entry]:
        """Entries in whose names, trigger words, tags or description all words of `text` stand.

        Case and accents do not matter; of the last word the beginning is enough. Best first.

        Raises:
            InvalidInput: `limit` is below 1.
            StoreProblem: As `reading`.
        """
        if limit < 1:
            raise InvalidInput("at least one entry has to be asked for", value=limit)
        with self.reading() as connection:
            return self.entries(ids_by_text(connection, text, kind, min(limit, 2**31)))

    def resolve(self, wanted: str, *, kind: Kind | None = None) -> list[Entry]:
        """The entries that a pin means: by SHA-256, AutoV2, AutoV3, file, stem or title.

        The first of these that finds any decides; entries on disk come first.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            return self.entries(ids_meant_by(connection, wanted, kind))

    def of_size(self, size_bytes: int, *, kind: Kind) -> list[Entry]:
        """The files on disk of this very size whose SHA-256 is unknown; no pickled ones.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM entries WHERE kind = ? AND on_disk AND NOT unsafe "
                "AND sha256 = '' AND size_bytes = ? ORDER BY id",
                (kind.value, size_bytes),
            )
            return self.entries([row[0] for row in rows])

    def columns(self) -> Columns:
        """What filters need of all entries, as arrays by rising id.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            return read_columns(connection)

    def counts(self) -> Counts:
        """How many entries there are of each kind, base model and role.

        Raises:
            StoreProblem: As `reading`.
        """
        columns = self.columns()
        codes = Counter(
            zip(
                *(a.tolist() for a in (columns.kind, columns.base_model, columns.role)), strict=True
            )
        )
        return {(KINDS[k], BASE_MODELS[b], ROLES[r]): count for (k, b, r), count in codes.items()}

    def key(self) -> str:
        """A text that is another one whenever an entry has changed, and in another catalogue.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            facts = dict(connection.execute("SELECT name, value FROM meta"))
        return f"{facts['store']}-{facts['generation']}"

    def problems(self) -> list[FileProblem]:
        """What was wrong with files and folders when each was scanned last, by path.

        Raises:
            StoreProblem: As `reading`.
        """
        with self.reading() as connection:
            return problems_in(connection)

    def set_sha256(self, id: int, sha256: str) -> None:
        """Note the hash of an entry's file.

        Raises:
            InvalidInput: `sha256` is none.
            UnknownModel: There is no such entry.
            StoreProblem: As `reading`.
        """
        digits = valid_sha256(sha256)
        if not digits:
            raise InvalidInput("not a SHA-256", value=sha256)
        with self.writing() as connection:
            entry = self.entry(id)
            own = own_of(connection, entry.id) if entry.on_disk else entry
            _, written = upsert(connection, replace(own, sha256=digits), entry.id)
            if written is not Written.UNCHANGED:
                mark_changed(connection)
