"""The parts of a kind's index, the words and each half's vectors, one segment at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from polaris_core.catalogue.changes import Changes
from polaris_core.catalogue.entry import Entry
from polaris_core.encoders.base import Embeddings, ImageEncoder, TextEncoder
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.index.base import VectorIndex
from polaris_core.index.exact import ExactIndex
from polaris_core.index.persist import join_segments, open_segment, save_segment
from polaris_core.index.segments import Segment, as_one_index
from polaris_core.progress import Progress
from polaris_core.retrieval.documents import METHOD
from polaris_core.retrieval.embed import (
    picture_fingerprint,
    picture_vectors,
    text_fingerprint,
    text_vectors,
)
from polaris_core.retrieval.lexical import WordIndexBuilder, WordSegment
from polaris_core.retrieval.served_half import ServedHalf, ServedRows, as_one, as_served_index

__all__ = ["Half", "Part", "Served", "Vectors", "Words", "picture_part", "text_part", "within"]

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


class Half(Part[Piece], Protocol[Piece]):
    """A part that is vectors."""

    def index(self, pieces: Sequence[Piece]) -> VectorIndex:
        """What these segments say together, to be searched; there may be none."""
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
        keys = [self.key(entry) for entry in entries]
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

    def index(self, pieces: Sequence[Segment]) -> VectorIndex:
        """What these segments say together; see `Half`."""
        return as_one_index(pieces) if pieces else _nothing(self.dim)

    def key(self, entry: Entry) -> bytes:
        """Under which an entry's vector is kept: equal as long as it would come out the same."""
        start = f"{METHOD} {self.what} {self.encoder}\0".encode()
        return hashlib.blake2b(start + self.fingerprint(entry), digest_size=16).digest()


@dataclass(frozen=True)
class Served:
    """The vectors of one half in a database: a segment says under which keys they are there."""

    folder: Path
    half: Vectors
    """How they are made."""
    kept: ServedHalf
    """Where they are."""

    def open(self, folder: Path) -> ServedRows:
        """Open a segment; see `Part`.

        Raises:
            IndexUnreachable: The database does not answer.
            IndexProblem: As `ServedHalf.open`; also if what it tells of is not there any more.
        """
        return self.kept.open(folder)

    def size(self, piece: ServedRows) -> int:
        """How many entries a segment tells of."""
        return len(piece.ids) + len(piece.gone)

    def build(self, folder: Path, changes: Changes, progress: Progress) -> None:
        """Send what the database lacks and write a segment; see `Part`."""
        entries = changes.entries

        def embed(places: Sequence[int], report: Progress) -> Embeddings:
            return self.half.vectors([entries[place] for place in places], report)

        ids, keys = [entry.id for entry in entries], [self.half.key(entry) for entry in entries]
        self.kept.publish(folder, ids, keys, embed, self.half.cache, progress, changes.gone)

    def join(self, folder: Path, pieces: Sequence[ServedRows], *, are_all: bool) -> None:
        """Write one segment that says what these say; see `Part`."""
        rows = as_one(pieces)
        self.kept.write(folder, replace(rows, gone=rows.gone[:0]) if are_all else rows)

    def index(self, pieces: Sequence[ServedRows]) -> VectorIndex:
        """What these segments say together; see `Half`."""
        return as_served_index(pieces) if pieces else _nothing(self.half.dim)


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


def _nothing(dim: int) -> VectorIndex:
    return ExactIndex.of(np.empty(0, np.int64), np.empty((0, dim), np.float32))


def within(progress: Progress, start: int, count: int, total: int) -> Progress:
    """A piece's own progress as part of the whole."""

    def report(done: int, of: int, what: str, /) -> None:
        progress(start + (done * count // of if of else 0), total, what)

    return report
