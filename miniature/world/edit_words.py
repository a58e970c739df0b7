"""Sentences that ask for edits, as people write them; `{}` fields are filled by `edits`."""

from __future__ import annotations

import random

from miniature.world.names import SIZE_PX
from miniature.world.scene import Thing
from miniature.world.words import with_article

__all__ = ["SENTENCES", "STYLE_NOUNS", "fill", "new_thing", "old_thing", "spot", "style_words"]

SENTENCES: dict[str, tuple[str, ...]] = {
    "add": (
        *("Add {new}{spot}", "Put {new}{spot_or_here}", "Place {new}{spot_or_here}"),
        *("Insert {new}{spot}", "Please add {new}{spot}", "add {new}{spot}"),
        *("There should be {new}{spot_or_here}", "Could you add {new}{spot}?"),
    ),
    "replace": (
        *("Replace {old} with {new}", "Turn {old} into {new}", "Change {old} into {new}"),
        *("Swap {old} for {new}", "replace {old} with {new}", "Make {old} {new}"),
        *("I would like {old} to be {new}", "Could you turn {old} into {new}?"),
        *("Change {old} to {new}", "Please replace {old} by {new}"),
    ),
    "restyle": (
        *("Make {old} {style} style", "Render {old} in {style} style"),
        *("Redraw {old} in {style} style", "Turn {old} into {noun}"),
        *("Change the style of {old} to {style}", "Make {old} look like {noun}"),
        *("Please draw {old} in {style} style", "Give {old} a {style} look"),
    ),
    "restyle all": (
        *("Make the whole picture {style} style", "Turn the picture into {noun}"),
        *("Render everything in {style} style", "Change the whole image to {style} style"),
        *("Make the picture look like {noun}", "Convert the image to {style} style"),
        *("Apply {style} style to the image", "Please redraw the whole picture in {style} style"),
    ),
    "recolour": (
        *("Make {old} {colour}", "Paint {old} {colour}", "Turn {old} {colour}"),
        *("Change the colour of {old} to {colour}", "Change the color of {old} to {colour}"),
        *("Color {old} {colour}", "Please make {old} {colour}", "{Old} should be {colour}"),
        "Recolour {old} {colour}",
    ),
    "background": (
        *("Change the background to {scenery}", "Replace the background with {scenery}"),
        *("Use {scenery} as the background", "Please change the background to {scenery}"),
        *("Turn the background into {scenery}", "Make the background {name}"),
    ),
    "remove": (
        *("Remove {old}", "Delete {old}", "Erase {old}", "Take away {old}", "Get rid of {old}"),
        *("Take {old} out of the picture", "Remove {old} from the picture"),
        *("Please remove {old}", "Can you remove {old}?", "remove {old}"),
    ),
}

STYLE_NOUNS = {
    "flat": "flat style",
    "outline": "outline style",
    "pixel art": "pixel art",
    "neon": "neon style",
    "stripes": "stripes style",
    "mosaic": "a mosaic",
    "watercolor": "a watercolor",
    "blueprint": "a blueprint",
    "charcoal": "a charcoal drawing",
    "stained glass": "stained glass",
    "polka dots": "polka dots style",
    "chalkboard": "a chalkboard drawing",
    "halftone": "a halftone",
    "gold leaf": "gold leaf style",
}
"""A style as something that a thing may become."""

_SCENERIES = {
    "plain": "a plain background",
    "meadow": "a meadow",
    "desert": "a desert",
    "sea": "the sea",
    "night": "night",
    "snow": "snow",
}
_BESIDE_PX = 36


def fill(kind: str, rng: random.Random, *, scenery: str = "", **fields: str) -> str:
    """Choose a sentence of a kind (a key of `SENTENCES`) and fill it."""
    fields["name"] = scenery
    fields["scenery"] = _SCENERIES.get(scenery, "")
    old = fields.get("old", "")
    fields["Old"] = old[:1].upper() + old[1:]
    place = fields.get("spot", "")
    fields["spot_or_here"] = place or " in the picture"
    return rng.choice(SENTENCES[kind]).format(**fields)


def style_words(style: str) -> dict[str, str]:
    """The fields that name a style."""
    return {"style": style, "noun": STYLE_NOUNS[style]}


def old_thing(thing: Thing, rng: random.Random) -> str:
    """Name a thing that is there, so that no other is meant: "the red cat"."""
    named = f"{thing.colour} {thing.kind}" if rng.random() < 0.4 else thing.kind
    return f"the {named}"


def new_thing(thing: Thing, rng: random.Random, *, style: str | None, colour: bool) -> str:
    """Name a thing that is to come: "a watercolor fox", "an orange cup in gold leaf style"."""
    named = f"{thing.colour} {thing.kind}" if colour else thing.kind
    if style is None:
        return with_article(named)
    if style in _LEADING and rng.random() < 0.6:
        return with_article(f"{style} {named}")
    return f"{with_article(named)} in {style} style"


_LEADING = frozenset(STYLE_NOUNS) - {"stripes", "polka dots"}


def spot(thing: Thing, others: tuple[Thing, ...], rng: random.Random) -> str:
    """Say where a new thing stands, or nothing: " on the left", " next to the red house"."""
    x = thing.centre_xy[0]
    said = [""]
    if x < SIZE_PX * 0.36:
        said.append(" on the left")
    if x > SIZE_PX * 0.64:
        said.append(" on the right")
    for other in others:
        name = f"the {other.colour} {other.kind}"
        across, down = (a - b for a, b in zip(thing.centre_xy, other.centre_xy, strict=True))
        if abs(across) > _BESIDE_PX > abs(down):
            said.append(f" next to {name}")
        elif abs(down) > _BESIDE_PX > abs(across):
            said.append(f" {'below' if down > 0 else 'above'} {name}")
    return rng.choice(said)
