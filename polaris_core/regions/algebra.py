"""What masks can do: shape is worked on as booleans, edges and cover as shares from 0 to 1.

Everything counts in pixels of the picture. A thing that touches the picture's border is taken to
go on outside: there neither shrinking nor feathering bites into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.checks import required
from polaris_core.errors import InvalidInput
from polaris_core.regions.proposal import Box, Mask

__all__ = [
    "SoftMask",
    "box_mask",
    "box_of",
    "complement",
    "feather",
    "fill_holes",
    "grow",
    "hard",
    "largest_parts",
    "resized",
    "soft",
    "union",
    "within",
]

SoftMask = npt.NDArray[np.float32]
"""Shape `h w`, 0 to 1: how much of each pixel is inside."""

_STEPS = 65536
"""Feathered edges are rounded to so many steps, so that far from the edge 0 is 0 and 1 is 1."""


def soft(
    mask: npt.NDArray[Any], size_hw: tuple[int, int] | None = None, what: str = "the mask"
) -> SoftMask:
    """A mask from outside as shares from 0 to 1.

    Args:
        mask: `h w`, booleans or numbers from 0 to 1.
        size_hw: The height and width it must have, if they are known.
        what: What it is called in errors.

    Raises:
        InvalidInput: It is not `h w`, has no pixels, has another size, or holds NaN or values
            outside of 0 to 1.
    """
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "bfiu":
        raise InvalidInput(f"{what} must be h × w numbers", value=f"{mask.dtype} {mask.shape}")
    if size_hw is not None and mask.shape != size_hw:
        raise InvalidInput(
            f"{what} is not as large as the picture",
            value=f"{mask.shape[1]}x{mask.shape[0]}, picture {size_hw[1]}x{size_hw[0]}",
        )
    values = mask.astype(np.float32)
    least, most = float(values.min()), float(values.max())
    if not (least >= 0 and most <= 1):  # also where they are NaN
        raise InvalidInput(f"{what} must hold values from 0 to 1", value=f"{least} to {most}")
    return values


def hard(mask: SoftMask) -> Mask:
    """The pixels of which at least half is inside."""
    return mask >= 0.5


def box_of(mask: Mask) -> Box | None:
    """The smallest box around a mask; None around an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def box_mask(box_xyxy: Box, size_hw: tuple[int, int]) -> Mask:
    """A mask of what lies of a box in a picture of this height and width."""
    left, top, right, bottom = (max(0, edge) for edge in box_xyxy)
    mask = np.zeros(size_hw, np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def grow(mask: Mask, by_px: int) -> Mask:
    """All pixels at most `by_px` away from the mask; if negative, those further inside than that.

    Distances are Euclidean, from centre to centre. An empty mask stays empty, a full one full.
    """
    if by_px < 0:
        return ~grow(~mask, -by_px)
    box = box_of(mask)
    if by_px == 0 or box is None:
        return np.array(mask)
    ndimage = required("scipy.ndimage", "scipy")
    left, top, right, bottom = box
    rows = slice(max(0, top - by_px), bottom + by_px)
    columns = slice(max(0, left - by_px), right + by_px)
    grown = np.array(mask)
    distance = ndimage.distance_transform_edt(~mask[rows, columns])
    grown[rows, columns] = distance <= by_px
    return grown


def feather(mask: Mask | SoftMask, by_px: int) -> SoftMask:
    """A soft edge that reaches `by_px` to either side; what lies further away stays as it is.

    Twice the mean over a square, that is, a mean weighted by a pyramid.
    """
    values = mask.astype(np.float32)
    if by_px <= 0:
        return values
    ndimage = required("scipy.ndimage", "scipy")
    by_px = min(by_px, max(mask.shape))
    widths = (by_px, by_px + 2) if by_px % 2 else (by_px + 1, by_px + 1)  # odd, so that none leans
    for width in widths:
        values = ndimage.uniform_filter(values, width, mode="nearest")
    return _in_range((np.rint(values * _STEPS) / _STEPS).astype(np.float32))


def fill_holes(mask: Mask, most_px: int | None = None) -> Mask:
    """Without its holes: areas of the outside that do not reach the picture's border.

    Args:
        mask: Any.
        most_px: Larger holes stay; None fills all.
    """
    box = box_of(mask)
    if box is None:
        return np.array(mask)
    ndimage = required("scipy.ndimage", "scipy")
    left, top, right, bottom = box
    inside = mask[top:bottom, left:right]
    labels, count = ndimage.label(~inside)
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    hole = areas <= (inside.size if most_px is None else most_px)
    hole[np.concatenate(([0], *edges))] = False
    holes = hole[labels]
    filled = np.array(mask)
    filled[top:bottom, left:right] |= holes
    return filled


def largest_parts(
    mask: Mask,
    least_share: float = 1.0,
    most: int | None = None,
    weights: SoftMask | None = None,
) -> Mask:
    """The connected parts, corners included, that are not much smaller than the largest.

    Args:
        mask: Any.
        least_share: Parts with fewer pixels than this share of the largest part go, 0 to 1.
        most: Never more than so many parts, ≥ 1; of equal ones the upper ones stay.
        weights: `h w`: how much each pixel counts; None: all the same.
    """
    ndimage = required("scipy.ndimage", "scipy")
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if not count:
        return np.array(mask)
    areas = np.bincount(labels.ravel(), None if weights is None else weights.ravel())
    areas[0] = -1
    kept = areas >= least_share * areas.max()
    kept[0] = False
    if most is not None:
        kept[np.argsort(-areas, kind="stable")[max(1, most) :]] = False
    return kept[labels]


def union(masks: Sequence[SoftMask]) -> SoftMask:
    """Of every pixel the largest share.

    Raises:
        InvalidInput: There is none, or they are of different size.
    """
    _check_sizes(masks)
    result = np.array(masks[0])
    for mask in masks[1:]:
        np.maximum(result, mask, out=result)
    return result


def within(mask: SoftMask, area: SoftMask) -> SoftMask:
    """Of every pixel the smaller share: what of the mask lies in the area.

    Raises:
        InvalidInput: They are of different size.
    """
    _check_sizes((mask, area))
    return np.minimum(mask, area)


def complement(mask: SoftMask) -> SoftMask:
    """What is outside."""
    return (1 - mask).astype(np.float32)


def resized(mask: SoftMask, size_hw: tuple[int, int]) -> SoftMask:
    """For a picture of another height and width: interpolated, or averaged where it shrinks.

    Raises:
        InvalidInput: The size is not positive.
    """
    if min(size_hw) < 1:
        raise InvalidInput("no picture has this size", value=f"{size_hw[1]}x{size_hw[0]}")
    if mask.shape == size_hw:
        return np.array(mask)
    from PIL import Image

    picture = Image.fromarray(mask)
    scaled = picture.resize((size_hw[1], size_hw[0]), Image.Resampling.BILINEAR)
    return _in_range(np.asarray(scaled, np.float32))


def _in_range(values: SoftMask) -> SoftMask:
    return np.minimum(np.maximum(values, 0), 1)


def _check_sizes(masks: Sequence[SoftMask]) -> None:
    sizes = {mask.shape for mask in masks}
    if len(sizes) != 1:
        raise InvalidInput("masks of one size are needed", value=sorted(sizes) or "none")
