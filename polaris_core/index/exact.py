"""Exact search in numpy: the oracle of the tests, and the index where faiss is missing."""

from __future__ import annotations

import numpy.typing as npt

from polaris_core.index.base import Hits, Ids, Vectors
from polaris_core.index.rows import Rows, checked_query

__all__ = ["ExactIndex"]


class ExactIndex:
    """Scores every row by one matrix-vector product, which runs at the speed of the memory."""

    kind = "exact"

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    @classmethod
    def of(cls, ids: npt.ArrayLike, vectors: npt.ArrayLike) -> ExactIndex:
        """Index `vectors`, shape `n dim`, under rising `ids`, shape `n`.

        Raises:
            InvalidInput: Shapes do not match, ids do not rise, or a value is NaN or infinite.
        """
        return cls(Rows.of(ids, vectors))

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.rows.dim

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`, those of empty rows among them."""
        return self.rows.ids

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none."""
        return self.rows.vectors_of(ids)

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product; see `VectorIndex.search`.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
            IndexProblem: A stored vector holds NaN or infinity.
        """
        rows = None if allowed is None else self.rows.positions(allowed)
        return self.rows.best(checked_query(query, self.dim, k), k, rows)
