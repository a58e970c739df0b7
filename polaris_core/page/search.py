"""Search the zoo as the sidebar does: by a sentence, or by a picture."""

from __future__ import annotations

import time
from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role
from polaris_core.encoders.base import RGBImage
from polaris_core.page.cards import Json
from polaris_core.page.fields import Fields
from polaris_core.page.results import hit_cards
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.two_level import search, search_by_picture
from polaris_core.retrieval.zoo import Zoo

__all__ = ["PICTURE_FIELDS", "TEXT_FIELDS", "SearchQuery", "search_cards"]

PICTURE_FIELDS = ("kind", "family", "role", "maturity", "limit")
TEXT_FIELDS = ("text", *PICTURE_FIELDS)
_MOST = 200
_TEXT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is sought, and among which."""

    text: str = ""
    """Empty where a picture asks."""
    kind: Kind = Kind.LORA
    families: frozenset[BaseModel] | None = None
    roles: frozenset[Role] | None = None
    maturity: Maturity = Maturity.PG
    limit: int = 60

    @staticmethod
    def of(fields: Fields, *, by_text: bool) -> SearchQuery:
        """The query that a request asks.

        Raises:
            InvalidInput: A field cannot be used.
        """
        return SearchQuery(
            text=fields.text("text", None, _TEXT_CHARACTERS) if by_text else "",
            kind=fields.kind("lora"),
            families=fields.families(),
            roles=fields.roles(),
            maturity=fields.maturity(),
            limit=fields.number("limit", 60, 1, _MOST),
        )

    @property
    def filters(self) -> Filters:
        """Which entries may be found: those known only by name too, so that they can be got."""
        return Filters(
            max_maturity=self.maturity,
            families=self.families,
            roles=self.roles,
            on_disk_only=False,
            include_unsafe=True,
        )


def search_cards(
    zoo: Zoo, query: SearchQuery, picture: RGBImage | None = None, progress: Progress = silent
) -> Json:
    """Cards of what is nearest, best first.

    Raises:
        InvalidInput: The text says nothing, or there is no image encoder for the picture.
        PolarisError: As the zoo's encoders and indices do.
    """
    started = time.perf_counter()
    if picture is None:
        hits = search(zoo, query.text, query.kind, query.filters, query.limit, progress)
    else:
        hits = search_by_picture(zoo, picture, query.kind, query.filters, query.limit, progress)
    return {
        "cards": [{**card, "picked": False} for card in hit_cards(hits, query.maturity, _MOST)],
        "asked": "text" if picture is None else "picture",
        "seconds": round(time.perf_counter() - started, 4),
    }
