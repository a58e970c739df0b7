"""What a generator is asked on the side while it learns: what stands where.

How little a word changes the error of predicted noise makes words slow to learn. So the middle of
the UNet is also asked for kind, colour and style of the thing at each place, and for the
background; from noise alone the answer can only be had from the prompt. The layer that answers is
thrown away afterwards. (Aligning a diffusion model's features with what is known about the picture:
Yu et al. 2024, REPA.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from miniature.training.unet import NarrowUNet
from miniature.world import ALL_KINDS, ALL_STYLES, BACKGROUNDS, COLOURS, Scene

__all__ = ["TaughtUNet", "places_of", "without_lesson"]

_SIDE, _CELL_PX = 8, 16
_SIZES = (len(ALL_KINDS) + 1, len(COLOURS) + 1, len(ALL_STYLES), len(BACKGROUNDS))
_HEAD = "lesson."


class TaughtUNet(NarrowUNet):
    """A narrow UNet with a layer that answers from its middle what stands where.

    Args:
        outer: Channels at 16×16.
        inner: Channels at 8×8.
        embedding: Channels of the time step's encoding.
    """

    def __init__(self, outer: int = 80, inner: int = 160, embedding: int = 160) -> None:
        super().__init__(outer, inner, embedding)
        self.lesson = nn.Conv2d(inner, sum(_SIZES), 1)
        nn.init.zeros_(self.lesson.weight)
        self._seen: Tensor | None = None
        self.output_blocks[0][1].register_forward_hook(self._look)

    def _look(self, _layer: nn.Module, _inputs: object, output: Tensor) -> None:
        self._seen = output

    def lesson_loss(self, places: Tensor) -> Tensor:
        """How wrong the answers on the last batch were.

        Args:
            places: Of `places_of`, `batch 4 8 8`.

        Returns:
            The mean cross-entropy of the four questions.
        """
        assert self._seen is not None, "the UNet has not been asked yet"
        features = self._seen.permute(0, 2, 3, 1)
        features = functional.layer_norm(features, features.shape[-1:])
        answers = self.lesson(features.permute(0, 3, 1, 2))
        parts = [
            functional.cross_entropy(answer, places[:, i])
            for i, answer in enumerate(answers.split(_SIZES, dim=1))
        ]
        return torch.stack(parts).mean()


def places_of(scenes: Sequence[Scene]) -> Tensor:
    """Kind, colour, style, and background at each of 8×8 places.

    Args:
        scenes: Their things are taken for discs.

    Returns:
        int64, `scenes 4 8 8`; the last number of kind and colour means that there is no thing.
    """
    middle = _CELL_PX * np.arange(_SIDE) + _CELL_PX / 2
    found = np.empty((len(scenes), 4, _SIDE, _SIDE), np.int64)
    for places, scene in zip(found, scenes, strict=True):
        places[0], places[1] = len(ALL_KINDS), len(COLOURS)
        places[2] = ALL_STYLES.index(scene.style)
        places[3] = BACKGROUNDS.index(scene.background)
        for thing in scene.things:
            x, y = thing.centre_xy
            inside = (middle - x) ** 2 + (middle[:, None] - y) ** 2 < (0.45 * thing.size_px) ** 2
            places[0][inside] = ALL_KINDS.index(thing.kind)
            places[1][inside] = COLOURS.index(thing.colour)
            places[2][inside] = ALL_STYLES.index(scene.style_of(thing))
    return torch.from_numpy(found)


def without_lesson(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the narrow UNet alone."""
    return {name: tensor for name, tensor in weights.items() if not name.startswith(_HEAD)}
