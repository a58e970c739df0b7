"""Pages of the catalogue: filtered, in a total order, as quick at the end as at the beginning.

the catalogue changed ─▶ ids, facets and orders of all entries, as arrays (once)
a page                ─▶ filter and cut the arrays, read the rows that are shown
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.columns import Columns
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role
from polaris_core.catalogue.lookup import matching_rows
from polaris_core.catalogue.store import Store
from polaris_core.errors import Busy, UnknownModel
from polaris_core.page.cards import Json, card_of
from polaris_core.page.fields import Fields

__all__ = ["QUERY_FIELDS", "Browser", "CardQuery"]

QUERY_FIELDS = (
    *("offset", "limit", "order", "kind", "family", "role", "maturity", "on_disk", "words", "ids"),
)
_MOST_ENTRIES = 10_000_000
_ORDERS = ("name", "newest", "size")
_KINDS = {k.value: k for k in (Kind.CHECKPOINT, Kind.LORA)}
_WORDS_KEPT = 16
_ATTEMPTS = 5

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CardQuery:
    """Which cards, and in which order."""

    offset: int = 0
    limit: int = 60
    order: str = "name"
    """"name", "newest" or "size"; ties by id."""
    kinds: frozenset[Kind] | None = None
    """None: checkpoints and LoRAs."""
    families: frozenset[BaseModel] | None = None
    roles: frozenset[Role] | None = None
    maturity: Maturity = Maturity.PG
    """The most mature that is shown."""
    on_disk: bool | None = None
    words: str = ""
    """All of them must stand in the entry."""
    ids: tuple[int, ...] | None = None

    @staticmethod
    def of(fields: Fields) -> CardQuery:
        """The query that a request asks.

        Raises:
            InvalidInput: A field cannot be used.
        """
        on_disk = fields.some_of("on_disk", {"0": False, "1": True})
        return CardQuery(
            offset=fields.number("offset", 0, 0, _MOST_ENTRIES),
            limit=fields.number("limit", 60, 1, 200),
            order=fields.one_of("order", {name: name for name in _ORDERS}, "name"),
            kinds=fields.some_of("kind", _KINDS),
            families=fields.families(),
            roles=fields.roles(),
            maturity=fields.maturity(),
            on_disk=None if on_disk is None or len(on_disk) > 1 else True in on_disk,
            words=fields.text("words", "", 400),
            ids=fields.ids("ids"),
        )

    def flags(self, columns: Columns) -> Flags:
        """Which entries pass all but words, shape `n` as the columns are."""
        passed = np.any([columns.is_kind(k) for k in self.kinds or _KINDS.values()], axis=0)
        passed &= columns.maturity <= int(self.maturity)
        if self.families is not None:
            passed &= np.any([columns.is_family(family) for family in self.families], axis=0)
        if self.roles is not None:
            passed &= columns.is_role(*self.roles)
        if self.on_disk is not None:
            passed &= columns.on_disk == self.on_disk
        if self.ids is not None:
            passed &= np.isin(columns.ids, np.array(self.ids, np.int64))
        return passed


@dataclass(frozen=True, eq=False)
class _Shelf:
    """All entries at one moment; `orders` are positions in the columns."""

    key: str
    columns: Columns
    orders: dict[str, Ints]


class Browser:
    """Gives pages of one catalogue; may be used from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._shelf: _Shelf | None = None
        self._words: OrderedDict[tuple[str, str], Ints] = OrderedDict()

    def page(self, query: CardQuery) -> Json:
        """One page of cards, and how many there are in all.

        Raises:
            Busy: The catalogue changes too fast to be shown.
            StoreProblem: It cannot be used.
        """
        for _ in range(_ATTEMPTS):
            shelf = self._current()
            flags = query.flags(shelf.columns)
            if match := matching_rows(query.words):
                flags = flags & np.isin(shelf.columns.ids, self._with_words(shelf.key, match))
            order = shelf.orders[query.order]
            chosen = order[flags[order]]
            ids = shelf.columns.ids[chosen[query.offset : query.offset + query.limit]]
            try:
                entries = self._store.entries(ids.tolist())
            except UnknownModel:  # removed since the arrays were read
                continue
            return _told(shelf.key, query, len(chosen), entries)
        raise Busy("the catalogue changes too fast", hint="Look again when the scan has finished")

    def _current(self) -> _Shelf:
        with self._lock:
            if self._shelf is None or self._shelf.key != self._store.key():
                self._shelf = _read_shelf(self._store)
                self._words.clear()
            return self._shelf

    def _with_words(self, key: str, match: str) -> Ints:
        with self._lock:
            if (key, match) in self._words:
                self._words.move_to_end((key, match))
                return self._words[key, match]
        with self._store.reading() as connection:
            ids = _numbers(
                connection,
                "SELECT group_concat(rowid) FROM searched WHERE searched MATCH ?",
                (match,),
            )[0]
        with self._lock:
            self._words[key, match] = ids
            while len(self._words) > _WORDS_KEPT:
                self._words.popitem(last=False)
        return ids


def _told(key: str, query: CardQuery, total: int, entries: list[Entry]) -> Json:
    return {
        "total": total,
        "offset": query.offset,
        "limit": query.limit,
        "key": key,
        "cards": [card_of(entry, query.maturity) for entry in entries],
    }


def _read_shelf(store: Store) -> _Shelf:
    """All arrays, as they stood at one moment."""
    with store.reading() as connection:
        connection.execute("BEGIN")
        try:
            key, columns = store.key(), store.columns()
            [by_name] = _numbers(
                connection,
                "SELECT group_concat(id) FROM (SELECT id FROM entries INDEXED BY entries_name_key "
                "ORDER BY name_key, id)",
            )
            ids, modified_ns, sizes = _numbers(
                connection,
                "SELECT group_concat(id), group_concat(modified_ns), group_concat(size_bytes) "
                "FROM entries INDEXED BY entries_page",
            )
        finally:
            connection.execute("COMMIT")
    place = columns.ids.searchsorted
    orders = {
        "name": place(by_name),
        "newest": place(ids[np.lexsort((ids, -modified_ns))]),
        "size": place(ids[np.lexsort((ids, -sizes))]),
    }
    return _Shelf(key, columns, orders)


def _numbers(
    connection: sqlite3.Connection, statement: str, values: tuple[str, ...] = ()
) -> list[Ints]:
    """Whole columns as arrays: SQLite writes them as texts, which is quicker than row by row."""
    row = connection.execute(statement, values).fetchone()
    return [np.fromstring(text or "", dtype=np.int64, sep=",") for text in row]
