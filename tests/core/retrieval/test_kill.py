"""Embedding and indexing that are killed at any moment go on: nothing lost, doubled or wrong."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from polaris_core.catalogue.entry import Kind
from polaris_core.encoders.base import Encoders
from polaris_core.retrieval.documents import text_fields
from polaris_core.retrieval.words import stems
from polaris_core.retrieval.zoo import CATALOGUE, Zoo
from polaris_core.testing import HashingEncoder
from tests.core.retrieval import index_worker

WORKER = Path(index_worker.__file__)
ROOT = WORKER.parents[3]
KILLS = int(os.environ.get("POLARIS_KILLS", "4"))
"""At how many random moments; `benchmarks/kills.py` takes 200."""
BATCH = 8

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not to be had on Windows")


def begin(home, log, *more):
    command = [sys.executable, str(WORKER), str(home), str(log), *map(str, more)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert worker.stdout.readline() == b"open\n"
    return worker


def killed(worker, after_s):
    """Whether it was killed before it was done."""
    time.sleep(after_s)
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=60)
    return worker.returncode == -signal.SIGKILL


def check_same(home, tmp_path):
    """What the indices say is what indices say that were built of the same catalogue at once."""
    fresh = tmp_path / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    encoders = Encoders(HashingEncoder(index_worker.DIM))
    with Zoo.open(home, encoders) as zoo:
        state = zoo.state()
        fresh.mkdir()
        # Not by copying the file: what was written last may still lie in its log.
        with (
            closing(sqlite3.connect(home / CATALOGUE)) as here,
            closing(sqlite3.connect(fresh / CATALOGUE)) as there,
        ):
            here.backup(there)
        with Zoo.open(fresh, encoders) as other:
            wanted = other.state()
        for kind, index in state.kinds.items():
            whole = wanted.kinds[kind]
            assert index.ids.tolist() == [entry.id for entry in zoo.store.all(kind)]
            assert index.ids.tolist() == whole.ids.tolist() == index.text.ids.tolist()
            assert np.array_equal(
                index.text.vectors_of(index.ids), whole.text.vectors_of(index.ids)
            )
            for word in ("fox", "again", "neon castle"):
                found = index.words.words.scores(stems(word))
                assert found == pytest.approx(whole.words.words.scores(stems(word)))
        return [zoo.store.entry(int(id)) for kind in state.kinds for id in state.kinds[kind].ids]


def test_embedding_that_is_killed_computes_nothing_again(tmp_path):
    chance, kills, turn = random.Random(8), 0, 0
    while kills < KILLS:
        turn += 1
        home, log = tmp_path / f"zoo{turn}", tmp_path / f"log{turn}"
        with Zoo.open(home, Encoders(HashingEncoder(index_worker.DIM))) as zoo:
            zoo.store.add(index_worker.made(number, chance) for number in range(300))
        here = 0
        while True:
            worker = begin(home, log, 0.001)
            if kills < KILLS and killed(worker, chance.uniform(0, 0.8)):
                kills, here = kills + 1, here + 1
                continue
            worker.communicate(timeout=120)
            if worker.returncode == 0 or kills >= KILLS:
                break
        entries = check_same(home, tmp_path)
        texts = [sum(len(f.texts) for f in text_fields(entry)) for entry in entries]
        embedded = log.stat().st_size
        assert sum(texts) <= embedded <= sum(texts) + here * BATCH * max(texts)
    assert len(entries) == 300


def test_indexing_that_is_killed_says_what_the_catalogue_says(tmp_path):
    chance, kills = random.Random(8), 0
    home, log = tmp_path / "zoo", tmp_path / "log"
    with Zoo.open(home, Encoders(HashingEncoder(index_worker.DIM))) as zoo:
        zoo.store.add(index_worker.made(number, chance) for number in range(400))
    while kills < KILLS:
        kills += killed(begin(home, log, 0, 100_000), chance.uniform(0, 2.0))
        if kills % 10 == 0 or kills == KILLS:
            check_same(home, tmp_path)
    with Zoo.open(home, Encoders(HashingEncoder(index_worker.DIM))) as zoo:
        zoo.state()
        for kind in (Kind.LORA, Kind.CHECKPOINT):
            for part in (home / "indices" / kind.value).iterdir():
                [catalogue] = part.iterdir()
                assert 1 <= len(list(catalogue.iterdir())) <= 12, "small segments are joined"
