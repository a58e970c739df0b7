"""LoRAs of a plan that are known without a file get one; others are left to be complained of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.store import Store
from polaris_core.errors import UnknownModel
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.missing import fetch_missing
from polaris_core.planning.planner import PlanOptions, make_plan
from polaris_core.planning.replay import replay

SHA = "ab" * 32


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


@pytest.fixture
def entry(zoo):
    return zoo.hit("Aquarelle", sha256=SHA, size_bytes=10, file="").entry


@pytest.fixture
def plan(zoo):
    hit = zoo.hit("Aquarelle", sha256=SHA, size_bytes=10, file="")
    intent = parse_instruction("Make it a watercolor")
    options = PlanOptions(allow_missing=True)
    shortlist = zoo.shortlist(style=[hit])
    return make_plan(intent, shortlist, has_picture=True, has_mask=True, options=options)


def replayed(plan, store):
    return replay(plan, store, base_model=BaseModel.SD15, has_picture=True, has_mask=True)


def test_what_is_known_without_a_file_is_fetched_and_replayed(plan, store, entry):
    (id,) = store.add([entry])
    asked = []

    def get(wanted):
        asked.append(wanted.id)
        here = replace(entry, root="/models", file="Aquarelle.safetensors")
        return store.entry(store.add([here])[0])

    ready = fetch_missing(plan, store, get, lambda entry: entry)
    assert asked == [id]
    assert ready.loras[0].pick.file == "Aquarelle.safetensors"
    assert replayed(ready, store)[0].on_disk
    assert fetch_missing(ready, store, get, lambda entry: entry) == ready
    assert asked == [id]


@pytest.mark.parametrize("known", [{}, {"sha256": "cd" * 32}, None], ids=["no", "another", "none"])
def test_what_nobody_knows_is_complained_of(plan, store, entry, known):
    if known is not None:
        entry = replace(entry, **known)
        store.add([entry] if known else [])

    def never(entry):
        raise AssertionError

    same = fetch_missing(plan, store, never, lambda entry: entry)
    assert same == plan
    with pytest.raises(UnknownModel):
        replayed(same, store)
