"""Write entries into the catalogue: new ones get an id, known ones keep theirs."""

from __future__ import annotations

import enum
import sqlite3

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.rows import COLUMNS, row_of

__all__ = ["Written", "mark_changed", "remove", "upsert"]

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


def upsert(
    connection: sqlite3.Connection, entry: Entry, known_id: int | None = None
) -> tuple[int, Written]:
    """Write one entry within a transaction; `entry.id` is not looked at.

    A hash that was computed before stays as long as the file's size and time are the same.

    Args:
        connection: Within a transaction that writes.
        entry: What to write.
        known_id: The entry it replaces although it may stand at another place now.

    Returns:
        Its id, and what became of it.

    Raises:
        InvalidInput: As `row_of`.
    """
    row = row_of(entry)
    by_place = connection.execute(_FIND + "identity = ?", row[:1]).fetchone()
    old = by_place
    if known_id is not None and (by_place is None or by_place[0] != known_id):
        old = connection.execute(_FIND + "id = ?", (known_id,)).fetchone() or by_place
        if by_place is not None and old is not by_place:
            remove(connection, by_place[0])
    if old is None:
        cursor = connection.execute(_INSERT, row)
        assert cursor.lastrowid is not None
        return cursor.lastrowid, Written.ADDED
    id, *before = old
    if entry.on_disk and not row[_SHA256] and before[_FILE_STATE] == [*row[_FILE_STATE]]:
        row = (*row[:_SHA256], before[_SHA256], *row[_SHA256 + 1 :])
    if (*before,) == row:
        return id, Written.UNCHANGED
    connection.execute(_UPDATE, (*row, id))
    return id, Written.CHANGED


def remove(connection: sqlite3.Connection, id: int) -> None:
    """Take an entry out of the catalogue; its id is not given again."""
    connection.execute("DELETE FROM entries WHERE id = ?", (id,))


def mark_changed(connection: sqlite3.Connection) -> None:
    """Note that entries have changed: `Store.key` is another one from now on."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
