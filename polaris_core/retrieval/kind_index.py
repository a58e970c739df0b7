"""Everything that is searched of one kind: vectors of both halves, and words.

On disk every part is a chain of segments (see `spans`):

    <home>/indices/<kind>/<part>-<encoder>/<catalogue>/<first change>-<last change>/

So a part that is there is the right one, what another encoder built is never taken, and one entry
more costs one small segment. Vectors are kept in a cache besides, one an entry: when much of the
catalogue changes, or a build was stopped, only entries that say something new are embedded.

Where the user has named a database, vectors are there, and the segments of a half, in
`served-<database>`, say whose they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.changes import Changes, changes_after, last_change, pending
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.errors import IndexProblem, IndexUnreachable
from polaris_core.index.base import Ids, VectorIndex
from polaris_core.index.served import ServedIndex
from polaris_core.index.service import read_service
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.copies import firsts_of, groups_of
from polaris_core.retrieval.documents import METHOD
from polaris_core.retrieval.lexical import WordIndex, WordIndexBuilder
from polaris_core.retrieval.parts import (
    Half,
    Part,
    Served,
    Vectors,
    Words,
    picture_part,
    text_part,
    within,
)
from polaris_core.retrieval.served_half import served_half
from polaris_core.retrieval.spans import (
    Span,
    chain_in,
    remove_former,
    remove_others,
    tail_to_join,
)

__all__ = ["CACHE", "KindIndex", "forget", "load_kind"]

CACHE = "embeddings.sqlite"
"""Vectors by key, in the zoo's folder."""

_CHANGES_PER_SEGMENT = 4096
"""Read, embedded and written at a time: memory holds no more of them."""

_FORM = "2"
"""Changes whenever segments are written in another form than before."""

_ATTEMPTS = 5

Piece = TypeVar("Piece")
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class KindIndex:
    """The parts of one kind, all over the same entries."""

    words: WordIndex
    text: VectorIndex
    picture: VectorIndex | None
    """None without an image encoder."""

    @property
    def ids(self) -> Ids:
        """All entries of the kind, rising."""
        return self.words.ids

    @property
    def lost(self) -> bool:
        """Whether a database has lost what it served, so that this must be loaded again."""
        return any(
            isinstance(half, ServedIndex) and half.lost for half in (self.text, self.picture)
        )

    def copies(self, ids: Ids) -> npt.NDArray[np.uint64]:
        """Equal numbers for ids, all held, of entries that say the same; 0 for the others."""
        return self._copies_by_id[ids]

    def one_of_each(self, allowed: Flags | None) -> Flags:
        """Of those allowed, one copy of each model and all that have none; shape `n`."""
        return firsts_of(self._groups, allowed)

    @cached_property
    def _groups(self) -> npt.NDArray[np.intp]:
        return groups_of(self.words.copies)

    @cached_property
    def _copies_by_id(self) -> npt.NDArray[np.uint64]:
        """A table is asked several hundred times a search, where bisection would be slow."""
        table = np.zeros(int(self.ids[-1]) + 1 if len(self.ids) else 0, np.uint64)
        table[self.ids] = self.words.copies
        return table


class _Chain(Generic[Piece]):
    """The segments of one part, open."""

    def __init__(self, part: Part[Piece]) -> None:
        self.part = part
        self.spans: list[Span] = []
        self.pieces: list[Piece] = []
        self._open()

    @property
    def end(self) -> int:
        """Up to which change it knows."""
        return self.spans[-1].end if self.spans else 0

    def add(self, changes: Changes, progress: Progress) -> None:
        """Build one segment more."""
        if not self.spans:  # there is nothing that anything could be gone from
            changes = replace(changes, gone=())
        span = Span(self.end, changes.end)
        self.part.build(self.part.folder / str(span), changes, progress)
        self._take(len(self.spans), span)

    def tidy(self) -> None:
        """Join segments that had better be one, and remove what is of no use any more."""
        first = tail_to_join([self.part.size(piece) for piece in self.pieces])
        if first < len(self.spans) - 1:
            span = Span(self.spans[first].start, self.end)
            folder = self.part.folder / str(span)
            self.part.join(folder, self.pieces[first:], are_all=first == 0)
            self._take(first, span)
        remove_others(self.part.folder, self.spans)

    def _take(self, place: int, span: Span) -> None:
        piece = self.part.open(self.part.folder / str(span))
        self.spans[place:], self.pieces[place:] = [span], [piece]

    def _open(self) -> None:
        """Open what is there; what is damaged, or was just removed by another builder, is not."""
        damaged: set[Span] = set()
        for _ in range(_ATTEMPTS):
            self.spans = chain_in(self.part.folder, frozenset(damaged))
            self.pieces = []
            for span in self.spans:
                try:
                    self.pieces.append(self.part.open(self.part.folder / str(span)))
                except IndexUnreachable:
                    raise
                except IndexProblem:
                    damaged.add(span)
                    break
            if len(self.pieces) == len(self.spans):
                return
        del self.spans[len(self.pieces) :]


