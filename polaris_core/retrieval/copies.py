"""Models that were uploaded again under other names: a list names one of them before the others.

In a library of a hundred thousand many entries say the same. Side by side they would fill a list
that has room for some twenty. So they share a rank in every source of evidence, the best of them
is named first, and the rest come after all that is different.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from polaris_core.index.base import Hits, Ids

__all__ = ["Copies", "deep_enough", "ranks_of", "repeats_last"]

Copies = Callable[[Ids], npt.NDArray[np.uint64]]
"""Equal numbers for ids of entries that say the same, 0 for those that no other repeats."""

_ORDER = 1e-6
"""Between copies, which share a rank, the order of their source still counts, but only just."""
_SPARE = 1.25
_MOST_TIMES = 32


def ranks_of(copies: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Ranks from 1 on of hits, best first, where copies of one model share a rank."""
    places = np.arange(1.0, len(copies) + 1)
    repeated = _repeats(copies)
    if not repeated.any():
        return places
    rank = np.cumsum(~repeated).astype(np.float64)
    _, first, group = np.unique(copies, return_index=True, return_inverse=True)
    shared = np.where(copies == 0, rank, rank[first][group])
    return shared + _ORDER * places


def repeats_last(
    ids: Ids, scores: npt.NDArray[np.float64], copies: npt.NDArray[np.uint64]
) -> tuple[Ids, npt.NDArray[np.float64]]:
    """Candidates, best first, with all but the first of each model's copies at the end.

    The scores of these are made smaller than those of the others, so that they keep falling.
    """
    repeated = _repeats(copies)
    if not repeated.any():
        return ids, scores
    first, later = scores[~repeated], scores[repeated]
    later = later * min(1.0, float(first[-1] / later[0]))
    order = np.concatenate((np.flatnonzero(~repeated), np.flatnonzero(repeated)))
    return ids[order], np.concatenate((first, later))


def deep_enough(search: Callable[[int], Hits], depth: int, copies: Copies) -> Hits:
    """Search deeper where copies crowd the list, until half of it, at the least, are different.

    Args:
        search: The best so many hits.
        depth: How many hits are wanted of a zoo without copies, ≥ 2.
        copies: Tells which are copies.
    """
    hits, asked = search(depth), depth
    while len(hits.ids) >= asked < _MOST_TIMES * depth:
        different = int(np.count_nonzero(~_repeats(copies(hits.ids))))
        if different >= depth // 2:
            break
        crowd = _SPARE * len(hits.ids) / different
        asked = min(int(crowd * (depth // 2)) + depth, _MOST_TIMES * depth)
        hits = search(asked)
    return hits


def _repeats(copies: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which say what one before them has said."""
    repeated = np.ones(len(copies), np.bool_)
    repeated[np.unique(copies, return_index=True)[1]] = False
    repeated[copies == 0] = False
    return repeated
