"""Scenes with their latents and what is said of them, computed once."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from miniature.training.lesson import places_of
from miniature.training.pictures import as_tensor, drawn
from miniature.training.prompts import UNCONDITIONAL, Rows, tokens_of, with_chance
from miniature.training.vae import NarrowVAE
from miniature.world import Scene, caption

__all__ = ["Examples", "Latents", "cached"]

_BATCH = 50
_WORDINGS = 6
_EMPTY, _NEGATIVE = 0.10, 0.05


class Examples(NamedTuple):
    """A random batch."""

    latents: Tensor
    """float32, `batch 4 16 16`."""
    context: Tensor
    """Encodings of what is said, `batch tokens 768`."""
    bias: Tensor
    """Added to the scores of the tokens, `batch tokens`."""
    places: Tensor
    """What stands where, `batch 4 8 8`; see `places_of`."""


@dataclass(frozen=True)
class Latents:
    """Latents of scenes, and several wordings of each, all on the device where they are wanted."""

    latents: Tensor
    """float16, `n 4 16 16`."""
    words: Rows
    """Some wordings of each scene; then nothing, and the negative prompt."""
    places: Tensor
    """uint8, `n 4 8 8`."""

    @classmethod
    def of(
        cls,
        scenes: Sequence[Scene],
        latents: Tensor,
        *,
        unsaid: str | None = None,
        device: str = "cpu",
    ) -> Latents:
        """Put scenes into words.

        Args:
            scenes: What is shown.
            latents: Of their pictures.
            unsaid: A style that captions keep to themselves, as "flat" usually is; None: they tell
                the truth.
            device: Where batches are wanted.
        """
        rng = random.Random(len(scenes))
        texts = [
            with_chance(_words(scene, unsaid, rng), rng)
            for scene in scenes
            for _ in range(_WORDINGS)
        ]
        words = Rows.of([*texts, [], tokens_of(UNCONDITIONAL)])
        places = places_of(scenes).to(torch.uint8)
        return cls(latents.to(device), words.to(device), places.to(device))

    def draw(self, count: int, *, said: bool = False) -> Examples:
        """A random batch.

        Args:
            count: How many.
            said: Captions are never left out.
        """
        device, scenes = self.latents.device, len(self.latents)
        which = torch.randint(scenes, (count,), device=device)
        wording = which * _WORDINGS + torch.randint(_WORDINGS, (count,), device=device)
        if not said:
            chance = torch.rand(count, device=device)
            nothing = scenes * _WORDINGS
            wording = torch.where(chance < _EMPTY + _NEGATIVE, nothing + 1, wording)
            wording = torch.where(chance < _EMPTY, nothing, wording)
        latents = self.latents[which].float().contiguous(memory_format=torch.channels_last)
        return Examples(latents, *self.words.chosen(wording).encoded(), self.places[which].long())


def _words(scene: Scene, unsaid: str | None, rng: random.Random) -> str:
    if unsaid is None:
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
        vae: Encodes; it is moved to the device.
        count: How many scenes.
        seed: Of the scenes.
        scene: Makes one up.
        unsaid: A style that captions keep to themselves.
        device: Where batches are wanted.
    """
    data = drawn(path, count, seed, scene)
    file = path.with_suffix(".pt")
    if not file.exists():
        vae = vae.to(device)
        with torch.no_grad():
            parts = [
                vae.encode(as_tensor(data.pictures[i : i + _BATCH]).to(device)).half().cpu()
                for i in range(0, len(data.scenes), _BATCH)
            ]
        part = file.with_suffix(f".{os.getpid()}")  # others may be at it, too
        torch.save(torch.cat(parts).contiguous(), part)
        part.replace(file)
    return Latents.of(data.scenes, torch.load(file), unsaid=unsaid, device=device)
