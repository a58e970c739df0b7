"""Requests with clothes: dress, wear."""

from __future__ import annotations

from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.phrases import find, names_picture, read_thing
from polaris_core.instructions.qualities import is_quality
from polaris_core.instructions.reading import Reading, left_unsaid, restyled_thing
from polaris_core.instructions.words import Word, Words

__all__ = ["read_dress", "read_wear"]


def read_wear(target: Words, worn: Words) -> Reading:
    """Read "have him wear a hat"."""
    thing = read_thing(worn)
    if thing.core and all(is_quality(w.lower) for w in thing.core) and not thing.determiner:
        return restyled_thing(read_thing(target), thing.core)
    return Reading(InstructionType.ADD, thing, thing, anchor=target)


def read_dress(rest: Words) -> Reading:
    """Read "dress the girl in a coat", "dress him in red", "dress the cat as a pirate"."""
    if rest and rest[0].lower == "up":
        rest = rest[1:]
    index = find(rest, {"in", "with", "as"})
    if index < 1:
        return left_unsaid("which clothes", "Dress the girl in a coat", read_thing(rest))
    target, new = rest[:index], rest[index + 1 :]
    if target[-1].lower == "up":
        target = target[:-1]
    if names_picture(read_thing(rest[index + 1 :]).core):  # "dress the boy in the photo in …"
        later = find(rest, {"in", "with", "as"}, index + 1)
        if later > 0:
            target, new, index = rest[:later], rest[later + 1 :], later
    worn = read_thing(new)
    if rest[index].lower == "as":
        return restyled_thing(read_thing(target), (Word("dressed", "dressed"), *rest[index:]))
    if worn.core and all(is_quality(w.lower) or w.lower == "and" for w in worn.core):
        return restyled_thing(read_thing(target), worn.core)
    return Reading(InstructionType.ADD, worn, worn, anchor=target)
