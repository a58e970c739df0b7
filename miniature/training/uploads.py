"""Descriptions of adapters as uploaders write them, made up from templates: true ones and traps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miniature.training.reader_words import FORMS
from miniature.training.upload_prose import (
    MATTER,
    QUALITIES,
    invented,
    loose,
    muddled,
    pick,
    prose,
)
from miniature.training.upload_templates import (
    ADJECTIVES,
    BOASTS,
    MENTIONS,
    NAME_ENDS,
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

__all__ = ["Upload", "describe"]


@dataclass(frozen=True, slots=True)
class Upload:
    """What an adapter truly is."""

    role: Role
    """STYLE or OBJECT; any for one without a look or a thing."""
    noun: str = ""
    """The thing it draws, or of a style the thing that its previews show; may be empty."""
    style: str = ""
    """The look it gives, or of a thing the look in which it is merely shown; may be empty."""
    mentions: tuple[str, ...] = ()
    """What its text speaks of besides."""
    boasts: bool = False
    checkpoint: bool = False
    kin: tuple[str, ...] = ()
    """Words among its tags that it is not about."""

    @property
    def main(self) -> str:
        """The word that it is about; empty for one that is about nothing."""
        return {Role.STYLE: self.style, Role.OBJECT: self.noun}.get(self.role, "")


def describe(rng: np.random.Generator, upload: Upload) -> Entry:
    """An entry that says in one of many ways what an upload is.

    Where its role is not said, its text tells it. What it is about is always said somewhere.
    """
    words = _words(rng, upload)
    role = upload.role if rng.random() < 0.85 else Role.UNKNOWN
    name = _name(rng, upload, words)
    tags = _tags(rng, upload, words) if rng.random() < 0.85 else ()
    triggers = _triggers(rng, upload, words)
    is_said = any(words["main"].lower() in said.lower() for said in (*tags, *triggers))
    text = _text(rng, upload, words, may_be_loose=is_said and role is not Role.UNKNOWN)
    if upload.main and not is_said and words["main"].lower() not in f"{name} {text}".lower():
        tags = (words["main"], *tags)
    return Entry(
        name=name,
        kind=Kind.CHECKPOINT if upload.checkpoint else Kind.LORA,
        role=role,
        trigger_words=triggers,
        tags=tags,
        description=text,
    )


def _words(rng: np.random.Generator, upload: Upload) -> dict[str, str]:
    style = pick(rng, FORMS.get(upload.style, (upload.style,)))
    main = upload.main and (style if upload.role is Role.STYLE else upload.noun)
    main = main or pick(rng, ADJECTIVES)
    short = "".join(part[:4] for part in main.split())
    suffix = pick(rng, ("_v1", "art", "xx", "lora", "tok"))
    as_said = f"{main} style" if upload.role is Role.STYLE else f"a {main}"
    trigger = pick(
        rng, (main, main, as_said, f"{short}{suffix}", f"{pick(rng, ADJECTIVES)} {main}")
    )
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


_TEMPLATES = {Role.STYLE: (STYLE_NAMES, STYLE_TEXTS), Role.OBJECT: (OBJECT_NAMES, OBJECT_TEXTS)}


def _name(rng: np.random.Generator, upload: Upload, words: dict[str, str]) -> str:
    """A name that tells what it is, or one of any other kind."""
    form = rng.random()
    if form < 0.6:
        names = _TEMPLATES[upload.role][0] if upload.main else OBJECT_NAMES[-2:]
        return _cased(rng, pick(rng, names).format(**words))
    if form < 0.8:
        name = f"{pick(rng, (*QUALITIES, *MATTER))} {pick(rng, (*MATTER, *THINGS))}"
    elif form < 0.9 and upload.main:
        name = f"{pick(rng, (*QUALITIES, *MATTER))} {words['main']}"
    else:
        name = _squeezed(rng, words["main"]) if rng.random() < 0.5 else invented(rng)
    return _cased(rng, name + pick(rng, NAME_ENDS))


def _squeezed(rng: np.random.Generator, word: str) -> str:
    """A word as it may stand in a file's name: wthrd, weath."""
    if rng.random() < 0.5:
        return word[:1] + "".join(c for c in word[1:] if c not in "aeiou ")
    return word[: int(rng.integers(2, 6))].strip()


