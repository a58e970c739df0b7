"""The prompt, the negative prompt, and which trigger words go in."""

from __future__ import annotations

import re
from collections.abc import Iterable

from polaris_core.catalogue.entry import BaseModel, Entry
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.planning.rules import default_negative

__all__ = ["choose_trigger_words", "join_phrases", "write_negative", "write_prompt"]

_MAX_TRIGGER_WORDS = 3
_MAX_TRIGGER_CHARACTERS = 80
_MAX_CHARACTERS = 1000
"""About 300 tokens: four of CLIP's 77-token chunks."""
_MAX_REMOVED = 120
_MARKUP = re.compile(r"<[^<>]*>|\bembedding:[^\s,]*", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


def choose_trigger_words(entry: Entry, prompt: str, negative: str) -> tuple[str, ...]:
    """The trigger words of an entry that go into the prompt.

    The first few, as uploaders write the most important first; none that is long (a whole prompt
    rather than a word), already said, or stands in the negative prompt. What would load something
    by itself, `<lora:…>` and `embedding:…`, is left out: uploaders do not decide that.
    """
    chosen: list[str] = []
    said = prompt
    against = {_key(p) for p in negative.split(",")}
    for raw in entry.trigger_words:
        word = " ".join(_MARKUP.sub(" ", raw[:1000]).split()).strip(" ,")
        if not _key(word) or len(word) > _MAX_TRIGGER_CHARACTERS or _key(word) in against:
            continue
        if _is_said(word, said):
            continue
        chosen.append(word)
        said = f"{said}, {word}"
        if len(chosen) == _MAX_TRIGGER_WORDS:
            break
    return tuple(chosen)


def write_prompt(intent: EditIntent, look: str = "") -> str:
    """The prompt before trigger words: the final look, then style words it does not say yet.

    Args:
        intent: What is wanted.
        look: What the look of the picture around is called; empty if nothing is to be said of it.
    """
    final = intent.generation_prompt.strip() or intent.subject.strip()
    if intent.instruction_type is InstructionType.REMOVE:
        return join_phrases([final, "empty, undisturbed", look])
    return join_phrases([final, intent.topics.style, look])


def write_negative(
    intent: EditIntent, base: BaseModel | None, checkpoint: Entry | None, extra: str
) -> str:
    """The negative prompt: what is removed, the user's words, the uploader's, or our default.

    An empty text for a base model that reads none, unless the user gave words.
    """
    if not default_negative(base):
        return join_phrases([extra])
    recommended = checkpoint.negative if checkpoint else ""
    removed = intent.subject if intent.instruction_type is InstructionType.REMOVE else ""
    return join_phrases([removed[:_MAX_REMOVED], extra, recommended or default_negative(base)])


def join_phrases(phrases: Iterable[str]) -> str:
    """Phrases joined by commas; those already said are left out, and the length is bounded.

    The first phrase always stays whole.
    """
    joined = ""
    for phrase in phrases:
        phrase = phrase.strip().strip(",").strip()
        if not phrase:
            continue
        if not joined:
            joined = phrase
        elif not _is_said(phrase, joined):
            room = _MAX_CHARACTERS - len(joined) - 2
            joined += f", {_cut(phrase, room)}" if _cut(phrase, room) else ""
    return joined


def _cut(phrase: str, room: int) -> str:
    """As many whole comma-parted pieces as there is room for."""
    if len(phrase) <= room:
        return phrase
    kept: list[str] = []
    for piece in phrase.split(","):
        room -= len(piece) + 1
        if room < 0:
            break
        kept.append(piece)
    return ",".join(kept).strip()


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold())) or text.strip()


def _is_said(phrase: str, text: str) -> bool:
    """Whether the words of `phrase` stand in `text` one after the other."""
    return f" {_key(phrase)} " in f" {_key(text)} "
