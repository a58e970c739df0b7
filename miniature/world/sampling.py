"""Random scenes, and the combinations that training never sees."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Literal

from miniature.world.names import BACKGROUNDS, COLOURS, KINDS, SIZE_PX, STYLES
from miniature.world.scene import Scene, Thing
from polaris_core.errors import InvalidInput

__all__ = ["Split", "is_held_out", "place", "random_scene", "random_things"]

Split = Literal["train", "held_out"]

_COUNTS = (1, 1, 1, 1, 1, 2, 2, 2, 2, 3)
_SIZES_PX = {1: (60, 96), 2: (48, 84), 3: (48, 72)}
_STEP_PX = 4
_OWN_STYLE = 0.25
_OVERLAP = 0.06
_OUTSIDE_PX = 3


@cache
def is_held_out(kind: str, colour: str, style: str) -> bool:
    """Whether training never sees this combination: a fixed tenth of all."""
    digest = hashlib.sha256(f"{kind}|{colour}|{style}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 10 == 0


def random_scene(
    rng: random.Random,
    *,
    split: Split = "train",
    kinds: Sequence[str] = KINDS,
    styles: Sequence[str] = STYLES,
    things: int | None = None,
) -> Scene:
    """Make up a scene.

    Args:
        rng: Where the chances come from; the same state gives the same scene.
        split: "train": no thing is of a held-out combination; "held_out": every thing is.
        kinds: What may be in it.
        styles: How it may look.
        things: How many, 0 to 3; None: 1 to 3.

    Raises:
        InvalidInput: Kinds and styles allow no such scene.
    """
    count = rng.choice(_COUNTS) if things is None else things
    if not 0 <= count <= 3:
        raise InvalidInput("a scene has at most three things", value=count)
    style = rng.choice(_usable(tuple(kinds), tuple(styles), split))
    looks: list[str | None] = [None] * count
    others = [other for other in _usable(tuple(kinds), tuple(styles), split) if other != style]
    if count > 1 and others and rng.random() < _OWN_STYLE:
        looks[rng.randrange(count)] = rng.choice(others)
    chosen = random_things(rng, looks, style, split=split, kinds=kinds)
    return Scene(
        tuple(place(rng, chosen)), rng.choice(BACKGROUNDS), style, seed=rng.randrange(1 << 16)
    )


def random_things(
    rng: random.Random,
    looks: Sequence[str | None],
    style: str,
    *,
    split: Split,
    kinds: Sequence[str],
    taken: Sequence[Thing] = (),
) -> list[Thing]:
    """Choose things of different kinds and colours, one for each own style (None: the scene's).

    They are not yet placed. Kinds and colours of things that are `taken` are not chosen again.
    Where what is left does not suffice, fewer things come back.
    """
    found: list[Thing] = []
    for look in looks:
        used = [*taken, *found]
        pairs = [
            (kind, colour)
            for kind, colour in _pairs(tuple(kinds), look or style, split)
            if all(kind != thing.kind and colour != thing.colour for thing in used)
        ]
        if pairs:
            kind, colour = rng.choice(pairs)
            found.append(Thing(kind, colour, (64, 64), 64, look, rng.random() < 0.5))
    return found


def place(rng: random.Random, things: Sequence[Thing], fixed: Sequence[Thing] = ()) -> list[Thing]:
    """Give things sizes and places where they hardly overlap each other or what is fixed."""
    low, high = _SIZES_PX[min(max(len(things) + len(fixed), 1), 3)]
    while True:
        placed: list[Thing] = []
        for thing in things:
            spot = _spot(rng, [*fixed, *placed], low, high, central=len(things) + len(fixed) == 1)
            if spot is None:
                break
            placed.append(_at(thing, *spot))
        if len(placed) == len(things):
            return placed
        low, high = max(low - _STEP_PX, 16), max(high - _STEP_PX, 20)


def _spot(
    rng: random.Random, others: Sequence[Thing], low: int, high: int, *, central: bool
) -> tuple[tuple[int, int], int] | None:
    for _ in range(30):
        size = rng.randrange(low, high + 1, _STEP_PX)
        reach = size // 2 - _OUTSIDE_PX
        centre = (_along(rng, reach, central), _along(rng, reach, central))
        if all(_overlap(centre, size, other) <= _OVERLAP for other in others):
            return centre, size
    return None


def _along(rng: random.Random, reach: int, central: bool) -> int:
    low, high = reach, SIZE_PX - reach
    if central:
        return (rng.randint(low, high) + rng.randint(low, high)) // 2
    return rng.randint(low, high)


def _overlap(centre: tuple[int, int], size: int, other: Thing) -> float:
    """Share of the smaller square that lies in the other one."""
    reach = (size + other.size_px) / 2
    least = min(size, other.size_px)
    sides = [
        min(max(reach - abs(mine - its), 0), least)
        for mine, its in zip(centre, other.centre_xy, strict=True)
    ]
    return sides[0] * sides[1] / least**2


def _at(thing: Thing, centre: tuple[int, int], size: int) -> Thing:
    return Thing(thing.kind, thing.colour, centre, size, thing.style, thing.flipped)


@lru_cache(maxsize=4096)
def _pairs(kinds: tuple[str, ...], style: str, split: Split) -> tuple[tuple[str, str], ...]:
    wanted = split == "held_out"
    return tuple(
        (kind, colour)
        for kind in kinds
        for colour in COLOURS
        if is_held_out(kind, colour, style) == wanted
    )


@lru_cache(maxsize=256)
def _usable(kinds: tuple[str, ...], styles: tuple[str, ...], split: Split) -> tuple[str, ...]:
    found = tuple(style for style in styles if _pairs(kinds, style, split))
    if not found:
        raise InvalidInput(
            f"none of these kinds and styles make a {split} combination",
            value=(kinds, styles),
            hint="Give more of them",
        )
    return found
