"""Questions for the language model to learn from: a request, a topic of it, and candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from miniature.training.reader_words import COLOUR_WORDS, FORMS, PLACES
from miniature.training.upload_prose import invented, pick
from miniature.training.uploads import Upload, describe
from polaris_core.catalogue.entry import Entry, Role
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.rerank.topics import Topic
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["Question", "Vocabulary", "draw_question"]

_REQUESTS = {
    InstructionType.CATEGORY_CHANGE: (
        "Replace the {old} with {a_new}",
        "Turn the {old} into {a_new}",
        "Change the {old} to {a_new}",
        "Make the {old} {a_new}",
        "swap the {old} for {a_new}",
        "instead of the {old} I want {a_new}",
    ),
    InstructionType.ADD: (
        "Add {a_new}",
        "Add {a_new} next to the {old}",
        "Put {a_new} on the {place}",
        "Place {a_new} above the {old}",
        "{a_new} in the {place}, please",
    ),
    InstructionType.LOCAL_STYLE: (
        "Make the {old} {style}",
        "Give the {old} a {style} look",
        "Paint the {old} in {style} style",
        "Draw the {old} in {style}",
        "Change the background to {style}",
    ),
    InstructionType.GLOBAL_STYLE: (
        "Make the whole picture {style}",
        "Turn it into {style}",
        "{style} style, please",
        "redraw everything in {style} style",
        "Make it look like {style}",
        "Apply a {style} style to the image",
    ),
    InstructionType.NEW_PICTURE: (
        "Draw {a_new}",
        "{a_new} in the {place}",
        "Make a picture of {a_new}",
        "Paint {a_new} in {style} style",
    ),
}
_RESTYLES = (InstructionType.LOCAL_STYLE, InstructionType.GLOBAL_STYLE)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words to ask about."""

    nouns: Sequence[str]
    styles: Sequence[str]
    invented: float = 0.0
    """Share of words that are made up."""

    def noun(self, rng: np.random.Generator) -> str:
        """A thing."""
        return invented(rng) if rng.random() < self.invented else pick(rng, self.nouns)

    def style(self, rng: np.random.Generator) -> str:
        """A look."""
        return invented(rng) if rng.random() < self.invented else pick(rng, self.styles)


@dataclass(frozen=True, slots=True)
class Question:
    """A topic of an intent, with candidates of which it is known whether they fit."""

    intent: EditIntent
    topic: Topic
    entries: tuple[Entry, ...]
    fits: tuple[bool, ...]


