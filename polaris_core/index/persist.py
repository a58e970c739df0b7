"""Indices on disk: written beside and renamed, opened by memory map."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexMismatch, IndexProblem
from polaris_core.index.base import Ids, VectorIndex
from polaris_core.index.exact import ExactIndex
from polaris_core.index.factory import AnyIndex, Kind, build_index, has_faiss
from polaris_core.index.faiss_index import FastIndex, FlatIndex
from polaris_core.index.files import FileSet, read_set, write_set
from polaris_core.index.rows import Rows
from polaris_core.index.segments import Segment, joined_rows
from polaris_core.progress import Progress, silent

__all__ = ["join_segments", "open_index", "open_segment", "save_index", "save_segment"]


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
    _write(folder, Rows.of(ids, vectors), None, encoder_name, kind, progress)
    return open_index(folder, encoder_name)


def save_segment(
    folder: Path, ids: npt.ArrayLike, vectors: npt.ArrayLike, gone: Ids, encoder_name: str
) -> None:
    """Write a segment as `save_index` writes an index; `gone` are ids of earlier segments.

    Raises:
        InvalidInput: Ids or vectors cannot be indexed.
        IndexProblem: The folder cannot be written to.
    """
    _write(folder, Rows.of(ids, vectors), gone, encoder_name)


def join_segments(
    folder: Path, segments: Sequence[Segment], encoder_name: str, *, are_all: bool
) -> None:
    """Write one segment that says what these say, earliest first.

    Args:
        folder: Made if it is missing; holds nothing but this segment.
        segments: At least one.
        encoder_name: `name` of the encoder that made the vectors.
        are_all: Whether nothing comes before them, so that nobody need know what is gone.

    Raises:
        IndexProblem: The folder cannot be written to, or a segment is damaged.
    """
    scratch = folder / f"vectors-{uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        rows, gone = joined_rows(segments, scratch)
        _write(folder, rows, gone[:0] if are_all else gone, encoder_name)
    except OSError as error:
        hint = f"See that {folder} can be written to and has space"
        raise IndexProblem("the index cannot be written", value=str(error), hint=hint) from error
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink()


def open_segment(folder: Path, encoder_name: str) -> Segment:
    """Open what `save_segment` or `join_segments` wrote, as `open_index` does.

    Raises:
        IndexMismatch: It was built by another encoder.
        IndexProblem: There is none, or its files are damaged or of another version.
    """
    index, files = _open(folder, encoder_name)
    return Segment(index, files.array("gone", np.int64, (int(files.number("gone")),)))


def open_index(folder: Path, encoder_name: str) -> VectorIndex:
    """Open the index in `folder` by memory map, without reading the vectors.

    An index whose kind needs faiss is opened as an exact one where faiss is missing.

    Raises:
        IndexMismatch: It was built by another encoder.
        IndexProblem: There is none, or its files are damaged or of another version.
    """
    return _open(folder, encoder_name)[0]


def _write(
    folder: Path,
    rows: Rows,
    gone: Ids | None,
    encoder_name: str,
    kind: Kind = "auto",
    progress: Progress = silent,
) -> None:
    index = build_index(rows, kind, progress)
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
    if gone is not None:
        facts["gone"] = len(gone)
        parts["gone"] = _writer(gone)
    if isinstance(index, FastIndex) and index.has_codes:
        parts["codes"] = index.write_codes
    progress(1, 2, "writing the index")
    write_set(folder, facts, parts)
    progress(2, 2, "writing the index")


def _open(folder: Path, encoder_name: str) -> tuple[AnyIndex, FileSet]:
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
        return ExactIndex(rows), files
    if kind == "flat":
        return FlatIndex(rows), files
    if kind == "fast":
        return FastIndex(rows, files.data.get("codes")), files
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
