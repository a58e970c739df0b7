"""Which index for how many vectors."""

from __future__ import annotations

import importlib.util
from typing import Literal, TypeAlias, get_args

from polaris_core.errors import InvalidInput
from polaris_core.index.exact import ExactIndex
from polaris_core.index.faiss_index import FastIndex, FlatIndex, gpu_count
from polaris_core.index.rows import Rows
from polaris_core.progress import Progress, silent

__all__ = ["AnyIndex", "Kind", "build_index", "choose", "has_faiss"]

Kind: TypeAlias = Literal["auto", "exact", "flat", "fast"]
"""Exact in numpy, exact in faiss, fast in faiss; "auto" decides by size."""

AnyIndex: TypeAlias = ExactIndex | FlatIndex | FastIndex

_FAST_ABOVE = 20_000


def choose(count: int) -> Literal["exact", "flat", "fast"]:
    """The kind for this many vectors: exact up to 20,000 of them, and where faiss is missing."""
    if count <= _FAST_ABOVE or not has_faiss():
        return "exact"
    return "flat" if gpu_count() else "fast"


def build_index(rows: Rows, kind: Kind = "auto", progress: Progress = silent) -> AnyIndex:
    """An index of this kind over these rows.

    Raises:
        MissingDependency: The kind needs faiss and it is not installed.
        InvalidInput: There is no such kind.
    """
    if kind not in get_args(Kind):
        raise InvalidInput("no such kind of index", value=kind, hint=f"One of {get_args(Kind)}")
    chosen = choose(len(rows.row_ids)) if kind == "auto" else kind
    if chosen == "exact":
        return ExactIndex(rows)
    return FlatIndex(rows) if chosen == "flat" else FastIndex.build(rows, progress)


def has_faiss() -> bool:
    """Whether faiss is installed."""
    return importlib.util.find_spec("faiss") is not None
