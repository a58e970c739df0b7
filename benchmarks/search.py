"""Search among 75,000 vectors of 768 values: how near the memory's speed, how fast, how complete.

    python benchmarks/search.py [--json] [--count N] [--dim D]

The hard set: 2,000 groups whose centres lie in a subspace of 64 directions around a common mean, as
embeddings do; members differ by 24 further directions and a little noise, so that the hundred
nearest of a query are close to each other and a coarse code alone confuses them (its recall before
refinement is printed). Queries are members that were disturbed once more.

Repetitions are interleaved and figures are medians; for the share of the memory limit it is the
quickest repetition of each, since whatever else runs can only slow them down.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.index.exact import ExactIndex  # noqa: E402
from polaris_core.index.faiss_index import FlatIndex  # noqa: E402
from polaris_core.index.persist import open_index, save_index  # noqa: E402

K = 100
GROUPS, MEAN_SHARE, SHARED, LOCAL = 2_000, 0.5, 64, 24
THREADS = 2


def directions(rng: np.random.Generator, count: int, dim: int) -> np.ndarray:
    """So many random directions of unit length."""
    rows = rng.standard_normal((count, dim), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def hard_set(count: int, dim: int, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Vectors `count dim` and queries `queries dim`, unit length; see the module's text."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((GROUPS, SHARED), dtype=np.float32) @ directions(rng, SHARED, dim)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    mean = MEAN_SHARE * directions(rng, 1, dim)
    within = 0.35 / LOCAL**0.5 * rng.standard_normal((count, LOCAL), dtype=np.float32)
    vectors = centres[rng.integers(0, GROUPS, count)] + mean + within @ directions(rng, LOCAL, dim)
    vectors += 0.1 * directions(rng, count, dim)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = vectors[rng.integers(0, count, queries)] + 0.3 * directions(rng, queries, dim)
    return vectors, asked / np.linalg.norm(asked, axis=1, keepdims=True)


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def interleaved(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each, taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(milliseconds(work))
    return taken


def readers(vectors: np.ndarray, query: np.ndarray) -> dict[str, Callable[[], object]]:
    """Ways to read all vectors once; the quickest of them is the memory limit."""
    pool = ThreadPoolExecutor(THREADS)
    parts = np.array_split(vectors, THREADS)
    ways: dict[str, Callable[[], object]] = {
        "read: numpy product": lambda: vectors @ query,
        "read: numpy maximum, 2 threads": lambda: list(pool.map(np.max, parts)),
    }
    try:
        import torch
    except ImportError:
        return ways
    tensor, asked = torch.as_tensor(vectors), torch.as_tensor(query)
    ways["read: torch sum"] = lambda: tensor.sum()
    ways["read: torch product"] = lambda: torch.mv(tensor, asked)
    return ways


def stream(index: Any, queries: np.ndarray, allowed: np.ndarray | None = None) -> float:  # noqa: ANN401
    """Median milliseconds of a query among many, one after the other."""
    return statistics.median(milliseconds(lambda q=q: index.search(q, K, allowed)) for q in queries)


def recall(index: Any, oracle: Any, queries: np.ndarray, allowed: np.ndarray | None) -> float:  # noqa: ANN401
    """The share of the true best 100 that it finds."""
    found = [
        len(np.intersect1d(index.search(q, K, allowed).ids, oracle.search(q, K, allowed).ids))
        for q in queries
    ]
    return sum(found) / (K * len(queries))


def measure(count: int, dim: int, folder: Path) -> dict[str, float]:
    """Every figure."""
    vectors, queries = hard_set(count, dim, 200)
    ids = np.arange(count, dtype=np.int64)
    figures: dict[str, float] = {}
    figures["fast_build_ms"] = milliseconds(
        lambda: save_index(folder, ids, vectors, "hard set", kind="fast")
    )
    fast, exact = open_index(folder, "hard set"), ExactIndex.of(ids, vectors)
    figures["open_ms"] = statistics.median(
        milliseconds(lambda: open_index(folder, "hard set")) for _ in range(50)
    )
    figures["first_search_ms"] = milliseconds(lambda: fast.search(queries[0], K))
    flat, ways = FlatIndex(exact.rows), readers(vectors, queries[0])
    # the torch readers come last: their threads go on spinning for a while
    searches = {"flat_ms": flat, "exact_ms": exact}
    works = {name: lambda i=index: i.search(queries[0], K) for name, index in searches.items()}
    taken = interleaved({**works, **ways}, 25)
    figures |= {name: statistics.median(times) for name, times in taken.items()}
    limit = min(min(taken[name]) for name in ways)
    figures["memory_limit_ms"] = limit
    figures["exact_share_of_memory_limit"] = limit / min(taken["exact_ms"])
    figures["fast_ms"] = min(stream(fast, queries) for _ in range(3))
    figures["fast_recall_at_100"] = recall(fast, exact, queries, None)
    for share in (0.4, 0.05):
        allowed = ids[np.random.default_rng(1).random(count) < share]
        figures[f"fast_ms_{share:.0%}_allowed"] = stream(fast, queries[:50], allowed)
        figures[f"exact_ms_{share:.0%}_allowed"] = stream(exact, queries[:50], allowed)
        figures[f"fast_recall_{share:.0%}_allowed"] = recall(fast, exact, queries[:50], allowed)
    return figures


def main() -> None:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--count", type=int, default=75_000)
    parser.add_argument("--dim", type=int, default=768)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.count, options.dim, Path(folder))
    goals = {
        "exact_share_of_memory_limit": "at least 0.80",
        "fast_ms": "at most 1",
        "fast_recall_at_100": "at least 0.999",
        "open_ms": "at most 5",
    }
    print(f"{options.count} × {options.dim}, one query, k = {K}")
    for name, value in figures.items():
        print(f"{name:<34}{value:>12.4f}   {goals.get(name, '')}")
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
