"""Where a model looks for a new thing: the hot part of an attention map.

As in ZONE (Li et al., ZONE: Zero-Shot Instruction-Guided Local Editing, 2024) the hot area is
intersected with the proposal that it fits best.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from polaris_core.regions.algebra import SoftMask, fill_holes, grow, largest_parts
from polaris_core.regions.proposal import Box, Mask, Proposal

__all__ = ["attended", "contrast"]

_HOT = 0.5
"""Of the greatest heat: what is hotter counts."""
_PART = 0.25
"""Of the hottest part: cooler ones do not count."""
_AGREE = 0.3
"""A proposal with at least this share of the hot area cuts it down to its outline."""
_ROOM = 0.25
"""Of the usual box: a smaller area is widened."""


def attended(
    heat: SoftMask, proposals: Sequence[Proposal], usual_xyxy: Box, most: int | None = None
) -> tuple[Mask, str]:
    """The hot area and how it came about, in words.

    Args:
        heat: `h w`, at least 0, not all 0.
        proposals: Of the same picture.
        usual_xyxy: A box of the new thing's usual size.
        most: So many separate areas at the most; None: any number.
    """
    hot = fill_holes(largest_parts(heat >= _HOT * heat.max(), _PART, most, heat))
    note = "placed where InstructPix2Pix looks for it"
    best, fit = _best_fit(hot, proposals)
    if best is not None:
        cut = hot & best.mask
        note += f", within a proposed region (IoU {fit:.2f})" if (cut != hot).any() else ""
        hot = cut
    usual_px = (usual_xyxy[2] - usual_xyxy[0]) * (usual_xyxy[3] - usual_xyxy[1])
    lacking = math.sqrt(_ROOM * usual_px) - math.sqrt(np.count_nonzero(hot))
    if lacking > 1:
        return grow(hot, round(lacking / 2)), f"{note}, widened so that there is room for it"
    return hot, note


def contrast(heat: SoftMask, mask: Mask) -> float:
    """How much hotter it is in a mask than outside, 0 to 1.

    Args:
        heat: `h w`, at least 0, not all 0.
        mask: `h w`, not empty.
    """
    if mask.all():
        return 0.0
    return max(0.0, float((heat[mask].mean() - heat[~mask].mean()) / heat.max()))


def _best_fit(hot: Mask, proposals: Sequence[Proposal]) -> tuple[Proposal | None, float]:
    """The proposal with the greatest IoU among those that hold much of the area."""
    area = int(np.count_nonzero(hot))
    best, fit = None, 0.0
    for proposal in proposals:
        left, top, right, bottom = proposal.box_xyxy
        common = int(np.count_nonzero(hot[top:bottom, left:right] & proposal.crop))
        iou = common / (area + proposal.area_px - common)
        if iou > fit and common >= _AGREE * area:
            best, fit = proposal, iou
    return best, fit
