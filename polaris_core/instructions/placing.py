"""Somebody, or the whole picture, put into a place, an hour or a season: "put her in a forest"."""

from __future__ import annotations

from polaris_core.instructions.body_plans import is_being
from polaris_core.instructions.lexicon import DEFINITE, OPENERS, PRONOUNS
from polaris_core.instructions.phrases import find, names_picture, read_thing
from polaris_core.instructions.reading import (
    BACKGROUND,
    Reading,
    restyled_background,
    restyled_picture,
)
from polaris_core.instructions.scenes import is_hour, is_scene, scene_of_place
from polaris_core.instructions.styles import style_chunk
from polaris_core.instructions.words import Words, base_noun, lower_at

__all__ = ["part_place", "read_setting"]

_AT = frozenset({"in", "on", "at", "to", "into", "onto", "inside", "near", "by", "under", "during"})


def part_place(words: Words) -> tuple[Words, Words]:
    """Part who is placed from where: "the dog" and "in a forest"; no place if none is told."""
    for index in range(1, len(words)):
        if words[index].lower in _AT and words[index - 1].lower not in OPENERS:
            return words[:index], words[index:]
        if words[index].lower == "in" or lower_at(words, index) in ("front", "around"):
            return words[:index], words[index:]
    at = find(words, OPENERS)
    return (words[:at], words[at:]) if at > 0 else (words, ())


def read_setting(target: Words, place: Words) -> Reading | None:
    """Read that `target` shall be at `place`; None if that is no scene, hour or season."""
    if len(place) < 2:
        return None
    style = style_chunk(place)
    picture = names_picture(target)
    if picture and (style or is_hour(place[1:])):
        return restyled_picture(style or place[1:])
    scene = scene_of_place(place)
    if not scene and _is_somebody(target) and lower_at(place, 0) in _AT and is_scene(place[1:]):
        scene = place[1:]
    if not scene and picture and is_scene(place[1:]):
        scene = place[1:]
    return restyled_background(BACKGROUND, scene) if scene else None


def _is_somebody(target: Words) -> bool:
    """Whether it is somebody that the picture shows: "him", "the dog"."""
    thing = read_thing(target)
    known = lower_at(target, 0) in DEFINITE | PRONOUNS
    return known and (is_being(base_noun(thing.head)) or lower_at(target, 0) in PRONOUNS - DEFINITE)
