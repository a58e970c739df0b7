"""Several indices, of which later ones overrule earlier ones, searched as one.

    first segment    75,000 entries
    second                9 entries, 1 of them also in the first, and 2 ids that are gone
    third                 1 entry

So one entry more is one small segment more, and the large one stays as it is. Segments never
change; many small ones are joined into one that takes their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from polaris_core.index.base import Hits, Ids, VectorIndex, Vectors
from polaris_core.index.factory import AnyIndex
from polaris_core.index.rows import Rows, checked_query, is_rising

__all__ = ["Segment", "SegmentedIndex", "as_one_index", "joined_rows", "overruled"]

Flags = npt.NDArray[np.bool_]

_FEW = 256
"""Up to so many overruled entries are fetched beside the wanted ones and left out afterwards."""
_COPIED = 4096


@dataclass(frozen=True, eq=False)
class Segment:
    """The vectors of some entries, and which others no longer count."""

    index: AnyIndex
    gone: Ids
    """Ids of earlier segments that are not in the zoo any more, rising."""


def overruled(segments: Sequence[tuple[Ids, Ids]]) -> list[Flags]:
    """Of each segment, given as its ids and those that it says are gone, who no longer counts.

    An id counts in the last segment that has it, unless a later one says that it is gone.
    """
    later: Ids = np.empty(0, np.int64)
    flags: list[Flags] = []
    for ids, gone in reversed(segments):
        dead = np.zeros(len(ids), np.bool_)
        if len(ids) and len(later):
            places = np.minimum(np.searchsorted(ids, later), len(ids) - 1)
            dead[places[ids[places] == later]] = True
        flags.append(dead)
        later = np.union1d(later, np.union1d(ids, gone)) if len(flags) < len(segments) else later
    return flags[::-1]


class SegmentedIndex:
    """A vector index over segments; what it finds does not depend on how they are divided."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        """Search these, earliest first, at least one; all of one length of vectors."""
        self._segments = tuple(segments)
        dead = overruled([(s.index.ids, s.gone) for s in segments])
        pairs = list(zip(segments, dead, strict=True))
        self._dead = [s.index.ids[flags] for s, flags in pairs]
        self._ids = np.sort(np.concatenate([s.index.ids[~flags] for s, flags in pairs]))

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._segments[0].index.dim

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`, those of empty rows among them."""
        return self._ids

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product; see `VectorIndex.search`.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
            IndexProblem: A stored vector holds NaN or infinity.
        """
        checked_query(query, self.dim, k)
        if allowed is not None and not is_rising(allowed := np.asarray(allowed)):
            allowed = np.unique(allowed)
        found = [
            _search(segment.index, query, k, allowed, dead)
            for segment, dead in zip(self._segments, self._dead, strict=True)
        ]
        ids = np.concatenate([hits.ids for hits in found])
        scores = np.concatenate([hits.scores for hits in found])
        order = np.lexsort((ids, -scores))[:k]
        return Hits(ids[order], scores[order])

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none."""
        rows = np.zeros((len(ids), self.dim), np.float32)
        for segment, dead in zip(self._segments, self._dead, strict=True):
            found = segment.index.vectors_of(ids)
            found[np.isin(ids, dead)] = 0.0
            rows += found
        return rows


def as_one_index(segments: Sequence[Segment]) -> VectorIndex:
    """One segment is searched as it is, several through `SegmentedIndex`."""
    return segments[0].index if len(segments) == 1 else SegmentedIndex(segments)


def joined_rows(segments: Sequence[Segment], scratch: Path) -> tuple[Rows, Ids]:
    """The rows of all segments that count, and the ids that are gone.

    The vectors are copied a few thousand at a time into the file `scratch`, which they stay mapped
    to: memory is not filled with them.

    Raises:
        OSError: The file cannot be written.
    """
    dead = overruled([(s.index.ids, s.gone) for s in segments])
    ids = np.sort(np.concatenate([s.index.ids[~d] for s, d in zip(segments, dead, strict=True)]))
    gone = np.unique(np.concatenate([s.gone for s in segments]))
    kept = [
        ~np.isin(s.index.rows.row_ids, s.index.ids[d]) for s, d in zip(segments, dead, strict=True)
    ]
    chosen = [s.index.rows.row_ids[k] for s, k in zip(segments, kept, strict=True)]
    row_ids = np.sort(np.concatenate(chosen))
    dim = segments[0].index.dim
    vectors: Vectors = np.empty((0, dim), np.float32)
    if len(row_ids):
        vectors = np.memmap(scratch, np.float32, "w+", shape=(len(row_ids), dim))
    for segment, mask in zip(segments, kept, strict=True):
        rows = segment.index.rows
        for at in range(0, len(mask), _COPIED):
            piece = slice(at, at + _COPIED)
            places = np.searchsorted(row_ids, rows.row_ids[piece][mask[piece]])
            vectors[places] = rows.vectors[piece][mask[piece]]
    longest = max(segment.index.rows.longest for segment in segments)
    return Rows(ids, row_ids, vectors, longest), np.setdiff1d(gone, ids, assume_unique=True)


def _search(index: AnyIndex, query: Vectors, k: int, allowed: Ids | None, dead: Ids) -> Hits:
    if allowed is None and len(dead) <= _FEW:
        hits = index.search(query, k + len(dead))
        counts = ~np.isin(hits.ids, dead)
        return Hits(hits.ids[counts][:k], hits.scores[counts][:k])
    ids = index.ids
    if allowed is None:
        return index.search(query, k, np.setdiff1d(ids, dead, assume_unique=True))
    if len(ids):  # most segments are small, and what they may return even smaller
        allowed = allowed[slice(*np.searchsorted(allowed, (ids[0], ids[-1] + 1)))]
    if len(dead) and len(allowed):
        places = np.minimum(np.searchsorted(allowed, dead), len(allowed) - 1)
        allowed = np.delete(allowed, places[allowed[places] == dead])
    return index.search(query, k, allowed)
