"""What is usual: how large a thing is in a picture, how high it stands, where it is worn.

Rules of thumb for things that are not there yet, by the usual sizes of things and the proportions
of a standing person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from polaris_core.instructions.body_plans import body_plan, is_person
from polaris_core.instructions.words import word_set
from polaris_core.regions.place import Depth, Place, Relation
from polaris_core.regions.proposal import Box
from polaris_core.regions.sizes import size_of

__all__ = [
    "FloatBox",
    "Known",
    "body_span",
    "free_size",
    "is_flat",
    "size_beside",
    "usual_level",
    "worn_box",
]

FloatBox = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels; may leave the picture."""


@dataclass(frozen=True, slots=True)
class Known:
    """A landmark that was found."""

    box_xyxy: Box
    noun: str
    top_x: float | None = None
    """The middle of its uppermost part, where a person's head is; None takes the box's."""


_SHARE = 0.08
"""Of the picture's area for a thing of which nothing is known."""
_LEAST_EDGE, _MOST_EDGE = 0.12, 0.6
"""Of the picture's edges."""

_FLAT = frozenset({"ground", "water", "forest", "sheet", "rug", "wall", "mountain", "cloud"})
_FLAT_NOUNS = word_set(
    "wall floor sky ceiling room street background lawn snow sand air horizon kitchen garden park "
    "window screen tablecloth plate basket bowl box pool meadow field"
)
_HIGH_PLANS = word_set("bird bat aircraft helicopter balloon airship light cloud kite")
_HIGH_NOUNS = word_set("sky ceiling cloud air moon sun star rainbow firework lightning horizon")
_LOW_NOUNS = word_set(
    "ground floor grass road street water lake sea river pond beach sand snow lawn pool table rug "
    "carpet field meadow path"
)

# Where things are worn: top and bottom as shares of the body's height, width of the shoulders'.
_WORN = {
    "hat": (-0.07, 0.09, 0.6),
    "crown": (-0.06, 0.06, 0.5),
    "eyewear": (0.05, 0.105, 0.45),
    "mask": (0.04, 0.15, 0.5),
    "earphones": (0.0, 0.12, 0.6),
    "necklace": (0.15, 0.26, 0.5),
    "tie": (0.17, 0.42, 0.3),
    "bow": (0.14, 0.2, 0.35),
    "top": (0.14, 0.55, 1.1),
    "legwear": (0.48, 0.97, 1.0),
    "skirt": (0.45, 0.72, 1.1),
    "gown": (0.14, 0.92, 1.2),
    "outfit": (0.13, 0.97, 1.2),
    "shoe": (0.93, 1.02, 1.1),
    "boot": (0.82, 1.02, 1.1),
}
_WORN_NOUNS = {
    **dict.fromkeys(("beard", "goatee"), (0.08, 0.17, 0.45)),
    **dict.fromkeys(("mustache", "moustache", "lipstick", "smile"), (0.08, 0.12, 0.35)),
    **dict.fromkeys(("makeup", "tattoo", "scar", "blush"), (0.03, 0.15, 0.45)),
    **dict.fromkeys(("hair", "wig", "hairstyle", "bangs"), (-0.04, 0.2, 0.7)),
    "wing": (0.1, 0.6, 2.4),
}
_BODY = {
    "head": (0.0, 0.15),
    "hair": (-0.02, 0.12),
    "face": (0.03, 0.14),
    "forehead": (0.02, 0.06),
    "neck": (0.13, 0.19),
    "shoulder": (0.16, 0.24),
    "chest": (0.2, 0.4),
    "waist": (0.4, 0.55),
    "lap": (0.5, 0.65),
    "leg": (0.5, 1.0),
    "knee": (0.65, 0.8),
    "foot": (0.93, 1.0),
}
_NARROW = word_set("head hair face forehead neck")
_NECK = 0.25
"""What ends above is centred on the head."""
_TALL = 2.8
"""Height of a standing person in shoulder widths; a lower box shows the upper part of one."""


def is_flat(noun: str) -> bool:
    """Whether what is "on" it lies within its outline: a lake, a wall, the sky."""
    return noun in _FLAT_NOUNS or body_plan(noun) in _FLAT


