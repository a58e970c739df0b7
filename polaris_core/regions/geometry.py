"""Where a proposal lies in its picture, and how well that suits a place that was told.

All measures are shares of the picture, so that its size does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polaris_core.regions.algebra import SoftMask
from polaris_core.regions.place import Depth, Place
from polaris_core.regions.proposal import Proposal, mask_iou
from polaris_core.regions.targets import Rank

__all__ = [
    "Shape",
    "inside_share",
    "overlap",
    "place_weight",
    "prominence",
    "rank_order",
    "shape_of",
]

_LEAST = 0.01
"""A place that does not suit at all still weighs this much: people mix up left and right."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A proposal's place and size, as shares of the picture's width, height and area."""

    x: float
    """Of the centroid, 0 at the left."""
    y: float
    """Of the centroid, 0 at the top."""
    bottom: float
    height: float
    area: float
    frame: float
    """How much of the picture's border it covers, 0 to 1."""


def shape_of(proposal: Proposal) -> Shape:
    """Measure a proposal."""
    height, width = proposal.size_hw
    left, top, right, bottom = proposal.box_xyxy
    crop = proposal.crop
    columns, rows = crop.sum(0, dtype=np.int64), crop.sum(1, dtype=np.int64)
    at_x = left + 0.5 + np.arange(right - left)
    at_y = top + 0.5 + np.arange(bottom - top)
    edges = ((0, left, 0), (width, right, -1)), ((0, top, 0), (height, bottom, -1))
    framed = sum(int(crop[:, i].sum()) for border, edge, i in edges[0] if border == edge)
    framed += sum(int(crop[i].sum()) for border, edge, i in edges[1] if border == edge)
    return Shape(
        x=float(columns @ at_x) / proposal.area_px / width,
        y=float(rows @ at_y) / proposal.area_px / height,
        bottom=bottom / height,
        height=(bottom - top) / height,
        area=proposal.area_px / (height * width),
        frame=framed / (2 * (height + width)),
    )


def place_weight(shape: Shape, place: Place) -> float:
    """How well a shape suits a side, a height and a depth of the picture, in (0, 1].

    1 where nothing was told. It falls strictly with the distance, so that of two things at the left
    the left one weighs more. Relations to landmarks are not weighed here.
    """
    weight = _nearness(shape.x, place.side) * _nearness(shape.y, place.level)
    if place.corner:
        sides = (0.0, 1.0) if place.side is None else (place.side,)
        levels = (0.0, 1.0) if place.level is None else (place.level,)
        weight = max(_nearness(shape.x, s) * _nearness(shape.y, v) for s in sides for v in levels)
    if place.depth is not None:
        front = _frontness(shape)
        weight *= (front if place.depth is Depth.FOREGROUND else 1 - front) ** 2
    return max(_LEAST, weight)


def _nearness(at: float, wanted: float | None) -> float:
    if wanted is None:
        return 1.0
    return (1 - abs(at - wanted) / max(wanted, 1 - wanted)) ** 2


def _frontness(shape: Shape) -> float:
    """How near the viewer a thing seems, 0 to 1: what is near stands low and is large."""
    return 0.5 * shape.bottom + 0.5 * min(1.0, 2 * shape.area**0.5)


def prominence(shape: Shape) -> float:
    """How much a shape looks like what a picture shows, by size and place alone, 0 to 1.

    Photographers put things in the middle; what covers most of the picture or of its border is
    what they stand before.
    """
    size = min(1.0, (shape.area / 0.15) ** 0.5) * (1 - shape.area)
    off_centre = np.hypot(shape.x - 0.5, shape.y - 0.5) / np.hypot(0.5, 0.5)
    return float(size * (1 - off_centre) * max(0.0, 1 - shape.frame) ** 2)


def inside_share(proposal: Proposal, area: SoftMask) -> float:
    """The mean of a map over a proposal's pixels."""
    left, top, right, bottom = proposal.box_xyxy
    return float(area[top:bottom, left:right][proposal.crop].mean())


def rank_order(shapes: Sequence[Shape], rank: Rank) -> list[int]:
    """The indices of shapes in the order in which one counts them."""
    return sorted(range(len(shapes)), key=lambda i: _rank_key(shapes[i], rank.key))


def _rank_key(shape: Shape, key: str) -> float:
    keys = {
        "left": shape.x,
        "right": -shape.x,
        "top": shape.y,
        "bottom": -shape.y,
        "large": -shape.area,
        "small": shape.area,
        "tall": -shape.height,
        "short": shape.height,
        "near": -_frontness(shape),
        "far": _frontness(shape),
    }
    return keys[key]


def overlap(one: Proposal, other: Proposal) -> float:
    """Common pixels over those of the smaller of two proposals of one picture, 0 to 1."""
    if not _boxes_meet(one, other):
        return 0.0
    iou = mask_iou(one, other)
    common = iou * (one.area_px + other.area_px) / (1 + iou)
    return common / min(one.area_px, other.area_px)


def _boxes_meet(one: Proposal, other: Proposal) -> bool:
    (x0, y0, x1, y1), (u0, v0, u1, v1) = one.box_xyxy, other.box_xyxy
    return max(x0, u0) < min(x1, u1) and max(y0, v0) < min(y1, v1)
