"""Civitai's records as offers, one broken record refused at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from polaris_core.catalogue.civitai import entries_from_model
from polaris_core.catalogue.imports import Refused
from polaris_core.catalogue.offers import Offer
from polaris_core.catalogue.values import as_object, text_in
from polaris_core.errors import BrokenSidecar, PolarisError

__all__ = ["Versions", "offers_from", "read_records"]

Versions = Literal["latest", "all"]
"""Of each model the newest version alone, or every one."""


def read_records(
    records: Iterable[tuple[str, object]], versions: Versions, site: str
) -> tuple[list[Offer], list[Refused]]:
    """Read model records, each for itself.

    Args:
        records: Each with where it stands, for people.
        versions: Which versions become offers.
        site: The address that pages of models begin with.
    """
    offers: list[Offer] = []
    refused: list[Refused] = []
    for place, record in records:
        try:
            offers += offers_from(record, versions, site)
        except PolarisError as problem:
            name = text_in(as_object(record), "id")
            key = f"model {name}" if name else place
            refused.append(Refused(key, problem.problem, problem.value, problem.hint))
    return offers, refused


def offers_from(record: object, versions: Versions, site: str) -> list[Offer]:
    """The offers of one model record; their keys are the numbers of versions.

    Raises:
        BrokenSidecar: It is no model record, or lists no version.
    """
    held = as_object(record)
    entries = entries_from_model(held, versions=versions, site=site)
    model = text_in(held, "id")
    if not entries:
        raise BrokenSidecar("the model lists no version, so there is nothing to get", value=model)
    return [
        # Records of the site have both numbers; where a version has none its place must do.
        Offer(entry.extra.get("version_id") or f"{model}/{place}", entry)
        for place, entry in enumerate(entries)
    ]
