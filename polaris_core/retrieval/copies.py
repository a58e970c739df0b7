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

__all__ = ["Copies", "firsts_of", "groups_of", "ranks_of", "repeats_last", "uncrowded"]

Copies = Callable[[Ids], npt.NDArray[np.uint64]]
"""Equal numbers for ids of entries that say the same, 0 for those that no other repeats."""

_ORDER = 1e-6
"""Between copies, which share a rank, the order of their source still counts, but only just."""
Flags = npt.NDArray[np.bool_]


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


def uncrowded(
    search: Callable[[Flags | None], Hits],
    depth: int,
    copies: Copies,
    allowed: Flags | None,
    one_of_each: Callable[[], Flags],
) -> Hits:
    """The best hits, and where copies crowd them also the best of one copy of each model.

    Args:
        search: The best `depth` of those allowed, in exact order.
        depth: ≥ 2.
        copies: Tells which are copies.
        allowed: Who may be found; None for all.
        one_of_each: Of these, one copy of each model and all that have none.
    """
    hits = search(allowed)
    different = int(np.count_nonzero(~_repeats(copies(hits.ids))))
    if len(hits.ids) < depth or different >= depth // 2:
        return hits
    further = search(one_of_each())
    new = ~np.isin(further.ids, hits.ids)
    ids = np.concatenate((hits.ids, further.ids[new]))
    scores = np.concatenate((hits.scores, further.scores[new]))
    order = np.lexsort((ids, -scores))
    return Hits(ids[order], scores[order])


def firsts_of(groups: npt.NDArray[np.intp], allowed: Flags | None) -> Flags:
    """The first allowed member of each group, shape `n`.

    Args:
        groups: The group of each, from 0 on, shape `n`.
        allowed: Who is allowed, shape `n`; None for all.
    """
    backwards = np.flatnonzero(np.ones_like(groups, np.bool_) if allowed is None else allowed)[::-1]
    first = np.full(int(groups.max(initial=-1)) + 1, -1, np.intp)
    first[groups[backwards]] = backwards  # of several that are put in one place the last stays
    flags = np.zeros(len(groups), np.bool_)
    flags[first[first >= 0]] = True
    return flags


def groups_of(copies: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """Numbers from 0 on, equal for copies of one model, of all others each their own; shape `n`."""
    _, group = np.unique(copies, return_inverse=True)
    alone = copies == 0
    return np.where(alone, group.max(initial=0) + np.cumsum(alone), group)


def _repeats(copies: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which say what one before them has said."""
    repeated = np.ones(len(copies), np.bool_)
    repeated[np.unique(copies, return_index=True)[1]] = False
    repeated[copies == 0] = False
    return repeated
