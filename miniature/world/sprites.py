"""A thing's shape at its size: antialiased, with what the styles need, drawn once and kept.

Pieces are drawn four times as large with pillow and made smaller, so that edges are smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from miniature.world.shapes import PIECES, Piece
from miniature.world.textures import Plane, clipped

__all__ = ["MARGIN_PX", "TONES", "Sprite", "sprite"]

MARGIN_PX = 12
"""Empty pixels on each side, into which styles may glow."""
TONES = ("base", "dark", "light", "black", "white")

_MASTER_PX = 400
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A shape without a colour; every array is a square of size + 2 margins."""

    alpha: Bytes
    """Coverage, `h w` in [0, 255]."""
    tones: Bytes
    """Shares of the tones of `TONES`, `h w 5`, about 255 in sum where anything is covered."""
    line: Bytes
    """The contour inside the shape, the seams between pieces and what is black."""
    glow: Bytes
    """The blurred shape: 255 deep inside, 0 at the margin."""
    labels: npt.NDArray[np.int8]
    """Index of the part on top, -1 where less than half is covered."""
    parts: tuple[str, ...]
    """Names, in the order of `labels`."""


@lru_cache(maxsize=704)
def sprite(kind: str, size_px: int, flipped: bool) -> Sprite:
    """Draw a kind at a size.

    Args:
        kind: A key of `PIECES`.
        size_px: Side of its square, without the margins.
        flipped: Whether left and right are exchanged.
    """
    pieces = PIECES[kind]
    covers = [_cover(kind, index, size_px, flipped) for index in range(len(pieces))]
    parts = tuple(dict.fromkeys(piece[0] for piece in pieces))
    side = size_px + 2 * MARGIN_PX
    alpha = np.zeros((side, side), np.float32)
    tones = np.zeros((side, side, len(TONES)), np.float32)
    shares = np.zeros((len(pieces), side, side), np.float32)
    for index, (piece, cover) in enumerate(zip(pieces, covers, strict=True)):
        alpha += cover * (1 - alpha)
        tones *= (1 - cover)[..., None]
        tones[..., TONES.index(piece[1])] += cover
        shares *= 1 - cover
        shares[index] = cover
    by_part = np.zeros((len(parts), side, side), np.float32)
    for index, piece in enumerate(pieces):
        by_part[parts.index(piece[0])] += shares[index]
    labels = np.where(alpha >= 0.5, by_part.argmax(0), -1).astype(np.int8)
    tones[..., 0] += 1 - alpha  # what glows outside has the base tone
    return Sprite(
        alpha=_bytes(alpha),
        tones=_bytes(tones),
        line=_bytes(_line(alpha, tones)),
        glow=_bytes(_blurred(alpha, 5.0)),
        labels=labels,
        parts=parts,
    )


def _line(alpha: Plane, tones: Plane) -> Plane:
    contour = alpha * clipped((0.90 - _blurred(alpha, 2.6)) * 8, 0, 1)
    seams = np.zeros_like(alpha)
    for tone in (1, 2, 4):
        soft = _blurred(tones[..., tone], 1.3)
        seams = np.maximum(seams, clipped((4 * soft * (1 - soft) - 0.5) * 3, 0, 1))
    return np.maximum(np.maximum(contour, seams * alpha), tones[..., 3])


def _blurred(plane: Plane, sigma: float) -> Plane:
    image = Image.fromarray(_bytes(plane)).filter(ImageFilter.GaussianBlur(sigma))
    return np.asarray(image, np.float32) / 255


def _bytes(plane: Plane) -> Bytes:
    return (clipped(plane, 0, 1) * 255 + 0.5).astype(np.uint8)


def _cover(kind: str, index: int, size_px: int, flipped: bool) -> Plane:
    master = _master(kind, index)
    small = master.resize((size_px, size_px), Image.Resampling.BOX)
    small = ImageOps.mirror(small) if flipped else small
    return np.pad(np.asarray(small, np.float32) / 255, MARGIN_PX)


@cache
def _master(kind: str, index: int) -> Image.Image:
    image = Image.new("L", (_MASTER_PX, _MASTER_PX))
    _draw(ImageDraw.Draw(image), PIECES[kind][index])
    return image


def _draw(pen: ImageDraw.ImageDraw, piece: Piece) -> None:
    form = piece[2]
    scaled = [number * _MASTER_PX / 100 for number in piece[3]]
    if form == "ellipse":
        pen.ellipse(scaled, fill=255)
    elif form == "box":
        pen.rectangle(scaled, fill=255)
    elif form == "round":
        pen.rounded_rectangle(
            scaled, radius=(min(scaled[2] - scaled[0], scaled[3] - scaled[1])) * 0.45, fill=255
        )
    elif form == "poly":
        pen.polygon(scaled, fill=255)
    elif form == "ring":
        pen.ellipse(scaled[1:], outline=255, width=int(scaled[0]))
    else:
        width, path = scaled[0], scaled[1:]
        pen.line(path, fill=255, width=int(width), joint="curve")
        for x, y in zip(path[::2], path[1::2], strict=True):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
