"""A run that is killed at any moment goes on: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polaris_core.catalogue.entry import Entry, Kind, Role
from polaris_core.catalogue.store import Store
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("POLARIS_KILLS", "6"))
"""At how many random moments it is killed; releases use 200."""
REFINE = """
import sys
from pathlib import Path
from polaris_core.catalogue.store import Store
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine
with Store.open(Path(sys.argv[1])) as store:
    print("open", flush=True)
    refine(store, RuleRefiner())
"""
ENTRIES = [
    Entry(
        f"Fox number {n} LoRA",
        Kind.LORA,
        role=Role.OBJECT,
        tags=("ink", f"fox {n}"),
        trigger_words=(f"fox{n}, masterpiece",),
        description=f"Draws the fox of page {n}. Use at weight 0.7.\n" * 20,
        source=f"https://example.org/{n}",
    )
    for n in range(1, 1201)
]


def counted(catalogue):
    """How many entries are refined, in a database that is whole."""
    connection = sqlite3.connect(catalogue)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    shown = "SELECT count(*) FROM refined"
    [count] = connection.execute(shown).fetchone()
    [known] = connection.execute(f"{shown} JOIN refinements USING (content)").fetchone()
    [there] = connection.execute(f"{shown} JOIN entries ON entries.id = entry").fetchone()
    connection.close()
    assert count == known == there, "what is shown was made, and of an entry"
    return count


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not to be had on Windows")
def test_a_run_survives_being_killed_at_random_moments(tmp_path):
    chance = random.Random(8)
    with Store.open(tmp_path / "whole.sqlite") as store:
        store.add(ENTRIES)
        took = refine(store, RuleRefiner()).seconds
        wanted = [entry.refined for entry in store.all()]
    assert all(wanted)
    catalogue, killed, kept, partly = tmp_path / "killed.sqlite", 0, 0, 0
    with Store.open(catalogue) as store:
        store.add(ENTRIES)
    while killed < KILLS:
        command = [sys.executable, "-c", REFINE, str(catalogue)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as run:
            assert run.stdout.readline() == b"open\n"
            time.sleep(chance.uniform(0, took / 2))
            run.send_signal(signal.SIGKILL)
            killed += run.wait(60) == -signal.SIGKILL
        count = counted(catalogue)
        assert count >= kept, "nothing that was written is lost"
        partly += 0 < count < len(ENTRIES)
        kept = count
        if count == len(ENTRIES) and killed < KILLS:
            with sqlite3.connect(catalogue) as connection:
                connection.execute("DELETE FROM refined")
                connection.execute("DELETE FROM refinements")
            connection.close()
            kept = 0
    with Store.open(catalogue) as store:
        refine(store, RuleRefiner())
        assert [entry.refined for entry in store.all()] == wanted
        assert [entry.description for entry in store.all()] == [e.description for e in ENTRIES]
    assert partly, "some were killed half-way"
