"""An index whose vectors are in a database, shared by all who search there.

The database proposes candidates among all its rows, which may also be those of other catalogues;
who they are is known here, by key. Their vectors are fetched once and kept for a while, and scored
as every other index scores them, so that the same search gives the same hits whoever serves it.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Generator

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexProblem, IndexUnreachable, InvalidInput
from polaris_core.index.base import Hits, Ids, Vectors
from polaris_core.index.milvus import MOST_HITS, Collection
from polaris_core.index.rows import Query, Rows, checked_query

__all__ = ["ServedIndex"]

_SLACK = 16
_ALL_FETCHED = 64
"""Up to so many rows are scored without asking for the nearest."""

_LEFT_OUT_HERE = 4096
"""Up to so many hits are fetched so as to leave out here what is not allowed; where more would be
needed, the database is told the keys."""

_KEYS_TOLD = 8192
_MANY_KEYS = 65_536
_MARGIN = 1e-5
_KEPT = 16_384
"""Vectors that are kept in memory: 24 MB of 384 values each."""

_UNSETTLED_S = 10.0


class ServedIndex:
    """Vectors of one half of one kind, in a collection."""

    kind = "served"

    def __init__(
        self, collection: Collection, ids: Ids, row_ids: Ids, keys: Ids, longest: float = 1.0
    ) -> None:
        """Search a collection that holds a vector under each of `keys`.

        Args:
            collection: Where they are.
            ids: All ids, rising, shape `n`.
            row_ids: Those that have a vector, rising, shape `m`.
            keys: Their keys, shape `m`; several ids may share one.
            longest: Length of the longest vector.
        """
        self.collection = collection
        self._ids, self._row_ids, self._keys = ids, row_ids, keys
        self._longest = longest
        self._total = max(len(keys), collection.rows())
        self.lost = False
        """Whether the collection is not what it was any more; then it has to be opened again."""
        self._kept: dict[int, Vectors] = {}
        self._lock = threading.Lock()
        self._settled = time.monotonic() + _UNSETTLED_S

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.collection.dim

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`, those of empty rows among them."""
        return self._ids

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product; see `VectorIndex.search`.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
            IndexUnreachable: The database does not answer.
            IndexProblem: The collection is gone, or the database refuses.
        """
        sought = checked_query(query, self.dim, k)
        with self._watched():
            return self._found(sought, k, self._places(allowed))

    def _found(self, sought: Query, k: int, places: npt.NDArray[np.intp]) -> Hits:
        if not sought.direction.any():  # all score zero
            places = places[:k]
        if len(places) > max(k, _ALL_FETCHED):
            keys = np.unique(self._keys[places])
            near = self._nearest(sought.direction, k, keys)
            places = places[np.isin(self._keys[places], near)]
        found = Rows(
            self._ids, self._row_ids[places], self._vectors(self._keys[places]), self._longest
        )
        return found.best(sought, k)

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none.

        Raises:
            IndexProblem: As `search`.
        """
        found = np.zeros((len(ids), self.dim), np.float32)
        if len(self._row_ids):
            places = np.minimum(np.searchsorted(self._row_ids, ids), len(self._row_ids) - 1)
            held = self._row_ids[places] == ids
            with self._watched():
                found[held] = self._vectors(self._keys[places[held]])
        return found

    @contextlib.contextmanager
    def _watched(self) -> Generator[None, None, None]:
        try:
            yield
        except IndexUnreachable:
            raise
        except IndexProblem:
            self.lost = True
            raise

    def _places(self, allowed: Ids | None) -> npt.NDArray[np.intp]:
        """Of the rows that may be returned, rising."""
        if allowed is None:
            return np.arange(len(self._row_ids))
        wanted = np.asarray(allowed)
        if wanted.ndim != 1 or (wanted.size and not np.issubdtype(wanted.dtype, np.integer)):
            raise InvalidInput("the allowed ids are not a list of whole numbers", value=wanted)
        return np.flatnonzero(np.isin(self._row_ids, wanted))

    def _nearest(self, query: Vectors, k: int, keys: Ids) -> Ids:
        """All keys that may be among the `k` best of `keys`, or of equal ones at the end some."""
        margin = 2 * _MARGIN * self._longest
        wanted = k + _SLACK
        while True:
            found, scores, last = self._proposed(query, wanted, keys)
            enough = len(found) >= k and scores[k - 1] - last > margin
            if enough or last == -math.inf or wanted >= MOST_HITS:
                kth = float(scores[:k].min(initial=math.inf))
                return found[scores >= kth - margin]
            wanted = min(4 * wanted, MOST_HITS)

    def _proposed(self, query: Vectors, wanted: int, keys: Ids) -> tuple[Ids, Vectors, float]:
        """Keys with scores, best first, and the score below which there may be others."""
        at_once = time.monotonic() < self._settled
        fetched = math.ceil(1.25 * wanted * self._total / len(keys))
        if len(keys) == self._total:
            fetched = wanted
        if fetched <= (MOST_HITS if len(keys) > _MANY_KEYS else _LEFT_OUT_HERE):
            found, scores = self.collection.nearest(query, fetched, at_once=at_once)
            last = float(scores[-1]) if len(found) == fetched else -math.inf
            mine = np.isin(found, keys)
            return found[mine], scores[mine], last
        pieces: list[tuple[Ids, Vectors]] = []
        last = -math.inf
        for at in range(0, len(keys), _KEYS_TOLD):
            told = keys[at : at + _KEYS_TOLD]
            found, scores = self.collection.nearest(query, wanted, told, at_once=at_once)
            pieces.append((found, scores))
            if len(found) == wanted < len(told):
                last = max(last, float(scores[-1]))
        found = np.concatenate([found for found, _ in pieces])
        scores = np.concatenate([scores for _, scores in pieces])
        order = np.argsort(-scores, kind="stable")
        return found[order], scores[order], last

    def _vectors(self, keys: Ids) -> Vectors:
        """The vectors of these keys, shape `n dim`; those that are not in memory are fetched."""
        wanted = np.unique(keys).tolist()
        with self._lock:
            known = {key: self._kept[key] for key in wanted if key in self._kept}
        missing = np.array([key for key in wanted if key not in known], np.int64)
        if len(missing):
            fetched = dict(zip(missing.tolist(), self.collection.vectors_of(missing), strict=True))
            known |= fetched
            with self._lock:
                self._kept |= fetched
                while len(self._kept) > _KEPT:
                    del self._kept[next(iter(self._kept))]
        rows = np.empty((len(keys), self.dim), np.float32)
        for place, key in enumerate(keys.tolist()):
            rows[place] = known[key]
        return rows
