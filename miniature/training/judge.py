"""The judge: a small convolutional network that says what a picture of one thing shows.

It is trained on drawn pictures only, whole ones and squares cut out of scenes, and on the same made
soft, noisy and off in colour, as sampled pictures are, so that it judges those fairly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from miniature.training.crops import Picture
from miniature.training.reader_data import Drawn
from miniature.world import ALL_KINDS, ALL_STYLES, COLOURS
from miniature.world.scene import Scene

__all__ = ["HEADS", "Labelled", "labelled", "loss_of", "make_judge", "weathered"]

HEADS = (len(ALL_KINDS), len(COLOURS), len(ALL_STYLES))
"""Kinds, colours, styles."""
_WIDTHS = (24, 40, 72, 112)
_FLIPPED = 0.5
_SOFT, _NOISY, _TINTED = 0.5, 0.5, 0.5
_ZOOM, _SHIFT = (0.85, 1.2), 0.15


@dataclass(frozen=True, slots=True)
class Labelled:
    """Squares and what they show."""

    pictures: Picture
    """`n 64 64 3`."""
    labels: npt.NDArray[np.int64]
    """Places in `ALL_KINDS`, `COLOURS` and `ALL_STYLES`, `n 3`."""


def make_judge(seed: int = 0) -> Any:  # noqa: ANN401
    """The network with random weights: from `n 3 64 64` in [0, 1] to `n kinds+colours+styles`."""
    import torch
    from torch import nn

    def layer(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = layer(3, _WIDTHS[0], 2)
        for inputs, outputs in pairwise(_WIDTHS):
            parts += [*layer(inputs, outputs, 2), *layer(outputs, outputs)]
        parts += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * _WIDTHS[-1], sum(HEADS))]
        return nn.Sequential(*parts)


def labelled(drawn: Drawn) -> Labelled:
    """Whole pictures of scenes with one thing, and a square around each thing of any scene."""
    alone = [i for i, scene in enumerate(drawn.scenes) if len(scene.things) == 1]
    labels = [_labels(drawn.scenes[i], 0) for i in alone]
    labels += [_labels(drawn.scenes[at], which) for at, which in drawn.owners]
    pictures = np.concatenate([drawn.wholes[alone], drawn.squares])
    return Labelled(pictures, np.array(labels))


def _labels(scene: Scene, which: int) -> tuple[int, int, int]:
    thing = scene.things[which]
    return (
        ALL_KINDS.index(thing.kind),
        COLOURS.index(thing.colour),
        ALL_STYLES.index(scene.style_of(thing)),
    )


def weathered(pictures: Picture, rng: np.random.Generator, device: Any = "cpu") -> Any:  # noqa: ANN401
    """Pictures as `n 3 64 64` in [0, 1], moved, some of them mirrored, soft, noisy, tinted."""
    import torch

    seen = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 255
    many = len(seen)

    def on_device(numbers: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(np.asarray(numbers, np.float32)).to(device)

    def chance(share: float) -> torch.Tensor:
        return on_device(rng.random((many, 1, 1, 1)) < share)

    def amount() -> torch.Tensor:
        return on_device(rng.random((many, 1, 1, 1)))

    place = torch.zeros(many, 2, 3, device=device)
    place[:, 0, 0] = place[:, 1, 1] = on_device(rng.uniform(*_ZOOM, many))
    place[:, 0, 0] *= on_device(np.where(rng.random(many) < _FLIPPED, -1, 1))
    place[:, :, 2] = on_device(rng.uniform(-_SHIFT, _SHIFT, (many, 2)))
    grid = torch.nn.functional.affine_grid(place, list(seen.shape), align_corners=False)
    sample = torch.nn.functional.grid_sample
    seen = sample(seen.contiguous(), grid, padding_mode="reflection", align_corners=False)
    soft = torch.nn.functional.avg_pool2d(seen, 3, 1, 1, count_include_pad=False)
    if rng.random() < 0.5:  # as what went through a grid of larger cells
        small = torch.nn.functional.avg_pool2d(seen, 2)
        soft = torch.nn.functional.interpolate(small, scale_factor=2, mode="bilinear")
    seen = seen + chance(_SOFT) * amount() * (soft - seen)
    tint = rng.normal(0, 0.04, (many, 3, 1, 1)) + rng.normal(0, 0.04, (many, 1, 1, 1))
    gain = 1 + rng.normal(0, 0.06, (many, 1, 1, 1))
    tinted = seen * on_device(gain) + on_device(tint)
    seen = torch.where(chance(_TINTED) > 0, tinted, seen)
    strength = chance(_NOISY) * amount()
    chances = torch.Generator(device).manual_seed(int(rng.integers(1 << 62)))
    noise = torch.randn(seen.shape, generator=chances, device=device)
    coarse = torch.nn.functional.avg_pool2d(noise, 4)
    coarse = torch.nn.functional.interpolate(coarse, scale_factor=4, mode="bilinear")
    return (seen + strength * (0.05 * noise + 0.2 * coarse)).clamp(0, 1)


def loss_of(
    judge: Any,  # noqa: ANN401
    pictures: Any,  # noqa: ANN401
    labels: npt.NDArray[np.int64],
) -> tuple[Any, npt.NDArray[np.bool_]]:
    """The loss, and whether kind, colour and style were right, `n 3`."""
    import torch

    said = judge(pictures).split(HEADS, -1)
    wanted = torch.from_numpy(labels).to(pictures.device)
    entropy = torch.nn.functional.cross_entropy
    loss = sum(entropy(each, wanted[:, i]) for i, each in enumerate(said))
    guesses = torch.stack([each.argmax(-1) for each in said], -1)
    return loss, (guesses == wanted).cpu().numpy()
