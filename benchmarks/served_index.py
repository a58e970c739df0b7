"""An index in a database: how complete, how fast, how large, how long to build, against files.

    python benchmarks/served_index.py [--json] [--count N] [--dim D] [--server ADDRESS] [--only …]

Each way runs in a process of its own over the hard set of `search.py`, unit vectors of which the
hundred nearest are close to each other. `exact` and `fast` are the indices of files. `milvus-lite`
is Milvus Lite as a server beside us, `milvus` the server named by --server (with --process its
memory is read, too), each also with a graph (HNSW), asked as the served index asks. `qdrant-local`
(qdrant-client without a server) and `qdrant-edge` (Qdrant's engine in this process) are measured
where these packages are installed; they are asked for the nearest alone, without the exact scores
that ours end with.

Recall is the share of the true best 100 found. Times are medians of one query with k = 100, by the
clock and of the processors of asker and database together, and with a filter that lets two entries
of five pass. Memory is what the database's process takes, or this one more than before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from pymilvus import MilvusClient  # noqa: E402

from benchmarks.search import hard_set  # noqa: E402
from polaris_core.index.exact import ExactIndex  # noqa: E402
from polaris_core.index.milvus import open_collection  # noqa: E402
from polaris_core.index.persist import save_index  # noqa: E402
from polaris_core.index.served import ServedIndex  # noqa: E402
from polaris_core.index.service import Service  # noqa: E402
from tests.milvus_server import LiteServer  # noqa: E402

K, QUERIES, SHARE = 100, 50, 0.4
MOST_MS = 60_000
GRAPH_S, LOADED_S = 600, 10
"""How long to wait for a graph, and until Milvus searches it, which counts as building, too."""

WAYS = [
    "exact",
    "fast",
    "milvus-lite",
    "milvus-lite-graph",
    "milvus",
    "milvus-graph",
    "qdrant-local",
    "qdrant-edge",
]

Search = Callable[[np.ndarray, np.ndarray | None], np.ndarray]
"""Ids of the nearest 100, of these alone if any are given."""


class Way:
    """One way to keep vectors, built; `search` finds ids."""

    def __init__(
        self, search: Search, process: int = 0, stop: Callable[[], None] = lambda: None
    ) -> None:
        self.search, self.stop = search, stop
        self.processes = [psutil.Process(pid) for pid in {os.getpid(), process or os.getpid()}]

    def cpu_s(self) -> float:
        """Of the processors, so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)


def of_files(kind: str, vectors: np.ndarray, folder: Path, _: object) -> Way:
    """Our own index of files."""
    index = save_index(folder, np.arange(len(vectors)), vectors, "hard set", kind=kind)  # type: ignore[arg-type]
    return Way(lambda query, allowed: index.search(query, K, allowed).ids)


def of_milvus(kind: str, vectors: np.ndarray, folder: Path, options: Any) -> Way:  # noqa: ANN401
    """Milvus, as the served index asks it."""
    lite = LiteServer(folder) if "lite" in kind else None
    if lite:
        lite.start()
    service = Service(lite.address if lite else options.server, fast=kind.endswith("graph"))
    alias = f"benchmark_{hashlib.blake2b(os.urandom(8)).hexdigest()[:8]}"
    collection = open_collection(service, alias, vectors.shape[1])
    ids = np.arange(len(vectors), dtype=np.int64)
    collection.add(ids, vectors)
    collection.settle()
    if service.fast:
        wait_for_graph(service.address, collection.name)
    index = ServedIndex(collection, ids, ids, ids)
    search = lambda query, allowed: index.search(query, K, allowed).ids  # noqa: E731
    if lite is None:
        return Way(search, options.process)
    return Way(search, lite.process_id, lite.stop)


def wait_for_graph(address: str, name: str) -> None:
    """Until then Milvus searches by a makeshift, which misses more."""
    client = MilvusClient(uri=address, dedicated=True)
    end = time.monotonic() + GRAPH_S
    while (told := client.describe_index(name, "vector"))["indexed_rows"] < told["total_rows"]:
        if time.monotonic() > end:
            raise TimeoutError("Milvus has not built its index")
        time.sleep(0.5)
    time.sleep(LOADED_S)


