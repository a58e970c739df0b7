"""Entries as the page shows them: plain values for JSON, all texts bounded."""

from __future__ import annotations

import hashlib
from typing import Any

from polaris_core.catalogue.entry import Entry, Maturity, Preview
from polaris_core.catalogue.previews import is_picture
from polaris_core.fetching.entries import is_offered
from polaris_core.retrieval.pins import Pin

__all__ = ["LEVELS", "Json", "card_of", "details_of", "pin_name", "shown_preview", "thumbnail_path"]

Json = dict[str, Any]
"""A JSON object."""

LEVELS = {m.name: m for m in (Maturity.PG, Maturity.PG13, Maturity.R, Maturity.X, Maturity.XXX)}
"""The levels of maturity that a page may ask for, by name."""

_TERMS = ("commercial", "credit", "derivatives")
_ABOUT = 240
_WORDS = 16
_WORD_CHARACTERS = 120
_TEXT_CHARACTERS = 20_000
_EXTRAS = 32


def card_of(entry: Entry, level: Maturity) -> Json:
    """What a card shows.

    Args:
        entry: Of the catalogue.
        level: The most mature picture that may be shown.
    """
    return {
        "id": entry.id,
        "name": _cut(entry.name, _ABOUT),
        "kind": entry.kind.value,
        "role": entry.role.value,
        "base_model": entry.base_model.value,
        "family": entry.base_model.family.value,
        "trigger_words": [_cut(word, _WORD_CHARACTERS) for word in entry.trigger_words[:_WORDS]],
        "strength": entry.strength,
        "tags": [_cut(tag, _WORD_CHARACTERS) for tag in entry.tags[:_WORDS]],
        "maturity": entry.maturity.name,
        "file": _readable(entry.file),
        "size_bytes": entry.size_bytes,
        "on_disk": entry.on_disk,
        "offered": is_offered(entry),
        "unsafe": entry.unsafe,
        "creator": _cut(entry.creator, _WORD_CHARACTERS),
        "licence": _cut(entry.licence, _WORD_CHARACTERS),
        "terms": {name: getattr(entry.terms, name) for name in _TERMS},
        "real_person": entry.real_person,
        "source": _readable(entry.source),
        "download": _readable(entry.download),
        "origins": [_cut(origin, _WORD_CHARACTERS) for origin in entry.origins[:_WORDS]],
        "about": _cut(entry.description, _ABOUT),
        "thumbnail": thumbnail_path(entry, level),
        "pin": str(Pin(pin_name(entry))),
    }


def details_of(entry: Entry, level: Maturity) -> Json:
    """A card with everything else there is to read about its entry."""
    return {
        **card_of(entry, level),
        "description": _cut(entry.description, _TEXT_CHARACTERS),
        "negative": _cut(entry.negative, _TEXT_CHARACTERS),
        "example_prompts": [_cut(p, _TEXT_CHARACTERS) for p in entry.example_prompts],
        "training_tags": [_cut(tag, _WORD_CHARACTERS) for tag in entry.training_tags],
        "sha256": entry.sha256,
        "autov3": entry.autov3,
        "extra": {
            _cut(key, _WORD_CHARACTERS): _cut(value, _ABOUT)
            for key, value in list(entry.extra.items())[:_EXTRAS]
        },
    }


def shown_preview(entry: Entry, level: Maturity) -> Preview | None:
    """The first picture on disk that is not more mature than `level`."""
    return next(
        (p for p in entry.previews if p.path and is_picture(p.path) and p.maturity <= level), None
    )


def thumbnail_path(entry: Entry, level: Maturity) -> str:
    """Where the page gets an entry's picture; empty if there is none to show.

    The address is another one when the entry has another picture.
    """
    preview = shown_preview(entry, level)
    if preview is None:
        return ""
    facts = f"{preview.path}\0{entry.modified_ns}".encode("utf-8", "surrogatepass")
    version = hashlib.sha256(facts).hexdigest()[:8]
    return f"/polaris/thumbnails/{entry.id}?maturity={level.name}&v={version}"


def pin_name(entry: Entry) -> str:
    """What a pin calls an entry: its file, or without one its title."""
    return entry.file or entry.name


def _cut(text: str, most: int) -> str:
    text = _readable(text[: most + 1])
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _readable(text: str) -> str:
    """The text as JSON may carry it: bytes of names that are no Unicode become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
