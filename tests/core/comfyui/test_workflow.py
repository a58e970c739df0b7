from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.comfyui.workflow import check_workflow, fill, load_workflow
from polaris_core.errors import InvalidWorkflow

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["class_type", "inputs", "_meta", "nodes"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_workflow_or_our_error(value):
    try:
        assert check_workflow(value) is value
    except InvalidWorkflow:
        return
    assert all(isinstance(node["inputs"], dict) for node in value.values())


@given(st.binary(max_size=200))
def test_any_file_is_a_workflow_or_our_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with pytest.raises(InvalidWorkflow):
        load_workflow(path)


@given(JSON)
def test_filling_sets_one_input_and_leaves_the_original_alone(value):
    workflow = {
        "4": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 3}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["4", 0]}},
    }
    before = copy.deepcopy(workflow)
    filled = fill(workflow, {"KSampler.seed": value})
    assert workflow == before
    expected = {"__value__": value} if isinstance(value, list) else value
    assert filled["4"]["inputs"] == {"seed": expected, "steps": 3}
    assert filled["9"] == before["9"]


def test_an_id_is_preferred_to_a_title_and_a_title_to_a_class(workflow):
    workflow["Sampler"] = {"class_type": "Other", "inputs": {"seed": 0}}
    assert fill(workflow, {"Sampler.seed": 5})["Sampler"]["inputs"]["seed"] == 5
    del workflow["Sampler"]
    workflow["5"] = {"class_type": "Sampler", "inputs": {"seed": 0}, "_meta": {"title": "2"}}
    assert fill(workflow, {"Sampler.seed": 5})["4"]["inputs"]["seed"] == 5


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("Simpler.seed", "no node", "Sampler, SaveImage"),
        ("Sampler.sed", "no such input", "seed"),
        ("seed", "NODE.INPUT", ""),
        (".seed", "NODE.INPUT", ""),
    ],
)
def test_a_name_that_means_nothing_says_what_there_is(workflow, name, message, hint):
    with pytest.raises(InvalidWorkflow, match=message) as caught:
        fill(workflow, {name: 1})
    assert hint in caught.value.hint


def test_a_name_that_means_two_nodes_is_refused_with_their_ids(workflow):
    workflow["5"] = copy.deepcopy(workflow["4"])
    with pytest.raises(InvalidWorkflow, match="several nodes") as caught:
        fill(workflow, {"Sampler.seed": 1})
    assert "4, 5" in caught.value.hint


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_a_value_that_json_cannot_say_is_refused(workflow, value):
    with pytest.raises(InvalidWorkflow, match="JSON"):
        fill(workflow, {"Sampler.seed": value})


def test_a_file_that_is_missing_or_too_deep_is_our_error(tmp_path):
    with pytest.raises(InvalidWorkflow, match="cannot be read"):
        load_workflow(tmp_path / "missing.json")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(InvalidWorkflow, match="not JSON"):
        load_workflow(tmp_path / "deep.json")


def test_a_good_file_is_read(tmp_path, workflow):
    (tmp_path / "good.json").write_text(json.dumps(workflow), "utf-8")
    assert load_workflow(tmp_path / "good.json") == workflow
