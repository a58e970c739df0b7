"""A local language model in ComfyUI: found, shared, moved and given back."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from polaris_core.comfyui.locate import find_comfyui
from polaris_core.demo.tiny_language_models import make_text_model, make_vision_model
from polaris_core.errors import WorkflowFailed

pytestmark = pytest.mark.comfy

WIDTH = 1536
"""Of a model of 90 MB, which is seen among what a process takes otherwise."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict:
    """What `language_model_run.py` saw."""
    comfyui = find_comfyui()
    if comfyui is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    folder = tmp_path_factory.mktemp("llm")
    make_text_model(folder / "models" / "LLM" / "tiny", width=WIDTH)
    script = Path(__file__).with_name("language_model_run.py")
    done = subprocess.run(
        [sys.executable, str(script), str(comfyui), str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-8000:]
    return json.loads((folder / "seen.json").read_text())


def test_models_are_found_in_the_folder_for_language_models(seen):
    assert seen["names"] == ["tiny"]
    assert [Path(path).parts[-2:] for path in seen["registered"]] == [("models", "LLM")]


def test_a_name_never_leads_out_of_the_model_folders(seen):
    refused = seen["refused"]
    assert refused.pop("unknown").endswith("There: tiny")
    assert refused.pop("empty").startswith("MissingWeights")
    for hub_name in ("models/LLM", "someone/unknown"):
        assert "hf download" in refused.pop(hub_name)
    assert len(refused) == 8
    for problem in refused.values():
        assert problem.startswith("InvalidInput: this is not the name of a local model")
        assert "models/LLM" in problem


def test_a_model_is_loaded_once_for_all(seen):
    assert seen["shared"]
    assert not seen["shared in another precision"]
    assert seen["name"] == "tiny"
    assert seen["dtype"] == "torch.float32"


def test_comfyui_knows_what_is_loaded_and_can_move_it(seen):
    assert "Qwen2ForCausalLM" in seen["known"]
    assert seen["moved bytes"] > 0
    assert seen["known after unloading"] == []
    assert seen["all of it loaded"]
    answers = {seen[key] for key in seen if key.startswith("answer")}
    assert len(answers) == 1
    assert json.loads(answers.pop()) in ("yes", "no")


def test_what_is_dropped_is_given_back(seen):
    assert seen["alive"] == []
    assert seen["known at the end"] == []
    assert seen["leaks"] == []
    assert seen["size mb"] > 80
    assert seen["loaded mb"] > 0.9 * seen["size mb"]
    assert seen["left mb"] < 0.2 * seen["size mb"]


def graph(*models: dict) -> dict:
    """A parser for each model."""
    nodes: dict = {
        "9": {
            "class_type": "EmptyImage",
            "inputs": {"width": 64, "height": 48, "batch_size": 1, "color": 255},
        }
    }
    for i, inputs in enumerate(models):
        local = {"source": "local", "server": "", "download": False} | inputs
        nodes[f"1{i}"] = {"class_type": "PolarisLanguageModel", "inputs": local}
        parser = {
            "instruction": "Replace the cat with a fox",
            "image": ["9", 0],
            "language_model": [f"1{i}", 0],
            "if_model_fails": "stop",
        }
        nodes[f"2{i}"] = {"class_type": "PolarisInstructionParser", "inputs": parser}
        nodes[f"3{i}"] = {"class_type": "PreviewAny", "inputs": {"source": [f"2{i}", 2]}}
    return nodes


def resident_mb(server) -> float:
    return psutil.Process(server.pid).memory_info().rss / 2**20


def free(server) -> None:
    """What the menu's `Free model and node cache` sends."""
    body = json.dumps({"unload_models": True, "free_memory": True}).encode()
    request = urllib.request.Request(f"{server.address}/free", body, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.fixture(scope="module")
def local_models(comfy_server):
    folder = comfy_server.base / "models" / "LLM"
    make_vision_model(folder / "tiny-vision")
    make_text_model(folder / "tiny-text", width=WIDTH)
    return comfy_server


def test_local_models_answer_in_comfyui(local_models):
    result = local_models.client.run(graph({"model": "tiny-vision"}, {"model": "tiny-text"}))
    parsers = [json.loads("".join(result.texts[node]))["parser"] for node in ("30", "31")]
    assert parsers == ["tiny-vision", "tiny-text"]


def test_memory_is_given_back_after_free(local_models):
    server = local_models
    # A first time, for what is imported and allocated but once; were it kept, `loaded` would be 0.
    server.client.run(graph({"model": "tiny-text"}))
    free(server)
    time.sleep(2)
    before = resident_mb(server)
    server.client.run(graph({"model": "tiny-text"}))
    loaded = resident_mb(server) - before
    assert loaded > 75
    free(server)
    left = loaded
    deadline = time.monotonic() + 20
    while left > 20 and time.monotonic() < deadline:
        time.sleep(0.2)
        left = resident_mb(server) - before
    assert left < 20
    assert "memory leak" not in server.log_path.read_text("utf-8", "replace").lower()


def test_a_model_that_is_not_there_is_told(local_models):
    with pytest.raises(WorkflowFailed, match=r"tiny-text.*tiny-vision"):
        local_models.client.run(graph({"model": "no-such-model"}))
