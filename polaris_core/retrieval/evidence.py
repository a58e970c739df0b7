"""Ask every source of evidence about a query, and fuse what they say.

    dense     cosine of the whole query with each entry's vector
    phrases   the same for each phrase of a longer query: its best phrase speaks for an entry
    words     BM25
    trigger   a whole name or trigger word that stands in the query
    (neighbourhood, role: what two_level adds about the candidates found)

A long sentence blurs into one vector that is near to nothing in particular; its phrases, each
asked alone, find what one part of it needs. Their scores are counted from that of the last entry
found, so that a common phrase does not drown a rare one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import count

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import TextEncoder
from polaris_core.index.base import Hits, Ids, VectorIndex
from polaris_core.retrieval.copies import Copies, ranks_of, repeats_last, uncrowded
from polaris_core.retrieval.filters import Flags
from polaris_core.retrieval.fuse import fuse
from polaris_core.retrieval.kind_index import KindIndex
from polaris_core.retrieval.shortlist import SourceScore
from polaris_core.retrieval.words import phrases

Ranks = npt.NDArray[np.float64]

__all__ = ["WEIGHTS", "Evidence", "ask_picture", "ask_text"]

WEIGHTS: Mapping[str, float] = {
    "dense": 1.0,
    "words": 0.5,
    "phrases": 0.7,
    "trigger": 0.2,
    "neighbourhood": 0.2,
    "role": 0.2,
}
"""What each source counts in the fusion."""

_DEPTH = 100
"""Entries that each source names at the least; one that a source does not name gets none of it."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the sources said about a query."""

    sources: Mapping[str, Hits]
    asked: Sequence[Hits] = ()
    """Cosines with the whole query and with each of its phrases."""
    copies: Copies | None = None
    """Tells who says the same under another name."""
    ranks: Mapping[str, Ranks] = field(default_factory=dict[str, Ranks])
    """Of the hits of some sources, where copies share a rank."""

    def cosines(self, ids: Ids) -> npt.NDArray[np.float32]:
        """The largest cosine of each with the query or one of its phrases; -1 if unknown."""
        known, cosines = self._cosines
        places = np.minimum(known.searchsorted(ids), len(known) - 1)
        return np.where(known[places] == ids, cosines[places], np.float32(-1.0))

    def ranked(self) -> tuple[Ids, npt.NDArray[np.float64]]:
        """All candidates with their fused scores, best first; what others repeat comes last."""
        rankings = {name: hits.ids for name, hits in self.sources.items()}
        if self.copies is None:
            return fuse(rankings, WEIGHTS)
        ids, scores = fuse(rankings, WEIGHTS, ranks=self._all_ranks(self.copies))
        return repeats_last(ids, scores, self.copies(ids))

    def of(self, id: int) -> tuple[SourceScore, ...]:
        """What each source that knows this candidate said of it."""
        found: list[SourceScore] = []
        for name, places in self._places.items():
            if (at := places.get(id)) is not None:
                found.append(SourceScore(name, float(self.sources[name].scores[at]), at + 1))
        return tuple(found)

    @cached_property
    def _places(self) -> dict[str, dict[int, int]]:
        return {
            name: dict(zip(hits.ids.tolist(), count(), strict=False))
            for name, hits in self.sources.items()
        }

    @cached_property
    def _cosines(self) -> tuple[Ids, npt.NDArray[np.float32]]:
        """Ids, rising and never none, with their largest cosines."""
        nobody = Hits(np.array([-1], np.int64), np.array([-1], np.float32))
        found = [nobody, *self.asked]
        ids: Ids = np.concatenate([hits.ids for hits in found])
        cosines: npt.NDArray[np.float32] = np.concatenate([hits.scores for hits in found])
        order = np.lexsort((-cosines, ids))
        ids, cosines = ids[order], cosines[order]
        first = np.concatenate(([True], ids[1:] != ids[:-1]))
        return ids[first], cosines[first]

    def _all_ranks(self, copies: Copies) -> Mapping[str, Ranks]:
        new = {name: hits.ids for name, hits in self.sources.items() if name not in self.ranks}
        return {**self.ranks, **{name: ranks_of(copies(ids)) for name, ids in new.items()}}

    def with_source(self, name: str, score: Callable[[Ids], npt.NDArray[np.float64]]) -> Evidence:
        """The same with one more source, which scores the candidates found by the others.

        Candidates it scores alike keep the order they had; those whose score is not above zero get
        nothing of it.
        """
        ranks = self._all_ranks(self.copies) if self.copies else self.ranks
        ids, _ = replace(self, ranks=ranks).ranked()
        scores = score(ids).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        order = order[scores[order] > 0]
        sources = {**self.sources, name: Hits(ids[order], scores[order])}
        return replace(self, sources=sources, ranks=ranks)


