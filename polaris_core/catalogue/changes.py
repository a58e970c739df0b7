"""What has changed in the catalogue since an index was built: only that is read anew."""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.refined_rows import REFINED, refined_entry_of
from polaris_core.catalogue.rows import COLUMNS
from polaris_core.catalogue.store import Store

__all__ = ["Changes", "changes_after", "last_change", "pending"]

_COLUMNS = ", ".join(f"entries.{name}" for name in COLUMNS)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes of one kind in the order in which they came, each entry as it is now."""

    end: int
    """Number of the last one."""
    entries: tuple[Entry, ...]
    """Those that came or say something else, by rising id."""
    gone: tuple[int, ...]
    """Ids of those that are no longer there, or of another kind, rising."""


def last_change(store: Store, kind: Kind) -> int:
    """Number of the last change of what an entry of this kind says; 0 if there never was one.

    Raises:
        StoreProblem: The catalogue cannot be read.
    """
    with store.reading() as connection:
        statement = "SELECT max(number) FROM changes WHERE kind = ?"
        return connection.execute(statement, (kind.value,)).fetchone()[0] or 0


def pending(store: Store, kind: Kind, after: int) -> int:
    """How many changes came after that number.

    Raises:
        StoreProblem: The catalogue cannot be read.
    """
    with store.reading() as connection:
        statement = "SELECT count(*) FROM changes WHERE kind = ? AND number > ?"
        return connection.execute(statement, (kind.value, after)).fetchone()[0]


def changes_after(store: Store, kind: Kind, after: int, most: int) -> Changes:
    """The first changes that came after that number.

    An entry that changes once more while they are worked on is among later ones again: whoever
    goes on until there are none has them all.

    Args:
        store: The catalogue.
        kind: Of the entries.
        after: Number of the last change that is known; 0 for none.
        most: How many at the most, ≥ 1.

    Raises:
        StoreProblem: The catalogue cannot be read.
    """
    with store.reading() as connection:
        rows = connection.execute(
            f"SELECT c.number, c.entry, entries.id, {REFINED}, {_COLUMNS} FROM changes c "
            "LEFT JOIN entries ON entries.id = c.entry AND entries.kind = c.kind "
            "WHERE c.kind = ? AND c.number > ? ORDER BY c.number LIMIT ?",
            (kind.value, after, most),
        ).fetchall()
    entries = [
        refined_entry_of(id, refined, row) for _, _, id, refined, *row in rows if id is not None
    ]
    gone = sorted(entry for _, entry, id, *_ in rows if id is None)
    end = rows[-1][0] if rows else after
    return Changes(end, tuple(sorted(entries, key=lambda entry: entry.id)), tuple(gone))
