"""What the catalogue remembers of imports: how far each was read, and what could not be."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polaris_core.catalogue.offers import Offer, put_offer
from polaris_core.catalogue.owners import MOST_AT_ONCE, holders_of, set_marks
from polaris_core.catalogue.rows import loaded, stored
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.upsert import Written, mark_changed, mark_files, settle, unmark_files
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent

__all__ = [
    "ImportState",
    "Refused",
    "forget_import",
    "imports",
    "keep",
    "known_revision",
    "refused",
]

_SHOWN_REFUSALS = 10_000


@dataclass(frozen=True, slots=True)
class Refused:
    """A record of a source that could not become an entry, and why."""

    key: str
    """What the source calls it, or where it stands there."""
    problem: str
    value: str = ""
    hint: str = ""

    def __str__(self) -> str:
        shown = f": {self.value}" if self.value else ""
        return f"{self.key}: {self.problem}{shown}" + (f". {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class ImportState:
    """How far a source was read."""

    origin: str
    cursor: str = ""
    """Where to go on; empty if it was read to its end, or was never read."""
    pages: int = 0
    """Pages read since it was begun last."""
    completed: int = 0
    """How often it was read to its end."""
    offers: int = 0
    """How many it has in the catalogue."""
    refused: int = 0


def imports(store: Store) -> list[ImportState]:
    """All sources that were ever read, by name.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT origin, cursor, pages, completed, "
            "(SELECT count(*) FROM offers o WHERE o.origin = i.origin), "
            "(SELECT count(*) FROM refused r WHERE r.origin = i.origin) "
            "FROM imports i ORDER BY origin"
        ).fetchall()
    return [ImportState(loaded(row[0]), loaded(row[1]), *row[2:]) for row in rows]


def refused(store: Store, origin: str) -> list[Refused]:
    """What of a source could not become entries, by key; at most 10,000.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT key, problem, value, hint FROM refused WHERE origin = ? ORDER BY key LIMIT ?",
            (stored(origin), _SHOWN_REFUSALS),
        ).fetchall()
    return [Refused(*map(loaded, row)) for row in rows]


def known_revision(store: Store, origin: str, revision: str) -> bool:
    """Whether offers of this revision are in the catalogue.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        row = connection.execute(
            "SELECT 1 FROM offers WHERE origin = ? AND revision = ? LIMIT 1",
            (stored(origin), stored(revision)),
        ).fetchone()
    return row is not None


def keep(
    store: Store,
    state: ImportState,
    offers: Sequence[Offer],
    problems: Iterable[Refused] = (),
) -> Counter[Written]:
    """Write one page of a source and how far it was read: all of it, or nothing.

    An offer that cannot be kept joins the problems. What is refused now and was accepted before
    stays as it was.

    Args:
        store: The catalogue.
        state: How far the source is read with this page.
        offers: Of two of the same key the last counts.
        problems: What of the page could not be read.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    counts: Counter[Written] = Counter()
    origin = stored(state.origin)
    with store.writing() as connection:
        mark_files(connection)
        found = list(problems)
        changed = False
        touched: set[int] = set()
        for number, offer in enumerate({offer.key: offer for offer in offers}.values(), start=1):
            if number % MOST_AT_ONCE == 0:
                changed |= settle(connection, touched)
                touched = set()
            try:
                written, near = put_offer(connection, state.origin, offer)
            except InvalidInput as problem:
                found.append(Refused(offer.key, problem.problem, problem.value, problem.hint))
                continue
            counts[written] += 1
            touched |= near
            name = (origin, stored(offer.key))
            connection.execute("DELETE FROM refused WHERE origin = ? AND key = ?", name)
        if settle(connection, touched) or changed:
            mark_changed(connection)
        rows = [(origin, *map(stored, (r.key, r.problem, r.value, r.hint))) for r in found]
        connection.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute(
            "INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?)",
            (origin, stored(state.cursor), state.pages, state.completed),
        )
    return counts


def forget_import(store: Store, origin: str, progress: Progress = silent) -> int:
    """Take all that a source says out of the catalogue; returns how many offers that were.

    Models that other sources or files tell of stay, as these tell of them.

    Raises:
        InvalidInput: It was never read.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it; what is out stays out, and this can be done again.
    """
    known = {state.origin: state for state in imports(store)}
    if origin not in known:
        hint = f"Known are: {', '.join(known) or 'none'}"
        raise InvalidInput("nothing was imported from this source", value=origin, hint=hint)
    total, done = known[origin].offers, 0
    while True:
        progress(done, total, f"forgetting {origin}")
        with store.writing() as connection:
            count = _forget_some(connection, stored(origin))
            if not count:
                connection.execute("DELETE FROM refused WHERE origin = ?", (stored(origin),))
                connection.execute("DELETE FROM imports WHERE origin = ?", (stored(origin),))
                unmark_files(connection)
                return done
            done += count


def _forget_some(connection: sqlite3.Connection, origin: str) -> int:
    rows = connection.execute(
        "SELECT id, entry FROM offers WHERE origin = ? ORDER BY id LIMIT ?", (origin, MOST_AT_ONCE)
    ).fetchall()
    touched: set[int] = set()
    for id, _ in rows:
        before = set_marks(connection, id, "", ())
        touched |= holders_of(connection, before or ())
        connection.execute("DELETE FROM offers WHERE id = ?", (id,))
    touched -= {id for id, _ in rows}
    settle(connection, touched)
    # An entry that nobody else offers has nothing to be settled by.
    connection.executemany(
        "DELETE FROM entries WHERE id = ? AND NOT on_disk "
        "AND NOT EXISTS (SELECT 1 FROM offers WHERE offers.entry = entries.id)",
        {(entry,) for _, entry in rows},
    )
    if rows:
        mark_changed(connection)
    return len(rows)
