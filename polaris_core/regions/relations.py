"""How well a box stands to the box of a landmark: beside it, on it, behind it."""

from __future__ import annotations

import math

from polaris_core.regions.place import Relation
from polaris_core.regions.proposal import Box

__all__ = ["relation_weight"]

_LEAST = 0.02


def relation_weight(
    box_xyxy: Box, relation: Relation, landmark_xyxy: Box, other_xyxy: Box | None = None
) -> float:
    """How well the first box stands in a relation to a landmark's, in (0, 1].

    Distances are measured in units of the landmark, so that the picture's size does not matter.

    Args:
        box_xyxy: Of the thing.
        relation: What was told.
        landmark_xyxy: The landmark's box.
        other_xyxy: The second landmark's of BETWEEN; without it BETWEEN is BESIDE.
    """
    near = math.exp(-_gap(box_xyxy, landmark_xyxy) / _size(landmark_xyxy))
    x, y = _centre(box_xyxy, landmark_xyxy)
    if relation is Relation.BETWEEN and other_xyxy is not None:
        weight = math.exp(-_off_line(box_xyxy, landmark_xyxy, other_xyxy))
    elif relation in (Relation.IN, Relation.AT):
        weight = _covered(box_xyxy, landmark_xyxy)
    elif relation is Relation.ON:
        stands = max(0.0, 1 - abs(_feet(box_xyxy, landmark_xyxy)))
        weight = max(_covered(box_xyxy, landmark_xyxy), stands * near * _step(1 - abs(x)))
    else:
        steps = {
            Relation.LEFT: -x,
            Relation.RIGHT: x,
            Relation.ABOVE: -y,
            Relation.BELOW: y,
            Relation.BEHIND: 0.95 - _feet(box_xyxy, landmark_xyxy),
            Relation.FRONT: _feet(box_xyxy, landmark_xyxy) - 0.95,
        }
        weight = near * (_step(steps[relation]) if relation in steps else 1)
    return max(_LEAST, min(1.0, weight))


def _gap(box: Box, other: Box) -> float:
    """Pixels between two boxes; 0 if they touch."""
    dx = max(0, box[0] - other[2], other[0] - box[2])
    dy = max(0, box[1] - other[3], other[1] - box[3])
    return math.hypot(dx, dy)


def _size(box: Box) -> float:
    return math.sqrt((box[2] - box[0]) * (box[3] - box[1]))


def _centre(box: Box, landmark: Box) -> tuple[float, float]:
    """The box's centre from the landmark's, in halves of the landmark's edges."""
    width, height = landmark[2] - landmark[0], landmark[3] - landmark[1]
    dx = (box[0] + box[2] - landmark[0] - landmark[2]) / width
    dy = (box[1] + box[3] - landmark[1] - landmark[3]) / height
    return dx, dy


def _feet(box: Box, landmark: Box) -> float:
    """The height of the box's lower edge on the landmark: 0 at its top, 1 at its bottom."""
    return (box[3] - landmark[1]) / (landmark[3] - landmark[1])


def _covered(box: Box, landmark: Box) -> float:
    """The share of the box that lies in the landmark's."""
    width = min(box[2], landmark[2]) - max(box[0], landmark[0])
    height = min(box[3], landmark[3]) - max(box[1], landmark[1])
    return max(0, width) * max(0, height) / ((box[2] - box[0]) * (box[3] - box[1]))


def _step(value: float) -> float:
    """From 0 to 1 as a value rises through 0, a quarter of a unit wide."""
    return 1 / (1 + math.exp(-8 * max(-20.0, min(20.0, value))))


def _off_line(box: Box, one: Box, other: Box) -> float:
    """How far a box lies from the middle between two, in units of their distance."""
    mid_x = (one[0] + one[2] + other[0] + other[2]) / 4
    mid_y = (one[1] + one[3] + other[1] + other[3]) / 4
    apart = math.hypot(
        (one[0] + one[2] - other[0] - other[2]) / 2, (one[1] + one[3] - other[1] - other[3]) / 2
    )
    dx, dy = (box[0] + box[2]) / 2 - mid_x, (box[1] + box[3]) / 2 - mid_y
    return 2 * math.hypot(dx, dy) / max(1.0, apart)
