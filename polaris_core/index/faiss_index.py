"""Search through faiss: exact on a GPU, and fast by four-bit codes whose best are scored exactly.

The vectors themselves stay in `Rows`, a memory map. The fast index adds product quantisation codes
(Jégou et al., 2011) laid out for registers (André et al., 2017): a scan of a twentieth of the bytes
proposes candidates, and these are scored from the vectors.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.checks import required
from polaris_core.errors import IndexProblem
from polaris_core.index.base import Hits, Ids, Vectors
from polaris_core.index.rows import Query, Rows, checked_query
from polaris_core.progress import Progress, silent

__all__ = ["FastIndex", "FlatIndex", "gpu_count"]

_CANDIDATES = 4
"""Candidates scored exactly per hit asked for; the recall this gives is in benchmarks/search.py."""

_FEWEST_CANDIDATES = 256
_MOST_SPARE = 1024
"""Of a long list only the end can lack a neighbour, so it needs no more candidates to spare."""

_FEWEST_ROWS = 4096
"""Below this, scoring all rows is as fast as looking at codes."""

_MOST_PROPOSED = 1 / 2
"""When the codes would have to propose more than this share of all rows, all are scored."""

_PROPOSED_PER_ALLOWED = 2
"""Proposing so many costs what scoring one does."""

_FURTHER = 4

_TRAINING_ROWS = 8192
_TRAINING_ROUNDS = 10
_SLACK = 16


class FlatIndex:
    """Every row scored by faiss: on the GPU where there is one, else on the CPU.

    Without a GPU it is slower than `ExactIndex`, and the two say the same.
    """

    kind = "flat"

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._faiss = required("faiss", "faiss-cpu")
        self._lock = threading.Lock()
        self._on_gpu: Any = None

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.rows.dim

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`, those of empty rows among them."""
        return self.rows.ids

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none."""
        return self.rows.vectors_of(ids)

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product; see `VectorIndex.search`.

        With `allowed` it is the CPU that searches.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
            IndexProblem: A stored vector holds NaN or infinity.
        """
        sought = checked_query(query, self.dim, k)
        if allowed is not None:
            return self.rows.best(sought, k, self.rows.positions(allowed))
        fetched = min(k + _SLACK, len(self.rows.row_ids))
        if fetched == 0:
            return self.rows.best(sought, k)
        scores, found = self._scan(sought.direction, fetched)
        tied = k < fetched < len(self.rows.row_ids) and self.rows.too_close(
            float(scores[k - 1]), float(scores[-1])
        )
        return self.rows.best(sought, k, None if tied else found)

    def _scan(self, query: Vectors, k: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
        if gpu_count() == 0:
            metric = self._faiss.METRIC_INNER_PRODUCT
            with _one_thread(self._faiss):
                scores, found = self._faiss.knn(query[None], self.rows.vectors, k, metric=metric)
        else:
            with self._lock:  # a GPU's scratch memory serves one search at a time
                if self._on_gpu is None:
                    flat = self._faiss.IndexFlatIP(self.dim)
                    flat.add(self.rows.vectors)
                    resources = self._faiss.StandardGpuResources()
                    self._on_gpu = self._faiss.index_cpu_to_gpu(resources, 0, flat)
                scores, found = self._on_gpu.search(query[None], k)
        return scores[0], found[0]


class FastIndex:
    """Four-bit codes propose candidates, which are scored exactly.

    What it returns has exact scores, in exact order; at the end of a long list a neighbour may be
    missing (recall@100 ≥ .999 on clustered vectors). Filters that leave few rows, and searches for
    a large part of all rows, are exact. The codes are read at the first search.
    """

    kind = "fast"

    def __init__(self, rows: Rows, codes: Any) -> None:  # noqa: ANN401
        """Search `rows` by these codes: a faiss index, its bytes, or None where rows are few."""
        self.rows = rows
        self._faiss = required("faiss", "faiss-cpu")
        self._lock = threading.Lock()
        self._codes = codes

    @classmethod
    def build(cls, rows: Rows, progress: Progress = silent) -> FastIndex:
        """Learn the codes of these rows.

        Raises:
            MissingDependency: faiss is not installed.
        """
        faiss, count = required("faiss", "faiss-cpu"), len(rows.row_ids)
        if count < _FEWEST_ROWS:
            return cls(rows, None)
        parts = rows.dim // next(size for size in (2, 1) if rows.dim % size == 0)
        codes = faiss.IndexPQFastScan(rows.dim, parts, 4, faiss.METRIC_INNER_PRODUCT)
        codes.pq.cp.niter = _TRAINING_ROUNDS
        progress(0, 2, "learning codes for the index")
        with _one_thread(faiss):
            codes.train(np.ascontiguousarray(rows.vectors[:: math.ceil(count / _TRAINING_ROWS)]))
            progress(1, 2, "coding the vectors")
            codes.add(rows.vectors)
        return cls(rows, codes)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.rows.dim

    @property
    def ids(self) -> Ids:
        """The ids it holds, rising, shape `n`, those of empty rows among them."""
        return self.rows.ids

    def vectors_of(self, ids: Ids) -> Vectors:
        """The vectors of these ids, shape `n dim`; zero where there is none."""
        return self.rows.vectors_of(ids)

    def search(self, query: Vectors, k: int, allowed: Ids | None = None) -> Hits:
        """The `k` entries with the largest inner product, nearly all; see `VectorIndex.search`.

        Raises:
            InvalidInput: `query` has another length, or holds NaN or infinity; or `k` < 1.
            IndexProblem: A stored vector holds NaN or infinity, or the codes cannot be read.
        """
        sought = checked_query(query, self.dim, k)
        rows = None if allowed is None else self.rows.positions(allowed)
        rows = self._candidates(sought, k, rows)
        scores = self._scores(sought.direction, rows) if rows is not None else None
        return self.rows.best(sought, k, rows, scores)

    def write_codes(self, path: Path) -> None:
        """Write the codes, whose bytes `FastIndex(rows, bytes)` takes.

        Raises:
            OSError: The file cannot be written.
        """
        try:
            self._faiss.write_index(self._read_codes(), str(path))
        except RuntimeError as error:
            raise OSError(str(error)) from error

    @property
    def has_codes(self) -> bool:
        """Whether there are rows enough for codes."""
        return self._codes is not None

    def _candidates(
        self, query: Query, k: int, rows: npt.NDArray[np.intp] | None
    ) -> npt.NDArray[np.intp] | None:
        """Rows worth scoring: those that the codes propose, or else all that are allowed."""
        count = len(self.rows.row_ids)
        wanted = max(_FEWEST_CANDIDATES, min(_CANDIDATES * k, k + _MOST_SPARE))
        within = count if rows is None else len(rows)
        if not self.has_codes or not within or not query.direction.any():
            return rows
        most = min(_MOST_PROPOSED * count, _PROPOSED_PER_ALLOWED * within)
        fetched = wanted if rows is None else math.ceil(1.25 * wanted * count / within)
        while fetched <= most:
            found = self._proposed(query, fetched)
            if rows is not None:
                found = found[_flags(count, rows)[found]]
            if rows is None or len(found) >= wanted:
                return found[:wanted]
            fetched *= _FURTHER  # those allowed lie farther away than others
        return rows

    def _proposed(self, query: Query, count: int) -> npt.NDArray[np.intp]:
        codes = self._read_codes()
        with _one_thread(self._faiss):
            found = codes.search(query.direction[None], count)[1][0]
        return found[found >= 0]

    def _scores(self, query: Vectors, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32] | None:
        """Scores of scattered rows, which faiss reads where they are; None if they are many."""
        if not self.rows.are_few(rows):
            return None
        places = np.ascontiguousarray(rows, np.int64)
        scores, pointer = np.empty(len(places), np.float32), self._faiss.swig_ptr
        with _one_thread(self._faiss):
            self._faiss.fvec_inner_products_by_idx(
                pointer(scores),
                pointer(query),
                pointer(self.rows.vectors),
                pointer(places),
                self.dim,
                1,
                len(places),
            )
        return scores

    def _read_codes(self) -> Any:  # noqa: ANN401
        with self._lock:
            if isinstance(self._codes, np.ndarray):
                codes = _read(self._faiss, cast("npt.NDArray[np.uint8]", self._codes))
                if codes.d != self.dim or codes.ntotal != len(self.rows.row_ids):
                    raise IndexProblem(
                        "the codes of the index belong to other vectors",
                        value=f"{codes.ntotal} × {codes.d}",
                        hint="Build the index again",
                    )
                self._codes = codes
            return self._codes


def gpu_count() -> int:
    """How many GPUs faiss can use; 0 without faiss-gpu."""
    count = getattr(required("faiss", "faiss-cpu"), "get_num_gpus", None)
    return cast(int, count()) if count is not None else 0


def _flags(count: int, places: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    flags = np.zeros(count, np.bool_)
    flags[places] = True
    return flags


@contextlib.contextmanager
def _one_thread(faiss: Any) -> Generator[None, None, None]:  # noqa: ANN401
    """On a busy machine, threads that wait for each other take twenty times as long as one.

    The setting is the calling thread's own.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _read(faiss: Any, data: npt.NDArray[np.uint8]) -> Any:  # noqa: ANN401
    try:
        return faiss.deserialize_index(data)
    except RuntimeError as error:
        raise IndexProblem(
            "the codes of the index cannot be read",
            value=str(error),
            hint="Build the index again",
        ) from error