def load_kind(
    home: Path,
    store: Store,
    kind: Kind,
    last: int,
    encoders: Encoders,
    progress: Progress = silent,
) -> KindIndex:
    """Open the parts of this kind; what the catalogue has that they lack is built first.

    Args:
        home: The zoo's folder.
        store: The catalogue.
        kind: Of the entries to index.
        last: Number of the last change that is to be in it; later ones may be.
        encoders: What makes the vectors.
        progress: Told of every entry embedded.

    Raises:
        IndexProblem: A part cannot be written.
        IndexUnreachable: The database that is to serve the vectors does not answer.
        PolarisError: As the encoders and the store do.
    """
    words, halves = _parts(home, store, kind, encoders)
    try:
        return _load(words, halves, store, kind, last, progress)
    except IndexUnreachable:
        raise
    except IndexProblem:  # another process may have removed what it had joined meanwhile
        return _load(words, halves, store, kind, last, progress)


def forget(home: Path, encoders: Encoders) -> None:
    """Remove words, vectors and cache, so that all is built again.

    What a database holds stays: it lies there under what it was made from, and is others', too.
    """
    for kind in Kind:
        for part, name in (
            ("words", ""),
            ("text", encoders.text.name),
            ("picture", encoders.image.name if encoders.image else ""),
        ):
            shutil.rmtree(_part(home, kind, part, name), ignore_errors=True)
        for folder in (home / "indices" / kind.value).glob("served-*"):
            shutil.rmtree(folder, ignore_errors=True)
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            (home / f"{CACHE}{end}").unlink()


def _parts(
    home: Path, store: Store, kind: Kind, encoders: Encoders
) -> tuple[Words, list[Half[Any]]]:
    """Words, the text half and, with an image encoder, the picture half."""
    catalogue = store.key().partition("-")[0]
    cache = EmbeddingCache(home / CACHE)
    text, image = encoders.text, encoders.image
    words = Words(_part(home, kind, "words", "") / catalogue)
    halves = [text_part(_part(home, kind, "text", text.name) / catalogue, text, cache)]
    if image is not None:
        folder = _part(home, kind, "picture", image.name) / catalogue
        halves.append(picture_part(folder, image, cache))
    return words, [_served(home, kind, half) for half in halves]


def _served(home: Path, kind: Kind, half: Vectors) -> Half[Any]:
    """The half as it is kept in the database that the user has named, if he has."""
    service = read_service(home)
    if service is None:
        return half
    kept = served_half(service, home, kind, half.what, half.encoder, half.dim)
    folder = _part(home, kind, "served", f"{kept.alias} {service.address}") / half.folder.name
    return Served(folder, half, kept)


def _part(home: Path, kind: Kind, part: str, encoder: str) -> Path:
    made = hashlib.blake2b(f"{_FORM} {METHOD} {encoder}".encode("utf-8", "surrogatepass"))
    return home / "indices" / kind.value / f"{part}-{made.hexdigest()[:20]}"


def _load(
    words: Words,
    halves: Sequence[Half[Any]],
    store: Store,
    kind: Kind,
    last: int,
    progress: Progress,
) -> KindIndex:
    of_words, of_halves = _Chain(words), [_Chain(half) for half in halves]
    chains: list[_Chain[Any]] = [of_words, *of_halves]
    newest = last_change(store, kind)
    for chain in chains:
        if chain.end > newest:  # the catalogue was put back to an earlier state
            shutil.rmtree(chain.part.folder, ignore_errors=True)
            chain.spans, chain.pieces = [], []
    _bring_up(chains, store, kind, last, progress)
    segments = of_words.pieces or [WordIndexBuilder().finish()]
    pairs = zip(halves, of_halves, strict=True)
    text, *picture = [half.index(chain.pieces) for half, chain in pairs]
    return KindIndex(WordIndex(segments), text, picture[0] if picture else None)


def _bring_up(
    chains: Sequence[_Chain[Any]], store: Store, kind: Kind, last: int, progress: Progress
) -> None:
    """Build segments until every chain has the last change."""
    total, done = pending(store, kind, min(chain.end for chain in chains)), 0
    while (after := min(chain.end for chain in chains)) < last:
        changes = changes_after(store, kind, after, _CHANGES_PER_SEGMENT)
        count = len(changes.entries) + len(changes.gone)
        for chain in chains:
            if chain.end == after:
                chain.add(changes, within(progress, done, count, total))
        done += count
    if done:
        remove_former(chains[0].part.folder.parent.parent)
        for number, chain in enumerate(chains):
            progress(number, len(chains), "tidying the index")
            chain.tidy()
