"""Pages of the catalogue: filtered, in a total order, as quick at the end as at the beginning.

All that a filter or an order asks of an entry stands in one index of the catalogue, so that a page
of 80,000 entries is found without reading their rows; only those shown are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role
from polaris_core.catalogue.lookup import matching_rows
from polaris_core.catalogue.store import Store
from polaris_core.page.cards import Json, card_of
from polaris_core.page.fields import Fields

__all__ = ["QUERY_FIELDS", "CardQuery", "browse"]

QUERY_FIELDS = (
    *("offset", "limit", "order", "kind", "family", "role", "maturity", "on_disk", "words", "ids"),
)
_MOST_ENTRIES = 10_000_000
_INDEX = "entries_page"
_ORDERS = {"name": "name_key, id", "newest": "modified_ns DESC, id", "size": "size_bytes DESC, id"}
_KINDS = {k.value: k for k in (Kind.CHECKPOINT, Kind.LORA)}


@dataclass(frozen=True, slots=True)
class CardQuery:
    """Which cards, and in which order."""

    offset: int = 0
    limit: int = 60
    order: str = "name"
    """"name", "newest" or "size"."""
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

    def _conditions(self) -> Iterator[tuple[str, list[object]]]:
        yield _among("kind", [k.value for k in self.kinds or _KINDS.values()])
        yield "maturity <= ?", [int(self.maturity)]
        if self.families is not None:
            kin = [b.value for b in BaseModel if b.family in self.families]
            yield _among("base_model", kin)
        if self.roles is not None:
            yield _among("role", [r.value for r in self.roles])
        if self.on_disk is not None:
            yield "on_disk = ?", [int(self.on_disk)]
        if self.ids is not None:
            yield _among("id", self.ids)
        if match := matching_rows(self.words):
            yield "id IN (SELECT rowid FROM searched WHERE searched MATCH ?)", [match]

    def where(self) -> tuple[str, list[object]]:
        """The condition as SQL, and its values."""
        parts = list(self._conditions())
        return " AND ".join(sql for sql, _ in parts), [v for _, values in parts for v in values]


def _among(column: str, values: object) -> tuple[str, list[object]]:
    values = sorted(values)  # type: ignore[call-overload]
    return f"{column} IN ({', '.join('?' * len(values))})", values


def browse(store: Store, query: CardQuery) -> Json:
    """One page of cards, and how many there are in all.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    where, values = query.where()
    with store.reading() as connection:
        table = f"entries INDEXED BY {_INDEX}"
        total = connection.execute(f"SELECT count(*) FROM {table} WHERE {where}", values)
        count: int = total.fetchone()[0]
        rows = connection.execute(
            f"SELECT id FROM {table} WHERE {where} "
            f"ORDER BY {_ORDERS[query.order]} LIMIT ? OFFSET ?",
            [*values, query.limit, query.offset],
        )
        entries: list[Entry] = store.entries([row[0] for row in rows])
        key = store.key()
    return {
        "total": count,
        "offset": query.offset,
        "limit": query.limit,
        "key": key,
        "cards": [card_of(entry, query.maturity) for entry in entries],
    }
