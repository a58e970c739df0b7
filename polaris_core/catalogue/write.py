"""Write single rows of entries: new ones get an id, known ones keep theirs."""

from __future__ import annotations

import enum
import sqlite3
from dataclasses import replace

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.rows import COLUMNS, Row, identity_of, row_of, stored

__all__ = ["Written", "delete_row", "keep_hash", "mark_changed", "overwrite", "write_row"]

_NAMES = ", ".join(COLUMNS)
_FIND = f"SELECT id, {_NAMES} FROM entries WHERE "
_INSERT = f"INSERT INTO entries ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"
_UPDATE = f"UPDATE entries SET {', '.join(f'{name} = ?' for name in COLUMNS)} WHERE id = ?"

_SHA256 = COLUMNS.index("sha256")
_FILE_STATE = slice(COLUMNS.index("size_bytes"), COLUMNS.index("modified_ns") + 1)


class Written(enum.Enum):
    """What became of an entry."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


def keep_hash(connection: sqlite3.Connection, entry: Entry, known_id: int | None) -> Entry:
    """The entry of a file with the hash that `write_row` will keep.

    Args:
        connection: Of the catalogue.
        entry: Of a file on disk.
        known_id: The entry it replaces although it may stand at another place now.
    """
    if entry.sha256:
        return entry
    state = (entry.size_bytes, entry.modified_ns)
    statement = "SELECT size_bytes, modified_ns, sha256 FROM entries WHERE "
    before = connection.execute(statement + "id = ?", (known_id,)).fetchone()
    if before is None:
        place = (stored(identity_of(entry)),)
        before = connection.execute(statement + "identity = ?", place).fetchone()
    return replace(entry, sha256=before[2]) if before and before[:2] == state else entry


def write_row(
    connection: sqlite3.Connection,
    entry: Entry,
    known_id: int | None = None,
    identity: str | None = None,
) -> tuple[int, Written, int | None]:
    """Write one entry within a transaction; `entry.id` is not looked at.

    A hash that was computed before stays as long as the file's size and time are the same.

    Args:
        connection: Within a transaction that writes.
        entry: What to write.
        known_id: The entry it replaces although it may stand at another place now.
        identity: What makes it the same when it is added again; None for what it says itself.

    Returns:
        Its id, what became of it, and the other entry that stood in its place, if one did.

    Raises:
        InvalidInput: As `row_of`.
    """
    row = row_of(entry)
    row = row if identity is None else (identity, *row[1:])
    by_place = connection.execute(_FIND + "identity = ?", row[:1]).fetchone()
    old, replaced = by_place, None
    if known_id is not None and (by_place is None or by_place[0] != known_id):
        old = connection.execute(_FIND + "id = ?", (known_id,)).fetchone() or by_place
        if by_place is not None and old is not by_place:
            replaced = by_place[0]
            delete_row(connection, by_place[0])
    if old is None:
        cursor = connection.execute(_INSERT, row)
        assert cursor.lastrowid is not None
        return cursor.lastrowid, Written.ADDED, None
    id, *before = old
    if entry.on_disk and not row[_SHA256] and before[_FILE_STATE] == [*row[_FILE_STATE]]:
        row = (*row[:_SHA256], before[_SHA256], *row[_SHA256 + 1 :])
    return id, _update(connection, id, (*before,), row), replaced


def overwrite(connection: sqlite3.Connection, id: int, entry: Entry) -> Written:
    """Write what an entry says now; what makes it the same stays.

    Raises:
        InvalidInput: As `row_of`.
    """
    before = connection.execute(_FIND + "id = ?", (id,)).fetchone()
    return _update(connection, id, (*before[1:],), (before[1], *row_of(entry)[1:]))


def _update(connection: sqlite3.Connection, id: int, before: Row, row: Row) -> Written:
    if before == row:
        return Written.UNCHANGED
    connection.execute(_UPDATE, (*row, id))
    return Written.CHANGED


def delete_row(connection: sqlite3.Connection, id: int) -> None:
    """Take an entry's row out of the catalogue; its id is not given again."""
    connection.execute("DELETE FROM entries WHERE id = ?", (id,))


def mark_changed(connection: sqlite3.Connection) -> None:
    """Note that entries have changed: `Store.key` is another one from now on."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
