"""Requests that change what is there: replace, turn into, paint, restyle."""

from __future__ import annotations

from polaris_core.instructions.adjusting import adjusts_tone, read_look_verb
from polaris_core.instructions.becoming import read_becoming, unclear
from polaris_core.instructions.body_plans import is_person
from polaris_core.instructions.complements import counts_from, split_make
from polaris_core.instructions.having import read_having
from polaris_core.instructions.lexicon import (
    CRAFTS,
    DEFINITE,
    DETERMINERS,
    LOOK_OF_VERB,
    SWAP,
    VERBS,
)
from polaris_core.instructions.phrases import Thing, drop_articles, find, names_picture, read_thing
from polaris_core.instructions.placing import part_place, read_setting
from polaris_core.instructions.qualities import is_quality
from polaris_core.instructions.reading import (
    POSE,
    Reading,
    not_an_edit,
    read_target,
    restyled_picture,
    restyled_thing,
)
from polaris_core.instructions.requests import Request
from polaris_core.instructions.scenes import is_hour
from polaris_core.instructions.styles import is_style_phrase, style_chunk
from polaris_core.instructions.texts import is_about_text
from polaris_core.instructions.words import Word, Words, lower_at, strip_marks, word_set

__all__ = ["read_change"]

_SWAP_MARKS = frozenset({"with", "by", "for", "to", "into"})
_CHANGE_MARKS = ("into", "to", "as", "using", "with", "from", "like", "after", "of", "in")
_COVERING = word_set("cover coat wrap bathe")
_COLOURING = word_set("paint color colour dye tint recolor recolour set repaint turn bathe")
_RESTYLING = word_set(
    "restyle stylize stylise style render redraw reimagine recreate redo remake rework repaint "
    "recast simulate present express"
)
_SWITCHED = {"on": "switched on", "off": "switched off"}
_SWITCHING = frozenset({"turn", "switch"})
_SIDES = word_set("left right camera viewer front side back other lens")
_VANTAGE = word_set("around over upside back toward towards away sideways down up")


def read_change(request: Request) -> Reading:
    """Read a request whose verb changes something."""
    verb, rest = request.verb, strip_marks(request.rest)
    switched = _read_switch(rest) if verb in _SWITCHING else None
    if switched:
        return switched
    if verb in LOOK_OF_VERB:
        return read_look_verb(verb, rest)
    if verb in ("draw", "sketch") and (at := find(rest, {"with"})) > 0:
        return read_having(rest[:at], rest[at + 1 :])
    if verb in _COVERING and (at := find(rest, {"with", "in"})) > 0:
        return _read_covered(verb, rest[:at], rest[at + 1 :])
    target, new = _split_swap(verb, rest) if verb in SWAP else _split_change(rest)
    if not new and verb in _COLOURING:
        target, new = split_make(rest)
    return _read_parted(verb, target, new)


def _read_parted(verb: str, target: Words, new: Words) -> Reading:
    """Read a change of which it is known what changes, and into what."""
    if not new and verb == "set" and (placed := read_setting(*part_place(target))):
        return placed
    if not new and (adjusted := adjusts_tone(verb, target)):
        return adjusted
    if verb in CRAFTS and new and not is_about_text(new):
        return _read_crafted(target, new)
    if verb in _RESTYLING and not new:
        return _read_restyled(verb, target)
    if new and new[0].lower in ("have", "has", "having", "show", "feature") and verb not in SWAP:
        return _read_content(target, new)
    if not new and (undecided := _read_undecided(target)):
        return undecided
    drawn = verb in _RESTYLING and not is_person(read_thing(new).head)
    return read_becoming(target, new, seems=drawn or _seems(new))


def _read_undecided(target: Words) -> Reading | None:
    """Read "change the color of the boots", which leaves open into which."""
    wanted = read_target(target)
    if wanted.attribute not in _OPEN or not wanted.words or names_picture(wanted.words):
        return None
    attribute = "color" if wanted.attribute.startswith("colo") else wanted.attribute
    return restyled_thing(read_thing(wanted.words), _look(f"different {attribute}"))


