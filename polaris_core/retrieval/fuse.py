"""Reciprocal rank fusion: several orders of the same candidates become one.

score(c) = Σ over sources of weight / (damping + rank of c in it): Cormack, Clarke and Büttcher,
2009; the weights are ours. Only ranks count, so sources whose scores mean different things can be
joined. A small damping lets the first ranks decide. On Stylus's picks it was as good as the best
linear mix of the scores themselves, which would need a scale for every encoder.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput
from polaris_core.index.base import Ids

__all__ = ["DAMPING", "fuse"]

DAMPING = 10.0


def fuse(
    rankings: Mapping[str, Ids],
    weights: Mapping[str, float],
    damping: float = DAMPING,
    ranks: Mapping[str, npt.NDArray[np.float64]] | None = None,
) -> tuple[Ids, npt.NDArray[np.float64]]:
    """Join rankings into one.

    Args:
        rankings: Ids by source, each best first and without repetitions.
        weights: What each source counts, ≥ 0; 1 where it is not named.
        damping: Added to every rank, ≥ 0.
        ranks: The rank of each id by source, from 1 on; None for 1, 2, 3 …

    Returns:
        All ids that any source ranked, best first, ties by the smaller id; and their scores.

    Raises:
        InvalidInput: A weight or the damping is negative or not finite.
    """
    numbers = [damping, *weights.values()]
    if not all(np.isfinite(number) and number >= 0 for number in numbers):
        raise InvalidInput("weights and damping must be finite and at least 0", value=numbers)
    used = [source for source in sorted(rankings) if len(rankings[source])]
    if not used:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    ids = np.unique(np.concatenate([rankings[source] for source in used]))
    scores = np.zeros(len(ids))
    for source in used:
        order = np.arange(1, len(rankings[source]) + 1) if ranks is None else ranks[source]
        scores[np.searchsorted(ids, rankings[source])] += weights.get(source, 1.0) / (
            damping + order
        )
    order = np.lexsort((ids, -scores))
    return ids[order], scores[order]
