"""What has changed since: reading it piece by piece gives what the catalogue holds."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.changes import changes_after, last_change, pending
from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.store import Store

KINDS = (Kind.LORA, Kind.CHECKPOINT)


def entry(number, words="", kind=Kind.LORA):
    return Entry(f"fox {number}", kind, description=words, root="/m", file=f"{number}.safetensors")


def remove(store, id):
    with store.writing() as connection:
        connection.execute("DELETE FROM entries WHERE id = ?", (id,))


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


steps = st.tuples(st.integers(0, 5), st.sampled_from(["", "ink", "red", "gone"]), st.booleans())


@given(st.lists(st.lists(steps, max_size=5), max_size=6), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_who_follows_the_changes_knows_all_entries(tmp_path_factory, rounds, most):
    known, after = {kind: {} for kind in KINDS}, dict.fromkeys(KINDS, 0)
    with Store.open(tmp_path_factory.mktemp("zoo") / "catalogue.sqlite") as store:
        for told in rounds:
            for number, words, is_lora in told:
                kind = Kind.LORA if is_lora else Kind.CHECKPOINT
                [id] = store.add([entry(number, words, kind)])
                if words == "gone":
                    remove(store, id)
            for kind in KINDS:
                while after[kind] < last_change(store, kind):
                    changes = changes_after(store, kind, after[kind], most)
                    assert 1 <= len(changes.entries) + len(changes.gone) <= most
                    for id in changes.gone:
                        known[kind].pop(id, None)
                    known[kind] |= {e.id: e for e in changes.entries}
                    after[kind] = changes.end
                assert known[kind] == {e.id: e for e in store.all(kind)}
                assert pending(store, kind, after[kind]) == 0


def test_only_what_is_indexed_counts_as_a_change(store):
    [id] = store.add([entry(1, "ink")])
    before = last_change(store, Kind.LORA)
    store.set_sha256(id, "ab" * 32)
    store.add([entry(1, "ink")])
    assert last_change(store, Kind.LORA) == before == 1
    store.add([replace(entry(1, "ink"), sha256="ab" * 32, tags=("red",))])
    assert last_change(store, Kind.LORA) > before
    assert last_change(store, Kind.CHECKPOINT) == 0


def test_a_catalogue_of_before_has_all_its_entries_to_read(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    with Store.open(path) as store:
        ids = store.add([entry(1), entry(2), entry(3, kind=Kind.CHECKPOINT)])
    connection = sqlite3.connect(path)
    ours = ("entry_came", "entry_went", "entry_says_else")
    for trigger in (*ours, "entries_say_otherwise", "entries_unrefined"):
        connection.execute(f"DROP TRIGGER {trigger}")
    for table in ("refined", "refinements", "changes"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version = 4")
    connection.commit()
    connection.close()
    with Store.open(path) as store:
        assert [e.id for e in changes_after(store, Kind.LORA, 0, 9).entries] == ids[:2]
        assert [e.id for e in changes_after(store, Kind.CHECKPOINT, 0, 9).entries] == ids[2:]
