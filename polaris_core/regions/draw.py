"""The candidates drawn over their picture: numbers, outlines, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import checked_image, required
from polaris_core.errors import InvalidInput
from polaris_core.regions.algebra import SoftMask, complement, resized, soft
from polaris_core.regions.proposal import Box, Mask
from polaris_core.regions.region import Candidate, RegionMask

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageDraw import ImageDraw

__all__ = ["draw_candidates"]

_COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Told apart by the colour-blind (Okabe and Ito, Color Universal Design, 2008)."""
_TINT = (255, 0, 144)
_TINTED, _DIMMED = 0.4, 0.35


_COARSE = 256
"""Places for numbers are sought on a grid of so many points to an edge."""


@dataclass(frozen=True)
class _Style:
    line_px: int
    font_px: int


def draw_candidates(
    picture: RGBImage, region: RegionMask, most: int = 12, longest_px: int = 1024
) -> RGBImage:
    """Outline the candidates in different colours and put their numbers on them.

    What will change is tinted, what will not is dimmed.

    Args:
        picture: `h w 3`, bytes.
        region: Of this picture.
        most: Never more than so many candidates, the best and the chosen ones, ≥ 0.
        longest_px: The preview's longer edge is not longer than this, ≥ 1.

    Returns:
        `h w 3`, bytes, in the picture's proportions.

    Raises:
        InvalidInput: The picture is not `h w 3` bytes or of another size than the region, or a
            number is too small.
    """
    from PIL import Image, ImageDraw

    checked_image(picture)
    if most < 0 or longest_px < 1:
        raise InvalidInput("a preview needs a size", value=f"{most} candidates, {longest_px} px")
    mask = soft(region.mask, (picture.shape[0], picture.shape[1]))
    scale = min(1.0, longest_px / max(mask.shape))
    size_hw = max(1, round(mask.shape[0] * scale)), max(1, round(mask.shape[1] * scale))
    style = _Style(max(1, round(max(size_hw) / 400)), max(11, round(max(size_hw) / 36)))
    small = Image.fromarray(picture).resize(
        (size_hw[1], size_hw[0]), Image.Resampling.BILINEAR, reducing_gap=3.0
    )
    canvas = _tinted(np.asarray(small), resized(mask, size_hw))
    shown = _shown(region, most)
    shown.sort(key=lambda c: -c.proposal.area_px)  # the small ones on top
    for candidate in shown:
        inside = _fitted(candidate, size_hw)
        _outline(canvas, inside, _colour(candidate), style.line_px)
    preview = Image.fromarray(canvas)
    pen = ImageDraw.Draw(preview)
    taken = np.zeros(size_hw, np.bool_)
    for candidate in reversed(shown):
        spot = _middle(_fitted(candidate, size_hw), taken)
        plate = (255, 255, 255) if candidate.number in region.chosen else _colour(candidate)
        left, top, right, bottom = _label(pen, preview, candidate.number, spot, plate, style)
        taken[top:bottom, left:right] = True
    return np.asarray(preview)


def _shown(region: RegionMask, most: int) -> list[Candidate]:
    """The chosen ones, then the best."""
    chosen = [c for c in region.candidates if c.number in region.chosen]
    others = [c for c in region.candidates if c.number not in region.chosen]
    return [*chosen, *others][:most]


def _tinted(picture: RGBImage, mask: SoftMask) -> RGBImage:
    inside = mask[..., None]
    outside = complement(mask)[..., None]
    colours = picture * (1 - _TINTED * inside - _DIMMED * outside) + _TINTED * inside * np.array(
        _TINT
    )
    return np.minimum(np.maximum(colours, 0), 255).astype(np.uint8)


def _fitted(candidate: Candidate, size_hw: tuple[int, int]) -> Mask:
    """The candidate's mask at the preview's size; at least one pixel."""
    from PIL import Image

    proposal = candidate.proposal
    height, width = proposal.size_hw
    left, top, right, bottom = proposal.box_xyxy
    x0, x1 = left * size_hw[1] // width, -(-right * size_hw[1] // width)
    y0, y1 = top * size_hw[0] // height, -(-bottom * size_hw[0] // height)
    crop = Image.fromarray(proposal.crop.astype(np.uint8) * 255)
    part = np.asarray(crop.resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR, reducing_gap=3.0))
    mask = np.zeros(size_hw, np.bool_)
    mask[y0:y1, x0:x1] = part >= min(128, int(part.max()))
    return mask


def _outline(canvas: RGBImage, inside: Mask, colour: tuple[int, int, int], line_px: int) -> None:
    """A coloured line within a dark one, so that it shows on every ground."""
    ndimage = required("scipy.ndimage", "scipy")
    deep, deeper = (
        ndimage.minimum_filter(inside, 2 * px + 1, mode="nearest") for px in (line_px, line_px + 1)
    )
    rim, edge = inside & ~deep, deep & ~deeper
    canvas[edge] = canvas[edge] // 3
    canvas[rim] = colour


def _colour(candidate: Candidate) -> tuple[int, int, int]:
    return _COLOURS[(candidate.number - 1) % len(_COLOURS)]


def _middle(inside: Mask, taken: Mask) -> tuple[int, int]:
    """X and y of the place deepest inside that is not taken, or just some place inside."""
    step = max(1, max(inside.shape) // _COARSE)
    free = (inside & ~taken)[::step, ::step]
    ndimage = required("scipy.ndimage", "scipy")
    depth = ndimage.distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1]
    if not depth.any():
        rows, columns = np.nonzero(inside)
        return int(columns[0]), int(rows[0])
    ys, xs = np.nonzero(free)
    # Of places equally deep the one nearest to the middle.
    off = np.hypot(ys - ys.mean(), xs - xs.mean())
    best = int(np.argmax(depth[ys, xs] - 0.05 * off))
    return int(xs[best]) * step, int(ys[best]) * step


def _label(
    pen: ImageDraw,
    preview: Image.Image,
    number: int,
    spot: tuple[int, int],
    plate: tuple[int, int, int],
    style: _Style,
) -> Box:
    """The number on a plate of the outline's colour, or of white; the plate's box."""
    from PIL import ImageFont

    font = ImageFont.load_default(style.font_px)
    text = str(number)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    pad = max(2, style.font_px // 4)
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x = min(max(0, spot[0] - width / 2), max(0, preview.width - width))
    y = min(max(0, spot[1] - height / 2), max(0, preview.height - height))
    box = round(x), round(y), round(x + width), round(y + height)
    pen.rectangle(box, fill=plate, outline=(0, 0, 0), width=style.line_px)
    pen.text((box[0] + pad - left, box[1] + pad - top), text, font=font, fill=(0, 0, 0))
    return box
