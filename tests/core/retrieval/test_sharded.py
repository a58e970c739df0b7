"""Embedding with several workers, through a real Ray on this machine."""

from __future__ import annotations

import contextlib
import filecmp
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from polaris_core.catalogue.entry import Kind
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.cache import EmbeddingCache
from polaris_core.errors import Cancelled, IndexProblem, InvalidInput, MissingDependency
from polaris_core.retrieval.kind_index import CACHE
from polaris_core.retrieval.sharded import (
    _imported,
    _start,
    _Worker,
    build_sharded,
    ray_on_this_machine,
)
from polaris_core.retrieval.shards import make_shard, plan_shards
from polaris_core.testing import HashingEncoder
from tests.core.retrieval.test_zoo import CountingEncoder

# Ray and Ray Data warn of themselves.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
]
COUNT, SHARD, MANY = 300, 128, 16 * 128
SPECS = "hashing", "hashing"
TEXT_ALONE = "hashing", "none"
ROOT = Path(__file__).resolve().parents[3]


def encoders():
    return Encoders(HashingEncoder(), HashingEncoder())


class Busy:
    """Ray on a machine so busy that its first starts come to nothing."""

    def __init__(self, ray, failing):
        self.start, self.failing = ray.init, failing

    def init(self, *arguments, **options):
        self.failing -= 1
        if self.failing >= 0:
            raise RuntimeError("The current node timed out during startup")
        return self.start(*arguments, **options)

    def shutdown(self):
        """Nothing has been started."""


@pytest.fixture(scope="module")
def ray():
    """One for all tests; its first start fails."""
    module = _imported()
    with contextlib.ExitStack() as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "init", Busy(module, failing=1).init)
            running.enter_context(ray_on_this_machine(2))
        yield module


@pytest.fixture
def filled(make_entry, make_zoo):
    """Zoos of the same entries, some with previews, under other names."""
    entries = [
        make_entry(
            f"{'fox' if n % 2 else 'castle'} {n}",
            kind=Kind.LORA if n % 5 else Kind.CHECKPOINT,
            colour=(n % 250, 40, 90) if n % 50 == 0 else None,
        )
        for n in range(COUNT)
    ]
    return lambda home: make_zoo(entries, home=home, encoders=encoders())


def files_of(zoo):
    """Every file of the index by its path, but for the catalogue's own key and the file's token."""
    home = zoo.home / "indices"
    paths = {path: path.relative_to(home).parts for path in sorted(home.rglob("*.bin"))}
    found = {
        (*parts[:2], *parts[3:-1], parts[-1].split("-")[0]): path for path, parts in paths.items()
    }
    assert len(found) == len(paths) > 0
    return found


def check_same(zoo, ordinary):
    """Byte for byte what the ordinary builder makes, and nothing left over."""
    ordinary.state()
    wanted, found = files_of(ordinary), files_of(zoo)
    assert set(found) == set(wanted)
    for part, path in found.items():
        assert filecmp.cmp(path, wanted[part], shallow=False), part
    assert not (zoo.home / "shards").exists()


def test_two_workers_one_and_the_ordinary_builder_make_the_same_index(ray, filled):
    ordinary, one, two = (filled(home) for home in ("ordinary", "one", "two"))
    said = []
    made = build_sharded(two, *SPECS, 2, lambda *facts: said.append(facts), SHARD)
    assert (made.shards, made.entries) == (3, COUNT)
    assert (COUNT, COUNT, "embedding with several workers") in said
    build_sharded(one, *SPECS, 1, entries_per_shard=10 * SHARD)
    for zoo in (one, two):
        check_same(zoo, ordinary)


def rows_in(file):
    with np.load(file) as shard:
        return len(shard["keys"])


def begun(zoo):
    """`polaris index` with two workers, in a process of its own, some shards finished."""
    command = [sys.executable, "-m", "polaris_core", "index", "--zoo", str(zoo.home)]
    command += ["--text-encoder", TEXT_ALONE[0], "--workers", "2", "--shard", str(SHARD)]
    build = psutil.Popen(command, cwd=ROOT)
    while not list((zoo.home / "shards").glob("*.npz")):
        assert build.poll() is None
        time.sleep(0.01)
    return build


