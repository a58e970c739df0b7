"""Noun phrases: what a thing is, how it looks, and where it stands.

the | old wooden | bench | by the pond | in the picture
det.  ─────── core ─────   ── place ──   (dropped)
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.instructions.body_plans import is_garment
from polaris_core.instructions.lexicon import (
    COLOURS,
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PICTURES,
    RELATIVES,
    is_quality,
)
from polaris_core.instructions.styles import (
    is_style_phrase,
    split_style,
    style_chunk,
    without_closing_word,
)
from polaris_core.instructions.words import Word, Words, base_noun, strip_marks, text_of, word_set

__all__ = [
    "NOTHING",
    "Thing",
    "drop_articles",
    "find",
    "heads",
    "is_participle",
    "names_picture",
    "parts",
    "read_thing",
]

_NOUNS_IN_ING = word_set(
    "building painting ring king thing wing string ceiling clothing spring swing evening morning "
    "earring drawing railing awning duckling dumpling pudding writing sling lightning"
)
_JOINS_TO = frozenset({"next", "close", "adjacent", "near", "similar", "due", "opposite"})
_WHOLE = frozenset({"entire", "whole", "original", "input", "old", "complete"})
_PICTURES_OF = frozenset({"image", "picture", "photo", "photograph"})
_ELABORATES = frozenset({"making", "giving", "and"})
_BARE_DETAIL = frozenset({"with", "wearing", "holding", "made", "that", "which", "who", "whose"})


@dataclass(frozen=True, slots=True)
class Thing:
    """A noun phrase, taken apart."""

    determiner: str = ""
    """Its article or number word, in lower case."""
    core: Words = ()
    """The noun with its front modifiers, style words taken out."""
    style: Words = ()
    """Style words that stood before the noun or in a phrase after it."""
    styled_before: bool = False
    """Whether the style stood before the noun."""
    detail: Words = ()
    """What follows and belongs to the thing: "with gray hair"."""
    place: Words = ()
    """Where it stands, with the preposition."""

    @property
    def head(self) -> str:
        """The noun itself, in the singular and lower case; empty if there is none."""
        words = self.core
        for index, word in enumerate(words):
            if word.lower == "of" and index:
                words = words[:index]
                break
        return base_noun(words[-1].lower) if words else ""

    @property
    def text(self) -> str:
        """The noun with its front modifiers."""
        return text_of(self.core)

    @property
    def is_quote(self) -> bool:
        """Whether it is nothing but quoted text."""
        return bool(self.core) and all(w.is_quote for w in self.core)


def parts(thing: Thing) -> list[Words]:
    """The things an enumeration names: "a cat and a dog" are two, "black and white cat" is one."""
    found: list[Words] = []
    start = 0
    words = thing.core
    for index in range(1, len(words)):
        parted = words[index - 1].lower in ("and", ",") and words[index].lower in DETERMINERS
        last_two = words[index - 1].lower == "and" and not _is_modifier(words, index - 2)
        if parted or last_two:
            found.append(strip_marks(words[start : index - 1]))
            start = index
    found.append(strip_marks(words[start:]))
    bare = (drop_articles(part)[1] for part in found)
    return [part for part in bare if part and part[0].lower != "and"]


def heads(thing: Thing) -> tuple[str, ...]:
    """The head nouns of the things it names, in the singular and lower case, each once."""
    return tuple(dict.fromkeys(Thing(core=part).head for part in parts(thing)))


def _is_modifier(words: Words, index: int) -> bool:
    """Whether a word before "and" modifies what follows: "black and white"."""
    return index >= 0 and is_quality(words[index].lower)


def find(words: Words, wanted: frozenset[str] | set[str], start: int = 0) -> int:
    """The index of the first of `wanted` at or after `start`; -1 if there is none."""
    return next((i for i in range(start, len(words)) if words[i].lower in wanted), -1)


def drop_articles(words: Words) -> tuple[str, Words]:
    """The first determiner, and the words after all determiners and possessors."""
    words = strip_marks(words)
    first = ""
    while words and words[0].lower in DETERMINERS and len(words) > 1:
        first = first or words[0].lower
        words = words[1:]
    return first, words


def read_thing(words: Words) -> Thing:
    """Take a noun phrase apart. Possessors, and places that are only "in the picture", go."""
    determiner, words = drop_articles(words)
    end = _core_end(words)
    core = _without_possessor(words[:end])
    style, bare = split_style(core)
    before = bool(style)
    if bare and bare[0].lower == "of":  # "an oil painting of a pear"
        determiner, bare = drop_articles(bare[1:])
        before = False
    detail: Words = ()
    place: Words = ()
    new_clause = False
    for raw in _chunks(words[end:]):
        chunk = strip_marks(raw)
        comma, new_clause = new_clause, raw[-1].lower == ","
        found = style_chunk(chunk)
        if not found and is_style_phrase(chunk):
            found = chunk
        if found and not _is_worn(chunk):
            style = style or found
        elif (_is_detail(chunk) and (comma or not place)) or not (place or _opens_place(chunk)):
            detail += chunk
        elif not _is_in_picture(chunk):
            place += chunk
    return Thing(
        determiner,
        strip_marks(bare),
        without_closing_word(style),
        before,
        strip_marks(detail),
        strip_marks(place),
    )


def names_picture(words: Words) -> bool:
    """Whether a phrase means the whole picture: "it", "this photo", "the entire scene"."""
    _, words = drop_articles(words)
    shown = find(words, {"of", "showing"})
    if shown > 0 and words[shown - 1].lower in _PICTURES_OF:
        words = words[:shown]
    rest = [
        w.lower for w in words if w.lower not in ("entire", "whole", "original", "input", "old")
    ]
    return not rest or (len(rest) == 1 and rest[0] in PICTURES | {"this", "that"})


def _core_end(words: Words) -> int:
    for index in range(1, len(words)):
        word = words[index]
        lower = word.lower
        if lower in DEFINITE and words[index - 1].lower not in ("and", ",", "of"):
            return index  # "the horse the knight rides"
        if lower == "of" and not _is_definite(words, index + 1):
            continue
        if lower in OPENERS or lower in RELATIVES or is_participle(words, index):
            return index
        if lower in (",", ":", "(", ")") and not _goes_on(words[index + 1 :]):
            return index
    return len(words)


def _goes_on(words: Words) -> bool:
    """Whether an enumeration of front modifiers continues after a comma: "a big, red barn"."""
    if not words or _names_style(words):
        return False
    return words[0].lower not in OPENERS | RELATIVES | DETERMINERS | _ELABORATES


def _is_definite(words: Words, index: int) -> bool:
    return index < len(words) and (
        words[index].lower in DEFINITE or words[index].lower in PICTURES | {"me", "him", "her"}
    )


def is_participle(words: Words, index: int) -> bool:
    """Whether the word there says what a thing is doing: "walking", but not "running shoes"."""
    lower = words[index].lower
    if not lower.endswith("ing") or base_noun(lower) in _NOUNS_IN_ING:
        return lower in ("worn", "held", "seen", "located", "standing")
    following = words[index + 1].lower if index + 1 < len(words) else ""
    return not following or following in OPENERS | DETERMINERS or lower in ("wearing", "holding")


def _without_possessor(core: Words) -> Words:
    for index in range(len(core) - 1, 0, -1):
        owner = core[index - 1].lower
        if owner.endswith(("'s", "s'")):
            return _without_possessor(core[index:])
    if core and core[-1].lower.endswith("'s"):
        last = core[-1]
        return (*core[:-1], Word(last.text[:-2], last.lower[:-2], last.spaced))
    return core


def _chunks(words: Words) -> list[Words]:
    """The phrases after a noun, each from its preposition on."""
    chunks: list[Words] = []
    start = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or _opens(words, index):
            if strip_marks(words[start:index]):
                chunks.append(words[start:index])
            start = index
    return chunks


def _opens(words: Words, index: int) -> bool:
    lower, before = words[index].lower, words[index - 1].lower
    if lower == ",":
        return _names_style(words[index + 1 :])
    if lower == "of" or (lower == "to" and before in _JOINS_TO) or before in OPENERS - {"by"}:
        return False
    return lower in OPENERS or lower in RELATIVES or is_participle(words, index)


def _names_style(words: Words) -> bool:
    """Whether a style follows a comma: "…, oil painting"; but not "…, natural look"."""
    end = find(words, {","})
    piece = words[: end if end >= 0 else len(words)]
    return is_style_phrase(piece) and piece[-1].lower not in ("look", "vibe")


def _opens_place(chunk: Words) -> bool:
    return chunk[0].lower in OPENERS


def _is_detail(chunk: Words) -> bool:
    return chunk[0].lower in _BARE_DETAIL or _is_worn(chunk)


def _is_worn(chunk: Words) -> bool:
    """Whether it is "in a red suit" or "in black": clothes, not a place."""
    if chunk[0].lower != "in":
        return False
    return chunk[-1].lower in COLOURS or is_garment(base_noun(chunk[-1].lower))


def _is_in_picture(chunk: Words) -> bool:
    """Whether it is "in the picture" and the like, which says nothing."""
    return chunk[0].lower in ("in", "from", "of", "to", "for") and names_picture(chunk[1:])


NOTHING = Thing()
"""No thing at all."""
