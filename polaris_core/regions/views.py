"""What an encoder is shown of a region: its picture, adapted to the mask.

    alone ── the region, everything else in one colour
    faded ── the region before its blurred surroundings
    scene ── the region's box with a wide margin, unchanged

Blanking shows what the region is without what lies about it, but looks like no photograph; the
others keep the look of one. That several views are averaged evens out what each does badly. The
first counts for half, since the others of a ring also show what stands in it. It is the
mask-adapted input of OVSeg (Liang et al., Open-Vocabulary Semantic Segmentation with Mask-adapted
CLIP, 2023).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.regions.proposal import Box, Proposal

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["VIEW_PX", "VIEW_WEIGHTS", "Views"]

VIEW_PX = 336
"""Views are squares with edges of this length; encoders shrink them to what they take in."""
VIEW_WEIGHTS = (0.5, 0.25, 0.25)
"""What each view of a region counts, in their order."""

_MEAN = (123, 117, 104)
"""The mean colour of CLIP's training pictures, which it takes for nothing. The picture's own mean
would give everything the colour of its largest thing."""
_NARROW, _WIDE = 0.1, 0.35
"""Margins, as shares of the longer edge of a region's box."""
_BLUR = 1 / 24
"""Of a view's edge: what is blurred is known as sky or street, and no more as a thing."""


class Views:
    """Makes the views of one picture's regions; each needs memory for itself only."""

    def __init__(self, picture: RGBImage) -> None:
        from PIL import Image

        self._picture = Image.fromarray(picture)

    def of(self, proposal: Proposal) -> list[RGBImage]:
        """The views of a region, each `VIEW_PX` squared."""
        from PIL import Image, ImageFilter

        mask = Image.fromarray(proposal.crop.astype(np.uint8) * 255)
        narrow, wide = (_square(proposal.box_xyxy, margin) for margin in (_NARROW, _WIDE))
        left, top = proposal.box_xyxy[:2]
        inside = _cut(mask, _moved(narrow, -left, -top), 0)
        close = _cut(self._picture, narrow, _MEAN)
        blank = Image.new("RGB", close.size, _MEAN)
        blurred = close.filter(ImageFilter.GaussianBlur(VIEW_PX * _BLUR))
        views = [Image.composite(close, around, inside) for around in (blank, blurred)]
        return [np.asarray(view) for view in (*views, _cut(self._picture, wide, _MEAN))]


_Square = tuple[float, float, float]
"""Left, top and edge length, in pixels."""


def _square(box_xyxy: Box, margin: float) -> _Square:
    left, top, right, bottom = box_xyxy
    edge = max(right - left, bottom - top) * (1 + 2 * margin)
    return (left + right - edge) / 2, (top + bottom - edge) / 2, edge


def _moved(square: _Square, x: float, y: float) -> _Square:
    return square[0] + x, square[1] + y, square[2]


def _cut(picture: Image, square: _Square, fill: int | tuple[int, int, int]) -> Image:
    """A square of a picture at the size of a view; what lies outside of the picture is filled."""
    from PIL import Image

    x, y, edge = square
    scale = VIEW_PX / edge
    left, top = max(0.0, x), max(0.0, y)
    right, bottom = min(float(picture.width), x + edge), min(float(picture.height), y + edge)
    at = round((left - x) * scale), round((top - y) * scale)
    size = (
        max(1, round((right - x) * scale) - at[0]),
        max(1, round((bottom - y) * scale) - at[1]),
    )
    part = picture.resize(
        size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=3.0
    )
    view = Image.new(picture.mode, (VIEW_PX, VIEW_PX), fill)
    view.paste(part, at)
    return view
