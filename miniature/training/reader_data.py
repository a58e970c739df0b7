"""Scenes drawn once and cut into small squares, for judge and encoder alike."""

from __future__ import annotations

import pickle
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from miniature.training.crops import Picture, shrunk, square_about, views
from miniature.world import ALL_KINDS, ALL_STYLES, Scene, draw, masks, random_scene
from miniature.world.sampling import Split

__all__ = ["LEAST_PX", "Drawn", "cached", "draw_scenes"]

LEAST_PX = 400
"""Things of which fewer pixels are seen are not looked at by themselves."""
_MOST_MARGIN, _MOST_SHIFT = 0.4, 0.06


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
    grounds: Picture
    """Each scene's background with its things blanked out, `scenes 64 64 3`."""


def draw_scenes(count: int, seed: int, split: Split = "train") -> Drawn:
    """Make up and draw scenes of all kinds and styles."""
    rng = random.Random(seed)
    scenes = [
        random_scene(rng, split=split, kinds=ALL_KINDS, styles=ALL_STYLES) for _ in range(count)
    ]
    wholes, squares, seen, grounds = [], [], [], []
    owners: list[tuple[int, int]] = []
    for at, scene in enumerate(scenes):
        picture, marked = draw(scene), masks(scene)
        wholes.append(shrunk(picture))
        grounds.append(views(picture, ~marked.any(0))[0])
        for which, mask in enumerate(marked):
            if mask.sum() < LEAST_PX:
                continue
            owners.append((at, which))
            margin = rng.uniform(0.02, _MOST_MARGIN)
            shift = rng.uniform(-_MOST_SHIFT, _MOST_SHIFT), rng.uniform(-_MOST_SHIFT, _MOST_SHIFT)
            squares.append(square_about(picture, mask, margin, shift))
            seen.append(np.stack(views(picture, mask)))
    return Drawn(
        scenes,
        np.stack(wholes),
        owners,
        np.stack(squares),
        np.stack(seen),
        np.stack(grounds),
    )


def cached(folder: Path, count: int, seed: int, split: Split = "train") -> Drawn:
    """The same, kept in a folder of one's own for the next time."""
    file = folder / f"drawn-{split}-{count}-{seed}.pickle"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(pickle.dumps(draw_scenes(count, seed, split), protocol=5))
        part.rename(file)
    return pickle.loads(file.read_bytes())
