"""Boxes for a thing that is not there yet: beside a tent, on a head, in a corner.

Rules of thumb, by the usual sizes of things and the parts of the body. A box says where the new
thing may be drawn, not its outline.
"""

from __future__ import annotations

from collections.abc import Sequence

from polaris_core.regions.place import Depth, Place, Relation
from polaris_core.regions.proposal import Box
from polaris_core.regions.usual import (
    FloatBox,
    Known,
    free_size,
    is_flat,
    size_beside,
    usual_level,
    worn_box,
)

__all__ = ["plain_spots", "spots_by", "within_picture"]


def plain_spots(noun: str, place: Place, size_hw: tuple[int, int]) -> list[FloatBox]:
    """Boxes for a thing where no landmark was found, the best first.

    Args:
        noun: The new thing.
        place: What was told; of a landmark only its usual height in pictures counts.
        size_hw: The picture's height and width.
    """
    scale = {Depth.BACKGROUND: 0.6, Depth.FOREGROUND: 1.4, None: 1.0}[place.depth]
    height, width = free_size(noun, size_hw, scale)
    side = place.side
    if side is None and place.relation in (Relation.LEFT, Relation.RIGHT):
        side = 0.25 if place.relation is Relation.LEFT else 0.75
    level = usual_level(noun, place) if place.level is None else place.level
    spots = [(0.5 if side is None else side, level)]
    if place.corner:
        spots = [(x, y) for y in (0.0, 1.0) for x in (1.0, 0.0)]
        spots = [s for s in spots if side in (None, s[0]) and place.level in (None, s[1])]
    room_y, room_x = size_hw[0] - height, size_hw[1] - width
    return [(x * room_x, y * room_y, x * room_x + width, y * room_y + height) for x, y in spots]


def spots_by(
    noun: str,
    place: Place,
    known: Sequence[Known],
    scale_of: Known,
    size_hw: tuple[int, int],
) -> list[FloatBox]:
    """Boxes for a thing by landmarks that were found, the best first.

    Args:
        noun: The new thing.
        place: What was told; its relation decides.
        known: The landmark, and the second one of BETWEEN.
        scale_of: By whose size the new thing's is measured.
        size_hw: The picture's height and width.
    """
    landmark, relation = known[0], place.relation or Relation.BESIDE
    worn = worn_box(noun, scale_of) if relation in (Relation.ON, Relation.AT) else None
    if worn is not None:
        return [worn]
    height, width = size_beside(noun, scale_of, size_hw)
    box = landmark.box_xyxy
    if relation is Relation.BETWEEN and len(known) > 1:
        return [_between(box, known[1].box_xyxy, height, width)]
    if relation is Relation.IN or (relation in _UPON and is_flat(landmark.noun)):
        return [_inside(box, place, height, width)]
    if relation is Relation.AROUND:
        margin = max(0.3 * min(_edges(box)), 0.5 * min(height, width))
        return [(box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin)]
    if relation in _OVER:
        return [_over(box, relation, height, width, size_hw)]
    return _beside(box, relation, height, width, size_hw)


_OVER = frozenset({Relation.ON, Relation.AT, Relation.ABOVE, Relation.BELOW, Relation.FRONT})
_UPON = frozenset({Relation.ON, Relation.AT})


def _over(
    box: Box, relation: Relation, height: float, width: float, size_hw: tuple[int, int]
) -> FloatBox:
    """In the same column as a box."""
    middle, down = (box[0] + box[2]) / 2, box[3] - box[1]
    if relation in (Relation.ABOVE, Relation.BELOW):
        room = box[1] if relation is Relation.ABOVE else size_hw[0] - box[3]
        height, width = _fitting(height, width, room / height)
    feet = {
        Relation.ABOVE: box[1] - min(0.1 * down, max(0.0, box[1] - height)),
        Relation.BELOW: box[3] + min(0.1 * down, max(0.0, size_hw[0] - box[3] - height)) + height,
        Relation.FRONT: box[3] + 0.15 * height,
    }
    return _standing(middle, feet.get(relation, box[1] + 0.2 * down), height, width)


def _beside(
    box: Box, relation: Relation, height: float, width: float, size_hw: tuple[int, int]
) -> list[FloatBox]:
    """To the right and the left of a box, or peeping out behind it; the freer side first."""
    down, across = _edges(box)
    middle, feet = (box[0] + box[2]) / 2, float(box[3])
    if relation is Relation.BEHIND:
        feet -= 0.12 * down
        # A thing that is much larger is seen on both sides.
        hidden = 0.0 if min(width / across, height / down) > 1.3 else 0.7 * (across + width) / 2
        spots = [_standing(middle + s * hidden, feet, height, width) for s in (1, -1)]
        return sorted(spots, key=lambda spot: -_visible(spot, size_hw))
    rooms = {1: size_hw[1] - box[2], -1: box[0]}
    sides = sorted(rooms, key=lambda s: -min(rooms[s], width))
    if relation in (Relation.LEFT, Relation.RIGHT):
        sides = [-1 if relation is Relation.LEFT else 1]
    spots: list[FloatBox] = []
    for side in sides:
        tall, wide = _fitting(height, width, rooms[side] / width)
        gap = min(0.05 * (across + wide), max(0.0, rooms[side] - wide))
        spots.append(_standing(middle + side * ((across + wide) / 2 + gap), feet, tall, wide))
    return spots


def _fitting(height: float, width: float, share: float) -> tuple[float, float]:
    """Shrunk to the room that there is, but never to less than a third."""
    factor = min(1.0, max(1 / 3, share))
    return height * factor, width * factor


def _edges(box: Box) -> tuple[int, int]:
    """Height and width."""
    return box[3] - box[1], box[2] - box[0]


def within_picture(box: FloatBox, size_hw: tuple[int, int]) -> Box:
    """The box moved into the picture, and cut to it where it is larger; never empty."""
    edges: list[tuple[int, int]] = []
    for start, end, length in ((box[0], box[2], size_hw[1]), (box[1], box[3], size_hw[0])):
        extent = min(max(1, round(end - start)), length)
        first = min(max(0, round(start)), length - extent)
        edges.append((first, first + extent))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def _standing(middle: float, feet: float, height: float, width: float) -> FloatBox:
    return middle - width / 2, feet - height, middle + width / 2, feet


def _inside(landmark: Box, place: Place, height: float, width: float) -> FloatBox:
    x0, y0, x1, y1 = landmark
    height, width = min(height, 0.9 * (y1 - y0)), min(width, 0.9 * (x1 - x0))
    side = 0.5 if place.side is None else place.side
    level = 0.5 if place.level is None else place.level
    left, top = x0 + side * (x1 - x0 - width), y0 + level * (y1 - y0 - height)
    return left, top, left + width, top + height


def _between(one: Box, other: Box, height: float, width: float) -> FloatBox:
    first, second = sorted((one, other))
    gap = second[0] - first[2]
    width = min(width, gap) if gap > 0.3 * width else width
    middle = (first[2] + second[0]) / 2 if gap > 0 else (first[0] + second[2]) / 2
    return _standing(middle, (one[3] + other[3]) / 2, height, width)


def _visible(box: FloatBox, size_hw: tuple[int, int]) -> float:
    """The share of a box that lies in the picture."""
    width = min(box[2], size_hw[1]) - max(box[0], 0)
    height = min(box[3], size_hw[0]) - max(box[1], 0)
    return max(0.0, width) * max(0.0, height) / ((box[2] - box[0]) * (box[3] - box[1]))
