"""The marks in the catalogue: who has which, and who is connected with whom through them.

An owner is an offer (its id) or a file on disk (its entry's id, negative).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from polaris_core.catalogue.marks import Mark
from polaris_core.catalogue.rows import loaded, stored

__all__ = ["MOST_AT_ONCE", "Marked", "connected", "counting", "holders_of", "set_marks"]

Marked = dict[int, list[Mark]]
"""Marks by owner."""

MOST_AT_ONCE = 256
"""How many offers may change before `connected` is asked."""

_MOST_HOLDERS = 64
"""Who shares a mark with more than these is not joined by it: somebody gives one hash to all.
Which of them count follows from what they are, not from who came first."""


def set_marks(
    connection: sqlite3.Connection, owner: int, identity: str, marks: Sequence[Mark]
) -> list[Mark] | None:
    """Write the marks of an owner, whom `identity` tells from others for good.

    Returns:
        Those it had before; None if they are the same.
    """
    before = _marks_of(connection, owner)
    if before == list(marks):
        return None
    place = _place(identity)
    connection.execute("DELETE FROM marks WHERE owner = ?", (owner,))
    rows = [(stored(mark.name), place, owner, mark.told) for mark in marks]
    connection.executemany("INSERT INTO marks VALUES (?, ?, ?, ?)", rows)
    return before


def _marks_of(connection: sqlite3.Connection, owner: int) -> list[Mark]:
    rows = connection.execute("SELECT name, told FROM marks WHERE owner = ?", (owner,))
    return sorted(Mark(loaded(name), told) for name, told in rows)


def _place(identity: str) -> int:
    digest = hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def holders_of(connection: sqlite3.Connection, marks: Iterable[Mark]) -> set[int]:
    """Owners that share one of these marks."""
    most = _MOST_HOLDERS + MOST_AT_ONCE
    return {
        owner
        for name in {mark.name for mark in marks}
        for (owner,) in connection.execute(
            "SELECT owner FROM marks WHERE name = ? ORDER BY place, owner LIMIT ?",
            (stored(name), most),
        )
    }


def connected(connection: sqlite3.Connection, start: Iterable[int]) -> Marked:
    """All owners that a chain of shared marks leads to, with their marks."""
    reached: Marked = {}
    asked: set[str] = set()
    waiting = set(start)
    while waiting:
        fresh: list[Mark] = []
        for owner in waiting:
            reached[owner] = _marks_of(connection, owner)
            fresh += [mark for mark in reached[owner] if mark.name not in asked]
        asked.update(mark.name for mark in fresh)
        waiting = holders_of(connection, fresh) - reached.keys()
    return reached


def counting(connection: sqlite3.Connection, marked: Mapping[int, Sequence[Mark]]) -> Marked:
    """The same without marks that somebody gives to everything."""
    shared: dict[str, int] = {}
    for marks in marked.values():
        for mark in marks:
            shared[mark.name] = shared.get(mark.name, 0) + 1
    kept: dict[str, set[int]] = {}
    for name, count in shared.items():
        if count > _MOST_HOLDERS:
            rows = connection.execute(
                "SELECT owner FROM marks WHERE name = ? ORDER BY place, owner LIMIT ?",
                (stored(name), _MOST_HOLDERS),
            )
            kept[name] = {owner for (owner,) in rows}
    return {
        owner: [m for m in marks if m.name not in kept or owner in kept[m.name]]
        for owner, marks in marked.items()
    }
