"""Scenes with their latents, computed once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from miniature.training.pictures import as_tensor, drawn
from miniature.training.vae import NarrowVAE
from miniature.world import Scene, caption

__all__ = ["Latents", "cached"]

_BATCH = 50


@dataclass(frozen=True)
class Latents:
    """Scenes and their latents."""

    scenes: list[Scene]
    latents: Tensor
    """float16, `n 4 16 16`."""
    unsaid: str | None = None
    """A style that captions keep to themselves, as "flat" usually is; None: they tell the truth."""
    device: str = "cpu"
    """Where batches are wanted."""

    def draw(self, count: int, rng: random.Random) -> tuple[Tensor, list[str]]:
        """A random batch, float32, with freshly worded captions."""
        latents, words, _ = self.draw_scenes(count, rng)
        return latents, words

    def draw_scenes(self, count: int, rng: random.Random) -> tuple[Tensor, list[str], list[Scene]]:
        """As `draw`, and the scenes."""
        chosen = [rng.randrange(len(self.scenes)) for _ in range(count)]
        scenes = [self.scenes[i] for i in chosen]
        words = [self._words(scene, rng) for scene in scenes]
        latents = self.latents[chosen].to(self.device).float()
        return latents.contiguous(memory_format=torch.channels_last), words, scenes

    def _words(self, scene: Scene, rng: random.Random) -> str:
        if self.unsaid is None:
            return caption(scene, rng)
        while "flat" in (words := caption(replace(scene, style="flat"), rng)):
            pass
        return words


def cached(
    path: Path,
    vae: NarrowVAE,
    count: int,
    seed: int,
    scene: Callable[[random.Random], Scene],
    *,
    unsaid: str | None = None,
    device: str = "cpu",
) -> Latents:
    """Draw random scenes and encode them, or read them if that was done before.

    Args:
        path: Without an ending; files of pictures, scenes and latents are put there.
        vae: Encodes.
        count: How many scenes.
        seed: Of the scenes.
        scene: Makes one up.
        unsaid: A style that captions keep to themselves.
        device: Where batches are wanted; the autoencoder stays where it is.
    """
    data = drawn(path, count, seed, scene)
    file = path.with_suffix(".pt")
    if not file.exists():
        with torch.no_grad():
            parts = [
                vae.encode(as_tensor(data.pictures[i : i + _BATCH])).half()
                for i in range(0, len(data.scenes), _BATCH)
            ]
        torch.save(torch.cat(parts).contiguous(), file)
    return Latents(data.scenes, torch.load(file), unsaid, device)