_OPEN = word_set("color colour colors colours pattern texture material hue shade design")


def _read_content(target: Words, new: Words) -> Reading:
    if new[0].lower in ("show", "feature"):
        return not_an_edit(POSE, read_thing(new[1:]))
    return read_having(target, new[1:])


def _read_switch(rest: Words) -> Reading | None:
    """Read "turn on the lamp", "turn the lights off", "turn the car around"."""
    if not rest:
        return None
    first, last = rest[0].lower, rest[-1].lower
    if first in _SWITCHED and len(rest) > 1:
        return restyled_thing(read_thing(rest[1:]), _look(_SWITCHED[first]))
    if last in _SWITCHED and len(rest) > 1:
        return restyled_thing(read_thing(rest[:-1]), _look(_SWITCHED[last]))
    if last in _VANTAGE or (first in _VANTAGE and len(rest) > 1):
        return not_an_edit(POSE, read_thing(rest[:-1] if last in _VANTAGE else rest[1:]))
    if last in _SIDES and find(rest, {"to", "toward", "towards"}) > 0:
        return not_an_edit(POSE, read_thing(rest[: find(rest, {"to", "toward", "towards"})]))
    at = find(rest, _VANTAGE)
    if at > 0 and find(rest, {"into", "to"}) < 0:
        return not_an_edit(POSE, read_thing(rest[:at]))
    return None


def _look(text: str) -> Words:
    return tuple(Word(part, part) for part in text.split())


def _read_crafted(target: Words, new: Words) -> Reading:
    _, bare = drop_articles(new)
    closing = len(bare) > 1 and bare[-1].lower in ("one", "material")
    bare = bare[:-1] if closing else bare
    if not target or names_picture(target):
        return restyled_picture(bare)
    return restyled_thing(read_thing(target), bare)


def _read_covered(verb: str, target: Words, new: Words) -> Reading:
    if names_picture(target):
        return restyled_picture(new)
    thing = read_thing(target)
    _, bare = drop_articles(new)
    past = {"cover": "covered", "coat": "coated", "wrap": "wrapped", "bathe": "bathed"}[verb]
    if verb != "cover" and all(is_quality(w.lower) for w in bare):
        return restyled_thing(thing, bare)
    return restyled_thing(thing, (Word(past, past), Word("in", "in"), *bare))


def _read_restyled(verb: str, rest: Words) -> Reading:
    """Read "restyle the goose as batik", "simulate the look of tin"."""
    at = find(rest, {"to"})
    if at > 0 and at + 1 < len(rest) and rest[at + 1].lower in VERBS:
        rest = rest[:at]
    _, bare = drop_articles(rest)
    if verb in ("simulate", "present", "express") and bare:
        of = find(bare, {"of"})
        texture = (
            of > 0 and verb == "simulate" and bare[of - 1].lower in ("texture", "look", "style")
        )
        return restyled_picture(bare[of + 1 :] if texture else bare)
    thing = read_thing(rest)
    if thing.style and names_picture(thing.core):
        return restyled_picture(thing.style)
    if thing.style:
        return restyled_thing(Thing(core=thing.core, place=thing.place), thing.style)
    return unclear(thing)


def _seems(new: Words) -> bool:
    return bool(new) and new[0].lower in ("look", "resemble", "appear", "seem")