def _triggers(rng: np.random.Generator, upload: Upload, words: dict[str, str]) -> tuple[str, ...]:
    if rng.random() < 0.2:
        return ()
    trigger = words["trigger"]
    if not upload.main and rng.random() < 0.7:
        trigger = pick(rng, (invented(rng), *QUALITIES, *TAGS))
    more = [pick(rng, (invented(rng), *QUALITIES, *MATTER)) for _ in range(int(rng.integers(4)))]
    return (trigger, *more) if rng.random() < 0.2 else (trigger,)


def _tags(rng: np.random.Generator, upload: Upload, words: dict[str, str]) -> tuple[str, ...]:
    """Its word, mostly first, a part of that, its role, and whatever came to mind."""
    main = [words["main"]] if upload.main and rng.random() < 0.9 else []
    parts = words["main"].split()
    more: list[str] = []
    if main and len(parts) > 1 and rng.random() < 0.4:
        more.append(pick(rng, parts))
    if upload.role is Role.STYLE:
        more += ["style"] if rng.random() < 0.8 else []
        more += [upload.noun] if upload.noun and rng.random() < 0.15 else []
    elif upload.role is Role.OBJECT:
        more += [pick(rng, ("object", "object", "thing", "animal", "concept"))]
        more += [upload.style] if upload.style and rng.random() < 0.5 else []
    more += [kin for kin in upload.kin if rng.random() < 0.7]
    for _ in range(int(rng.integers(0, 6))):
        more.append(pick(rng, pick(rng, (TAGS, MATTER, MATTER, QUALITIES))))
        if rng.random() < 0.15:
            more[-1] = pick(rng, (invented(rng), f"{pick(rng, QUALITIES)} {more[-1]}"))
    more = [more[i] for i in rng.permutation(len(more))]
    tags = [*main, *more]
    if rng.random() < 0.35:
        tags = [tags[i] for i in rng.permutation(len(tags))]
    return tuple(dict.fromkeys(tags))


def _text(
    rng: np.random.Generator, upload: Upload, words: dict[str, str], *, may_be_loose: bool
) -> str:
    """A few sentences: what it is, what it is not, and what does not matter."""
    form = rng.random() if may_be_loose else 0.0
    if form > 0.95:
        return ""
    if form > 0.75 or not upload.main:
        first = loose(rng, words)
    elif form > 0.4:
        first = prose(rng, words, is_look=upload.role is Role.STYLE)
    else:
        first = pick(rng, _telling(upload)).format(**words)
    if not upload.main and rng.random() < 0.5:
        first = pick(rng, TOOL_TEXTS).format(**words)
    sentences = [pick(rng, MENTIONS).format(other=other) for other in upload.mentions]
    if upload.boasts:
        sentences += [pick(rng, BOASTS), *([pick(rng, ORDERS)] if rng.random() < 0.5 else [])]
    sentences += [loose(rng, words) for _ in range(pick(rng, (0, 0, 1, 1, 2, 3)))]
    if rng.random() < 0.4:
        sentences.append(pick(rng, SETTINGS).format(**words))
    sentences = [first, *(sentences[i] for i in rng.permutation(len(sentences)))]
    if rng.random() < 0.15:
        sentences[:2] = sentences[:2][::-1]
    kept = (*words.values(), *upload.mentions)
    return " ".join(
        muddled(rng, each, kept) if may_be_loose and rng.random() < 0.25 else each
        for each in sentences
    )


def _telling(upload: Upload) -> list[str]:
    """Sentences that tell whether it is a look or a thing."""
    texts = _TEMPLATES[upload.role][1]
    empty = {"{noun}": upload.noun, "{style}": upload.style}
    return [t for t in texts if not any(slot in t for slot, word in empty.items() if not word)]


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun[-2:-1] not in "aeiou" and noun[-1:] == "y" else f"{noun}s"


def _cased(rng: np.random.Generator, name: str) -> str:
    form = rng.random()
    if form < 0.6:
        return name.title()
    return name.replace(" ", "_").lower() if form < 0.8 else name
