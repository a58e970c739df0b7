"""Workflow files in both forms: frozen, and told what is missing, from the command line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind
from polaris_core.cli import main
from polaris_core.errors import InvalidInput, InvalidWorkflow
from polaris_core.page.workflows import WorkflowFile, read_workflow
from polaris_core.planning.serialize import plan_from_json
from polaris_core.retrieval.pins import Pins
from tests.core.page.machines import PLAN, Machine, saved_by_the_host

EXAMPLES = Path(__file__).parents[3] / "example_workflows"


@pytest.fixture
def machine(tmp_path):
    """A machine with files of the names in the golden plan."""
    made = Machine(tmp_path / "zoo")
    plan = plan_from_json(PLAN)
    made.put(Kind.CHECKPOINT, plan.checkpoint.file, b"checkpoint", plan.checkpoint.name)
    for step in plan.loras:
        made.put(Kind.LORA, step.pick.file, step.pick.name.encode(), step.pick.name)
    yield made
    made.store.close()


def a_plan(machine: Machine) -> str:
    """The golden plan as it would be made on that machine."""
    value = json.loads(PLAN)
    for pick in [value["checkpoint"], *(step["pick"] for step in value["loras"])]:
        [entry] = machine.store.resolve(pick["file"])
        pick.update(sha256="", autov3="", size_bytes=entry.size_bytes, source=entry.source)
    return json.dumps(value)


@pytest.mark.parametrize("form", ["page", "api"])
def test_a_workflow_of_either_form_is_frozen_by_a_plan(machine, tmp_path, capsys, form):
    folder = EXAMPLES / "api" if form == "api" else EXAMPLES
    plan, out = tmp_path / "plan.json", tmp_path / "out.json"
    plan.write_text(a_plan(machine), "utf-8")
    command = ["freeze", str(folder / "polaris_replace.json"), "--plan", str(plan)]
    assert main([*command, "--out", str(out), "--zoo", str(machine.folder)]) == 0
    nodes = read_workflow(out).nodes()
    [line] = Pins.parse(nodes.retrievers["4"].pins).lines
    assert line.identity.sha256
    assert len(Pins.parse(nodes.retrievers["5"].pins).lines) == len(plan_from_json(PLAN).loras)
    assert nodes.editors["6"].plan.checkpoint.sha256 == line.identity.sha256
    capsys.readouterr()
    assert main(["resolve", str(out), "--zoo", str(machine.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["missing"] == []
    before = json.loads((folder / "polaris_replace.json").read_text("utf-8"))
    assert set(before) == set(json.loads(out.read_text("utf-8")))


def test_a_saved_picture_is_a_workflow_with_its_plan(machine, tmp_path):
    api = json.loads((EXAMPLES / "api" / "polaris_replace.json").read_text("utf-8"))
    api["1"]["is_changed"] = ["what ComfyUI saw in the folders then"]
    info = {"prompt": api, "polaris": {"version": 1, "plans": {"6": json.loads(a_plan(machine))}}}
    picture, out = tmp_path / "picture.png", tmp_path / "out.json"
    picture.write_bytes(saved_by_the_host(info))
    command = ["freeze", str(picture), "--zoo", str(machine.folder), "--out", str(out)]
    assert main(command) == 0
    frozen = json.loads(out.read_text("utf-8"))
    assert frozen["6"]["inputs"]["plan_json"]
    assert "is_changed" not in frozen["1"]
    assert main(command) == 2  # nothing is overwritten


def test_a_plan_beside_the_inputs_is_put_into_them():
    graph = json.loads((EXAMPLES / "polaris_replace.json").read_text("utf-8"))
    graph["extra"]["polaris"] = {"version": 1, "plans": {"6": json.loads(PLAN)}}
    workflow = WorkflowFile(graph)
    assert workflow.nodes().editors["6"].plan == plan_from_json(PLAN)
    workflow.apply([{"node": "6", "input": "plan_json", "value": PLAN}])
    assert "polaris" not in workflow.value["extra"]
    assert WorkflowFile(workflow.value).nodes().editors["6"].plan == plan_from_json(PLAN)


def test_on_a_machine_without_the_files_it_says_so_and_ends_with_4(machine, tmp_path, capsys):
    plan, out = tmp_path / "plan.json", tmp_path / "out.json"
    plan.write_text(a_plan(machine), "utf-8")
    source = EXAMPLES / "api" / "polaris_replace.json"
    command = ["freeze", str(source), "--plan", str(plan), "--out", str(out)]
    assert main([*command, "--zoo", str(machine.folder)]) == 0
    bare = Machine(tmp_path / "bare")
    bare.store.close()
    capsys.readouterr()
    assert main(["resolve", str(out), "--zoo", str(bare.folder)]) == 4
    shown = capsys.readouterr().out
    assert "missing" in shown
    assert "https://example.org/wash" in shown


def test_a_workflow_that_names_nothing_is_not_frozen(machine, capsys):
    source = str(EXAMPLES / "api" / "polaris_replace.json")
    assert main(["freeze", source, "--zoo", str(machine.folder)]) == 2
    assert "names no model yet" in capsys.readouterr().err
    assert main(["resolve", source, "--zoo", str(machine.folder)]) == 0


def test_an_input_that_is_linked_is_not_written():
    api = json.loads((EXAMPLES / "api" / "polaris_replace.json").read_text("utf-8"))
    api["4"]["inputs"]["pins"] = ["3", 1]
    with pytest.raises(InvalidWorkflow, match="another node"):
        WorkflowFile(api).apply([{"node": "4", "input": "pins", "value": "x"}])


NAMES = ["nodes", "links", "inputs", "class_type", "id", "type", "extra", "definitions", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(JSON)
def test_any_json_is_a_workflow_or_refused_in_plain_words(value):
    with suppress(InvalidInput):
        WorkflowFile(value).nodes()
