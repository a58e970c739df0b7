"""Freezing, resolving, and plans in saved pictures."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind
from polaris_core.errors import InvalidInput, InvalidPlan
from polaris_core.page.freeze import freeze
from polaris_core.page.nodes import Editor, PolarisNodes, Retriever
from polaris_core.page.plans import PlanMemory, embed, plans_in_chunk, plans_in_png
from polaris_core.page.resolve import resolve
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.serialize import plan_from_json, plan_to_json
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.shortlist import SlotName
from tests.core.page.machines import PLAN, SOURCE, Machine, saved_by_the_host


@pytest.fixture
def here(tmp_path):
    made = Machine(tmp_path / "here")
    yield made
    made.store.close()


@pytest.fixture
def there(tmp_path):
    made = Machine(tmp_path / "there")
    yield made
    made.store.close()


def frozen(machine: Machine) -> tuple[PolarisNodes, dict]:
    """A workflow whose two retrievers picked a checkpoint and a LoRA, after freezing."""
    checkpoint = machine.put(Kind.CHECKPOINT, "real.safetensors", b"checkpoint", "Real")
    wash = machine.put(Kind.LORA, "styles/wash.safetensors", b"wash", "Wash")
    nodes = PolarisNodes(
        {
            "4": Retriever("# my pins\n-bad", ((SlotName.CHECKPOINT, checkpoint.id),)),
            "5": Retriever("style: wash @ 0.7", ((SlotName.STYLE, wash.id),)),
        }
    )
    result = freeze(nodes, machine.store, machine.hashed)
    texts = {edit["node"]: edit["value"] for edit in result["edits"]}
    return PolarisNodes({n: Retriever(texts[n]) for n in texts}), result


def test_what_was_picked_is_written_by_name_hash_size_and_source(here):
    nodes, result = frozen(here)
    sha256 = hashlib.sha256(b"wash").hexdigest()
    assert nodes.retrievers["5"].pins == (
        'style: styles/wash.safetensors @ 0.7 {"name": "Wash", '
        f'"sha256": "{sha256}", "size_bytes": 4, "source": "{SOURCE}"}}'
    )
    assert nodes.retrievers["4"].pins.endswith("\n# my pins\n-bad")
    assert [row["slot"] for row in result["frozen"]] == ["checkpoint", "style"]
    assert result["problems"] == []
    assert len(Pins.parse(nodes.retrievers["4"].pins).lines) == 2


def test_freezing_what_is_frozen_changes_nothing(here):
    nodes, _ = frozen(here)
    assert freeze(nodes, here.store, here.hashed)["edits"] == []


def test_elsewhere_it_is_found_by_hash_under_any_name(here, there):
    nodes, _ = frozen(here)
    there.put(Kind.CHECKPOINT, "renamed.safetensors", b"checkpoint", "Other title")
    there.put(Kind.LORA, "wash.safetensors", b"wash", "Wash")
    result = resolve(nodes, there.store, there.hashed)
    assert [(row["status"], row["by"]) for row in result["models"]] == [("found", "sha256")] * 2
    assert result["models"][0]["found_file"] == "renamed.safetensors"
    assert result["missing"] == []


def test_elsewhere_what_is_not_there_is_listed_with_where_it_came_from(here, there):
    nodes, _ = frozen(here)
    there.put(Kind.LORA, "styles/wash.safetensors", b"fish", "Wash")  # same name, other file
    there.put(Kind.LORA, "other.safetensors", b"longer file", "Other")
    result = resolve(nodes, there.store, there.hashed)
    assert [row["name"] for row in result["missing"]] == ["Real", "Wash"]
    assert {row["source"] for row in result["missing"]} == {SOURCE}
    assert there.hashed_files == ["styles/wash.safetensors"]  # others cannot be it


def test_a_file_of_known_name_and_size_is_it_where_no_hash_is_known(here):
    here.put(Kind.LORA, "wash.safetensors", b"wash", "Wash")
    nodes = PolarisNodes({"5": Retriever('wash.safetensors {"size_bytes": 4}')})
    [row] = resolve(nodes, here.store, here.hashed)["models"]
    assert (row["status"], row["by"]) == ("found", "name and size")


def test_pins_by_name_are_frozen_where_nothing_was_picked(here):
    here.put(Kind.LORA, "wash.safetensors", b"wash", "Wash")
    nodes = PolarisNodes({"5": Retriever("wash @ 0.5\nnot here")})
    [edit] = freeze(nodes, here.store, here.hashed)["edits"]
    first, second = edit["value"].splitlines()
    assert first.startswith('wash.safetensors @ 0.5 {"name": "Wash", "sha256"')
    assert second == "not here"


def plan_with(here: Machine) -> EditPlan:
    """The golden plan, whose files are on this machine and not signed yet."""
    plan = plan_from_json(PLAN)
    for pick, kind in [
        (plan.checkpoint, Kind.CHECKPOINT),
        *((s.pick, Kind.LORA) for s in plan.loras),
    ]:
        here.put(kind, pick.file, pick.name.encode(), pick.name)

    def bare(pick):
        return replace(pick, sha256="", autov3="", size_bytes=len(pick.name.encode()))

    loras = tuple(replace(step, pick=bare(step.pick)) for step in plan.loras)
    return replace(plan, checkpoint=bare(plan.checkpoint), loras=loras)


def test_a_plan_goes_before_the_picks_and_into_both_retrievers(here):
    plan = plan_with(here)
    other = here.put(Kind.LORA, "other.safetensors", b"other", "Other")
    nodes = PolarisNodes(
        {
            "4": Retriever(f"checkpoint: {plan.checkpoint.file}"),
            "5": Retriever("", ((SlotName.STYLE, other.id),)),
        },
        {"6": Editor(plan, "4", "5")},
    )
    result = freeze(nodes, here.store, here.hashed)
    values = {(edit["node"], edit["input"]): edit["value"] for edit in result["edits"]}
    [line] = Pins.parse(values["4", "pins"]).lines
    assert (line.name, line.identity.sha256[:4] != "") == (plan.checkpoint.file, True)
    lines = Pins.parse(values["5", "pins"]).lines
    assert [(pin.slot, pin.name, pin.strength) for pin in lines] == [
        (step.slot, step.pick.file, step.strength_model) for step in plan.loras
    ]
    signed = plan_from_json(values["6", "plan_json"])
    assert all(step.pick.sha256 for step in signed.loras)
    again = PolarisNodes(
        {n: Retriever(values[n, "pins"]) for n in "45"}, {"6": Editor(signed, "4", "5")}
    )
    assert {row["status"] for row in resolve(again, here.store, here.hashed)["models"]} == {"found"}


def test_a_plan_made_elsewhere_is_frozen_by_what_it_knows_itself(here):
    plan = plan_from_json(PLAN)
    nodes = PolarisNodes({"4": Retriever(), "5": Retriever()}, {"6": Editor(plan, "4", "5")})
    result = freeze(nodes, here.store, here.hashed)
    assert {edit["node"] for edit in result["edits"]} == {"4", "5", "6"}
    missing = resolve(nodes, here.store, here.hashed)["missing"]
    assert len(missing) == 1 + len(plan.loras)


def test_a_removed_file_is_a_problem_of_its_node_alone(here):
    wash = here.put(Kind.LORA, "wash.safetensors", b"wash", "Wash")
    fox = here.put(Kind.LORA, "fox.safetensors", b"fox", "Fox")
    os.remove(here.folder / "loras" / "wash.safetensors")
    nodes = PolarisNodes(
        {
            "4": Retriever("", ((SlotName.STYLE, wash.id),)),
            "5": Retriever("", ((SlotName.STYLE, fox.id),)),
        }
    )
    result = freeze(nodes, here.store, here.hashed)
    assert [edit["node"] for edit in result["edits"]] == ["5"]
    assert [row["node"] for row in result["problems"]] == ["4"]


def test_a_plan_comes_back_from_a_saved_picture_and_from_its_workflow():
    info = {"workflow": {"nodes": [], "extra": {"ds": 1}}}
    embed(info, "12:6", PLAN)
    embed(info, "7", PLAN)
    found = plans_in_png(saved_by_the_host(info))
    assert {node: plan_from_json(plan) for node, plan in found.items()} == {
        "12:6": plan_from_json(PLAN),
        "7": plan_from_json(PLAN),
    }
    assert info["workflow"]["extra"]["ds"] == 1
    assert info["workflow"]["extra"]["polaris"] == info["polaris"]


def test_pictures_without_plans_and_what_is_no_picture():
    assert plans_in_png(saved_by_the_host({"prompt": {}})) == {}
    with pytest.raises(InvalidInput):
        plans_in_png(b"GIF89a")
    for held in ({"version": 2, "plans": {}}, {"version": 1, "plans": {"1": {}}}, []):
        with pytest.raises(InvalidPlan):
            plans_in_png(saved_by_the_host({"polaris": held}))


@given(st.text())
def test_any_text_of_a_picture_is_read_or_refused_in_plain_words(text):
    with suppress(InvalidPlan):
        plans_in_chunk(text)


def prompt_with(seed=1, sentence="a fox") -> dict:
    return {
        "3": {"class_type": "PolarisInstructionParser", "inputs": {"instruction": sentence}},
        "6": {"class_type": "PolarisAdaptiveEditor", "inputs": {"intent": ["3", 0], "width": 512}},
        "7": {"class_type": "KSampler", "inputs": {"model": ["6", 0], "seed": seed}},
    }


def test_a_cached_editor_has_the_plan_it_made_with_the_same_inputs():
    memory = PlanMemory()
    memory.remember(prompt_with(), "6", PLAN)
    request = {"prompt": prompt_with(seed=2)}
    memory.prepare(request)
    plans = request["extra_data"]["extra_pnginfo"]["polaris"]["plans"]
    assert plan_from_json(json.dumps(plans["6"])) == plan_from_json(PLAN)


def test_another_sentence_upstream_has_no_plan_yet():
    memory = PlanMemory()
    memory.remember(prompt_with(), "6", PLAN)
    request = {"prompt": prompt_with(sentence="a wolf")}
    memory.prepare(request)
    assert request["extra_data"] == {"extra_pnginfo": {}}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["prompt", "extra_data", "client_id"]), JSON))
def test_whatever_the_host_is_sent_it_is_sent_still(request_):
    before = copy.deepcopy(request_)
    PlanMemory().prepare(request_)
    assert request_ == before  # without an editor nothing is touched


def test_a_workflow_that_goes_in_circles_has_an_end():
    memory = PlanMemory()
    prompt = {
        "6": {"class_type": "PolarisAdaptiveEditor", "inputs": {"a": ["6", 0], "b": ["9", 0]}}
    }
    memory.remember(prompt, "6", PLAN)
    assert plan_to_json(plan_from_json(memory.recall(prompt, "6")))
