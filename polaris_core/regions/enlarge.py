"""Labels of a small picture brought to the size of the large one, along the large one's edges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import RGBImage
from polaris_core.progress import Progress, silent
from polaris_core.regions.merge_tree import Labels

__all__ = ["enlarge_labels"]

_STRIP_PX = 2**18
"""Pixels of the large picture worked on at a time."""
_NEAR_PX = 0.7
_ALIKE = 16.0
"""Standard deviations of the votes: pixels of the small picture, and levels of a colour."""

Indices = npt.NDArray[np.intp]
Offsets = npt.NDArray[np.float32]


def enlarge_labels(
    labels: Labels, small: RGBImage, picture: RGBImage, progress: Progress = silent
) -> Labels:
    """Give every pixel of the picture one of the labels that stand around its place.

    The nine labels around vote, the nearer and the more alike in colour the stronger (joint
    bilateral upsampling; Kopf et al., 2007). So borders follow what is seen in the large picture,
    by at most about one pixel of the small one.

    Args:
        labels: Shape `h' w'`.
        small: What they were made from, shape `h' w' 3`.
        picture: Shape `h w 3`; no smaller.
        progress: Called between strips.

    Returns:
        Shape `h w`.
    """
    height, width = picture.shape[:2]
    if labels.shape == (height, width):
        return labels
    (rows, below), (columns, right) = (
        _places(height, labels.shape[0]),
        _places(width, labels.shape[1]),
    )
    large = np.empty((height, width), np.int32)
    mixed = _mixed(labels)
    step = max(1, _STRIP_PX // width)
    for at in range(0, height, step):
        progress(at, height, "following edges")
        strip = slice(at, at + step)
        large[strip] = labels[rows[strip, None], columns]
        y, x = np.nonzero(mixed[rows[strip, None], columns])
        y += at
        offsets = np.stack([below[y], right[x]], axis=1)
        large[y, x] = _elected(labels, small, rows[y], columns[x], offsets, picture[y, x])
    return large


def _places(length: int, small: int) -> tuple[Indices, Offsets]:
    """Of each large pixel the small one that it lies in, and how far from its centre."""
    places = (np.arange(length) + 0.5) * small / length - 0.5
    nearest = _within(np.rint(places).astype(np.intp), small)
    return nearest, (places - nearest).astype(np.float32)


def _within(places: Indices, length: int) -> Indices:
    return np.minimum(np.maximum(places, 0), length - 1)


def _mixed(labels: Labels) -> npt.NDArray[np.bool_]:
    """Where not all nine labels around are the same, shape `h' w'`."""
    mixed = np.zeros(labels.shape, np.bool_)
    around = np.pad(labels, 1, mode="edge")
    for y in range(3):
        for x in range(3):
            shifted = around[y : y + labels.shape[0], x : x + labels.shape[1]]
            mixed |= shifted != labels
    return mixed


def _elected(
    labels: Labels,
    small: RGBImage,
    rows: Indices,
    columns: Indices,
    offsets: Offsets,
    colours: RGBImage,
) -> Labels:
    """The label that each of `n` pixels gets, from where it lies and its colour, shape `n`."""
    names = np.empty((9, len(rows)), np.int32)
    votes = np.empty((9, len(rows)), np.float32)
    exact = colours.astype(np.float32)
    for i in range(9):
        dy, dx = i // 3 - 1, i % 3 - 1
        y = _within(rows + dy, labels.shape[0])
        x = _within(columns + dx, labels.shape[1])
        names[i] = labels[y, x]
        far = ((offsets - (dy, dx)) ** 2).sum(1) / _NEAR_PX**2
        unlike = ((small[y, x] - exact) ** 2).sum(1) / _ALIKE**2
        votes[i] = -0.5 * (far + unlike)
    votes = np.exp(votes - votes.max(0))
    totals = np.zeros_like(votes)
    for i in range(9):
        for j in range(9):
            totals[i] += votes[j] * (names[i] == names[j])
    return np.take_along_axis(names, totals.argmax(0)[None], axis=0)[0]
