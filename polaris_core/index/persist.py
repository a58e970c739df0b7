"""Indices on disk: written beside and renamed, opened by memory map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexMismatch, IndexProblem
from polaris_core.index.base import VectorIndex
from polaris_core.index.exact import ExactIndex
from polaris_core.index.factory import Kind, build_index, has_faiss
from polaris_core.index.faiss_index import FastIndex, FlatIndex
from polaris_core.index.files import FileSet, read_set, write_set
from polaris_core.index.rows import Rows
from polaris_core.progress import Progress, silent

__all__ = ["open_index", "save_index"]


def save_index(
    folder: Path,
    ids: npt.ArrayLike,
    vectors: npt.ArrayLike,
    encoder_name: str,
    *,
    kind: Kind = "auto",
    progress: Progress = silent,
) -> VectorIndex:
    """Build an index, write it into `folder` in place of what is there, and open it.

    Killed at any moment, it leaves the old index or the new one. Who has the old one open keeps it.

    Args:
        folder: Made if it is missing; holds nothing but this index.
        ids: Whole numbers, rising, shape `n`.
        vectors: Shape `n dim`, finite; rows of unit length, or zero.
        encoder_name: `name` of the encoder that made the vectors.
        kind: Which index; "auto" decides by size.
        progress: Told before each step.

    Raises:
        InvalidInput: Ids or vectors cannot be indexed.
        MissingDependency: `kind` needs faiss and it is not installed.
        IndexProblem: The folder cannot be written to.
    """
    index = build_index(Rows.of(ids, vectors), kind, progress)
    rows = index.rows
    facts: dict[str, object] = {
        "encoder": encoder_name,
        "kind": index.kind,
        "dim": rows.dim,
        "count": len(rows.ids),
        "rows": len(rows.row_ids),
        "longest": rows.longest,
    }
    filled = np.isin(rows.ids, rows.row_ids, assume_unique=True)
    parts = {
        "ids": _writer(rows.ids),
        "filled": _writer(filled),
        "vectors": _writer(rows.vectors),
    }
    if isinstance(index, FastIndex) and index.has_codes:
        parts["codes"] = index.write_codes
    progress(1, 2, "writing the index")
    write_set(folder, facts, parts)
    progress(2, 2, "writing the index")
    return open_index(folder, encoder_name)


def open_index(folder: Path, encoder_name: str) -> VectorIndex:
    """Open the index in `folder` by memory map, without reading the vectors.

    An index whose kind needs faiss is opened as an exact one where faiss is missing.

    Raises:
        IndexMismatch: It was built by another encoder.
        IndexProblem: There is none, or its files are damaged or of another version.
    """
    files = read_set(folder)
    encoder = files.text("encoder")
    if encoder != encoder_name:
        raise IndexMismatch(
            f"the index was built by the encoder {encoder}",
            value=f"asked for {encoder_name}",
            hint="Build the index again with this encoder, or choose that one",
        )
    rows = _rows(files)
    kind = files.text("kind")
    if kind in ("flat", "fast", "exact") and (kind == "exact" or not has_faiss()):
        return ExactIndex(rows)
    if kind == "flat":
        return FlatIndex(rows)
    if kind == "fast":
        return FastIndex(rows, files.data.get("codes"))
    raise IndexProblem("an index of an unknown kind", value=kind, hint="Build the index again")


def _writer(array: npt.NDArray[np.generic]) -> Callable[[Path], None]:
    return lambda path: array.tofile(path)


def _rows(files: FileSet) -> Rows:
    dim, count, rows = (int(files.number(name)) for name in ("dim", "count", "rows"))
    ids = files.array("ids", np.int64, (count,))
    filled = files.array("filled", np.bool_, (count,))
    vectors = files.array("vectors", np.float32, (rows, dim))
    if dim < 1 or np.count_nonzero(filled) != rows or not (ids[1:] > ids[:-1]).all():
        raise IndexProblem("the ids of the index are damaged", hint="Build the index again")
    return Rows(ids, ids if rows == count else ids[filled], vectors, files.number("longest"))
