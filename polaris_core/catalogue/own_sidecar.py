"""Our own metadata file, `NAME.polaris.json`: all that is known of an entry, beside its file.

It is written when an entry that was known without a file gets one, so that nothing of what a site
or a list told of it is lost. Other tools' files and the user's own go before it.
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from polaris_core.catalogue.entry import BaseModel, Entry, Preview, Role, Terms
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.hashes import autov3_of, valid_sha256
from polaris_core.catalogue.maturity import level_of
from polaris_core.catalogue.plain_text import one_line, paragraphs
from polaris_core.catalogue.strengths import bounded_strength
from polaris_core.catalogue.values import (
    Json,
    number_in,
    object_in,
    objects_in,
    string_in,
    strings_in,
    text_in,
)
from polaris_core.catalogue.words import trigger_words

__all__ = ["own_facts", "own_sidecar"]

_VERSION = 1
_PROMPTS_LIMIT = 16
_EXTRAS_LIMIT = 64
_TERMS = tuple(field.name for field in fields(Terms))


def own_sidecar(entry: Entry) -> dict[str, Any]:
    """What to write of an entry, as plain values; empty ones are left out."""
    known = "" if entry.base_model is BaseModel.UNKNOWN else entry.base_model.value
    facts: dict[str, Any] = {
        "name": entry.name,
        "type": entry.kind.value,
        "base_model": entry.extra.get("base_model") or known,
        "description": entry.description,
        "trigger_words": list(entry.trigger_words),
        "strength": entry.strength,
        "tags": list(entry.tags),
        "training_tags": list(entry.training_tags),
        "negative": entry.negative,
        "example_prompts": list(entry.example_prompts),
        "previews": [
            {"url": p.url, "maturity": int(p.maturity), "prompt": p.prompt}
            for p in entry.previews
            if p.url
        ],
        "maturity": int(entry.maturity),
        "licence": entry.licence,
        "creator": entry.creator,
        "source": entry.source,
        "download": entry.download,
        "terms": {name: told for name, told in asdict(entry.terms).items() if told is not None},
        "sha256": entry.sha256,
        "autov3": entry.autov3,
        "size_bytes": entry.size_bytes,
        "real_person": entry.real_person or entry.role is Role.PERSON,
        "extra": entry.extra,
    }
    return {"polaris": _VERSION, **{name: fact for name, fact in facts.items() if fact}}


def own_facts(record: Json, size_bytes: int) -> Facts:
    """Read what `own_sidecar` wrote, by whoever it was changed since.

    Args:
        record: The file's JSON object.
        size_bytes: Of the model file; hashes of a file of another size are not taken. 0 if unknown.
    """
    own_size = number_in(record, "size_bytes")
    same_file = not own_size or not size_bytes or own_size == size_bytes
    extra = object_in(record, "extra")
    return Facts(
        name=text_in(record, "name"),
        base_models=(text_in(record, "base_model"),),
        description=paragraphs(string_in(record, "description")),
        trigger_words=trigger_words(_texts(record, "trigger_words")),
        strength=bounded_strength(number_in(record, "strength")),
        tags=strings_in(record, "tags"),
        training_tags=strings_in(record, "training_tags"),
        negative=paragraphs(string_in(record, "negative")),
        example_prompts=_texts(record, "example_prompts")[:_PROMPTS_LIMIT],
        previews=tuple(
            Preview("", url, level_of(preview.get("maturity")), text_in(preview, "prompt"))
            for preview in objects_in(record, "previews", 16)
            if (url := text_in(preview, "url")).startswith(("https://", "http://"))
        ),
        maturity=level_of(record.get("maturity")),
        licence=text_in(record, "licence"),
        creator=text_in(record, "creator"),
        source=text_in(record, "source"),
        download=text_in(record, "download"),
        terms=Terms(**{name: _answer(record, name) for name in _TERMS}),
        sha256=valid_sha256(string_in(record, "sha256")) if same_file else "",
        autov3=autov3_of(string_in(record, "autov3")),
        type=text_in(record, "type"),
        real_person=record.get("real_person") is True,
        extra={
            one_line(key): text
            for key, value in list(extra.items())[:_EXTRAS_LIMIT]
            if type(value) is str and key != "base_model" and (text := one_line(value))
        },
    )


def _answer(record: Json, name: str) -> bool | None:
    told = object_in(record, "terms").get(name)
    return told if isinstance(told, bool) else None


def _texts(record: Json, key: str) -> tuple[str, ...]:
    """The strings in the list under `key`, each one line, as they follow one another."""
    return strings_in(record, key, 128) if isinstance(record.get(key), list) else ()