def body_span(part: str, person: Known) -> Box | None:
    """Where in a person's box a part of the body is; None if that cannot be told."""
    if part not in _BODY:
        return None
    left, top, right, bottom = person.box_xyxy
    height = _body_height(person.box_xyxy)
    upper, lower = (min(float(bottom), top + share * height) for share in _BODY[part])
    upper = min(max(0.0, upper), bottom - 1.0)
    lower = max(lower, upper + 1)
    if part not in _NARROW:
        return left, round(upper), right, round(lower)
    half, middle = max(0.5, (right - left) / 4), _head_x(person)
    return round(middle - half), round(upper), round(middle + half), round(lower)


def _head_x(person: Known) -> float:
    left, _, right, _ = person.box_xyxy
    return (left + right) / 2 if person.top_x is None else person.top_x


def free_size(noun: str, size_hw: tuple[int, int], scale: float) -> tuple[float, float]:
    """Height and width in pixels of a thing in a picture of which nothing else is known.

    Args:
        noun: The thing.
        size_hw: The picture's height and width.
        scale: Factor for its area.
    """
    size = size_of(noun)
    aspect = min(4.0, max(0.25, size.aspect)) if size else 1.0
    area = size_hw[0] * size_hw[1] * _SHARE * scale
    return _bounded(math.sqrt(area * aspect), math.sqrt(area / aspect), size_hw)


def size_beside(noun: str, known: Known, size_hw: tuple[int, int]) -> tuple[float, float]:
    """Height and width in pixels of a thing beside one that was found."""
    left, top, right, bottom = known.box_xyxy
    new, old = size_of(noun), size_of(known.noun)
    if new and old and not is_flat(known.noun):
        scale = math.sqrt((bottom - top) * (right - left) / (old.height * old.width))
        return _bounded(new.height * scale, new.width * scale, size_hw)
    height, width = free_size(noun, size_hw, 1.0)
    least = 0.5 if is_flat(known.noun) else 1.0
    factor = min(1.0, least * math.sqrt((bottom - top) * (right - left) / (height * width)))
    return _bounded(height * factor, width * factor, size_hw)


def _bounded(height: float, width: float, size_hw: tuple[int, int]) -> tuple[float, float]:
    """Neither too large for the picture nor too small to be drawn, in the same proportions."""
    shrink = min(1.0, _MOST_EDGE * size_hw[0] / height, _MOST_EDGE * size_hw[1] / width)
    least = _LEAST_EDGE * min(size_hw)
    enlarge = max(1.0, least / (shrink * max(height, width)))
    return height * shrink * enlarge, width * shrink * enlarge


def usual_level(noun: str, place: Place) -> float:
    """How high in a picture a thing of this kind, or by this landmark, mostly is."""
    by = place.landmark.noun if place.landmark else ""
    if place.relation in (Relation.ABOVE, Relation.BELOW):
        return 0.2 if place.relation is Relation.ABOVE else 0.85
    if by in _HIGH_NOUNS or (by not in _LOW_NOUNS and _flies(noun)):
        return 0.1
    if place.depth is Depth.BACKGROUND:
        return 0.4
    return 0.95 if place.depth is Depth.FOREGROUND else 0.75


def _flies(noun: str) -> bool:
    return noun in _HIGH_NOUNS or body_plan(noun) in _HIGH_PLANS


def _body_height(person_xyxy: Box) -> float:
    left, top, right, bottom = person_xyxy
    return max(float(bottom - top), _TALL * (right - left))


def worn_box(noun: str, person: Known) -> FloatBox | None:
    """Where somebody wears a thing; None if it is not worn, or not by people."""
    worn = _WORN.get(body_plan(noun)) or _WORN_NOUNS.get(noun)
    if worn is None or not is_person(person.noun):
        return None
    left, top, right, _ = person.box_xyxy
    height = _body_height(person.box_xyxy)
    middle = _head_x(person) if worn[1] < _NECK else (left + right) / 2
    half = worn[2] * (right - left) / 2
    return middle - half, top + worn[0] * height, middle + half, top + worn[1] * height
