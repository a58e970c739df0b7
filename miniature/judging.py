"""What the stored judge says of pictures that were sampled or edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from miniature.training.crops import Mask, Picture, shrunk, square_about
from miniature.training.judge import HEADS
from miniature.training.measures import load_judge
from miniature.world import ALL_KINDS, ALL_STYLES, COLOURS

__all__ = ["Judge", "Said"]

_MARGIN = 0.1
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Said:
    """What a picture shows."""

    kind: str
    colour: str
    style: str


class Judge:
    """The stored judge."""

    def __init__(self, models: Path) -> None:
        """Read its weights.

        Args:
            models: The folder of stored weights.

        Raises:
            InvalidInput: They are missing or not those of their card.
        """
        self._network: Any = load_judge(models / "judge.safetensors")

    def of_pictures(self, pictures: Sequence[Picture]) -> list[Said]:
        """What pictures of one thing show, each `h w 3`."""
        return self._said([shrunk(picture) for picture in pictures])

    def of_thing(self, picture: Picture, mask: Mask) -> Said:
        """What stands at a place of a picture.

        Args:
            picture: `h w 3`.
            mask: The place, `h w`, not empty.
        """
        return self._said([square_about(picture, mask, _MARGIN)])[0]

    def _said(self, squares: Sequence[Picture]) -> list[Said]:
        import torch

        said: list[Said] = []
        for at in range(0, len(squares), _BATCH):
            seen = torch.from_numpy(np.stack(squares[at : at + _BATCH]))
            with torch.inference_mode():
                answer = self._network(seen.permute(0, 3, 1, 2).float() / 255)
            best = torch.stack([each.argmax(-1) for each in answer.split(HEADS, -1)], -1)
            said += [Said(ALL_KINDS[k], COLOURS[c], ALL_STYLES[s]) for k, c, s in best.tolist()]
        return said
