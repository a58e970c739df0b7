"""Our nodes in a real ComfyUI, over its API, with small checkpoints that the session made."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from skimage import data

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.reading import read_entry
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.errors import Cancelled, WorkflowFailed
from tests.host.regions import REGION, add_region

pytestmark = pytest.mark.comfy

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / "example_workflows" / "api").glob("*.json"))
ZOO = {
    "Zoo.folders": "",
    "Zoo.text_encoder": "sentence:all-MiniLM-L6-v2",
    "Zoo.image_encoder": "none",
}
"""The example workflows search the miniature zoo; here it is this session's."""
QUICK = ZOO | {"Sampler.steps": 2, "Editor.width": 128, "Editor.height": 128}


def workflow(name: str, **values):
    return fill(load_workflow(ROOT / "example_workflows" / "api" / f"{name}.json"), QUICK | values)


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def picture_of(result, title_node: str = "10") -> np.ndarray:
    return pixels(next(content for node, _, content in result.images if node == title_node))


def plan_of(result) -> dict:
    return json.loads("".join(result.texts["11"]))


@pytest.fixture(scope="session")
def photograph(tmp_path_factory) -> Path:
    """The cat with a drawn mask in its alpha, of a size that is no multiple of eight."""
    cat = Image.fromarray(data.cat()).resize((131, 101)).convert("RGBA")
    alpha = Image.new("L", cat.size, 255)
    ImageDraw.Draw(alpha).ellipse((30, 20, 90, 80), fill=0)
    cat.putalpha(alpha)
    file = tmp_path_factory.mktemp("picture") / "cat.png"
    cat.save(file)
    return file


@pytest.fixture(scope="session")
def uploaded(comfy_server, photograph) -> str:
    return comfy_server.client.upload_image(photograph)


@pytest.fixture(scope="session")
def other_family_lora(comfy_server) -> str:
    """A LoRA of the zoo that is made for SDXL."""
    loras = comfy_server.base / "models" / "loras"
    for path in sorted(loras.rglob("*.safetensors")):
        file = path.relative_to(loras).as_posix()
        if read_entry(loras, file).entry.base_model.family is BaseModel.SDXL:
            return file
    raise AssertionError("the demonstration zoo has no LoRA for SDXL")


@pytest.fixture
def slow_folder(comfy_server):
    """Thousands of new LoRAs, each with another description: many seconds of embedding."""
    folder = comfy_server.base / "models" / "loras" / "many"
    folder.mkdir()
    weights = (comfy_server.base / "models" / "loras" / "watercolor_xl.safetensors").read_bytes()
    for number in range(3000):
        (folder / f"lora {number}.safetensors").write_bytes(weights)
        words = " ".join(f"word{number * 7 + i}" for i in range(40))
        sidecar = {"description": words, "activation text": f"trigger{number}"}
        (folder / f"lora {number}.json").write_text(json.dumps(sidecar))
    yield folder
    shutil.rmtree(folder)


def test_every_node_is_offered_with_name_category_and_tooltips(comfy_server):
    info = comfy_server.client.get_json("/object_info")
    ours = {name: spec for name, spec in info.items() if name.startswith("Polaris")}
    assert len(ours) == 11
    for spec in ours.values():
        assert spec["display_name"].startswith("Polaris ")
        assert spec["category"] == "Polaris"
        assert spec["description"]


