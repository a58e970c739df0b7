"""Drawn pictures kept on the disk, so that a training that goes on need not draw again."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from miniature.world import Scene, draw

__all__ = ["Drawn", "as_pictures", "as_tensor", "drawn"]


class Drawn(NamedTuple):
    """Scenes and their pictures."""

    scenes: list[Scene]
    pictures: np.ndarray
    """uint8, `n 128 128 3`."""


def drawn(path: Path, count: int, seed: int, scene: Callable[[random.Random], Scene]) -> Drawn:
    """Draw random scenes, or read them if that was done before.

    Args:
        path: Without an ending; `.npy` and `.pkl` are written.
        count: How many.
        seed: Of the scenes.
        scene: Makes one up.
    """
    names, scenes_file = path.with_suffix(".npy"), path.with_suffix(".pkl")
    if not scenes_file.exists():
        rng = random.Random(seed)
        scenes = [scene(rng) for _ in range(count)]
        pictures = np.lib.format.open_memmap(
            names, mode="w+", dtype=np.uint8, shape=(count, 128, 128, 3)
        )
        with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
            for i, picture in enumerate(pool.imap(draw, scenes, chunksize=32)):
                pictures[i] = picture
        pictures.flush()
        scenes_file.write_bytes(pickle.dumps(scenes))
    scenes = pickle.loads(scenes_file.read_bytes())
    return Drawn(scenes, np.load(names, mmap_mode="r"))


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """Pictures uint8 `n h w 3` as float32 `n 3 h w` in [0, 1], the channels last in memory."""
    return as_pictures(torch.from_numpy(np.array(pictures)))


def as_pictures(pictures: torch.Tensor) -> torch.Tensor:
    """As `as_tensor`, of a tensor on any device."""
    tensor = pictures.permute(0, 3, 1, 2).float() / 255
    return tensor.to(memory_format=torch.channels_last)