def test_a_build_that_is_killed_is_gone_on_from_and_so_is_one_whose_workers_are_killed(
    ray, make_entry, make_zoo
):
    entries = [make_entry(f"fox {n}", description="a lantern " * 10) for n in range(MANY)]
    ordinary, zoo = (
        make_zoo(entries, home=home, encoders=Encoders(HashingEncoder()))
        for home in ("ordinary", "zoo")
    )
    build = begun(zoo)
    processes = [build, *build.children(recursive=True)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes)
    kept = sum(rows_in(file) for file in (zoo.home / "shards").glob("*.npz"))
    assert 0 < kept < MANY
    killed = []

    def kill(done, total, what, /):
        if not killed:
            assert done < total
            processes = psutil.Process().children(recursive=True)
            killed.extend(process for process in processes if "ShardWorker" in process.name())
            for process in killed:
                process.kill()

    made = build_sharded(zoo, *TEXT_ALONE, 2, kill, SHARD)
    assert killed
    assert made.entries == MANY
    assert made.embedded <= MANY - kept
    check_same(zoo, ordinary)


def test_a_build_that_is_stopped_makes_only_what_is_missing(ray, filled, make_zoo):
    zoo = filled("zoo")

    def stop(done, total, what, /):
        raise Cancelled

    with pytest.raises(Cancelled):
        build_sharded(zoo, *SPECS, 2, stop, SHARD)
    kept, *lost = sorted((zoo.home / "shards").glob("*.npz"))
    for file in lost:  # as if it had been stopped earlier
        file.unlink()
    remade = []

    def look(done, total, what, /):
        remade[:] = [rows_in(file) for file in (zoo.home / "shards").glob("*.npz") if file != kept]

    made = build_sharded(zoo, *SPECS, 2, look, SHARD)
    assert made.embedded == sum(remade) > 0
    counting = CountingEncoder(256)
    again = make_zoo(home="zoo", encoders=Encoders(counting, counting))
    again.state()
    assert (counting.texts, counting.pictures) == (0, 0)


def test_a_ray_that_does_not_start_the_second_time_either_is_said_to(ray):
    with pytest.raises(IndexProblem, match=r"does not start.*timed out"):
        _start(Busy(ray, failing=2), 2)


def test_ray_listens_on_this_machine_alone(ray):
    def loopback(address):
        return address.ip.removeprefix("::ffff:").startswith("127.") or address.ip == "::1"

    listening = [
        connection.laddr
        for process in psutil.Process().children(recursive=True)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(map(loopback, listening))


def test_what_goes_wrong_in_a_worker_is_told_and_not_tried_for_ever(filled):
    zoo = filled("zoo")
    (zoo.home / "shards").write_text("in the way")
    worker = type("ShardWorker", (_Worker,), {"home": str(zoo.home), "specs": SPECS})()
    [shard, *_] = plan_shards(zoo.store, [Kind.LORA], SHARD)
    row = worker({"kind": "lora", "ids": list(shard.ids)})
    assert "a shard cannot be written" in row["error"]


def test_a_finished_shard_is_not_made_again_and_a_half_written_one_is_no_shard(filled):
    zoo = filled("zoo")
    shard = plan_shards(zoo.store, [Kind.LORA], SHARD)[0]
    cache = EmbeddingCache(zoo.home / CACHE)
    first = make_shard(zoo.home, zoo.store, shard, encoders(), cache)
    assert first.embedded == 2 * SHARD
    (zoo.home / "shards" / "0.tmp").write_bytes(b"half")
    assert make_shard(zoo.home, zoo.store, shard, encoders(), cache).embedded == 0
    with np.load(first.files[0]) as kept:
        assert kept["vectors"].shape == (SHARD, 256)


def test_what_is_embedded_already_is_not_embedded_again(filled, make_entry):
    zoo = filled("zoo")
    zoo.state()
    cache = EmbeddingCache(zoo.home / CACHE)
    shards = plan_shards(zoo.store, [Kind.LORA], SHARD)
    made = [make_shard(zoo.home, zoo.store, shard, encoders(), cache) for shard in shards]
    assert [(shard.files, shard.embedded) for shard in made] == [((), 0)] * len(shards)
    zoo.store.add([make_entry("a zeppelin", colour=(1, 2, 3))])
    shard = plan_shards(zoo.store, [Kind.LORA], SHARD)[-1]
    made = make_shard(zoo.home, zoo.store, shard, encoders(), cache)
    assert (made.entries, made.embedded) == (len(shard.ids), 2)
    assert [rows_in(file) for file in made.files] == [1, 1]


def test_without_ray_it_says_how_to_get_it(filled, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match="sharded"):
        build_sharded(filled("zoo"), *SPECS, 2)
    with pytest.raises(InvalidInput, match="worker"):
        build_sharded(filled("zoo"), *SPECS, 0)
