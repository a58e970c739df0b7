"""Civitai's REST API, or that of a site like it: newest models first, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast
from urllib.parse import urlsplit

from polaris_core.catalogue.values import as_object, object_in, text_in
from polaris_core.errors import SourceProblem
from polaris_core.importing.base import Known, Page, StaleCursorError
from polaris_core.importing.http import Query, Refusal, Site
from polaris_core.importing.records import Versions, read_records
from polaris_core.progress import Progress

__all__ = ["CIVITAI", "CivitaiSource"]

CIVITAI = "https://civitai.com"
TYPES = ("Checkpoint", "LORA", "LoCon", "DoRA")
"""The kinds of models that are asked for."""
_MODELS = "/api/v1/models"
_RECORDS_PER_PAGE = 100


class CivitaiSource:
    """All checkpoints and adapters that the API tells of."""

    newest_first = True

    def __init__(
        self,
        site: Site,
        *,
        types: Sequence[str] = TYPES,
        base_models: Sequence[str] = (),
        versions: Versions = "latest",
    ) -> None:
        """Nothing is asked yet.

        Args:
            site: Whom to ask.
            types: Which kinds of models, in the site's own words.
            base_models: Only models for these, in the site's own words (`SDXL 1.0`); all if empty.
            versions: The newest version of each model, or every one.
        """
        self._site = site
        self._versions: Versions = versions
        self._query: Query = (
            ("limit", str(_RECORDS_PER_PAGE)),
            ("sort", "Newest"),
            ("nsfw", "true"),  # without it models that lack the PG bit vanish; filters come later
            *(("types", name) for name in types),
            *(("baseModels", name) for name in base_models),
        )
        chosen = [
            *(types if tuple(types) != TYPES else ()),
            *base_models,
            *(["all versions"] if versions == "all" else []),
        ]
        self.origin = f"civitai:{site.host}" + (f" ({', '.join(chosen)})" if chosen else "")

    def pages(self, cursor: str, known: Known, progress: Progress) -> Iterator[Page]:
        """As `Source.pages`; the cursors are the site's own."""
        done = 0
        while True:
            records, cursor = self._ask(cursor, progress)
            places = [(f"record {done + i} after this start", r) for i, r in enumerate(records)]
            offers, refused = read_records(places, self._versions, self._site.base)
            done += len(records)
            yield Page(tuple(offers), tuple(refused), cursor, done)
            if not cursor:
                return

    def _ask(self, cursor: str, progress: Progress) -> tuple[list[object], str]:
        query = [*self._query, *([("cursor", cursor)] if cursor else [])]
        answer = self._site.get(_MODELS, query, progress)
        if isinstance(answer, Refusal):
            if cursor and answer.status in (400, 404, 410, 422):
                raise StaleCursorError
            raise self._site.problem_of(answer, _MODELS)
        items = as_object(answer).get("items")
        if not isinstance(items, list):
            raise SourceProblem(
                f"{self._site.host} gives no list of models",
                value=answer,
                hint="Is this Civitai's API, or one like it? Its address is that of the site",
            )
        metadata = object_in(as_object(answer), "metadata")
        following = text_in(metadata, "nextCursor") or _cursor_in(text_in(metadata, "nextPage"))
        return cast("list[object]", items), following


def _cursor_in(address: str) -> str:
    """The cursor in the address of the next page, which some versions of the API give instead."""
    from urllib.parse import parse_qs

    try:
        return parse_qs(urlsplit(address).query).get("cursor", [""])[0]
    except ValueError:
        return ""
