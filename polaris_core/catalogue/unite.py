"""One entry out of what several sources say of the same model.

Sources are asked in the order of their rank, most trusted first, so that it does not matter which
came first: single values are those of the first that has one, lists are united. A few are chosen
otherwise: the best description, the strictest licence, and the file's address, size and hash, which
belong together and come from one source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

from polaris_core.catalogue.companions import stem_of
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.facts import TAGS_LIMIT, unite_previews, unite_prompts, unite_words
from polaris_core.catalogue.licences import strictest
from polaris_core.catalogue.values import distinct

__all__ = ["completed", "rank_of", "unite"]

_T = TypeVar("_T")
_TRUSTED = ("civitai", "dump", "huggingface", "table", "manager")
"""Kinds of sources by how much they know of a model; the first part of an origin's name."""
_ENOUGH_WORDS = 40
"""A description of so many different words is as good as a longer one."""
_WORD = re.compile(r"\w{2,}")
_DESCRIBED = 4_000
_OF_THE_FILE = frozenset({"filename", "revision", "size_told", "availability", "early_access_ends"})
"""What of `extra` belongs to the file that `download` leads to."""


def rank_of(origin: str, key: str) -> tuple[int, str, str]:
    """Sorts what sources say, most trusted first."""
    kind = origin.partition(":")[0]
    return (_TRUSTED.index(kind) if kind in _TRUSTED else len(_TRUSTED), origin, key)


def unite(told: Sequence[Entry]) -> Entry:
    """The entry of one model that is not on disk.

    Args:
        told: What each source says, by falling rank; at least one.
    """
    if len(told) == 1:
        return told[0]
    file = _best_file(told)
    known = next((e for e in told if e.kind is not Kind.OTHER), told[0])
    return replace(
        file,
        name=told[0].name,
        kind=known.kind,
        adapter_type=_first(e.adapter_type for e in told),
        base_model=_narrowest(told),
        autov3=file.autov3 or _first(e.autov3 for e in told) or "",
        extra={
            **{k: v for k, v in _united_extra(told).items() if k not in _OF_THE_FILE},
            **{k: v for k, v in file.extra.items() if k in _OF_THE_FILE},
        },
        **{**_shared(told), "download": file.download},
    )


def completed(own: Entry, told: Sequence[Entry]) -> Entry:
    """The entry of a file on disk, with what sources say of it where it says nothing itself.

    What is known of the file itself stays: its size, its hashes, the base model its header shows.

    Args:
        own: As it was read from the file and what stands beside it.
        told: What sources say, by falling rank; may be none.
    """
    if not told:
        return own
    all_told = [own, *told]
    titled = own.name != stem_of(own.file.rpartition("/")[2])
    shared = _shared(all_told)
    if own.description:
        shared["description"] = own.description
    return replace(
        own,
        name=own.name if titled else told[0].name,
        # A pickled file is never opened: what it is made for only others can tell.
        base_model=_narrowest(all_told) if own.unsafe else own.base_model,
        extra=_united_extra(all_told),
        **shared,
    )


def _shared(told: Sequence[Entry]) -> dict[str, Any]:
    """What is chosen alike for files on disk and for others."""
    person = any(e.real_person for e in told)
    role = next((e.role for e in told if e.role is not Role.UNKNOWN), Role.UNKNOWN)
    adapters = any(e.kind is Kind.LORA for e in told)
    return {
        "role": Role.PERSON if person and adapters else role,
        "real_person": person,
        "trigger_words": unite_words(told),
        "strength": next((e.strength for e in told if e.strength is not None), None),
        "tags": distinct(tag for e in told for tag in e.tags)[:TAGS_LIMIT],
        "training_tags": _first(e.training_tags for e in told) or (),
        "description": max(told, key=lambda e: _richness(e.description)).description,
        "negative": _first(e.negative for e in told) or "",
        "example_prompts": unite_prompts(told),
        "previews": unite_previews(told),
        "maturity": max(e.maturity for e in told),
        "licence": _first(e.licence for e in told) or "",
        "terms": reduce(strictest, (e.terms for e in told)),
        "creator": _first(e.creator for e in told) or "",
        "source": _first(e.source for e in told) or "",
        "download": _first(e.download for e in told) or "",
        "origins": tuple(dict.fromkeys(origin for e in told for origin in e.origins)),
    }


def _richness(description: str) -> int:
    return min(_ENOUGH_WORDS, len(set(_WORD.findall(description[:_DESCRIBED].lower()))))


def _best_file(told: Sequence[Entry]) -> Entry:
    """Whose file it is: the first that can be fetched and checked, else fetched, else checked."""
    both = (e for e in told if e.download and e.sha256)
    either = (e for e in told if e.download), (e for e in told if e.sha256)
    return next((e for of in (both, *either) for e in of), told[0])


def _narrowest(told: Sequence[Entry]) -> BaseModel:
    """The first base model known; of SDXL and one of its kin the kin."""
    base = BaseModel.UNKNOWN
    for found in (e.base_model for e in told):
        kin = base is BaseModel.SDXL and found.family is BaseModel.SDXL
        if base is BaseModel.UNKNOWN or kin:
            base = found
    return base


def _united_extra(told: Sequence[Entry]) -> dict[str, str]:
    extra: dict[str, str] = {}
    for entry in reversed(told):
        extra.update(entry.extra)
    return extra


def _first(values: Iterable[_T]) -> _T | None:
    return next((value for value in values if value), None)