def test_starting_is_delayed_by_less_than_a_fifth_of_a_second(comfy_server):
    benchmark = [sys.executable, "benchmarks/startup.py", "--runs", "3", "--json"]
    done = subprocess.run(benchmark, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert "measured inside ComfyUI" in done.stdout
    assert figures["import_ms"] < 200
    assert figures["heavy_modules"] == []


def test_the_host_reports_no_problem_with_the_pack(comfy_server):
    log = comfy_server.log_path.read_text("utf-8", "replace")
    assert "custom_nodes/polaris" in log
    assert "IMPORT FAILED" not in log


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.stem)
def test_every_example_workflow_runs_to_a_png(comfy_server, uploaded, file):
    graph = fill(load_workflow(file), QUICK)
    if any(node["class_type"] == "PolarisSegmenter" for node in graph.values()):
        graph = fill(graph, {"Segmenter.image_encoder": "none"})
    if any(node["class_type"] == "LoadImage" for node in graph.values()):
        graph = fill(graph, {"Picture.image": uploaded})
    if any(node["class_type"] == "PolarisTreeRerank" for node in graph.values()):
        graph = fill(graph, {"Language Model.model": "tiny"})
    if file.stem == "polaris_style_of_reference":
        graph = fill(graph, {"Zoo.image_encoder": "hashing"})  # no CLIP weights here
    result = comfy_server.client.run(graph, timeout_s=120)
    made = picture_of(result)
    assert made.std() > 1
    assert plan_of(result)["checkpoint"]["file"].endswith(".safetensors")


def test_pixels_outside_the_mask_are_bit_for_bit_those_of_the_picture(
    comfy_server, uploaded, photograph
):
    graph = workflow("polaris_local_change", **{"Picture.image": uploaded})
    add_region(graph)
    result = comfy_server.client.run(graph, timeout_s=120)
    made, region = picture_of(result), picture_of(result, REGION)[..., 0]
    assert "edited at 128 x 128" in "".join(result.texts["50"])
    original = np.asarray(Image.open(photograph).convert("RGB")).astype(int)
    assert made.shape == original.shape
    outside = region == 0
    assert 0.2 < outside.mean() < 0.9
    assert (made[outside] == original[outside]).all()
    assert (made[~outside] != original[~outside]).any()


def test_a_change_of_the_whole_picture_is_not_cut_by_a_mask(comfy_server, uploaded):
    sentence = {"Instruction.instruction": "Make the whole picture a watercolor"}
    graph = workflow("polaris_local_change", **{"Picture.image": uploaded}, **sentence)
    result = comfy_server.client.run(graph, timeout_s=120)
    assert "the whole picture changes" in "".join(result.texts["50"])
    assert plan_of(result)["mask"]["mode"] == "none"


def test_what_is_no_crop_is_not_stitched(comfy_server, uploaded):
    graph = workflow("polaris_local_change", **{"Picture.image": uploaded})
    graph["9"]["inputs"]["crop"] = "the middle"
    with pytest.raises(WorkflowFailed, match="not a crop"):
        comfy_server.client.run(graph, timeout_s=120)


def text_to_picture(comfy_server, **values):
    return comfy_server.client.run(workflow("polaris_text_to_picture", **values), timeout_s=120)


def test_loras_are_applied_and_change_the_picture(comfy_server):
    with_loras = text_to_picture(comfy_server)
    loras = plan_of(with_loras)["loras"]
    assert loras
    bans = "\n".join(f"-{step['pick']['file']}" for step in loras)
    checkpoint = plan_of(with_loras)["checkpoint"]["file"]
    without = text_to_picture(
        comfy_server, **{"LoRAs.pins": bans, "LoRAs.candidates": 1, "Checkpoint.pins": checkpoint}
    )
    used = {s["pick"]["file"] for s in plan_of(without)["loras"]}
    assert not used & {s["pick"]["file"] for s in loras}
    difference = np.abs(picture_of(with_loras) - picture_of(without)).mean()
    assert difference > 1


def test_strength_matters(comfy_server):
    weak = text_to_picture(comfy_server, **{"Editor.style_strength": 0.05})
    strong = text_to_picture(comfy_server, **{"Editor.style_strength": 3.0})
    assert np.abs(picture_of(weak) - picture_of(strong)).mean() > 1


def test_a_lora_of_another_family_is_refused(comfy_server, other_family_lora):
    with pytest.raises(WorkflowFailed, match="sdxl"):
        text_to_picture(comfy_server, **{"LoRAs.pins": f"style: {other_family_lora}"})


