"""Everything that is searched of one kind: vectors of both halves, and words.

On disk every part lies in a folder that is named by what it holds:

    <home>/indices/<kind>/<part>-<encoder>/<content>/

So a part that is there is the right one, builders cannot disturb each other, and what another
encoder built is never taken. Vectors are kept in a cache besides, one an entry: when the catalogue
changes, or a build was stopped, only entries that say something new are embedded.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Embeddings, Encoders
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.errors import IndexProblem, IndexUnreachable
from polaris_core.index.base import Ids, VectorIndex
from polaris_core.index.persist import open_index, save_index
from polaris_core.index.service import read_service
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.documents import METHOD
from polaris_core.retrieval.embed import (
    picture_fingerprint,
    picture_vectors,
    text_fingerprint,
    text_vectors,
)
from polaris_core.retrieval.lexical import WordIndex, WordIndexBuilder
from polaris_core.retrieval.served_half import ServedHalf, as_served_index, served_half

__all__ = ["CACHE", "KindIndex", "content_key", "forget", "load_kind"]

_INDEXED = (
    "SELECT id, name, file, words, tags, description, document FROM entries "
    "WHERE kind = ? ORDER BY id"
)
_ENTRIES_PER_BATCH = 128
CACHE = "embeddings.sqlite"
"""Vectors by key, in the zoo's folder."""


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


@dataclass(frozen=True)
class _Half:
    """How one half is made."""

    folder: Path
    encoder: str
    dim: int
    fingerprint: Callable[[Entry], bytes]
    vectors: Callable[[Sequence[Entry], Progress], Embeddings]
    what: str
    served: ServedHalf | None = None
    """Where its vectors are, if a database keeps them."""

    def key(self, entry: Entry) -> bytes:
        """Under which an entry's vector is kept: equal as long as it would come out the same."""
        start = f"{METHOD} {self.what} {self.encoder}\0".encode()
        return hashlib.blake2b(start + self.fingerprint(entry), digest_size=16).digest()


