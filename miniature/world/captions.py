"""What is said about a scene, in varied words, with something left out now and then."""

from __future__ import annotations

import random

from miniature.world.scene import Scene, Thing
from miniature.world.words import (
    ADJECTIVES,
    DRAWINGS,
    NOTHING,
    PLACES,
    SCENERIES,
    STYLE_PHRASES,
    with_article,
)

__all__ = ["caption", "describe", "thing_phrase"]

_COLOUR_SAID = 0.9
_STYLE_SAID = 0.97
_FLAT_SAID = 0.3
_PLACE_SAID = 0.55
_PLAIN_SAID = 0.25
_THING_LEFT_OUT = 0.12
_AS_TAGS = 0.2
_AS_ADJECTIVE = 0.35
_ONLY_SURROUNDINGS = 0.04


def caption(scene: Scene, rng: random.Random) -> str:
    """Describe a scene.

    Everything said is true; colours, the background, the style and (where there are several) a
    thing may go unsaid. A thing with its own style gets it as an adjective.

    Args:
        scene: What to describe.
        rng: Chooses the words.
    """
    if rng.random() < _ONLY_SURROUNDINGS:
        return _surroundings(scene, rng)
    shown = _mentioned(scene, rng)
    things = [thing_phrase(thing, rng, colour=rng.random() < _COLOUR_SAID) for thing in shown]
    styled = rng.random() < (_FLAT_SAID if scene.style == "flat" else _STYLE_SAID)
    if styled and len(scene.things) == 1 and not shown[0].style and rng.random() < _AS_ADJECTIVE:
        things = [f"{rng.choice(ADJECTIVES[scene.style])} {things[0]}"]
        styled = False
    if not things:
        things = [rng.choice(NOTHING)]
    as_tags = rng.random() < _AS_TAGS
    if not as_tags and shown:
        things = [with_article(thing) for thing in things]
    said = ", ".join(things) if as_tags else _joined(things, rng)
    said = _with_place(said, scene.background, rng, as_tags=as_tags)
    return _with_style(said, scene.style, rng) if styled else said


def thing_phrase(thing: Thing, rng: random.Random, *, colour: bool = True) -> str:
    """Name a thing without an article: "neon red cat", in the order style, colour, kind."""
    words = [rng.choice(ADJECTIVES[thing.style])] if thing.style else []
    return " ".join([*words, *([thing.colour] if colour else []), thing.kind])


def describe(scene: Scene) -> str:
    """Say all there is to say about a scene, always in the same words."""
    things = [
        with_article(f"{thing.style + ' ' if thing.style else ''}{thing.colour} {thing.kind}")
        for thing in scene.things
    ]
    said = " and ".join(filter(None, (", ".join(things[:-1]), *things[-1:])))
    return f"{said or NOTHING[0]} {PLACES[scene.background][0]}, {scene.style} style"


def _surroundings(scene: Scene, rng: random.Random) -> str:
    """Name only the style or only the background, as edits of the whole picture do."""
    style = rng.choice(STYLE_PHRASES[:3]).format(scene.style)
    return rng.choice((scene.style, style, rng.choice(SCENERIES[scene.background])))


def _mentioned(scene: Scene, rng: random.Random) -> list[Thing]:
    things = list(scene.things)
    rng.shuffle(things)
    if len(things) > 1 and rng.random() < _THING_LEFT_OUT:
        things.pop()
    return things


def _joined(things: list[str], rng: random.Random) -> str:
    if len(things) == 1 or rng.random() < 0.25:
        return ", ".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def _with_place(said: str, background: str, rng: random.Random, *, as_tags: bool) -> str:
    if rng.random() >= (_PLAIN_SAID if background == "plain" else _PLACE_SAID):
        return said
    if as_tags or rng.random() < 0.3:
        return f"{said}, {rng.choice(SCENERIES[background])}"
    return f"{said} {rng.choice(PLACES[background])}"


def _with_style(said: str, style: str, rng: random.Random) -> str:
    if rng.random() < 0.45:
        return f"{rng.choice(DRAWINGS).format(style)} {said}"
    return f"{said}, {rng.choice(STYLE_PHRASES).format(style)}"