def of_qdrant_local(_: str, vectors: np.ndarray, folder: Path, __: object) -> Way:
    """qdrant-client without a server: numpy, and an SQLite file of its own process."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=str(folder))
    size = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
    client.create_collection("hard", vectors_config=size)
    for at in range(0, len(vectors), 4096):
        rows = vectors[at : at + 4096].tolist()
        points = [models.PointStruct(id=at + n, vector=row) for n, row in enumerate(rows)]
        client.upsert("hard", points)

    def search(query: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
        within = None
        if allowed is not None:
            within = models.Filter(must=[models.HasIdCondition(has_id=allowed.tolist())])
        found = client.query_points("hard", query.tolist(), query_filter=within, limit=K)
        return np.array([point.id for point in found.points])

    return Way(search)


def of_qdrant_edge(_: str, vectors: np.ndarray, folder: Path, __: object) -> Way:
    """Qdrant's own engine within this process."""
    import qdrant_edge as edge

    size = edge.EdgeVectorParams(size=vectors.shape[1], distance=edge.Distance.Dot)
    shard = edge.EdgeShard.create(str(folder), edge.EdgeConfig(vectors=size))
    for at in range(0, len(vectors), 4096):
        rows = vectors[at : at + 4096].tolist()
        points = [edge.Point(at + number, row, {}) for number, row in enumerate(rows)]
        shard.update(edge.UpdateOperation.upsert_points(points))
    shard.optimize()

    def search(query: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
        within = None
        if allowed is not None:
            within = edge.Filter(must=[edge.HasIdCondition(set(allowed.tolist()))])
        asked = edge.QueryRequest(
            query=edge.Query.Nearest(query.tolist()), limit=K, filter=within, with_payload=False
        )
        return np.array([point.id for point in shard.query(asked)])

    return Way(search)


MAKERS = {
    "exact": of_files,
    "fast": of_files,
    "milvus-lite": of_milvus,
    "milvus-lite-graph": of_milvus,
    "milvus": of_milvus,
    "milvus-graph": of_milvus,
    "qdrant-local": of_qdrant_local,
    "qdrant-edge": of_qdrant_edge,
}


def asked(
    way: Way, oracle: ExactIndex, queries: np.ndarray, allowed: np.ndarray | None
) -> dict[str, float]:
    """Times and recall of these queries, of fewer where they take minutes."""
    found, times, cpu = [], [], 0.0
    for query in queries:
        begin, cpu_begin = time.perf_counter(), way.cpu_s()
        ids = way.search(query, allowed)
        cpu += way.cpu_s() - cpu_begin
        times.append((time.perf_counter() - begin) * 1000)
        found.append(len(np.intersect1d(ids, oracle.search(query, K, allowed).ids)))
        if sum(times) > MOST_MS:
            break
    steady = times[len(times) // 5 :]
    return {
        "ms": statistics.median(steady),
        "cpu_ms": cpu * 1000 / len(times),
        "recall": sum(found) / (K * len(found)),
    }


def measure(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Every figure of one way, in this process."""
    vectors, queries = hard_set(options.count, options.dim, QUERIES)
    oracle = ExactIndex.of(np.arange(options.count), vectors)
    allowed = np.flatnonzero(np.random.default_rng(1).random(options.count) < SHARE)
    with tempfile.TemporaryDirectory() as folder:
        before, cpu = psutil.Process().memory_info().rss, time.process_time()
        begin = time.perf_counter()
        way = MAKERS[name](name, vectors, Path(folder) / "data", options)
        figures = {"build_s": time.perf_counter() - begin}
        figures["build_cpu_s"] = time.process_time() - cpu
        if len(way.processes) > 1 and not options.process:
            figures["build_cpu_s"] += way.cpu_s() - time.process_time()
        try:
            figures |= asked(way, oracle, queries, None)
            filtered = asked(way, oracle, queries, allowed)
            figures |= {f"{key}_filtered": value for key, value in filtered.items()}
            own = psutil.Process().memory_info().rss - before
            others = [p.memory_info().rss for p in way.processes if p.pid != os.getpid()]
            if others or not name.startswith("milvus"):
                figures["memory_mib"] = (others[0] if others else own) / 2**20
            if disk := sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()):
                figures["disk_mib"] = disk / 2**20
        finally:
            way.stop()
    return figures


def main() -> int:
    """Measure each way in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--count", type=int, default=75_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--server", default="", metavar="ADDRESS")
    parser.add_argument("--process", type=int, default=0, metavar="PID", help="that server's")
    parser.add_argument("--only", nargs="*", default=WAYS, choices=WAYS)
    parser.add_argument("--within", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.within:
        print(json.dumps(measure(options.within, options)))
        return 0
    found: dict[str, Any] = {}
    for name in options.only:
        if name in ("milvus", "milvus-graph") and not options.server:
            continue
        given = ["--count", options.count, "--dim", options.dim, "--process", options.process]
        given += ["--server", options.server, "--within", name]
        command = [sys.executable, __file__, *map(str, given)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name}: not measured: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            continue
        found[name] = json.loads(done.stdout.splitlines()[-1])
        if not options.json:
            shown = "  ".join(f"{key} {value:,.3f}" for key, value in found[name].items())
            print(f"{name:<18} {shown}", flush=True)
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
