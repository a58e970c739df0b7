"""Segments of postings searched as one: how rare a term is, is asked of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from polaris_core.index.base import Ids
from polaris_core.index.segments import overruled
from polaris_core.retrieval.postings import Postings, Weights

__all__ = ["Rarity", "TermIndex", "joined_postings"]

Rarity = Callable[[int, int], float]
"""From how many entries hold a term, ≥ 1, and how many entries there are, to its weight."""

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int32]

_POSTINGS_AT_ONCE = 1 << 20
_TERMS_HELD = 64


class TermIndex:
    """Terms with the entries that hold them."""

    def __init__(self, segments: Sequence[Postings], rarity: Rarity) -> None:
        """Search these segments, earliest first, at least one."""
        self._segments, self._rarity = tuple(segments), rarity
        self._dead = overruled([(s.ids, s.gone) for s in segments])
        self.ids: Ids = _living(segments, self._dead)
        places = [
            None
            if np.array_equal(s.ids, self.ids[: len(s.ids)]) and not dead.any()
            else np.searchsorted(self.ids, s.ids).astype(np.int32)
            for s, dead in zip(segments, self._dead, strict=True)
        ]
        self._holders = _finder(self._segments, self._dead, places)

    def scores(self, terms: Iterable[str]) -> Weights:
        """The sum of the weights of these terms in every entry, shape `n`; each counts once."""
        total = np.zeros(len(self.ids), np.float32)
        for term in sorted(set(terms)):
            found = self._holders(term)
            if holders := sum(len(places) for places, _ in found):
                rarity = np.float32(self._rarity(holders, len(self.ids)))
                for places, weights in found:
                    total[places] += rarity * weights
        return total

    def having(self, terms: Iterable[str]) -> Flags:
        """Which entries hold all of these terms, shape `n`."""
        sought = set(terms)
        held = np.zeros(len(self.ids), np.int32)
        for term in sought:
            for places, _ in self._holders(term):
                held[places] += 1
        return held == len(sought)

    def marks(self, start: str) -> npt.NDArray[np.uint64]:
        """What `Postings.marks` says of each entry, shape `n`."""
        found = np.zeros(len(self.ids), np.uint64)
        for segment, dead in zip(self._segments, self._dead, strict=True):
            found[np.searchsorted(self.ids, segment.ids[~dead])] = segment.marks(start)[~dead]
        return found


def _finder(
    segments: Sequence[Postings], dead: Sequence[Flags], places: Sequence[Places | None]
) -> Callable[[str], Sequence[tuple[Places, Weights]]]:
    """Of a term the entries, by position and each once, with what it counts there, by segment.

    One request asks for the same few terms again and again: these are held.
    """

    @lru_cache(_TERMS_HELD)
    def found(term: str) -> Sequence[tuple[Places, Weights]]:
        holders: list[tuple[Places, Weights]] = []
        for segment, gone, moved in zip(segments, dead, places, strict=True):
            rows, weights = segment.entries(term)
            if moved is not None and len(rows):
                counts = ~gone[rows]
                rows, weights = moved[rows[counts]], weights[counts]
            holders.append((rows, weights))
        return holders

    return found


def joined_postings(segments: Sequence[Postings], *, are_all: bool) -> Postings:
    """One segment that says what these say, earliest first.

    Args:
        segments: At least one.
        are_all: Whether nothing comes before them, so that nobody need know what is gone.
    """
    dead = overruled([(s.ids, s.gone) for s in segments])
    ids = _living(segments, dead)
    terms = [segment.all_terms() for segment in segments]
    union: list[bytes] = sorted({term for of_segment in terms for term in of_segment})
    number = {term: at for at, term in enumerate(union)}
    numbers = [np.fromiter((number[t] for t in ts), np.int64, len(ts)) for ts in terms]
    counts = np.zeros(len(union), np.int64)
    for segment, flags, of_segment in zip(segments, dead, numbers, strict=True):
        for piece, _, _, repeated in _pieces(segment, flags):
            counts += np.bincount(of_segment[piece][repeated], minlength=len(union))
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    rows, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    free: npt.NDArray[np.int64] = np.array(starts[:-1])
    for segment, flags, of_segment in zip(segments, dead, numbers, strict=True):
        places = np.searchsorted(ids, segment.ids).astype(np.int32)
        for piece, held, counted, repeated in _pieces(segment, flags):
            owners = of_segment[piece][repeated]
            here = np.bincount(owners, minlength=len(union))[of_segment[piece]]
            first = np.concatenate(([0], np.cumsum(here)))[:-1]
            target = np.arange(len(owners)) - first[repeated] + free[owners]
            rows[target], weights[target] = places[held], counted
            free[of_segment[piece]] += here
    kept = np.flatnonzero(counts)
    names: list[bytes] = [union[at] for at in kept.tolist()]
    gone = np.setdiff1d(np.unique(np.concatenate([s.gone for s in segments])), ids)
    return Postings(
        terms=np.frombuffer(b"".join(names), np.uint8),
        offsets=np.concatenate(([0], np.cumsum([len(n) for n in names]))).astype(np.int64),
        starts=starts[np.concatenate((kept, [len(union)]))],
        rows=rows,
        weights=weights,
        ids=ids,
        gone=gone[:0] if are_all else gone,
    )


def _living(segments: Sequence[Postings], dead: Sequence[Flags]) -> Ids:
    return np.sort(np.concatenate([s.ids[~d] for s, d in zip(segments, dead, strict=True)]))


def _pieces(
    segment: Postings, dead: Flags
) -> Iterator[tuple[slice, Places, Weights, npt.NDArray[np.int64]]]:
    """A segment some terms at a time: which terms, rows, weights, and the term of each of these.

    Terms are counted from the first of the piece; rows that no longer count are left out.
    """
    starts, at, count = segment.starts, 0, len(segment.starts) - 1
    while at < count:
        last = int(np.searchsorted(starts, int(starts[at]) + _POSTINGS_AT_ONCE, "right")) - 1
        end = min(max(last, at + 1), count)
        here = slice(int(starts[at]), int(starts[end]))
        repeated = np.repeat(np.arange(end - at), np.diff(starts[at : end + 1]))
        rows, weights = segment.rows[here], segment.weights[here]
        counts = ~dead[rows] if len(dead) else np.ones(0, np.bool_)
        yield slice(at, end), rows[counts], weights[counts], repeated[counts]
        at = end
