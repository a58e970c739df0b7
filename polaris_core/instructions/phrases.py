"""Noun phrases: what a thing is, how it looks, and where it stands.

the | old wooden | cart | by the mill | in the picture
det.  ────── core ─────   ── place ──   (dropped)
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.instructions.body_plans import is_garment
from polaris_core.instructions.chunks import (
    chunks_of,
    core_end,
    is_participle,
    is_state,
    without_lead,
)
from polaris_core.instructions.lexicon import (
    DEFINITE,
    DETERMINERS,
    OPENERS,
    PICTURES,
    RELATIVES,
)
from polaris_core.instructions.qualities import COLOURS, MATERIALS, is_quality
from polaris_core.instructions.styles import (
    is_style_phrase,
    split_style,
    style_chunk,
    without_closing_word,
)
from polaris_core.instructions.words import (
    Word,
    Words,
    base_noun,
    find,
    lower_at,
    strip_marks,
    text_of,
    word_set,
)

__all__ = [
    "NOTHING",
    "WHOLE",
    "Thing",
    "drop_articles",
    "find",
    "heads",
    "is_participle",
    "names_picture",
    "parts",
    "read_thing",
]

WHOLE = word_set(
    "entire whole original input old complete full overall given provided uploaded attached first "
    "reference source current initial of"
)
_PICTURES_OF = frozenset({"image", "picture", "photo", "photograph", "rest"})
_BARE_DETAIL = frozenset({"with", "wearing", "holding", "made", "that", "which", "who", "whose"})
_EMPTY = word_set("pair couple bunch group set bit lot few lots")
_GROUPS = frozenset({"pair", "group", "set", "bunch"})


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
        at = find(words, {"of"}, 1)
        if at > 0 and at + 1 < len(words) and words[at - 1].lower in _EMPTY:
            return Thing(core=words[at + 1 :]).head  # a pair of sunglasses
        words = words[:at] if at > 0 else words
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


_AFTER_NOUN = (OPENERS | RELATIVES) - {"like", "near", "past", "off", "being"}


def drop_articles(words: Words) -> tuple[str, Words]:
    """The first determiner, and the words after all determiners and possessors."""
    words = strip_marks(words)
    first = ""
    while words and len(words) > 1:
        if words[0].lower not in DETERMINERS:
            counted = words[0].lower.isdecimal() or words[0].lower == "own"
            if not (counted and words[1].lower not in OPENERS):
                break
        elif words[1].lower in _AFTER_NOUN:
            break
        first = first or words[0].lower
        words = words[1:]
        if first == "a" and words[0].lower == "few":
            first = "several"
    if first in ("all", "some", "any", "many", "both") and lower_at(words, 0) == "of":
        return drop_articles(words[1:])
    return first, words


def read_thing(words: Words) -> Thing:
    """Take a noun phrase apart. Possessors, and places that are only "in the picture", go."""
    determiner, words = _counted(*drop_articles(words))
    end = core_end(words)
    core = _without_possessor(words[:end], determiner)
    style, bare = split_style(core)
    before = bool(style)
    if lower_at(bare, 0) == "of":  # "an oil painting of a pear"
        determiner, bare = drop_articles(bare[1:])
        before = False
    said, detail, place = _sorted(chunks_of(words[end:]))
    return Thing(
        determiner,
        strip_marks(bare),
        without_closing_word(style or said),
        before,
        strip_marks(detail),
        strip_marks(place),
    )


def _counted(determiner: str, words: Words) -> tuple[str, Words]:
    """Take "a couple of" as a number word, but leave "a pair of" with its noun."""
    if len(words) > 3 and words[0].lower in _EMPTY and words[1].lower == "of":
        inner, rest = drop_articles(words[2:])
        if inner in DEFINITE or words[0].lower not in _GROUPS:
            return inner or "several", rest
    return determiner, words


def _sorted(chunks: list[Words]) -> tuple[Words, Words, Words]:
    """What the phrases after a noun say: its style, what belongs to it, and where it is."""
    style, detail, place = (), (), ()
    new_clause = False
    for raw in chunks:
        chunk = without_lead(strip_marks(raw))
        comma, new_clause = new_clause, raw[-1].lower == ","
        if len(chunk) == 1 and is_state(chunk[0].lower):
            continue
        found = style_chunk(chunk)
        if not found and is_style_phrase(chunk) and chunk[0].lower not in ("looking", "facing"):
            found = chunk
        if found and not _is_worn(chunk):
            style = style or found
        elif _belongs(chunk, detail, place, comma=comma):
            detail += chunk
        elif not _is_in_picture(chunk) and not _points_at_style(chunk):
            place += chunk
    if len(detail) == 1 and detail[0].lower in _ADVERBIAL:
        detail = ()
    return style, detail, place


def _belongs(chunk: Words, detail: Words, place: Words, *, comma: bool) -> bool:
    """Whether a phrase belongs to the thing, rather than telling where it is."""
    if _is_facing(chunk) and detail and not place:
        return True
    if _is_detail(chunk) and (comma or not place):
        return True
    rising = lower_at(detail, 0) == "with" and detail[-1].lower.endswith("ing")
    if rising and not place and chunk[0].lower == "from":
        return True  # "with smoke rising from the chimney"
    return not (place or _opens_place(chunk))


_ADVERBIAL = word_set(
    "only too also instead please alone together there here now again still completely entirely"
)


def names_picture(words: Words) -> bool:
    """Whether a phrase means the whole picture: "it", "this photo", "the entire scene"."""
    _, words = drop_articles(words)
    shown = find(words, {"of", "showing"})
    if shown > 0 and words[shown - 1].lower in _PICTURES_OF:
        tail = words[shown + 1 :]
        words = words[:shown] if words[shown - 1].lower != "rest" else tail
        _, words = drop_articles(words)
    rest = [w.lower for w in words if w.lower not in WHOLE and not w.is_mark]
    if rest[-1:] in (["itself"], ["here"]):
        rest = rest[:-1]
    if len(rest) > 1 and rest[-1] in _SHOWN and all(_modifies(r) for r in rest[:-1]):
        rest = rest[-1:]
    return not rest or (len(rest) == 1 and rest[0] in PICTURES | {"this", "that", "pic", "thing"})


def _modifies(lower: str) -> bool:
    return lower in _PICTURE_MODIFIERS or (is_quality(lower) and lower not in MATERIALS)


_SHOWN = frozenset({"image", "picture", "photo", "photograph", "scene", "images", "photos"})
_PICTURE_MODIFIERS = word_set(
    "my our your this photo image picture old family wedding vacation and"
)


def _without_possessor(core: Words, determiner: str) -> Words:
    """Whose it is goes; after "a" it says which kind it is and stays: "a magician's hat"."""
    for index in range(len(core) - 1, 0, -1):
        owner = core[index - 1].lower
        if owner.endswith(("'s", "s'")):
            if determiner in ("a", "an"):
                return core
            return _without_possessor(core[index:], "")
    if core and core[-1].lower.endswith("'s"):
        last = core[-1]
        return (*core[:-1], Word(last.text[:-2], last.lower[:-2], last.spaced))
    if core and core[0].lower == "own" and len(core) > 1:
        return core[1:]
    return core


def _opens_place(chunk: Words) -> bool:
    return chunk[0].lower in OPENERS | {"all", "out", "down", "up"} or is_state(chunk[0].lower)


def _is_detail(chunk: Words) -> bool:
    return chunk[0].lower in _BARE_DETAIL or _is_worn(chunk)


def _is_facing(chunk: Words) -> bool:
    """Whether it is "to the camera", as in "with his face to the camera"."""
    return chunk[0].lower == "to" and chunk[-1].lower in ("camera", "viewer", "lens", "us")


def _is_worn(chunk: Words) -> bool:
    """Whether it is "in a red suit" or "in black": clothes, not a place."""
    if chunk[0].lower != "in":
        return False
    return chunk[-1].lower in COLOURS or is_garment(base_noun(chunk[-1].lower))


def _is_in_picture(chunk: Words) -> bool:
    """Whether it is "in the picture" and the like, which says nothing."""
    return chunk[0].lower in ("in", "from", "of", "to", "for", "into", "within") and names_picture(
        chunk[1:]
    )


def _points_at_style(chunk: Words) -> bool:
    """Whether it is "in this style", which names none."""
    pointing = any(w.lower in ("this", "that", "same") for w in chunk)
    return pointing and chunk[-1].lower in ("style", "look", "manner", "aesthetic")


NOTHING = Thing()
"""No thing at all."""
