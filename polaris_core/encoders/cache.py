"""Vectors that were computed before, by encoder and content: one new LoRA costs one embedding."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import Embeddings, ImageEncoder, RGBImage, TextEncoder
from polaris_core.encoders.checks import checked_image
from polaris_core.progress import Progress, silent

__all__ = ["CachedImageEncoder", "CachedTextEncoder", "EmbeddingCache"]

_AT_ONCE = 500
_BETWEEN_WRITES = 256
"""What is lost at the most when the process is killed."""

_WAIT_S = 30.0
_OPENING = (
    "PRAGMA page_size = 16384",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)",
)

Item = TypeVar("Item")


class EmbeddingCache:
    """An SQLite file of vectors by key.

    Processes share it. It only ever saves time: a damaged file is set aside and begun anew, and
    where it cannot be written to, nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        """Use the cache at `path`; file and folders are made when something is kept."""
        self.path = path

    def find(self, keys: Sequence[bytes], dim: int) -> tuple[Embeddings, npt.NDArray[np.bool_]]:
        """The vectors of these keys, shape `n dim`, and which were there; the others are zero."""
        rows = np.zeros((len(keys), dim), np.float32)
        found = np.zeros(len(keys), np.bool_)

        def read(connection: sqlite3.Connection) -> None:
            for at in range(0, len(keys), _AT_ONCE):
                part = keys[at : at + _AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"
                kept: dict[bytes, object] = dict(connection.execute(query, part))
                blobs = [kept.get(key) for key in part]
                whole = {
                    at + i: blob
                    for i, blob in enumerate(blobs)
                    if isinstance(blob, bytes) and len(blob) == 4 * dim
                }
                values = np.frombuffer(b"".join(whole.values()), np.float32)
                rows[list(whole)] = np.reshape(values, (-1, dim))
                found[list(whole)] = True

        if keys and self.path.is_file():
            self._run(read)
        with np.errstate(all="ignore"):
            found &= np.isfinite(rows @ np.ones(dim, np.float32))
        rows[~found] = 0.0
        return rows, found

    def keep(self, keys: Sequence[bytes], rows: Embeddings) -> None:
        """Keep these vectors, shape `n dim`, under these keys."""

        def write(connection: sqlite3.Connection) -> None:
            pairs = zip(keys, (row.tobytes() for row in rows), strict=True)
            with connection:
                connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", pairs)

        self._run(write)

    def _run(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """Do this with the file open; what fails is done without."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self.path, timeout=_WAIT_S)) as connection:
                connection.text_factory = bytes
                for statement in _OPENING:
                    connection.execute(statement)
                work(connection)
        except (sqlite3.Error, OSError) as error:
            if type(error) is sqlite3.DatabaseError or "column" in str(error):
                self._set_aside()

    def _set_aside(self) -> None:
        """Move the damaged file and its journal out of the way."""
        mark = f".broken-{time.time_ns()}"
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.replace(f"{self.path}{end}", f"{self.path}{mark}{end}")


class CachedTextEncoder:
    """A text encoder that looks into a cache first."""

    def __init__(self, encoder: TextEncoder, cache: EmbeddingCache) -> None:
        self._encoder, self._cache = encoder, cache

    @property
    def name(self) -> str:
        """The encoder's own."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Embed each text, shape `n dim`, keeping what is new.

        Raises:
            PolarisError: As the encoder does; what it finished before is kept.
        """
        start = f"{self.name}\0text\0".encode()
        keys = [_key(start + text.encode("utf-8", "surrogatepass")) for text in texts]
        return _through(
            self._cache, keys, texts, len, self._encoder.encode_texts, self.dim, progress
        )


class CachedImageEncoder:
    """An image encoder that looks into a cache first."""

    def __init__(self, encoder: ImageEncoder, cache: EmbeddingCache) -> None:
        self._encoder, self._cache = encoder, cache

    @property
    def name(self) -> str:
        """The encoder's own."""
        return self._encoder.name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._encoder.dim

    def encode_images(self, images: Sequence[RGBImage], progress: Progress = silent) -> Embeddings:
        """Embed each picture, shape `n dim`, keeping what is new.

        Raises:
            InvalidInput: A picture is not `h w 3` bytes.
            PolarisError: As the encoder does; what it finished before is kept.
        """
        keys = [
            _key(f"{self.name}\0picture\0{checked_image(image).shape}".encode() + image.tobytes())
            for image in images
        ]
        return _through(
            self._cache, keys, images, np.size, self._encoder.encode_images, self.dim, progress
        )


def _through(
    cache: EmbeddingCache,
    keys: Sequence[bytes],
    items: Sequence[Item],
    length: Callable[[Item], int],
    encode: Callable[[Sequence[Item], Progress], Embeddings],
    dim: int,
    progress: Progress,
) -> Embeddings:
    """Vectors of all items: from the cache, and the missing ones encoded, each content once."""
    rows, found = cache.find(keys, dim)
    absent: list[int] = np.flatnonzero(~found).tolist()
    missing = {keys[i]: i for i in absent}
    order = sorted(missing.values(), key=lambda i: -length(items[i]))  # encoders pad to the longest
    fresh: dict[bytes, npt.NDArray[np.float32]] = {}
    for at in range(0, len(order), _BETWEEN_WRITES):
        batch = order[at : at + _BETWEEN_WRITES]

        def report(done: int, _: int, what: str, /, at: int = at) -> None:
            progress(at + done, len(order), what)

        vectors = encode([items[i] for i in batch], report)
        cache.keep([keys[i] for i in batch], vectors)
        fresh.update(zip((keys[i] for i in batch), vectors, strict=True))
    for i in absent:
        rows[i] = fresh[keys[i]]
    return rows


def _key(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:16]
