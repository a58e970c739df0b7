"""Squares cut out of pictures: what the judge and the encoder are shown of a thing.

The encoder's are those of polaris_core.regions.views, made at the size that it reads rather than at
several times as many pixels: the same views, about thirty times as fast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

__all__ = ["EDGE_PX", "Mask", "Picture", "box_of", "shrunk", "square_about", "views"]

Picture = npt.NDArray[np.uint8]
"""`h w 3`."""
Mask = npt.NDArray[np.bool_]
"""`h w`."""
Square = tuple[float, float, float]
"""Left, top, edge in pixels."""

EDGE_PX = 64
"""Judge and encoder look at squares with edges of this length."""
_NEUTRAL = (123, 117, 104)
_NARROW, _WIDE = 0.1, 0.35
_BLUR_PX = EDGE_PX / 24


def shrunk(picture: Picture) -> Picture:
    """The whole of a square picture."""
    image = Image.fromarray(picture)
    size = (EDGE_PX, EDGE_PX)
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0))


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right, bottom around what is marked, half-open; the mask is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def square_about(
    picture: Picture, mask: Mask, margin: float = 0.15, shift: tuple[float, float] = (0.0, 0.0)
) -> Picture:
    """The square around what is marked.

    Args:
        picture: `h w 3`.
        mask: What is looked at, `h w`, not empty.
        margin: On each side, as a share of the longer edge of its box.
        shift: By how much to miss it, as shares of the square's edge.
    """
    left, top, edge = _square(mask, margin)
    moved = left + shift[0] * edge, top + shift[1] * edge, edge
    return np.asarray(_cut(Image.fromarray(picture), moved, _NEUTRAL))


def views(picture: Picture, mask: Mask) -> list[Picture]:
    """A region alone, before its blurred surroundings, and with a wide margin."""
    image, marked = Image.fromarray(picture), Image.fromarray(mask.astype(np.uint8) * 255)
    narrow, wide = _square(mask, _NARROW), _square(mask, _WIDE)
    inside, close = _cut(marked, narrow, 0), _cut(image, narrow, _NEUTRAL)
    blank = Image.new("RGB", close.size, _NEUTRAL)
    blurred = close.filter(ImageFilter.GaussianBlur(_BLUR_PX))
    seen = [Image.composite(close, around, inside) for around in (blank, blurred)]
    return [np.asarray(view) for view in (*seen, _cut(image, wide, _NEUTRAL))]


def _square(mask: Mask, margin: float) -> Square:
    left, top, right, bottom = box_of(mask)
    edge = max(right - left, bottom - top) * (1 + 2 * margin)
    return (left + right - edge) / 2, (top + bottom - edge) / 2, edge


def _cut(image: Image.Image, square: Square, fill: int | tuple[int, int, int]) -> Image.Image:
    """A square of a picture; what lies outside of the picture is filled."""
    x, y, edge = square
    scale = EDGE_PX / edge
    left, top = max(0.0, x), max(0.0, y)
    right, bottom = min(float(image.width), x + edge), min(float(image.height), y + edge)
    at = round((left - x) * scale), round((top - y) * scale)
    size = tuple(
        max(1, round((end - begin) * scale) - start)
        for end, begin, start in ((right, x, at[0]), (bottom, y, at[1]))
    )
    part = image.resize(
        size, Image.Resampling.BILINEAR, box=(left, top, right, bottom), reducing_gap=3.0
    )
    view = Image.new(image.mode, (EDGE_PX, EDGE_PX), fill)
    view.paste(part, at)
    return view
