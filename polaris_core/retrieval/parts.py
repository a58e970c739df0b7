"""The parts of a kind's index, the words and each half's vectors, one segment at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from polaris_core.catalogue.changes import Changes
from polaris_core.catalogue.entry import Entry
from polaris_core.encoders.base import Embeddings, ImageEncoder, TextEncoder
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.index.persist import join_segments, open_segment, save_segment
from polaris_core.index.segments import Segment
from polaris_core.progress import Progress
from polaris_core.retrieval.documents import METHOD
from polaris_core.retrieval.embed import (
    picture_fingerprint,
    picture_vectors,
    text_fingerprint,
    text_vectors,
)
from polaris_core.retrieval.lexical import WordIndexBuilder, WordSegment

__all__ = ["Part", "Vectors", "Words", "picture_part", "text_part"]

_ENTRIES_PER_BATCH = 128
"""What a builder that is killed has to embed again at the most."""

Piece = TypeVar("Piece")


class Part(Protocol[Piece]):
    """What opens, builds and joins the segments of one part."""

    @property
    def folder(self) -> Path:
        """Where its segments are."""
        ...

    def open(self, folder: Path) -> Piece:
        """Open a segment.

        Raises:
            IndexProblem: There is none, or it is damaged.
        """
        ...

    def size(self, piece: Piece) -> int:
        """How many entries a segment tells of."""
        ...

    def build(self, folder: Path, changes: Changes, progress: Progress) -> None:
        """Write a segment.

        Raises:
            PolarisError: As the encoder and the disk do.
        """
        ...

    def join(self, folder: Path, pieces: Sequence[Piece], *, are_all: bool) -> None:
        """Write one segment that says what these say; `are_all` if none comes before them.

        Raises:
            IndexProblem: The folder cannot be written to.
        """
        ...


@dataclass(frozen=True)
class Words:
    """The words."""

    folder: Path

    def open(self, folder: Path) -> WordSegment:
        """Open a segment; see `Part`."""
        return WordSegment.open(folder)

    def size(self, piece: WordSegment) -> int:
        """How many entries a segment tells of."""
        return len(piece.words.ids) + len(piece.words.gone)

    def build(self, folder: Path, changes: Changes, progress: Progress) -> None:
        """Write a segment; see `Part`."""
        builder = WordIndexBuilder()
        for number, entry in enumerate(changes.entries):
            if number % _ENTRIES_PER_BATCH == 0:
                progress(number, len(changes.entries), "reading the catalogue")
            builder.add(entry)
        builder.finish(np.array(changes.gone, np.int64)).save(folder)

    def join(self, folder: Path, pieces: Sequence[WordSegment], *, are_all: bool) -> None:
        """Write one segment that says what these say; see `Part`."""
        WordSegment.joined(pieces, are_all=are_all).save(folder)


@dataclass(frozen=True)
class Vectors:
    """The vectors of one half."""

    folder: Path
    encoder: str
    dim: int
    fingerprint: Callable[[Entry], bytes]
    vectors: Callable[[Sequence[Entry], Progress], Embeddings]
    cache: EmbeddingCache
    what: str

    def open(self, folder: Path) -> Segment:
        """Open a segment; see `Part`."""
        return open_segment(folder, self.encoder)

    def size(self, piece: Segment) -> int:
        """How many entries a segment tells of."""
        return len(piece.index.ids) + len(piece.gone)

    def build(self, folder: Path, changes: Changes, progress: Progress) -> None:
        """Write a segment; see `Part`. What was embedded before is taken from the cache."""
        entries = changes.entries
        keys = [self._key(entry) for entry in entries]
        rows, found = self.cache.find(keys, self.dim)
        new: list[int] = np.flatnonzero(~found).tolist()
        known = len(entries) - len(new)
        for start in range(0, len(new), _ENTRIES_PER_BATCH):
            batch = new[start : start + _ENTRIES_PER_BATCH]
            report = within(progress, known + start, len(batch), len(entries))
            report(0, 1, self.what)
            rows[batch] = self.vectors([entries[row] for row in batch], report)
            self.cache.keep([keys[row] for row in batch], rows[batch])
        progress(len(entries), len(entries), self.what)
        ids = np.array([entry.id for entry in entries], np.int64)
        save_segment(folder, ids, rows, np.array(changes.gone, np.int64), self.encoder)

    def join(self, folder: Path, pieces: Sequence[Segment], *, are_all: bool) -> None:
        """Write one segment that says what these say; see `Part`."""
        join_segments(folder, pieces, self.encoder, are_all=are_all)

    def _key(self, entry: Entry) -> bytes:
        """Under which an entry's vector is kept: equal as long as it would come out the same."""
        start = f"{METHOD} {self.what} {self.encoder}\0".encode()
        return hashlib.blake2b(start + self.fingerprint(entry), digest_size=16).digest()


def text_part(folder: Path, encoder: TextEncoder, cache: EmbeddingCache) -> Vectors:
    """The text half."""

    def vectors(entries: Sequence[Entry], progress: Progress) -> Embeddings:
        return text_vectors(entries, encoder, progress)

    what = "reading descriptions"
    return Vectors(folder, encoder.name, encoder.dim, text_fingerprint, vectors, cache, what)


def picture_part(folder: Path, encoder: ImageEncoder, cache: EmbeddingCache) -> Vectors:
    """The picture half."""

    def vectors(entries: Sequence[Entry], progress: Progress) -> Embeddings:
        return picture_vectors(entries, encoder, progress)

    what = "looking at previews"
    return Vectors(folder, encoder.name, encoder.dim, picture_fingerprint, vectors, cache, what)


def within(progress: Progress, start: int, count: int, total: int) -> Progress:
    """A piece's own progress as part of the whole."""

    def report(done: int, of: int, what: str, /) -> None:
        progress(start + (done * count // of if of else 0), total, what)

    return report
