"""The masker's candidates, so that a click on the picture can tell which is meant."""

from __future__ import annotations

import base64

import numpy as np

from polaris_core.page.cards import Json
from polaris_core.regions.region import Candidate, RegionMask

__all__ = ["CELLS", "region_payload"]

CELLS = 64
"""Shapes are told on a grid of so many cells to an edge, whatever the picture's size."""
_MOST = 64


def region_payload(region: RegionMask) -> Json:
    """A region and its candidates as plain values; the best and the chosen ones."""
    height, width = region.mask.shape
    chosen = [c for c in region.candidates if c.number in region.chosen]
    others = [c for c in region.candidates if c.number not in region.chosen]
    shown = sorted([*chosen, *others][:_MOST], key=lambda c: c.number)
    return {
        "width": width,
        "height": height,
        "sought": region.sought,
        "confidence": round(float(region.confidence), 5),
        "sure": region.is_sure,
        "chosen": list(region.chosen),
        "notes": list(region.notes),
        "candidates": [_candidate(c, c.number in region.chosen) for c in shown],
    }


def _candidate(candidate: Candidate, chosen: bool) -> Json:
    proposal = candidate.proposal
    return {
        "number": candidate.number,
        "score": round(float(candidate.score), 5),
        "box_xyxy": [int(edge) for edge in proposal.box_xyxy],
        "area_px": int(proposal.area_px),
        "chosen": chosen,
        "bits": _bits(candidate),
    }


def _bits(candidate: Candidate) -> str:
    """The shape, a bit for each cell's middle, from the top left, row by row, in base64."""
    proposal = candidate.proposal
    height, width = proposal.size_hw
    left, top, right, bottom = proposal.box_xyxy
    # Where the middles of the cells lie, in pixels of the picture.
    xs = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(np.int64)
    ys = ((np.arange(CELLS) + 0.5) * height / CELLS).astype(np.int64)
    grid = np.zeros((CELLS, CELLS), np.bool_)
    rows = np.flatnonzero((ys >= top) & (ys < bottom))
    columns = np.flatnonzero((xs >= left) & (xs < right))
    if len(rows) and len(columns):
        inside = proposal.crop[np.ix_(ys[rows] - top, xs[columns] - left)]
        grid[np.ix_(rows, columns)] = inside
    if not grid.any():  # smaller than a cell, and yet to be met by a click
        middle_y, middle_x = (
            (top + bottom) * CELLS // (2 * height),
            (left + right) * CELLS // (2 * width),
        )
        grid[min(CELLS - 1, middle_y), min(CELLS - 1, middle_x)] = True
    return base64.b64encode(np.packbits(grid).tobytes()).decode("ascii")