def draw_question(
    rng: np.random.Generator,
    words: Vocabulary,
    candidates: int = 10,
    slot: SlotName | None = None,
) -> Question:
    """A question with at least one candidate that fits.

    Args:
        rng: Where the chances come from.
        words: What may be asked about.
        candidates: How many; at least 1.
        slot: What is sought; None: a style or an object.
    """
    noun, style, old = words.noun(rng), words.style(rng), words.noun(rng)
    slot = slot or (SlotName.OBJECT if rng.random() < 0.5 else SlotName.STYLE)
    intent = _intent(rng, slot, noun, style, old)
    phrase = intent.object_words if slot is SlotName.OBJECT else intent.style_words
    fitting = 1 + int(rng.integers(max(1, candidates // 2)))
    uploads = [
        (_right if i < fitting else _wrong)(rng, words, slot, (noun, style, old))
        for i in range(candidates)
    ]
    order = rng.permutation(candidates)
    return Question(
        intent,
        Topic(slot, phrase),
        tuple(describe(rng, uploads[i]) for i in order),
        tuple(bool(i < fitting) for i in order),
    )


def _intent(
    rng: np.random.Generator, slot: SlotName, noun: str, style: str, old: str
) -> EditIntent:
    with_noun = slot is SlotName.OBJECT or rng.random() < 0.5
    kinds = [k for k in _REQUESTS if (k in _RESTYLES) != with_noun]
    kind = pick(rng, kinds)
    colour = f"{pick(rng, COLOUR_WORDS)} " if rng.random() < 0.4 else ""
    if slot is SlotName.OBJECT and rng.random() < 0.5:
        style = ""  # not every request has one
    style = pick(rng, FORMS.get(style, (style,)))
    thing = f"{colour}{noun}"
    new = f"{style} {thing}".strip()
    templates = [t for t in _REQUESTS[kind] if style or "{style}" not in t]
    template = pick(rng, templates)
    if "{style}" in template and "{a_new}" in template:
        new = thing
    told = template.format(old=old, a_new=_with_article(new), style=style, place=pick(rng, PLACES))
    if with_noun:
        prompt = _with_article(new) if "{style}" not in template else f"{thing}, {style}"
    else:
        prompt = f"{style} {old}" if "{old}" in template else style
    return EditIntent(
        instruction=told if rng.random() < 0.7 else told.lower(),
        instruction_type=kind,
        style_transformation=bool(style),
        subject=old,
        generation_prompt=prompt,
        style_words=style,
        object_words=thing if with_noun else "",
        topics=Topics(style, (thing,) if with_noun else ()),
    )


def _right(
    rng: np.random.Generator, words: Vocabulary, slot: SlotName, asked: tuple[str, str, str]
) -> Upload:
    noun, style, _ = asked
    other_style = words.style(rng) if rng.random() < 0.4 else ""
    aside = _aside(rng, words, asked, boasts=0.1)
    if slot is SlotName.OBJECT:
        return Upload(Role.OBJECT, noun, other_style, **aside)
    shown = words.noun(rng) if rng.random() < 0.4 else ""
    return Upload(Role.STYLE, shown, style, checkpoint=slot is SlotName.CHECKPOINT, **aside)


def _wrong(
    rng: np.random.Generator, words: Vocabulary, slot: SlotName, asked: tuple[str, str, str]
) -> Upload:
    """Another thing or look, the right word in the wrong role, a mere mention, or nothing."""
    noun, style, old = asked
    is_object = slot is SlotName.OBJECT
    is_checkpoint = slot is SlotName.CHECKPOINT
    other_noun = old if rng.random() < 0.3 else _unlike(rng, words.noun, noun)
    other_style = _near(rng, words, style) or _unlike(rng, words.style, style)
    form = rng.random()
    aside = _aside(rng, words, asked, boasts=0.15)
    if form < 0.45:
        if is_object:
            return Upload(Role.OBJECT, other_noun, pick(rng, (style, other_style, "")), **aside)
        shown = pick(rng, (noun, other_noun, ""))
        return Upload(Role.STYLE, shown, other_style, checkpoint=is_checkpoint, **aside)
    if form < 0.7:
        if is_object:
            return Upload(Role.STYLE, noun, pick(rng, (style, other_style)), **aside)
        return Upload(Role.OBJECT, pick(rng, (noun, other_noun)), style, **aside)
    if form < 0.88:
        aside["mentions"] = (noun if is_object else style,)
        if is_object:
            return Upload(Role.OBJECT, other_noun, "", **aside)
        return Upload(Role.STYLE, "", other_style, checkpoint=is_checkpoint, **aside)
    role = pick(rng, (Role.TOOL, Role.TOOL, Role.CONCEPT, Role.OBJECT, Role.STYLE))
    aside["boasts"] = rng.random() < 0.7
    return Upload(role, **aside)


class _Aside(TypedDict):
    """What an upload's text and tags hold besides."""

    mentions: tuple[str, ...]
    boasts: bool
    kin: tuple[str, ...]


def _aside(
    rng: np.random.Generator, words: Vocabulary, asked: tuple[str, str, str], boasts: float
) -> _Aside:
    mentions = (_other(rng, words, asked),) if rng.random() < 0.25 else ()
    kin = tuple(_other(rng, words, asked) for _ in range(pick(rng, (0, 0, 0, 1, 2))))
    return _Aside(mentions=mentions, boasts=rng.random() < boasts, kin=kin)


def _other(rng: np.random.Generator, words: Vocabulary, asked: tuple[str, str, str]) -> str:
    """A word that is not sought."""
    return _unlike(rng, pick(rng, (words.noun, words.style)), *asked[:2])


def _unlike(rng: np.random.Generator, draw: object, *words: str) -> str:
    """A drawn word that is none of these."""
    assert callable(draw)
    while True:
        found = str(draw(rng))
        if found not in words:
            return found


def _near(rng: np.random.Generator, words: Vocabulary, style: str) -> str:
    """Sometimes a look that shares a word with this one: sea glass for stained glass."""
    parts = set(style.split())
    near = [s for s in words.styles if s != style and parts & set(s.split())]
    return pick(rng, near) if near and rng.random() < 0.5 else ""


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[:1] in tuple('aeiou') else 'a'} {phrase}"
