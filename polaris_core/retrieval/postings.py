"""Which entries hold a term, and how much it counts there: a sparse matrix by term, on disk.

    terms    all terms, sorted, one after another in UTF-8      offsets  where each begins
    starts   where each term's entries begin in `rows`          rows     positions in `ids`
    weights  what the term counts in that entry                 ids      entry ids, rising
    gone     ids of earlier segments that are no longer there, rising

How rare a term is is not part of it: that is asked of all segments together (see `term_index`).
All of it is opened by memory map: a query reads only the terms it asks for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexProblem
from polaris_core.index.base import Hits, Ids
from polaris_core.index.files import FileSet, read_set, write_set

__all__ = ["Postings", "PostingsBuilder", "Weights", "best"]

Weights = npt.NDArray[np.float32]

_PARTS = ("terms", "offsets", "starts", "rows", "weights", "ids", "gone")
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Postings:
    """Terms with the entries that hold them."""

    terms: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    weights: Weights
    ids: Ids
    """All entries, those without a term among them."""
    gone: Ids

    def save(self, folder: Path) -> None:
        """Write into `folder`, in place of what is there, as a whole.

        Raises:
            IndexProblem: The folder cannot be written to.
        """
        write_set(folder, {}, {part: getattr(self, part).tofile for part in _PARTS})

    @staticmethod
    def open(folder: Path) -> Postings:
        """Open what `save` wrote, by memory map.

        Raises:
            IndexProblem: There is nothing, or it is damaged.
        """
        files = read_set(folder)
        postings = Postings(
            terms=_mapped(files, "terms", np.uint8),
            offsets=_mapped(files, "offsets", np.int64),
            starts=_mapped(files, "starts", np.int64),
            rows=_mapped(files, "rows", np.int32),
            weights=_mapped(files, "weights", np.float32),
            ids=_mapped(files, "ids", np.int64),
            gone=_mapped(files, "gone", np.int64),
        )
        ends = (
            len(postings.offsets) == len(postings.starts) > 0
            and postings.offsets[-1] == len(postings.terms)
            and postings.starts[-1] == len(postings.rows) == len(postings.weights)
        )
        if not ends:
            raise IndexProblem("the words of the index are damaged", hint="Build the index again")
        return postings

    def entries(self, term: str) -> tuple[npt.NDArray[np.int32], Weights]:
        """Positions in `ids` of the entries that hold a term, and what it counts there."""
        sought = term.encode("utf-8", "replace")
        at = bisect_left(range(len(self.starts) - 1), sought, key=self._term)
        if at == len(self.starts) - 1 or self._term(at) != sought:
            return self.rows[:0], self.weights[:0]
        here = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.rows[here], self.weights[here]

    def marks(self, start: str) -> npt.NDArray[np.uint64]:
        """Of each entry, the eight letters behind `start` in its one term of that form; shape `n`.

        They come as a number, 0 for entries without such a term. `start` is one ASCII character,
        and all terms with it are nine letters long.
        """
        found = np.zeros(len(self.ids), np.uint64)
        after = chr(ord(start) + 1).encode()
        count = range(len(self.starts) - 1)
        first, last = (
            bisect_left(count, sought, key=self._term) for sought in (start.encode(), after)
        )
        terms = self.terms[int(self.offsets[first]) : int(self.offsets[last])]
        letters = np.frombuffer(np.reshape(terms, (-1, 9))[:, 1:].tobytes(), np.uint64)
        holders = np.diff(self.starts[first : last + 1])
        here = self.rows[int(self.starts[first]) : int(self.starts[last])]
        found[here] = np.repeat(letters, holders)
        return found

    def all_terms(self) -> list[bytes]:
        """All terms, sorted."""
        return [self._term(at) for at in range(len(self.starts) - 1)]

    def _term(self, at: int) -> bytes:
        return self.terms[self.offsets[at] : self.offsets[at + 1]].tobytes()


class PostingsBuilder:
    """Collects entries one after another and turns them round at the end."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._numbers: dict[str, int] = {}
        self._terms, self._rows, self._counts = array("i"), array("i"), array("f")

    def add(self, id: int, document: Mapping[str, float]) -> None:
        """Add an entry whose id is larger than those before, with what each term counts in it."""
        numbers = self._numbers
        self._terms.extend(numbers.setdefault(term, len(numbers)) for term in document)
        self._rows.extend(repeat(len(self._ids), len(document)))
        self._counts.extend(document.values())
        self._ids.append(id)

    def finish(self, weigh: Callable[[Weights], Weights], gone: Ids | None = None) -> Postings:
        """All of it by term; `weigh` makes the weights of what each term counts."""
        names = [name.encode("utf-8", "replace") for name in self._numbers]
        alphabetical = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names), np.int64)
        place[alphabetical] = np.arange(len(names))
        placed = place[np.array(self._terms, np.int64)]
        order = np.argsort(placed, kind="stable")
        frequencies = np.bincount(placed, minlength=len(names))
        counts = np.array(self._counts, np.float32)[order]
        lengths = [len(names[i]) for i in alphabetical]
        return Postings(
            terms=np.frombuffer(b"".join(names[i] for i in alphabetical), np.uint8),
            offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
            starts=np.concatenate(([0], np.cumsum(frequencies))).astype(np.int64),
            rows=np.array(self._rows, np.int32)[order],
            weights=weigh(counts).astype(np.float32),
            ids=np.array(self._ids, np.int64),
            gone=np.empty(0, np.int64) if gone is None else gone,
        )


def best(ids: Ids, scores: Weights, k: int, allowed: npt.NDArray[np.bool_] | None) -> Hits:
    """The `k` entries with the largest scores above zero, ties by the smaller id.

    Args:
        ids: Rising, shape `n`.
        scores: Shape `n`.
        k: How many at the most.
        allowed: Which of them may be returned, shape `n`; None for all.
    """
    places = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    if len(places) > k:
        found = scores[places]
        places = places[found >= np.partition(found, len(found) - k)[len(found) - k]]
    places = places[np.lexsort((places, -scores[places]))[:k]]
    return Hits(ids=ids[places], scores=scores[places])


def _mapped(files: FileSet, part: str, kind: type[Scalar]) -> npt.NDArray[Scalar]:
    data = files.data.get(part)
    if data is None or data.size % np.dtype(kind).itemsize:
        raise IndexProblem("the words of the index are damaged", hint="Build the index again")
    return np.frombuffer(data, kind) if data.size else np.empty(0, kind)
