"""Search by words: BM25 over the fields of an entry, and names or trigger words said whole.

BM25F (Robertson, Zaragoza and Taylor, 2004): the occurrences of a word in all fields are added up,
each weighted by its field and discounted by the field's length, before they saturate. Field lengths
are compared with fixed typical ones (see `documents.WORD_FIELDS`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.entry import Entry
from polaris_core.index.base import Hits, Ids
from polaris_core.retrieval.documents import (
    COPY_OF,
    WORD_FIELDS,
    clean_name,
    exact_terms,
    partner_term,
    word_fields,
)
from polaris_core.retrieval.postings import Postings, PostingsBuilder, Weights, best
from polaris_core.retrieval.term_index import TermIndex, joined_postings
from polaris_core.retrieval.words import stems

__all__ = ["WordIndex", "WordIndexBuilder", "WordSegment"]

Flags = npt.NDArray[np.bool_]
Search = Callable[[int, Flags | None], Hits]
"""The best so many, of those flagged, shape `n`; None for all."""

_K1 = 2.0
"""How slowly further occurrences of a word stop counting; weights of fields raise them."""

_B = 0.5
"""How much the length of a field discounts its words."""

_FEW = 3
_LONGEST_TERM = 6
"""Words of the longest name or trigger that is recognised in a query."""


@dataclass(frozen=True, eq=False)
class WordSegment:
    """The words of some entries of one kind."""

    words: Postings
    whole: Postings
    """Whole names and trigger words."""

    @staticmethod
    def open(folder: Path) -> WordSegment:
        """Open what `save` wrote.

        Raises:
            IndexProblem: There is nothing, or it is damaged.
        """
        return WordSegment(Postings.open(folder / "words"), Postings.open(folder / "whole"))

    @staticmethod
    def joined(segments: Sequence[WordSegment], *, are_all: bool) -> WordSegment:
        """One segment that says what these say, earliest first.

        Args:
            segments: At least one.
            are_all: Whether nothing comes before them, so that nobody need know what is gone.
        """
        words = joined_postings([segment.words for segment in segments], are_all=are_all)
        whole = joined_postings([segment.whole for segment in segments], are_all=are_all)
        return WordSegment(words, whole)

    def save(self, folder: Path) -> None:
        """Write into `folder`.

        Raises:
            IndexProblem: It cannot be written to.
        """
        self.whole.save(folder / "whole")
        self.words.save(folder / "words")


class WordIndex:
    """The words of all entries of one kind, in segments of which later ones overrule earlier ones.

    What it finds does not depend on how the entries are divided.
    """

    def __init__(self, segments: Sequence[WordSegment]) -> None:
        """Search these, earliest first, at least one."""
        self.words = TermIndex([segment.words for segment in segments], _rarity)
        self.whole = TermIndex([segment.whole for segment in segments], _rarity_of_whole)

    @property
    def ids(self) -> Ids:
        """All entries it holds, rising."""
        return self.words.ids

    def search(self, text: str) -> Search:
        """Finds the entries whose words speak most of `text`; their scores are BM25's.

        Word order does not matter. Words are counted once, however often it is asked.
        """
        return self._best(self.words.scores(stems(text)))

    def search_whole(self, text: str) -> Search:
        """Finds entries of which a whole name or trigger word stands in `text`, rarest first."""
        words = stems(text)
        said = {
            " ".join(words[start:end])
            for start in range(len(words))
            for end in range(start + 1, min(start + _LONGEST_TERM, len(words)) + 1)
        }
        return self._best(self.whole.scores(said))

    def _best(self, scores: Weights) -> Search:
        return lambda k, allowed: best(self.ids, scores, k, allowed)

    def holding(self, stems: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which of `ids` hold one of these stems in any field, shape `n`."""
        return self.words.scores(stems) > 0

    @cached_property
    def copies(self) -> npt.NDArray[np.uint64]:
        """Equal numbers for entries that say the same under other names, shape `n`; 0 for none."""
        return self.whole.marks(COPY_OF)

    def partners(self, checkpoint: str) -> Ids:
        """Entries that were trained on a checkpoint of this name, or speak of it; rising ids.

        A name whose words stand in over a twentieth of all entries says nothing and finds nobody.
        """
        told = self.whole.scores([partner_term(checkpoint)]) > 0
        words = stems(clean_name(checkpoint))
        spoken = self.words.having(words) if words else np.zeros(len(self.ids), np.bool_)
        if np.count_nonzero(spoken) > max(_FEW, len(self.ids) // 20):
            spoken[:] = False
        return self.ids[told | spoken]


class WordIndexBuilder:
    """Collects entries, which come by rising id."""

    def __init__(self) -> None:
        self._words, self._whole = PostingsBuilder(), PostingsBuilder()

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        self._words.add(entry.id, _counts(entry))
        self._whole.add(entry.id, dict.fromkeys(exact_terms(entry), 1.0))

    def finish(self, gone: Ids | None = None) -> WordSegment:
        """The words of all entries added; `gone` are ids of earlier segments."""
        return WordSegment(
            self._words.finish(_saturated, gone), self._whole.finish(lambda counts: counts, gone)
        )


def _counts(entry: Entry) -> dict[str, float]:
    """Occurrences of each word, weighted by field and discounted by the field's length."""
    counts: dict[str, float] = {}
    for field, words in word_fields(entry).items():
        rule = WORD_FIELDS[field]
        share = rule.weight / (1 - _B + _B * len(words) / rule.typical)
        for word, count in Counter(words).items():
            counts[word] = counts.get(word, 0.0) + share * count
    return counts


def _saturated(counts: Weights) -> Weights:
    return (counts * (_K1 + 1) / (counts + _K1)).astype(np.float32)


def _rarity(holders: int, entries: int) -> float:
    return math.log1p((entries - holders + 0.5) / (holders + 0.5))


def _rarity_of_whole(holders: int, entries: int) -> float:
    return math.log1p(entries / holders)
