"""An import that is killed at any moment goes on: nothing is lost, nothing doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from polaris_core.catalogue.imports import imports
from polaris_core.catalogue.rows import packed
from polaris_core.catalogue.store import Store
from polaris_core.importing.civitai_api import CivitaiSource
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.http import Patience, Site
from polaris_core.importing.run import import_from
from tests.core.importing.sites import CivitaiPages, Made, civitai_record, serving

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("POLARIS_KILLS", "4"))
"""At how many random moments each import is killed; `benchmarks/kills.py` takes 200."""
IMPORT = """
import sys
from pathlib import Path
from polaris_core.catalogue.store import Store
from polaris_core.importing.civitai_api import CivitaiSource
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.http import Patience, Site
from polaris_core.importing.run import import_from
catalogue, kind, place = sys.argv[1:]
hurried = Patience(pause_s=0.0, first_backoff_s=0.01)
source = DumpSource(Path(place)) if kind == "dump" else CivitaiSource(Site(place, None, hurried))
with Store.open(Path(catalogue)) as store:
    print("open", flush=True)
    import_from(store, source)
"""
MODELS = [
    Made(n, f"model {n}", tags=("ink", "fox"), text=f"words of {n} " * 20) for n in range(1, 1501)
]
RECORDS = list(map(civitai_record, MODELS))


def shown(store):
    return Counter(packed(replace(entry, id=0)) for entry in store.all())


def start(catalogue, kind, place):
    command = [sys.executable, "-c", IMPORT, str(catalogue), kind, str(place)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def check_sound(catalogue):
    """The database is whole, its full-text index agrees, and every offer is shown once."""
    connection = sqlite3.connect(catalogue)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.execute("INSERT INTO searched (searched, rank) VALUES ('integrity-check', 1)")
    unshown = "SELECT count(*) FROM offers WHERE entry NOT IN (SELECT id FROM entries)"
    assert connection.execute(unshown).fetchone() == (0,)
    keys = "SELECT count(*), count(DISTINCT origin || key) FROM offers"
    [(count, distinct)] = connection.execute(keys).fetchall()
    assert count == distinct
    connection.close()
    return count


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not to be had on Windows")
@pytest.mark.parametrize("kind", ["dump", "civitai"])
def test_an_import_survives_being_killed_at_random_moments(tmp_path, kind):
    chance = random.Random(8)
    dump = tmp_path / "records.jsonl"
    dump.write_text("".join(json.dumps(record) + "\n" for record in RECORDS), "utf-8")
    with serving(CivitaiPages(RECORDS, per_page=100)) as site:
        place = dump if kind == "dump" else site.url
        hurried = Patience(pause_s=0.0)
        source = (
            DumpSource(dump) if kind == "dump" else CivitaiSource(Site(site.url, None, hurried))
        )
        with Store.open(tmp_path / "whole.sqlite") as store:
            took = import_from(store, source).seconds
            wanted = shown(store)
        catalogue, killed, kept, partly = tmp_path / "killed.sqlite", 0, 0, 0
        while killed < KILLS:
            with start(catalogue, kind, place) as run:
                assert run.stdout.readline() == b"open\n"
                time.sleep(chance.uniform(0, took / 4))
                run.send_signal(signal.SIGKILL)
                code = run.wait(60)
            killed += code == -signal.SIGKILL
            count = check_sound(catalogue)
            assert count >= kept, "nothing that was written is lost"
            partly += 0 < count < len(MODELS)
            kept = count
            if count == len(MODELS) and killed < KILLS:
                for end in ("", "-wal", "-shm"):
                    catalogue.with_name(catalogue.name + end).unlink(missing_ok=True)
                kept = 0
        with Store.open(catalogue) as store:
            import_from(store, source)
            assert shown(store) == wanted
            assert [state.cursor for state in imports(store)] == [""]
    assert partly, "some were killed half-way"
