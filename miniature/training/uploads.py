"""Descriptions of adapters as uploaders write them, made up from templates: true ones and traps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from miniature.training.reader_words import FORMS
from miniature.training.upload_templates import (
    ADJECTIVES,
    BOASTS,
    MENTIONS,
    OBJECT_NAMES,
    OBJECT_TEXTS,
    ORDERS,
    SETTINGS,
    STYLE_NAMES,
    STYLE_TEXTS,
    TAGS,
    THINGS,
    TOOL_TEXTS,
)
from polaris_core.catalogue.entry import Entry, Kind, Role

__all__ = ["Upload", "describe", "pick"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Upload:
    """What an adapter truly is."""

    role: Role
    """STYLE, OBJECT, or TOOL for one without a look or a thing."""
    noun: str = ""
    """The thing it draws, or of a style the thing that its previews show; may be empty."""
    style: str = ""
    """The look it gives, or of a thing the look in which it is merely shown; may be empty."""
    mentions: tuple[str, ...] = ()
    """What its text speaks of besides."""
    boasts: bool = False
    checkpoint: bool = False


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of them."""
    return items[int(rng.integers(len(items)))]


def describe(rng: np.random.Generator, upload: Upload) -> Entry:
    """An entry that says in one of many ways what an upload is."""
    words = _words(rng, upload)
    names, texts = {
        Role.STYLE: (STYLE_NAMES, STYLE_TEXTS),
        Role.OBJECT: (OBJECT_NAMES, OBJECT_TEXTS),
    }.get(upload.role, (OBJECT_NAMES[-2:], TOOL_TEXTS))
    if upload.role is Role.STYLE and not upload.noun:
        texts = [text for text in texts if "{noun}" not in text]
    if upload.role is Role.OBJECT and not upload.style:
        texts = [text for text in texts if "{style}" not in text]
    name = pick(rng, names).format(**words)
    says_in_name = words["main"].lower() in name.lower()
    sentences = [pick(rng, texts)]
    sentences += [pick(rng, MENTIONS).format(other=other) for other in upload.mentions]
    if upload.boasts:
        sentences += [pick(rng, BOASTS), *([pick(rng, ORDERS)] if rng.random() < 0.5 else [])]
    if rng.random() < 0.5:
        sentences.append(pick(rng, SETTINGS))
    if rng.random() < 0.25:
        sentences[1:] = [sentences[i] for i in 1 + rng.permutation(len(sentences) - 1)]
    tags = _tags(rng, upload, words) if rng.random() < 0.85 else ()
    if not says_in_name and upload.role is not Role.TOOL and rng.random() < 0.7:
        tags = tuple(dict.fromkeys((words["main"], *tags)))
    return Entry(
        name=_cased(rng, name),
        kind=Kind.CHECKPOINT if upload.checkpoint else Kind.LORA,
        role=upload.role if rng.random() < 0.8 else Role.UNKNOWN,
        trigger_words=(words["trigger"],) if rng.random() < 0.75 else (),
        tags=tags,
        description=" ".join(sentences).format(**words),
    )


def _words(rng: np.random.Generator, upload: Upload) -> dict[str, str]:
    style = pick(rng, FORMS.get(upload.style, (upload.style,)))
    main = (style if upload.role is Role.STYLE else upload.noun) or pick(rng, ADJECTIVES)
    short = "".join(part[:4] for part in main.split())
    suffix = pick(rng, ("_v1", "art", "xx", "lora", "tok"))
    as_said = f"{main} style" if upload.role is Role.STYLE else f"a {main}"
    trigger = pick(rng, (main, as_said, f"{short}{suffix}", f"{pick(rng, ADJECTIVES)} {main}"))
    return {
        "main": main,
        "noun": upload.noun,
        "nouns": _plural(upload.noun),
        "style": style,
        "adjective": pick(rng, ADJECTIVES),
        "thing": pick(rng, THINGS),
        "trigger": trigger,
        "strength": pick(rng, ("0.6", "0.7", "0.8", "0.9", "1.0")),
        "count": str(int(rng.integers(12, 400))),
        "version": pick(rng, ("", "", " v1", " v2", " v3", " LoRA", " (SD1.5)")),
    }


def _tags(rng: np.random.Generator, upload: Upload, words: dict[str, str]) -> tuple[str, ...]:
    tags = [words["main"]] if upload.role is not Role.TOOL else []
    if upload.role is Role.STYLE:
        tags.append("style")
        tags += [upload.noun] if upload.noun and rng.random() < 0.15 else []
    elif upload.role is Role.OBJECT:
        tags += [pick(rng, ("object", "thing", "animal", "concept"))]
        tags += [upload.style] if upload.style and rng.random() < 0.5 else []
    tags += [pick(rng, TAGS) for _ in range(int(rng.integers(0, 3)))]
    return tuple(dict.fromkeys(tags[i] for i in rng.permutation(len(tags))))


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun[-2:-1] not in "aeiou" and noun[-1:] == "y" else f"{noun}s"


def _cased(rng: np.random.Generator, name: str) -> str:
    form = rng.random()
    if form < 0.6:
        return name.title()
    return name.replace(" ", "_").lower() if form < 0.8 else name
