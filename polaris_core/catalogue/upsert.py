"""Write entries into the catalogue, each model once: files on disk, and what sources offer.

    a file was read     ─▶ its marks ─▶ offers of the same model complete its entry
    a source was read   ─▶ offers, their marks ─▶ `settle`: who is the same model?
                            ├─ as a file on disk   its entry is completed, the offer is not listed
                            └─ as no file          one entry for all offers of the model
    a file is gone      ─▶ `settle`: the offers that completed it are listed again

What is shown follows from the files and the offers that there are, not from the order in which they
came.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Collection, Iterable

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.marks import grouped, marks_of
from polaris_core.catalogue.offers import listed, offers_of, own_of, set_own, shown_in
from polaris_core.catalogue.owners import Marked, connected, counting, holders_of, set_marks
from polaris_core.catalogue.rows import COLUMNS, entry_of, identity_of
from polaris_core.catalogue.unite import completed, unite
from polaris_core.catalogue.write import (
    Written,
    delete_row,
    keep_hash,
    mark_changed,
    overwrite,
    write_row,
)

__all__ = [
    "Written",
    "mark_changed",
    "mark_files",
    "remove",
    "settle",
    "unmark_files",
    "upsert",
]


def upsert(
    connection: sqlite3.Connection, entry: Entry, known_id: int | None = None
) -> tuple[int, Written]:
    """Write one entry within a transaction; `entry.id` is not looked at.

    A hash that was computed before stays as long as the file's size and time are the same. What
    was imported about the very file completes its entry.

    Args:
        connection: Within a transaction that writes.
        entry: What to write.
        known_id: The entry it replaces although it may stand at another place now.

    Returns:
        Its id, and what became of it.

    Raises:
        InvalidInput: As `row_of`.
    """
    if not entry.on_disk or not _anything_imported(connection):
        return write_row(connection, entry, known_id)[:2]
    own = keep_hash(connection, entry, known_id)
    told = _offers_for(connection, own)
    shown = completed(own, offers_of(connection, told))
    id, written, replaced = write_row(connection, shown, known_id)
    set_own(connection, id, own if told else None)
    touched = _forget_owner(connection, replaced) if replaced is not None else set[int]()
    marks = marks_of(own)
    before = set_marks(connection, -id, identity_of(own), marks)
    if before is not None:
        touched |= holders_of(connection, [*before, *marks])
    if any(owner > 0 for owner in touched) and settle(connection, touched):
        written = Written.CHANGED if written is Written.UNCHANGED else written
    return id, written


def remove(connection: sqlite3.Connection, id: int) -> None:
    """Take an entry out of the catalogue; its id is not given again.

    What was imported about a file that is gone is listed by itself again.
    """
    touched = _forget_owner(connection, id) if _anything_imported(connection) else set[int]()
    delete_row(connection, id)
    if any(owner > 0 for owner in touched):
        settle(connection, touched)


def mark_files(connection: sqlite3.Connection) -> None:
    """Write the marks of all files on disk, before the first offers come.

    As long as nothing was ever imported, files have no marks and cost nothing for it.
    """
    if _anything_imported(connection):
        return
    statement = f"SELECT id, {', '.join(COLUMNS)} FROM entries WHERE on_disk"
    for id, *row in connection.execute(statement):
        own = entry_of(id, row)
        set_marks(connection, -id, identity_of(own), marks_of(own))


def unmark_files(connection: sqlite3.Connection) -> None:
    """Forget the marks of files if nothing imported is left."""
    if not _anything_imported(connection):
        connection.execute("DELETE FROM marks")


def _anything_imported(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM imports LIMIT 1").fetchone() is not None


def _forget_owner(connection: sqlite3.Connection, id: int) -> set[int]:
    """Forget a file's marks; returns who shared them."""
    set_own(connection, id, None)
    before = set_marks(connection, -id, "", ())
    return holders_of(connection, before or ())


def _offers_for(connection: sqlite3.Connection, own: Entry) -> list[int]:
    """Offers of the same model as a file, which need not be in the catalogue yet."""
    marks = list(marks_of(own))
    near = holders_of(connection, marks)
    if not any(owner > 0 for owner in near):
        return []
    return _same_as(0, {**counting(connection, connected(connection, near)), 0: marks})


def _same_as(file: int, marked: Marked) -> list[int]:
    """Offers of the same model as one file among all that are connected."""
    offers = {owner: marks for owner, marks in marked.items() if owner > 0}
    groups = grouped({**offers, file: marked[file]})
    return next([o for o in group if o > 0] for group in groups if file in group)


def settle(connection: sqlite3.Connection, touched: Iterable[int]) -> bool:
    """Decide anew who is the same model, after some owners of marks have come, changed or gone.

    Args:
        connection: Within a transaction that writes.
        touched: Offers (> 0) and files (< 0) whose marks changed, and who shared marks with those
            that are gone.

    Returns:
        Whether any entry says something else than before.
    """
    marked = counting(connection, connected(connection, touched))
    before = shown_in(connection, [owner for owner in marked if owner > 0])
    changed = False
    had: dict[int, int] = {}
    for file in sorted(owner for owner in marked if owner < 0):
        told = _same_as(file, marked)
        changed |= _complete(connection, -file, told)
        had |= dict.fromkeys(told, -file)
    free = listed(connection, {id for id in before.values() if id is not None})
    alone = {owner: marks for owner, marks in marked.items() if owner > 0 and owner not in had}
    for group in grouped(alone):
        kept = min(free.intersection(before[o] or 0 for o in group), default=None)
        id, written = _list(connection, group, kept)
        free.discard(id)
        changed |= written is not Written.UNCHANGED
        had |= dict.fromkeys(group, id)
    for id in free:
        changed = True
        delete_row(connection, id)
    moved = [(id, owner) for owner, id in had.items() if before[owner] != id]
    connection.executemany("UPDATE offers SET entry = ? WHERE id = ?", moved)
    return changed


def _complete(connection: sqlite3.Connection, id: int, told: Collection[int]) -> bool:
    own = own_of(connection, id)
    set_own(connection, id, own if told else None)
    shown = completed(own, offers_of(connection, told))
    return overwrite(connection, id, shown) is not Written.UNCHANGED


def _list(connection: sqlite3.Connection, group: list[int], id: int | None) -> tuple[int, Written]:
    """Write the entry of offers of which there is no file on disk."""
    entry = unite(offers_of(connection, group))
    if id is not None:
        return id, overwrite(connection, id, entry)
    return write_row(connection, entry, identity=f"offers:{uuid.uuid4().hex}")[:2]