def content_key(store: Store, kind: Kind) -> str:
    """Changes whenever an entry of this kind says something else, comes, or goes.

    Unlike the catalogue's key it stays when only facts change that are not indexed, a hash say.

    Raises:
        StoreProblem: The catalogue cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    with store.reading() as connection:
        for row in connection.execute(_INDEXED, (kind.value,)):
            digest.update("\0".join(map(str, row)).encode())
            digest.update(b"\1")
    return digest.hexdigest()


def load_kind(
    home: Path, store: Store, key: str, kind: Kind, encoders: Encoders, progress: Progress = silent
) -> KindIndex | None:
    """Open the parts of this kind, building those that are not there for this catalogue.

    Args:
        home: The zoo's folder.
        store: The catalogue.
        key: Its `content_key`.
        kind: Of the entries to index.
        encoders: What makes the vectors.
        progress: Told of every entry embedded.

    Returns:
        None if the content has changed meanwhile: then nothing was kept but embeddings.

    Raises:
        IndexProblem: A part cannot be written.
        PolarisError: As the encoders and the store do.
    """
    text_half, picture_half = _halves(home, key, kind, encoders)
    words_folder = _part(home, kind, "words", METHOD) / key
    words = _opened_words(words_folder)
    text = _opened(text_half)
    picture = _opened(picture_half) if picture_half else None
    missing = [text_half] if text is None else []
    if picture_half and picture is None:
        missing.append(picture_half)
    if words is None or missing:
        cache = EmbeddingCache(home / CACHE)
        words = _build(store, kind, words, words_folder, missing, cache, progress)
        if content_key(store, kind) != key:
            for folder in (words_folder, *(half.folder for half in missing)):
                shutil.rmtree(folder, ignore_errors=True)
            return None
    text = text or _open(text_half)
    if picture_half and picture is None:
        picture = _open(picture_half)
    return KindIndex(words, text, picture)


def forget(home: Path, encoders: Encoders) -> None:
    """Remove words, vectors and cache, so that all is built again.

    What a database holds stays: it lies there under what it was made from, and is others', too.
    """
    for kind in Kind:
        for part, name in (
            ("words", METHOD),
            ("text", encoders.text.name),
            ("picture", encoders.image.name if encoders.image else ""),
        ):
            shutil.rmtree(_part(home, kind, part, name), ignore_errors=True)
        for folder in (home / "indices" / kind.value).glob("served-*"):
            shutil.rmtree(folder, ignore_errors=True)
    for end in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            (home / f"{CACHE}{end}").unlink()


def _halves(home: Path, key: str, kind: Kind, encoders: Encoders) -> tuple[_Half, _Half | None]:
    text, image = encoders.text, encoders.image
    text_half = _Half(
        _part(home, kind, "text", text.name) / key,
        text.name,
        text.dim,
        text_fingerprint,
        lambda entries, report: text_vectors(entries, text, report),
        "reading descriptions",
    )
    if image is None:
        return _served(home, kind, text_half), None
    picture_half = _Half(
        _part(home, kind, "picture", image.name) / key,
        image.name,
        image.dim,
        picture_fingerprint,
        lambda entries, report: picture_vectors(entries, image, report),
        "looking at previews",
    )
    return _served(home, kind, text_half), _served(home, kind, picture_half)


def _served(home: Path, kind: Kind, half: _Half) -> _Half:
    """The half as it is kept in the database that the user has named, if he has."""
    service = read_service(home)
    if service is None:
        return half
    served = served_half(service, home, kind, half.what, half.encoder, half.dim)
    folder = _part(home, kind, "served", f"{served.alias} {service.address}") / half.folder.name
    return replace(half, folder=folder, served=served)


def _part(home: Path, kind: Kind, part: str, name: str) -> Path:
    return home / "indices" / kind.value / f"{part}-{_short(name)}"


def _open(half: _Half) -> VectorIndex:
    if half.served:
        return as_served_index([half.served.open(half.folder)])
    return open_index(half.folder, half.encoder)


def _opened(half: _Half) -> VectorIndex | None:
    try:
        return _open(half)
    except IndexUnreachable:
        raise
    except IndexProblem:
        return None


def _opened_words(folder: Path) -> WordIndex | None:
    with contextlib.suppress(IndexProblem):
        return WordIndex.open(folder)
    return None


def _build(
    store: Store,
    kind: Kind,
    words: WordIndex | None,
    words_folder: Path,
    halves: Sequence[_Half],
    cache: EmbeddingCache,
    progress: Progress,
) -> WordIndex:
    """Read all entries once, index their words, and embed what is new of them."""
    builder = WordIndexBuilder()
    ids: list[int] = []
    keys: list[list[bytes]] = [[] for _ in halves]
    for entry in store.all(kind):
        if len(ids) % _ENTRIES_PER_BATCH == 0:
            progress(len(ids), 0, "reading the catalogue")
        ids.append(entry.id)
        if words is None:
            builder.add(entry)
        for half, of_half in zip(halves, keys, strict=True):
            of_half.append(half.key(entry))
    for half, of_half in zip(halves, keys, strict=True):
        _build_half(half, store, ids, of_half, cache, progress)
    if words is None:
        words = builder.finish()
        words.save(words_folder)
        _remove_others(words_folder)
    return words


def _build_half(
    half: _Half,
    store: Store,
    ids: list[int],
    keys: list[bytes],
    cache: EmbeddingCache,
    progress: Progress,
) -> None:
    if half.served:

        def embed(places: Sequence[int], report: Progress) -> Embeddings:
            return half.vectors(store.entries([ids[place] for place in places]), report)

        half.served.publish(half.folder, ids, keys, embed, cache, progress)
        _remove_others(half.folder)
        return
    rows, found = cache.find(keys, half.dim)
    new: list[int] = np.flatnonzero(~found).tolist()
    for start in range(0, len(new), _ENTRIES_PER_BATCH):
        batch = new[start : start + _ENTRIES_PER_BATCH]
        report = _within(progress, start, len(batch), len(new), half.what)
        rows[batch] = half.vectors(store.entries([ids[row] for row in batch]), report)
        cache.keep([keys[row] for row in batch], rows[batch])
    progress(len(new), len(new), half.what)
    save_index(half.folder, np.array(ids, np.int64), rows, half.encoder)
    _remove_others(half.folder)


def _within(progress: Progress, start: int, count: int, total: int, what: str) -> Progress:
    """A batch's own progress as part of the whole."""

    def report(done: int, of: int, _: str, /) -> None:
        progress(start + (done * count // of if of else 0), total, what)

    return report


def _remove_others(folder: Path) -> None:
    """Remove a part's other states; readers keep what they have opened."""
    for other in folder.parent.glob("*"):
        if other.name != folder.name:
            shutil.rmtree(other, ignore_errors=True)


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
