"""The Tree Rerank node in a real ComfyUI, with a small language model of random weights."""

from __future__ import annotations

import pytest

from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.errors import WorkflowFailed
from tests.host.test_nodes import ROOT, ZOO, plan_of

pytestmark = pytest.mark.comfy


def graph(**values: object) -> dict:
    """Text to picture, whose LoRAs are read by a local model."""
    nodes = load_workflow(ROOT / "example_workflows" / "api" / "polaris_text_to_picture.json")
    nodes["14"] = {
        "class_type": "PolarisLanguageModel",
        "inputs": {"source": "local", "model": "tiny"},
        "_meta": {"title": "Language Model"},
    }
    nodes["15"] = {
        "class_type": "PolarisTreeRerank",
        "inputs": {
            "shortlist": ["5", 0],
            "intent": ["3", 0],
            "language_model": ["14", 0],
            "keep": 1,
            "rounds": 2,
            "threshold": 0.0,
        },
        "_meta": {"title": "Rerank"},
    }
    nodes["6"]["inputs"]["shortlist"] = ["15", 0]
    quick = ZOO | {"Sampler.steps": 1, "Editor.width": 64, "Editor.height": 64}
    return fill(nodes, quick | values)


def test_the_editor_applies_what_the_model_kept(comfy_server):
    result = comfy_server.client.run(graph(), timeout_s=120)
    report = "".join(result.texts["15"])
    assert "style “watercolor”" in report
    assert "tokens" in report
    assert len(plan_of(result)["loras"]) >= 1


def test_a_model_that_finds_that_nothing_fits_leaves_nothing(comfy_server):
    result = comfy_server.client.run(graph(**{"Rerank.threshold": 1.0}), timeout_s=120)
    assert plan_of(result)["loras"] == []


def test_a_pin_stays_whatever_the_model_thinks(comfy_server):
    values = {"Rerank.threshold": 1.0, "LoRAs.pins": "style: wtrclr_wash"}
    result = comfy_server.client.run(graph(**values), timeout_s=120)
    (step,) = plan_of(result)["loras"]
    assert step["pick"]["file"] == "wtrclr_wash.safetensors"


def test_a_tree_needs_a_local_model(comfy_server):
    nodes = graph()
    nodes["14"]["inputs"] = {"source": "server", "model": "m", "server": "http://127.0.0.1:9/v1"}
    nodes["15"]["inputs"]["method"] = "tree"
    with pytest.raises(WorkflowFailed, match="a tree needs a model on this machine"):
        comfy_server.client.run(nodes)
