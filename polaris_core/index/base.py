"""What an index is: vectors by entry id, searched by inner product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Hits", "VectorIndex"]

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hits:
    """What a search found, best first; ties are broken by the smaller id."""

    ids: Ids
    """Entry ids, shape `k'` with k' ≤ k."""
    scores: npt.NDArray[np.float32]
    """Inner products, shape `k'`, falling; larger is better."""


class VectorIndex(Protocol):
    """Vectors of one half of one kind.

    Rows that are all zero (no preview, say) are never returned.
    """

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`."""
        ...

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, in any order, shape `n dim`; zero where there is none."""
        ...

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product.

        Args:
            query: Shape `dim`; need not be of unit length.
            k: How many at the most, ≥ 1.
            allowed: Only these ids, rising; None allows all. Ids it does not hold are ignored.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
        """
        ...
