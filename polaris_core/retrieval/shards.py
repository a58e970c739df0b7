"""The vectors of a zoo, a shard at a time: what one worker of many does.

A shard is the entries of one kind between two ids. Its file is named by what it holds, so one that
is there is the right one, whoever made it and whenever.

    <home>/shards/<kind>-<half>-<digest>.npz     keys `n 16` and vectors `n dim`
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Embeddings, Encoders
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.errors import IndexProblem
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.parts import Vectors, picture_part, text_part

__all__ = ["BATCH", "Shard", "ShardMade", "forget_shards", "make_shard", "plan_shards", "pour"]

BATCH = 128
"""Entries embedded at a time, as the ordinary builder does: a row may depend on its company."""

_FOLDER = "shards"


@dataclass(frozen=True)
class Shard:
    """Entries of one kind, by rising id."""

    kind: Kind
    ids: tuple[int, ...]


@dataclass(frozen=True)
class ShardMade:
    """What became of a shard."""

    files: tuple[str, ...]
    """One for each half."""
    entries: int
    embedded: int
    """Vectors that were made just now, of both halves."""


def plan_shards(store: Store, kinds: Iterable[Kind], entries: int) -> list[Shard]:
    """All entries of these kinds in shards of `entries`, a multiple of `BATCH`.

    Raises:
        StoreProblem: The catalogue cannot be read.
    """
    shards: list[Shard] = []
    for kind in kinds:
        with store.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM entries WHERE kind = ? ORDER BY id", (kind.value,)
            ).fetchall()
        ids = [int(row[0]) for row in rows]
        pieces = (ids[at : at + entries] for at in range(0, len(ids), entries))
        shards += [Shard(kind, tuple(piece)) for piece in pieces]
    return shards


def make_shard(
    home: Path,
    store: Store,
    shard: Shard,
    encoders: Encoders,
    cache: EmbeddingCache,
    progress: Progress = silent,
) -> ShardMade:
    """Embed and write those of a shard's entries that neither the cache nor a file has.

    Raises:
        IndexProblem: A file cannot be written.
        PolarisError: As the store and the encoders do.
    """
    entries = store.entries(shard.ids)
    files: list[str] = []
    embedded = 0
    for name, half in _halves(encoders, cache).items():
        keys = [half.key(entry) for entry in entries]
        _, known = cache.find(keys, half.dim)
        new: list[int] = np.flatnonzero(~known).tolist()
        if not new:
            continue
        digest = hashlib.blake2b(b"".join(keys[row] for row in new), digest_size=16).hexdigest()
        path = home / _FOLDER / f"{shard.kind.value}-{name}-{digest}.npz"
        files.append(str(path))
        if path.is_file():
            continue
        pieces: list[Embeddings] = []
        for at in range(0, len(new), BATCH):
            progress(at, len(new), half.what)
            batch = new[at : at + BATCH]
            pieces.append(half.vectors([entries[row] for row in batch], silent))
        _write(path, [keys[row] for row in new], np.concatenate(pieces))
        embedded += len(new)
    return ShardMade(tuple(files), len(entries), embedded)


def pour(files: Iterable[str], cache: EmbeddingCache) -> None:
    """Put the vectors of shards where the ordinary builder looks for them, one after the other.

    Raises:
        IndexProblem: A file is gone or damaged.
    """
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as shard:
                keys: npt.NDArray[np.uint8] = shard["keys"]
                vectors: Embeddings = shard["vectors"]
        except (OSError, ValueError, KeyError, EOFError) as error:
            hint = "Remove it and index again"
            raise IndexProblem("a shard cannot be read", value=file, hint=hint) from error
        cache.keep([row.tobytes() for row in keys], vectors)


def forget_shards(home: Path) -> None:
    """Remove all shards: their vectors are in the index and in the cache."""
    for path in (home / _FOLDER).glob("*"):
        with contextlib.suppress(OSError):
            path.unlink()
    with contextlib.suppress(OSError):
        (home / _FOLDER).rmdir()


def _halves(encoders: Encoders, cache: EmbeddingCache) -> dict[str, Vectors]:
    """Both halves as the ordinary builder makes them, by name; it says where they are kept."""
    nowhere = Path()
    halves = {"text": text_part(nowhere, encoders.text, cache)}
    if encoders.image is not None:
        halves["picture"] = picture_part(nowhere, encoders.image, cache)
    return halves


def _write(path: Path, keys: Sequence[bytes], vectors: Embeddings) -> None:
    """Write beside and rename."""
    beside = path.with_name(f"{uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            rows = np.reshape(np.frombuffer(b"".join(keys), np.uint8), (len(keys), -1))
            np.savez(file, keys=rows, vectors=vectors)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        hint = f"See that {path.parent} can be written to and has space"
        raise IndexProblem("a shard cannot be written", value=str(error), hint=hint) from error
