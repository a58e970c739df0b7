"""The vectors of one half in a database, and here only who they belong to.

On disk lies, for each state of the catalogue, which entry's vector is found under which key, and in
which collection: 16 bytes an entry. Keys say what a vector was made from, so all workers and
catalogues that use one encoder share one collection: what one has embedded the others find there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from polaris_core.catalogue.entry import Kind
from polaris_core.encoders.base import Embeddings
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.errors import IndexMismatch, IndexProblem
from polaris_core.index.base import Ids
from polaris_core.index.files import read_set, write_set
from polaris_core.index.milvus import Collection, open_collection
from polaris_core.index.served import ServedIndex
from polaris_core.index.service import Service
from polaris_core.progress import Progress
from polaris_core.retrieval.documents import METHOD

__all__ = ["ServedHalf", "ServedRows", "as_one", "as_served_index", "served_half"]

_AT_ONCE = 128
"""Embedded and sent at a time: what a builder that is killed has to do again at the most."""

_FOUND_AT_ONCE = 2048
_SETTLED_ABOVE = 4096

Embed = Callable[[Sequence[int], Progress], Embeddings]
"""The vectors of the entries at these places."""


@dataclass(frozen=True, eq=False)
class ServedRows:
    """Under which keys the vectors of some entries are."""

    collection: Collection
    ids: Ids
    """All of them, rising, shape `n`."""
    keys: Ids
    """Shape `n`; of entries without a vector they mean nothing."""
    filled: npt.NDArray[np.bool_]
    """Who has a vector, shape `n`."""
    gone: Ids
    """Ids of earlier rows that are not in the zoo any more, rising."""


@dataclass(frozen=True)
class ServedHalf:
    """Where the vectors of one half are kept."""

    service: Service
    alias: str
    """Of the collection; another one for every kind, half, encoder and method."""
    encoder: str
    dim: int
    what: str
    lock: Path
    """Held while rows are added: Milvus Lite takes one writer at a time."""

    def publish(
        self,
        folder: Path,
        ids: Sequence[int],
        keys: Sequence[bytes],
        embed: Embed,
        cache: EmbeddingCache,
        progress: Progress,
        gone: Sequence[int] = (),
    ) -> None:
        """See that the database has a vector under each key, and write down which they are.

        Stopped at any moment, it goes on where it was.

        Args:
            folder: Made if it is missing; holds nothing but this.
            ids: Rising.
            keys: Of each id 16 bytes, equal as long as its vector would come out the same.
            embed: Makes those that neither the database nor the cache has.
            cache: Of vectors by key.
            progress: Told of every batch.
            gone: Ids of what was published before that do not count any more, rising.

        Raises:
            IndexUnreachable: The database does not answer.
            IndexProblem: It refuses, or the folder cannot be written to.
            PolarisError: As the encoder does.
        """
        numbers = np.array([int.from_bytes(k[:8], "big", signed=True) for k in keys], np.int64)
        collection = open_collection(self.service, self.alias, self.dim)
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.lock):
            filled = collection.present(numbers)
            absent: list[int] = np.flatnonzero(~filled).tolist()
            for start in range(0, len(absent), _FOUND_AT_ONCE):
                progress(start, len(absent), self.what)
                part = absent[start : start + _FOUND_AT_ONCE]
                filled[part] = self._fill(collection, numbers, keys, part, embed, cache, progress)
            if len(absent) > _SETTLED_ABOVE:
                collection.settle()
        left = np.array(gone, np.int64)
        self.write(folder, ServedRows(collection, np.array(ids, np.int64), numbers, filled, left))

    def write(self, folder: Path, rows: ServedRows) -> None:
        """Write down what is in the database.

        Raises:
            IndexProblem: The folder cannot be written to.
        """
        facts = {
            "encoder": self.encoder,
            "collection": rows.collection.name,
            "count": len(rows.ids),
            "gone": len(rows.gone),
        }
        parts = {
            "ids": rows.ids.tofile,
            "keys": rows.keys.tofile,
            "filled": rows.filled.tofile,
            "gone": rows.gone.tofile,
        }
        write_set(folder, facts, parts)

    def open(self, folder: Path) -> ServedRows:
        """What `publish` wrote down.

        Raises:
            IndexMismatch: It is of another encoder.
            IndexUnreachable: The database does not answer.
            IndexProblem: There is nothing, or it is damaged, or the collection is another one now.
        """
        files = read_set(folder)
        if files.text("encoder") != self.encoder:
            raise IndexMismatch("keys of another encoder", value=files.text("encoder"))
        count = int(files.number("count"))
        rows = ServedRows(
            open_collection(self.service, self.alias, self.dim, files.text("collection")),
            files.array("ids", np.int64, (count,)),
            files.array("keys", np.int64, (count,)),
            files.array("filled", np.bool_, (count,)),
            files.array("gone", np.int64, (int(files.number("gone")),)),
        )
        if not (rows.ids[1:] > rows.ids[:-1]).all():
            raise IndexProblem("the ids of the index are damaged", hint="Build the index again")
        return rows

    def _fill(
        self,
        collection: Collection,
        numbers: Ids,
        keys: Sequence[bytes],
        places: list[int],
        embed: Embed,
        cache: EmbeddingCache,
        progress: Progress,
    ) -> npt.NDArray[np.bool_]:
        """Send the vectors of these places, embedding what is new; says which are not zero."""
        rows, found = cache.find([keys[place] for place in places], self.dim)
        self._send(collection, numbers[places][found], rows[found])
        new: list[int] = np.flatnonzero(~found).tolist()
        for start in range(0, len(new), _AT_ONCE):
            batch = new[start : start + _AT_ONCE]
            rows[batch] = embed([places[row] for row in batch], progress)
            cache.keep([keys[places[row]] for row in batch], rows[batch])
            self._send(collection, numbers[[places[row] for row in batch]], rows[batch])
        return _not_zero(rows)

    def _send(self, collection: Collection, numbers: Ids, rows: Embeddings) -> None:
        there = np.flatnonzero(_not_zero(rows))
        sent, first = np.unique(numbers[there], return_index=True)
        if len(sent):
            collection.add(sent, rows[there[first]])


def served_half(
    service: Service, home: Path, kind: Kind, what: str, encoder: str, dim: int
) -> ServedHalf:
    """Where the vectors of one half of one kind are kept in a database.

    Args:
        service: The database.
        home: The zoo's folder.
        kind: Of the entries.
        what: Name of the half.
        encoder: `name` of what makes the vectors.
        dim: Length of a vector.
    """
    made = f"{METHOD} {kind.value} {what} {encoder} {dim} {service.fast}"
    digest = hashlib.blake2b(made.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    alias = f"polaris_{kind.value}_{digest}"
    return ServedHalf(service, alias, encoder, dim, what, home / "served.lock")


def as_one(pieces: Sequence[ServedRows]) -> ServedRows:
    """What these say together, at least one: an id counts in the last that has it."""
    first, *later = pieces
    ids, keys, filled, gone = first.ids, first.keys, first.filled, first.gone
    for piece in later:
        gone = np.union1d(gone, piece.gone)
        kept = ~np.isin(ids, np.union1d(piece.ids, piece.gone))
        ids = np.concatenate([ids[kept], piece.ids])
        keys = np.concatenate([keys[kept], piece.keys])
        filled = np.concatenate([filled[kept], piece.filled])
    order = np.argsort(ids)
    gone = np.setdiff1d(gone, ids)
    return ServedRows(pieces[-1].collection, ids[order], keys[order], filled[order], gone)


def as_served_index(pieces: Sequence[ServedRows]) -> ServedIndex:
    """What these say together, searched as one index."""
    rows = as_one(pieces)
    return ServedIndex(rows.collection, rows.ids, rows.ids[rows.filled], rows.keys[rows.filled])


def _not_zero(rows: Embeddings) -> npt.NDArray[np.bool_]:
    return np.asarray(rows.any(axis=1), np.bool_)