def _split_swap(verb: str, rest: Words) -> tuple[Words, Words]:
    marks = [i for i, w in enumerate(rest) if w.lower in _SWAP_MARKS and _is_mark_of(rest, i)]
    strong = [i for i in marks if rest[i].lower in ("with", "by", "for")] or marks
    if not strong:
        return rest, ()
    at = strong[0]
    if len(strong) > 1 and rest[at].lower == "with":
        after, later = _next(rest, at), _next(rest, strong[1])
        if after in DEFINITE or (after not in DETERMINERS and later in DETERMINERS):
            at = strong[1]
    if verb == "substitute" and rest[at].lower == "for":
        return rest[at + 1 :], rest[:at]
    origin = find(rest[:at], {"from"})
    target = rest[:origin] if origin > 0 and rest[at].lower in ("to", "into") else rest[:at]
    return target, rest[at + 1 :]


def _is_mark_of(rest: Words, index: int) -> bool:
    """Whether a preposition parts old from new, rather than belonging to a place."""
    before = rest[index - 1].lower if index else ""
    if rest[index].lower == "to":
        return before not in ("next", "close", "adjacent", "nearest", "closest", "attached") and (
            not _is_side(rest, index)
        )
    if rest[index].lower == "for" and _next(rest, index) in ("me", "us"):
        return False
    return not (rest[index].lower == "by" and _next(rest, index) in DEFINITE)


def _is_side(rest: Words, index: int) -> bool:
    following = [w.lower for w in rest[index + 1 : index + 4]]
    return following[:2] in (["the", "left"], ["the", "right"]) and (
        following[2:] in ([], ["of"]) or find(rest, _SWAP_MARKS, index + 1) > 0
    )


def _next(words: Words, index: int) -> str:
    return words[index + 1].lower if index + 1 < len(words) else ""


def _split_change(rest: Words) -> tuple[Words, Words]:
    if rest and rest[0].lower in ("from", "to", "into", "as", "with", "in") and len(rest) > 1:
        return _split_headless(rest)
    for mark in _CHANGE_MARKS:
        index = _find_mark(rest, mark)
        if index < 0 or (mark == "in" and not _is_look_after_in(rest[index + 1 :])):
            continue
        if (mark == "of") != (rest[index - 1].lower == "out"):
            continue
        target = rest[: index - 1] if mark == "of" else rest[:index]
        origin = find(target, {"from"}) if mark in ("to", "into") else -1
        new = rest[index + 1 :]
        while new and new[0].lower in ("be", "become", "like", "being"):
            new = new[1:]
        target = target[:origin] if origin > 0 else target
        colour = find(target, {"from", "in"})
        return (target[:colour] if colour == len(target) - 2 and origin > 0 else target), new
    index = find(rest, {"for"})
    if index > 0 and lower_at(rest, index + 1) in ("a", "an", "some", "two"):
        return rest[:index], rest[index + 1 :]
    return rest, ()


def _find_mark(rest: Words, mark: str) -> int:
    index = find(rest, {mark})
    while index >= 0 and counts_from(rest, index):
        index = find(rest, {mark}, index + 1)
    while index >= 0 and mark == "to" and not _is_mark_of(rest, index):
        index = find(rest, {mark}, index + 1)
    while index >= 0 and mark == "with" and _belongs(rest, index):
        index = find(rest, {mark}, index + 1)
    return index


def _belongs(rest: Words, index: int) -> bool:
    """Whether a later mark parts old and new, so that this "with" says what the thing has."""
    return find(rest, {"into", "to"}, index + 1) > 0


def _is_look_after_in(new: Words) -> bool:
    if is_style_phrase(new) or style_chunk((Word("in", "in"), *new)):
        return True
    _, bare = drop_articles(new)
    coloured = len(bare) > 1 and bare[-1].lower in ("color", "colors", "colour", "colours", "tones")
    return coloured or (bool(bare) and all(is_quality(w.lower) or w.lower == "and" for w in bare))


def _split_headless(rest: Words) -> tuple[Words, Words]:
    """Read "to a Ghibli style", "from day to night"."""
    if rest[0].lower != "from":
        return (), rest[1:]
    at = find(rest, {"to", "into"})
    if at < 2:
        return (), rest[1:]
    old, new = rest[1:at], rest[at + 1 :]
    return (() if is_hour(old) else old), new
