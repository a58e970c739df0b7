"""Vectors with their ids, and the exact score of chosen rows.

Every index ends here, so that all of them give the same score for the same row: the inner product
in double precision, rounded once. It does not depend on where a row stands or on how many are
scored together, and so equal vectors tie exactly and the smaller id decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexProblem, InvalidInput
from polaris_core.index.base import Hits, Ids, Vectors

__all__ = ["Query", "Rows", "checked_query", "is_rising"]

_ONE_BY_ONE_SHARE = 3
"""Up to this fraction of all rows, copying scattered ones together beats reading all."""

_LOOKED_UP_SHARE = 32
"""From this fraction of the ids between first and last on, a table beats looking each up."""

_GATHERED = 256
"""Rows copied together at a time."""

_MARGIN = 1e-5
"""More than single precision loses in an inner product of unit vectors of a thousand values."""


class Query(NamedTuple):
    """What is sought."""

    values: npt.NDArray[np.float64]
    """Shape `dim`, as given."""
    direction: Vectors
    """The same at unit length, so that no sum overflows; zero stays zero."""


@dataclass(frozen=True)
class Rows:
    """Vectors by id; rows that were all zero are left out, their ids are not."""

    ids: Ids
    """All ids, rising, shape `n`."""
    row_ids: Ids
    """The id of each row of `vectors`, rising, shape `m` with m ≤ n."""
    vectors: Vectors
    """Shape `m dim`; may be a memory map."""
    longest: float
    """Length of the longest row, usually 1."""

    @staticmethod
    def of(ids: npt.ArrayLike, vectors: npt.ArrayLike) -> Rows:
        """Check ids and vectors and leave the empty rows out.

        Args:
            ids: Whole numbers, rising, shape `n`.
            vectors: Shape `n dim`, finite; rows of unit length, or zero.

        Raises:
            InvalidInput: Shapes do not match, ids do not rise, or a value is NaN or infinite.
        """
        numbers, rows = np.asarray(ids), np.asarray(vectors)
        if rows.ndim != 2 or rows.shape[1] < 1 or numbers.shape != rows.shape[:1]:
            raise InvalidInput(
                "ids and vectors of an index do not match",
                value=f"{numbers.shape} and {rows.shape}",
                hint="Give ids of shape n and vectors of shape n × dim",
            )
        if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
            raise InvalidInput("ids of an index are not whole numbers", value=str(numbers.dtype))
        numbers = numbers.astype(np.int64)
        if not is_rising(numbers):
            raise InvalidInput("ids of an index do not rise", hint="Sort them; each only once")
        with np.errstate(over="ignore", invalid="ignore"):
            rows = np.ascontiguousarray(rows, dtype=np.float32)
            lengths = np.linalg.norm(rows, axis=1)
        if not np.isfinite(lengths).all():
            raise InvalidInput(
                "a vector holds NaN, infinity or huge values",
                value=f"id {numbers[~np.isfinite(lengths)][0]}",
            )
        filled = rows.any(axis=1)
        longest = float(lengths.max(initial=0.0))
        if filled.all():
            return Rows(numbers, numbers, rows, longest)
        return Rows(numbers, numbers[filled], rows[filled], longest)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.vectors.shape[1]

    def positions(self, allowed: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """The rows whose ids are in `allowed`, rising; ids that are not held are ignored.

        Raises:
            InvalidInput: `allowed` is not a list of whole numbers.
        """
        wanted = np.asarray(allowed)
        if wanted.ndim != 1 or (wanted.size and not np.issubdtype(wanted.dtype, np.integer)):
            raise InvalidInput("the allowed ids are not a list of whole numbers", value=wanted)
        if not is_rising(wanted):
            wanted = np.unique(wanted)
        if not len(self.row_ids):
            return np.empty(0, np.intp)
        first, span = self.row_ids[0], int(self.row_ids[-1]) - int(self.row_ids[0]) + 1
        if len(wanted) * _LOOKED_UP_SHARE > span:
            wanted = wanted[slice(*np.searchsorted(wanted, (first, first + span)))]
            is_wanted = np.zeros(span, np.bool_)
            is_wanted[wanted.astype(np.int64) - first] = True
            return np.flatnonzero(is_wanted[self.row_ids - first])
        found = np.searchsorted(self.row_ids, wanted)
        np.minimum(found, len(self.row_ids) - 1, out=found)
        return found[self.row_ids[found] == wanted]

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none."""
        found = np.zeros((len(ids), self.dim), np.float32)
        if len(self.row_ids):
            places = np.minimum(np.searchsorted(self.row_ids, ids), len(self.row_ids) - 1)
            held = self.row_ids[places] == ids
            found[held] = self.vectors[places[held]]
        return found

    def best(
        self,
        query: Query,
        k: int,
        rows: npt.NDArray[np.intp] | None = None,
        scores: npt.NDArray[np.float32] | None = None,
    ) -> Hits:
        """The `k` best of these rows, or of all, found by scoring each of them.

        Args:
            query: As `checked_query` returns it.
            k: How many at the most.
            rows: Positions in `vectors`, each once; None means all.
            scores: Of these rows by `query.direction`, if they are known already.

        Raises:
            IndexProblem: A stored vector holds NaN or infinity.
        """
        if scores is None:
            scores = self._scores(query.direction, rows)
        if not np.isfinite(scores.sum()):
            raise IndexProblem("a stored vector is damaged", hint="Build the index again")
        near = _nearly_best(scores, k, _MARGIN * self.longest)
        return self._ranked(query, k, near if rows is None else rows[near])

    def too_close(self, kth: float, last: float) -> bool:
        """Whether rounding may have put a row after the last into the place of the k-th."""
        return float(last) >= float(kth) - 2 * _MARGIN * self.longest

    def are_few(self, rows: npt.NDArray[np.intp]) -> bool:
        """Whether scoring these rows one by one is quicker than scoring all."""
        return len(rows) * _ONE_BY_ONE_SHARE <= len(self.vectors)

    def _scores(self, query: Vectors, rows: npt.NDArray[np.intp] | None) -> npt.NDArray[np.float32]:
        if rows is None:
            return self.vectors @ query
        return self._gathered(query, rows) if self.are_few(rows) else (self.vectors @ query)[rows]

    def _gathered(self, query: Vectors, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Scores of scattered rows, copied together in pieces that stay in the cache."""
        scores = np.empty(len(rows), np.float32)
        for at in range(0, len(rows), _GATHERED):
            piece = slice(at, at + _GATHERED)
            gathered = self.vectors.take(rows[piece], axis=0, mode="clip")
            np.dot(gathered, query, out=scores[piece])
        return scores

    def _ranked(self, query: Query, k: int, rows: npt.NDArray[np.intp]) -> Hits:
        """Score these rows in double precision and put them in order."""
        scores = np.empty(len(rows), np.float32)
        for at in range(0, len(rows), _GATHERED):
            piece = slice(at, at + _GATHERED)
            gathered = self.vectors[rows[piece]].astype(np.float64)
            with np.errstate(over="ignore"):
                scores[piece] = np.einsum("ij,j->i", gathered, query.values)
        order = np.lexsort((rows, -scores))[:k]
        return Hits(ids=self.row_ids[rows[order]], scores=scores[order])


def checked_query(query: npt.ArrayLike, dim: int, k: int) -> Query:
    """The query, made ready.

    Raises:
        InvalidInput: It has another shape, holds NaN or infinity, or `k` is below 1.
    """
    if k < 1:
        raise InvalidInput("at least one hit must be asked for", value=k)
    try:
        with np.errstate(over="ignore"):
            checked = np.asarray(query, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInput("a query is not a list of numbers", value=query) from error
    if checked.shape != (dim,):
        raise InvalidInput(f"a query must have {dim} values", value=f"shape {checked.shape}")
    values = checked.astype(np.float64)
    length = math.sqrt(float(values @ values))
    if not math.isfinite(length):
        raise InvalidInput("a query holds NaN or infinity")
    return Query(values, (values / (length or 1.0)).astype(np.float32))


def is_rising(numbers: npt.NDArray[np.int64]) -> bool:
    """Whether each is larger than the one before."""
    return bool((numbers[1:] > numbers[:-1]).all())


def _nearly_best(scores: npt.NDArray[np.float32], k: int, margin: float) -> npt.NDArray[np.intp]:
    """Positions of all scores that may belong to the `k` best once rounding is put right."""
    if k >= len(scores):
        return np.arange(len(scores))
    bound = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= bound - np.float32(2 * margin))
