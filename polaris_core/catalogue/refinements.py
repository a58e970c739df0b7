"""What refiners made of entries: kept by the content it was made of, shown with its entry.

An entry that comes to say something else has no refined text from that moment on (a trigger of the
database takes care of it, whoever writes); if it says again what it said before, what was made then
is found by its content.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry, Refined
from polaris_core.catalogue.refined_rows import document_of, refined_of
from polaris_core.catalogue.rows import COLUMNS, entry_of
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.upsert import mark_changed

__all__ = [
    "Made",
    "forget_refined",
    "keep_refined",
    "made_before",
    "refined_by",
    "unrefined",
]

_AT_ONCE = 500
_RETRIEVED = "kind IN ('checkpoint', 'lora')"


@dataclass(frozen=True, slots=True)
class Made:
    """What a refiner made of one content."""

    content: bytes
    """Names all that it was made of, and the refiner."""
    refined: Refined


def refined_by(store: Store) -> dict[str, int]:
    """How many entries each refiner's words are shown for, by the refiner's name.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        statement = "SELECT refiner, count(*) FROM refined GROUP BY refiner ORDER BY refiner"
        return dict(connection.execute(statement))


def unrefined(store: Store, settled: Collection[str]) -> list[int]:
    """Checkpoints and LoRAs that none of these refiners has words for, by rising id.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    marks = ", ".join("?" * len(settled))
    with store.reading() as connection:
        rows = connection.execute(
            f"SELECT id FROM entries WHERE {_RETRIEVED} AND NOT EXISTS (SELECT 1 FROM refined "
            f"WHERE entry = entries.id AND refiner IN ({marks})) ORDER BY id",
            tuple(settled),
        )
        return [id for (id,) in rows]


def made_before(store: Store, contents: Sequence[bytes]) -> dict[bytes, Refined]:
    """What was made of these contents, of those that are known.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    found: dict[bytes, Refined] = {}
    with store.reading() as connection:
        for start in range(0, len(contents), _AT_ONCE):
            part = contents[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            statement = f"SELECT content, document FROM refinements WHERE content IN ({marks})"
            for content, document in connection.execute(statement, part):
                if refined := refined_of(document):
                    found[content] = refined
    return found


def keep_refined(
    store: Store, made: Mapping[int, Made], content_of: Callable[[Entry], bytes]
) -> int:
    """Show what was made with its entries: all of it, or nothing.

    Args:
        store: The catalogue.
        made: By the entry's id. An entry that is gone, or has come to say something else
            meanwhile, is passed over; what was made of it is kept all the same.
        content_of: The content of an entry as it stands now.

    Returns:
        How many are shown.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.writing() as connection:
        rows = [(one.content, document_of(one.refined)) for one in made.values()]
        connection.executemany(
            "INSERT INTO refinements VALUES (?, ?) "
            "ON CONFLICT (content) DO UPDATE SET document = excluded.document",
            rows,
        )
        kept = [
            (id, one.refined.by, one.content)
            for id, one in made.items()
            if _content_now(connection, id, content_of) == one.content
        ]
        connection.executemany(
            "INSERT INTO refined VALUES (?, ?, ?) ON CONFLICT (entry) "
            "DO UPDATE SET refiner = excluded.refiner, content = excluded.content",
            kept,
        )
        if kept:
            mark_changed(connection)
    return len(kept)


def _content_now(
    connection: sqlite3.Connection, id: int, content_of: Callable[[Entry], bytes]
) -> bytes | None:
    names = ", ".join(COLUMNS)
    row = connection.execute(f"SELECT {names} FROM entries WHERE id = ?", (id,)).fetchone()
    return None if row is None else content_of(entry_of(id, row))


def forget_refined(store: Store, refiner: str | None = None, *, made: bool = False) -> int:
    """Go back to what uploaders wrote; returns for how many entries.

    Args:
        store: The catalogue.
        refiner: Whose words are taken away; None for all.
        made: Whether what is kept by content goes too, so that it must be made again.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    condition, values = ("", ()) if refiner is None else (" WHERE refiner = ?", (refiner,))
    with store.writing() as connection:
        if made:
            statement = f"SELECT content FROM refined{condition}"
            connection.execute(f"DELETE FROM refinements WHERE content IN ({statement})", values)
        count = connection.execute(f"DELETE FROM refined{condition}", values).rowcount
        if count:
            mark_changed(connection)
    return count
