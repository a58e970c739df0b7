"""What imported catalogues say of models, kept as each of them says it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.marks import marks_of
from polaris_core.catalogue.owners import holders_of, set_marks
from polaris_core.catalogue.rows import COLUMNS, entry_of, loaded, packed, stored, unpacked
from polaris_core.catalogue.unite import rank_of
from polaris_core.catalogue.write import Written

__all__ = ["Offer", "listed", "offers_of", "own_of", "put_offer", "set_own", "shown_in"]

_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """What one source says of one model, and where it can be had."""

    key: str
    """What the source calls it: it has one offer of a key."""
    entry: Entry
    """Not on disk; its `origins` are not looked at."""
    revision: str = ""
    """A name of what the source held when this was read; may be shared by several offers."""


def put_offer(
    connection: sqlite3.Connection, origin: str, offer: Offer
) -> tuple[Written, set[int]]:
    """Write one offer within a transaction.

    Returns:
        What became of it, and whom `settle` has to look at: nobody if nothing has changed.

    Raises:
        InvalidInput: Its entry cannot be kept, or is that of a file on disk.
    """
    document = packed(replace(offer.entry, id=0, root="", file="", modified_ns=0, origins=()))
    name = (stored(origin), stored(offer.key))
    row = connection.execute(
        "SELECT id, document, revision FROM offers WHERE origin = ? AND key = ?", name
    ).fetchone()
    revision = stored(offer.revision)
    if row is not None and row[1:] == (document, revision):
        return Written.UNCHANGED, set()
    if row is None:
        cursor = connection.execute(
            "INSERT INTO offers (origin, key, revision, document) VALUES (?, ?, ?, ?)",
            (*name, revision, document),
        )
        assert cursor.lastrowid is not None
        id, written = cursor.lastrowid, Written.ADDED
    else:
        id, written = row[0], Written.CHANGED
        statement = "UPDATE offers SET document = ?, revision = ? WHERE id = ?"
        connection.execute(statement, (document, revision, id))
        if row[1] == document:
            return Written.UNCHANGED, set()
    before = set_marks(connection, id, f"{origin}\0{offer.key}", marks_of(offer.entry))
    return written, {id} | holders_of(connection, before or ())


def offers_of(connection: sqlite3.Connection, ids: Collection[int]) -> list[Entry]:
    """What these offers say, most trusted first; each entry names its origin."""
    found: list[tuple[tuple[int, str, str], Entry]] = []
    wanted = sorted(ids)
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        part = wanted[start : start + _ROWS_AT_ONCE]
        marks = ", ".join("?" * len(part))
        statement = f"SELECT origin, key, document FROM offers WHERE id IN ({marks})"
        for origin, key, document in connection.execute(statement, part):
            origin = loaded(origin)
            entry = replace(unpacked(document), origins=(origin,))
            found.append((rank_of(origin, loaded(key)), entry))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def shown_in(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, int | None]:
    """The entry in which each of these offers is shown; None before it was settled."""
    shown: dict[int, int | None] = {}
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        part = ids[start : start + _ROWS_AT_ONCE]
        marks = ", ".join("?" * len(part))
        shown |= dict(
            connection.execute(f"SELECT id, entry FROM offers WHERE id IN ({marks})", part)
        )
    return shown


def listed(connection: sqlite3.Connection, ids: Collection[int]) -> set[int]:
    """Those of these entries that are there, and not files on disk."""
    statement = "SELECT id FROM entries WHERE id = ? AND NOT on_disk"
    return {id for id in ids if connection.execute(statement, (id,)).fetchone()}


def own_of(connection: sqlite3.Connection, id: int) -> Entry:
    """What was read from a file itself, without what completes it."""
    row = connection.execute("SELECT document FROM own WHERE id = ?", (id,)).fetchone()
    if row is not None:
        return unpacked(row[0])
    names = ", ".join(COLUMNS)
    shown = connection.execute(f"SELECT {names} FROM entries WHERE id = ?", (id,)).fetchone()
    return entry_of(id, shown)


def set_own(connection: sqlite3.Connection, id: int, own: Entry | None) -> None:
    """Keep what was read from a file itself; None if its entry says just that."""
    if own is None:
        connection.execute("DELETE FROM own WHERE id = ?", (id,))
    else:
        connection.execute("INSERT OR REPLACE INTO own VALUES (?, ?)", (id, packed(own)))