def test_pins_and_plan_reproduce_the_picture(comfy_server):
    first = text_to_picture(comfy_server, **{"Sampler.seed": 11})
    plan = plan_of(first)
    again = text_to_picture(
        comfy_server,
        **{
            "Sampler.seed": 11,
            "Checkpoint.pins": plan["checkpoint"]["file"],
            "LoRAs.pins": "\n".join(f"{s['slot']}: {s['pick']['file']}" for s in plan["loras"]),
            "Editor.plan_json": json.dumps(plan),
        },
    )
    # The last digit differs between thread counts.
    assert np.abs(picture_of(first) - picture_of(again)).max() <= 1
    assert plan_of(again) == plan


def test_a_plan_names_its_files_by_hash_and_refuses_others(comfy_server):
    plan = plan_of(text_to_picture(comfy_server, **{"Sampler.seed": 13}))
    picks = [plan["checkpoint"], *(step["pick"] for step in plan["loras"])]
    assert all(len(pick["sha256"]) == 64 for pick in picks)
    plan["loras"][0]["pick"] |= {"sha256": "ab" * 32, "source": "https://example.org/lora"}
    with pytest.raises(WorkflowFailed, match=r"example\.org/lora"):
        text_to_picture(comfy_server, **{"Editor.plan_json": json.dumps(plan)})


def test_a_second_run_is_served_from_the_cache(comfy_server):
    graph = workflow("polaris_text_to_picture", **{"Sampler.seed": 12})
    comfy_server.client.run(graph, timeout_s=120)
    start = time.monotonic()
    second = comfy_server.client.run(graph, timeout_s=120)
    assert time.monotonic() - start < 2
    assert set("1345678") <= set(second.cached)


def test_two_queued_prompts_do_not_disturb_each_other(comfy_server):
    sentences = {"fox": "A watercolor fox in a forest", "house": "A pixel art castle"}
    alone = {
        key: plan_of(text_to_picture(comfy_server, **{"Instruction.instruction": s}))
        for key, s in sentences.items()
    }
    results: dict[str, dict] = {}

    def run(key: str) -> None:
        graph = {"Instruction.instruction": sentences[key], "Sampler.seed": 40}
        results[key] = plan_of(text_to_picture(comfy_server, **graph))

    threads = [threading.Thread(target=run, args=(key,)) for key in sentences]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert results == alone


def test_a_local_change_without_a_mask_says_what_is_needed(comfy_server, uploaded):
    graph = workflow("polaris_local_change", **{"Picture.image": uploaded})
    del graph["6"]["inputs"]["mask"]
    with pytest.raises(WorkflowFailed, match="mask"):
        comfy_server.client.run(graph, timeout_s=120)


def test_an_empty_mask_is_refused(comfy_server, uploaded):
    graph = workflow("polaris_local_change", **{"Picture.image": uploaded})
    graph["50"]["inputs"]["mask"] = ["30", 0]
    graph["30"] = {"class_type": "SolidMask", "inputs": {"value": 0.0, "width": 131, "height": 101}}
    with pytest.raises(WorkflowFailed, match="the mask is empty"):
        comfy_server.client.run(graph, timeout_s=120)


def test_a_sentence_that_is_no_edit_stops_with_the_reason(comfy_server, uploaded):
    graph = workflow(
        "polaris_global_style",
        **{
            "Picture.image": uploaded,
            "Instruction.instruction": "Replace the text SALE with CLOSED",
        },
    )
    with pytest.raises(WorkflowFailed, match="text"):
        comfy_server.client.run(graph, timeout_s=120)


def test_cancelling_stops_within_a_second(comfy_server, slow_folder):
    """While thousands of new files are read and embedded."""
    started = time.monotonic()
    asked: list[float] = []

    def stop_soon(done: int, total: int, what: str, /) -> None:
        if time.monotonic() - started > 3:
            asked.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        comfy_server.client.run(
            workflow("polaris_text_to_picture", **{"Zoo.rescan": "every run"}),
            progress=stop_soon,
            timeout_s=120,
        )
    while comfy_server.client.get_json("/queue")["queue_running"]:
        assert time.monotonic() - asked[0] < 5
        time.sleep(0.02)
    assert time.monotonic() - asked[0] < 1
