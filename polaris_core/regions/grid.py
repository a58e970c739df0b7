"""Where a model is asked: points on a regular grid, over the picture and over crops of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput
from polaris_core.regions.proposal import Box

__all__ = ["Crop", "GridSettings", "crops"]

_MOST_POINTS_PER_SIDE = 256
_MOST_CROP_LAYERS = 3

Points = npt.NDArray[np.float64]
"""Shape `n 2`, x and y in pixels."""


@dataclass(frozen=True)
class GridSettings:
    """How a model is asked for all masks of a picture, and which answers count.

    The method and the defaults are those of Segment Anything (Kirillov et al., 2023, appendix B).
    """

    points_per_side: int = 32
    """The grid has this number squared of points, 1 to 256."""
    points_per_batch: int = 32
    """Points asked about at a time, ≥ 1; more take more memory. A cancel waits for one batch."""
    least_quality: float = 0.88
    """Masks that the model itself thinks worse of are dropped."""
    least_stability: float = 0.95
    """Least IoU of the masks cut at `± stability_offset` around the threshold, 0 to 1."""
    stability_offset: float = 1.0
    """In logits."""
    box_iou: float = 0.7
    """Of masks of one crop whose boxes overlap more, the one of best quality stays, 0 to 1."""
    crop_layers: int = 0
    """Layers of crops looked at beside the whole picture, 4ⁱ crops in the i-th, 0 to 3."""
    crop_box_iou: float = 0.7
    """Of masks of several crops whose boxes overlap more, the smallest crop's stays, 0 to 1."""
    crop_overlap: float = 512 / 1500
    """How far crops of the first layer overlap, as a share of the picture's shorter edge."""
    crop_points_divisor: int = 1
    """Points per side are divided by this once per layer, ≥ 1."""

    def __post_init__(self) -> None:
        ranges = {
            "points_per_side": (1, _MOST_POINTS_PER_SIDE),
            "points_per_batch": (1, _MOST_POINTS_PER_SIDE**2),
            "least_quality": (-math.inf, math.inf),
            "least_stability": (0, 1),
            "stability_offset": (0, math.inf),
            "box_iou": (0, 1),
            "crop_layers": (0, _MOST_CROP_LAYERS),
            "crop_box_iou": (0, 1),
            "crop_overlap": (0, 1),
            "crop_points_divisor": (1, _MOST_POINTS_PER_SIDE),
        }
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidInput(f"{name} must be from {least} to {most}", value=value)


@dataclass(frozen=True)
class Crop:
    """A part of the picture, and where in it the model is asked."""

    box_xyxy: Box
    points: Points
    """In pixels of the part."""


def crops(size_hw: tuple[int, int], settings: GridSettings) -> Iterator[Crop]:
    """The whole picture, then layer by layer its crops; none is empty."""
    height, width = size_hw
    for layer in range(settings.crop_layers + 1):
        side = max(1, settings.points_per_side // settings.crop_points_divisor**layer)
        count = 2**layer
        overlap = int(settings.crop_overlap * min(size_hw) * 2 / count) if layer else 0
        for left, right in _spans(width, count, overlap):
            for top, bottom in _spans(height, count, overlap):
                points = _grid(side) * (right - left, bottom - top)
                yield Crop((left, top, right, bottom), points)


def _spans(length: int, count: int, overlap: int) -> list[tuple[int, int]]:
    """So many parts of a length that overlap by so much; fewer if the last would be empty."""
    part = math.ceil((overlap * (count - 1) + length) / count)
    starts = [(part - overlap) * i for i in range(count)]
    return [(start, min(start + part, length)) for start in starts if start < length]


def _grid(side: int) -> Points:
    """Centres of `side` × `side` equal squares in [0, 1]², row by row, shape `side² 2`."""
    along = np.linspace(1 / (2 * side), 1 - 1 / (2 * side), side)
    return np.stack([np.tile(along, side), np.repeat(along, side)], axis=1)
