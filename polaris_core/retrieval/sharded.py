"""Embedding millions of entries with many workers, through Ray Data.

    catalogue ─▶ shards of entries ─▶ workers embed, each with encoders of its own ─▶ shard files
                                                                                         │
    the ordinary builder, which finds every vector in its cache ◀────────────────────────┘

So the index is the one that the ordinary builder would have made by itself, whatever the number of
workers. Stopped or killed at any moment, the next build makes only what neither the cache nor a
shard has; a worker that is killed is replaced, and its shard made by another.
Ray is started on 127.0.0.1, without dashboard and usage statistics, and stopped again; a cluster
that the program has joined already is used as it is, and must share the zoo's folder, on a file
system where SQLite may be used by several machines.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.encoders.checks import required
from polaris_core.encoders.factory import image_encoder, text_encoder
from polaris_core.errors import IndexProblem, InvalidInput, PolarisError
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.kind_index import CACHE
from polaris_core.retrieval.shards import (
    BATCH,
    Shard,
    ShardMade,
    forget_shards,
    make_shard,
    plan_shards,
    pour,
)
from polaris_core.retrieval.zoo import CATALOGUE, RETRIEVED, Zoo

__all__ = ["ShardedReport", "build_sharded", "ray_on_this_machine"]

_ENTRIES = 4096
_LOOPBACK = "127.0.0.1"
_OBJECT_STORE_BYTES = 100 << 20
"""Only names of files travel between workers."""

_RAY_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Whatever its name says: it is what makes Ray listen on the loopback address alone.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Instead of the 30 seconds that a busy machine exceeds.
    "RAY_gcs_server_port_wait_time_s": "120",
    # Below that its own processes write to the user's terminal; what fails is raised anyway.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}


@dataclass(frozen=True)
class ShardedReport:
    """What a build did."""

    shards: int
    entries: int
    embedded: int
    """Vectors that were made, of both halves; the others were in the cache or in a shard."""


def build_sharded(
    zoo: Zoo,
    text_spec: str,
    image_spec: str,
    workers: int,
    progress: Progress = silent,
    entries_per_shard: int = _ENTRIES,
) -> ShardedReport:
    """Embed all entries of a zoo with several processes, then index them.

    Args:
        zoo: What is indexed.
        text_spec: Names the zoo's text encoder, as `encoders.factory.text_encoder` takes it.
        image_spec: Names its image encoder; "none" if it has none.
        workers: How many, ≥ 1; each loads encoders of its own.
        progress: Told of every shard.
        entries_per_shard: What a worker that is killed has to do again at the most; rounded up to
            batches of 128.

    Raises:
        InvalidInput: `workers` or `entries_per_shard` is below 1, or the zoo has other encoders.
        MissingDependency: Ray is not installed.
        IndexProblem: A shard or the index cannot be written, or a worker failed.
        PolarisError: As the zoo does.
    """
    if workers < 1 or entries_per_shard < 1:
        raise InvalidInput("at least one worker and entry", value=f"{workers} {entries_per_shard}")
    if _names(encoders_of(text_spec, image_spec)) != _names(zoo.encoders):
        raise InvalidInput("the zoo has other encoders", value=f"{text_spec}, {image_spec}")
    size = -(-entries_per_shard // BATCH) * BATCH
    shards = plan_shards(zoo.store, RETRIEVED, size)
    total = sum(len(shard.ids) for shard in shards)
    cache = EmbeddingCache(zoo.home / CACHE)
    done = embedded = 0
    with ray_on_this_machine(workers) as ray:
        for made in _made(ray, zoo.home, shards, (text_spec, image_spec), workers):
            done, embedded = done + made.entries, embedded + made.embedded
            pour(made.files, cache)
            progress(done, total, "embedding with several workers")
    zoo.state(progress)
    forget_shards(zoo.home)
    return ShardedReport(len(shards), total, embedded)


def encoders_of(text_spec: str, image_spec: str) -> Encoders:
    """The encoders of these names.

    Raises:
        PolarisError: As the factory does.
    """
    image = None if image_spec == "none" else image_encoder(image_spec)
    return Encoders(text_encoder(text_spec), image)


class _Worker:
    """Makes shards in a process of its own; a subclass says of which zoo, with which encoders.

    What goes wrong is told, not raised: Ray would try again, or wrap it beyond recognition.
    """

    home: str
    specs: tuple[str, str]
    _store: Store | None = None
    _encoders: Encoders | None = None
    """Held from one shard to the next: the factory gives back what nobody holds."""

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """One shard."""
        shard = Shard(Kind(row["kind"]), tuple(int(id) for id in row["ids"]))
        home = Path(self.home)
        try:
            self._store = self._store or Store.open(home / CATALOGUE)
            self._encoders = self._encoders or encoders_of(*self.specs)
            cache = EmbeddingCache(home / CACHE)
            made = make_shard(home, self._store, shard, self._encoders, cache)
        except PolarisError as error:
            return {"files": [], "entries": 0, "embedded": 0, "error": str(error)}
        return {**asdict(made), "files": list(made.files), "error": ""}


def _made(
    ray: Any,  # noqa: ANN401
    home: Path,
    shards: list[Shard],
    specs: tuple[str, str],
    workers: int,
) -> Generator[ShardMade, None, None]:
    """Shards as they are finished."""
    if not shards:
        return
    data = required("ray.data", "'polaris-zoo[sharded]'")
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # As attributes of a class, not as its arguments, they are there when Ray restarts a worker.
    told = {"home": str(home), "specs": specs}
    worker = type("ShardWorker", (_Worker,), told)
    rows = [{"kind": shard.kind.value, "ids": list(shard.ids)} for shard in shards]
    results = data.from_items(rows, override_num_blocks=len(rows)).map(
        worker, compute=data.ActorPoolStrategy(size=min(workers, len(rows))), num_cpus=1
    )
    try:
        for row in results.iter_rows():
            if row["error"]:
                raise IndexProblem("a worker could not embed a shard", value=row["error"])
            yield ShardMade(tuple(row["files"]), row["entries"], row["embedded"])
    except ray.exceptions.RayError as error:
        hint = "Index again: the shards that are finished are not made again"
        raise IndexProblem("a worker failed", value=str(error), hint=hint) from error


def _names(encoders: Encoders) -> tuple[str, str]:
    return encoders.text.name, encoders.image.name if encoders.image else ""


@contextlib.contextmanager
def ray_on_this_machine(workers: int) -> Generator[Any, None, None]:
    """Ray, running: the cluster that the program is in, or one on 127.0.0.1 for the while.

    Raises:
        MissingDependency: Ray is not installed.
        InvalidInput: Ray was imported before, so that it would listen on every network.
        IndexProblem: Ray does not start.
    """
    ray = _imported()
    if ray.is_initialized():
        yield ray
        return
    try:
        _start(ray, workers)
        if ray.util.get_node_ip_address() != _LOOPBACK:
            raise InvalidInput(
                "Ray was imported before this, and would listen on every network",
                hint="Start a cluster with ray.init yourself, or import Ray later",
            )
        yield ray
    finally:
        ray.shutdown()


def _imported() -> Any:  # noqa: ANN401
    """Ray, which reads some of its settings when it is imported."""
    for name, value in _RAY_SETTINGS.items():
        os.environ.setdefault(name, value)
    return required("ray", "'polaris-zoo[sharded]'")


def _start(ray: Any, workers: int) -> None:  # noqa: ANN401
    """Start it; once more if that fails: it waits 30 seconds for a part of itself, never longer."""
    for attempts_left in (1, 0):
        try:
            ray.init(
                "local",  # whatever else runs here, or RAY_ADDRESS names
                num_cpus=workers + 1,  # one for what Ray Data keeps running itself
                include_dashboard=False,
                log_to_driver=False,
                logging_level="ERROR",
                object_store_memory=_OBJECT_STORE_BYTES,
                _node_ip_address=_LOOPBACK,
                _system_config={"worker_niceness": 0},  # it is 15, which starves when busy
            )
            return
        except Exception as error:  # it raises nothing more particular
            ray.shutdown()
            if not attempts_left:
                hint = "Try when the machine is less busy, or use one worker"
                raise IndexProblem("Ray does not start", value=str(error), hint=hint) from error