def ask_text(
    index: KindIndex, encoder: TextEncoder, text: str, allowed: Flags | None, k: int
) -> Evidence:
    """Search the text half and the words.

    Args:
        index: Of the kind sought.
        encoder: That of its text half.
        text: What is sought.
        allowed: Which of `index.ids` may be returned; None for all.
        k: How many hits are wanted in the end.

    Raises:
        PolarisError: As the encoder and the indices do.
    """
    parts = phrases(text)
    asked = [text, *parts] if len(parts) > 1 else [text]
    vectors, words = encoder.encode_texts(asked), index.words
    ask = _Crowd(index, allowed, max(_DEPTH, 2 * k))
    whole, *of_parts = (_vector_search(index.text, index.ids, vector) for vector in vectors)
    cosines = [ask(whole), *(search(ask.depth, ask.allowed) for search in of_parts)]
    sources = {"dense": cosines[0]}
    if len(parts) > 1:
        sources["phrases"] = _best_phrase(cosines[1:], ask.depth)
    sources["words"] = ask(words.search(text))
    sources["trigger"] = ask(words.search_whole(text))
    return Evidence(sources, cosines, index.copies)


def ask_picture(
    index: KindIndex, picture: npt.NDArray[np.float32], allowed: Flags | None, k: int
) -> Evidence:
    """Search the picture half for previews that look like this one.

    Args:
        index: Of the kind sought; it has a picture half.
        picture: The embedding of the picture.
        allowed: Which of `index.ids` may be returned; None for all.
        k: How many hits are wanted in the end.

    Raises:
        PolarisError: As the index does.
    """
    half = index.picture
    assert half is not None
    hits = _Crowd(index, allowed, max(_DEPTH, 2 * k))(_vector_search(half, index.ids, picture))
    return Evidence({"dense": hits}, (hits,), index.copies)


class _Crowd:
    """Asks every source for so many hits, and one that copies crowd for one of each model, too."""

    def __init__(self, index: KindIndex, allowed: Flags | None, depth: int) -> None:
        self.allowed = None if allowed is None or bool(allowed.all()) else allowed
        self.depth = depth
        self._index = index

    def __call__(self, search: Callable[[int, Flags | None], Hits]) -> Hits:
        find = partial(search, self.depth)
        copies = self._index.copies
        return uncrowded(find, self.depth, copies, self.allowed, lambda: self._one_of_each)

    @cached_property
    def _one_of_each(self) -> Flags:
        return self._index.one_of_each(self.allowed)


def _vector_search(
    half: VectorIndex, ids: Ids, vector: npt.NDArray[np.float32]
) -> Callable[[int, Flags | None], Hits]:
    def search(k: int, allowed: Flags | None) -> Hits:
        return half.search(vector, k, None if allowed is None else ids[np.flatnonzero(allowed)])

    return search


def _best_phrase(found: list[Hits], depth: int) -> Hits:
    """Each entry by its best phrase, whose score is counted from that of the last entry found."""
    found = [hits for hits in found if len(hits.ids)]
    if not found:
        return Hits(np.empty(0, np.int64), np.empty(0, np.float32))
    ids = np.concatenate([hits.ids for hits in found])
    above = np.concatenate([hits.scores - hits.scores[-1] for hits in found])
    order = np.lexsort((ids, -above))
    _, first = np.unique(ids[order], return_index=True)
    kept = order[np.sort(first)][:depth]
    return Hits(ids[kept], above[kept])
