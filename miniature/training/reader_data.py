"""Scenes drawn once and cut into small squares, for judge and encoder alike."""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import random
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from miniature.training.crops import Mask, Picture, shrunk, square_about, views
from miniature.world import ALL_KINDS, ALL_STYLES, Scene, draw, masks, random_scene
from miniature.world.sampling import Split

__all__ = ["LEAST_PX", "Drawn", "cached", "draw_scenes", "spoilt"]

LEAST_PX = 400
"""Things of which fewer pixels are seen are not looked at by themselves."""
_MOST_MARGIN, _MOST_SHIFT = 0.4, 0.06
_MORE, _PART = 0.3, (0.3, 0.8)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures of scenes, all `64 64 3`."""

    scenes: list[Scene]
    wholes: Picture
    """One a scene, `scenes 64 64 3`."""
    owners: list[tuple[int, int]]
    """Of each thing that is looked at: the scene's place, and its own in the scene."""
    squares: Picture
    """Around each thing, as it stands in its scene, `things 64 64 3`."""
    views: Picture
    """Of each thing alone, faded, with a wide margin, `things 3 64 64 3`."""
    spoilt: Picture
    """The same of regions that are not the thing: a part of it, or more than it."""
    grounds: Picture
    """Each scene's background with its things blanked out, `scenes 64 64 3`."""


def draw_scenes(count: int, seed: int, split: Split = "train") -> Drawn:
    """Make up and draw scenes of all kinds and styles."""
    rng = random.Random(seed)
    scenes = [
        random_scene(rng, split=split, kinds=ALL_KINDS, styles=ALL_STYLES) for _ in range(count)
    ]
    chances = [rng.getrandbits(62) for _ in scenes]
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        drawn = pool.starmap(_looked_at, zip(scenes, chances, strict=True), chunksize=32)
    wholes, grounds, things = zip(*drawn, strict=True)
    owners = [(at, thing.which) for at, of_scene in enumerate(things) for thing in of_scene]
    seen = [thing for of_scene in things for thing in of_scene]
    return Drawn(
        scenes,
        np.stack(wholes),
        owners,
        np.stack([thing.square for thing in seen]),
        np.stack([thing.views for thing in seen]),
        np.stack([thing.spoilt for thing in seen]),
        np.stack(grounds),
    )


class _Thing(NamedTuple):
    which: int
    square: Picture
    views: Picture
    spoilt: Picture


def _looked_at(scene: Scene, chance: int) -> tuple[Picture, Picture, list[_Thing]]:
    """The whole picture, its background, and its things."""
    rng = random.Random(chance)
    picture, marked = draw(scene), masks(scene)
    things: list[_Thing] = []
    for which, mask in enumerate(marked):
        if mask.sum() < LEAST_PX:
            continue
        margin = rng.uniform(0.02, _MOST_MARGIN)
        shift = rng.uniform(-_MOST_SHIFT, _MOST_SHIFT), rng.uniform(-_MOST_SHIFT, _MOST_SHIFT)
        square = square_about(picture, mask, margin, shift)
        wrong = views(picture, spoilt(mask, rng))
        things.append(_Thing(which, square, np.stack(views(picture, mask)), np.stack(wrong)))
    return shrunk(picture), views(picture, ~marked.any(0))[0], things


def spoilt(mask: Mask, rng: random.Random) -> Mask:
    """A region that is not the thing: what lies on one side of a line through it, or more than it.

    Args:
        mask: The thing, `h w`, not empty.
        rng: Chooses.
    """
    rows, columns = np.nonzero(mask)
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.indices(mask.shape)
    along = math.sin(angle) * y + math.cos(angle) * x
    if rng.random() < _MORE:
        which = rng.randrange(len(rows))
        edge = math.sqrt(len(rows)) * rng.uniform(0.4, 0.8)
        near = (y - rows[which]) ** 2 + (x - columns[which]) ** 2 < edge**2
        return mask | near
    return mask & (along <= np.quantile(along[mask], rng.uniform(*_PART)))


def cached(folder: Path, count: int, seed: int, split: Split = "train") -> Drawn:
    """The same, kept in a folder of one's own for the next time."""
    file = folder / f"drawn-{split}-{count}-{seed}.pickle"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(pickle.dumps(draw_scenes(count, seed, split), protocol=5))
        part.rename(file)
    return pickle.loads(file.read_bytes())
