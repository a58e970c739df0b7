"""The Segmenter and Region Masker nodes in a real ComfyUI."""

from __future__ import annotations

import io
import json
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.errors import WorkflowFailed, WorkflowRejected
from tests.core.regions.small_models import ARCHITECTURE, small_sam
from tests.host.regions import REGION, add_region
from tests.host.test_language_model_memory import free, resident_mb
from tests.host.test_nodes import ROOT, ZOO

pytestmark = pytest.mark.comfy

EDITS = ["replace", "restyle_part", "add", "remove", "background"]


@pytest.fixture(scope="module")
def coffee(comfy_server, tmp_path_factory) -> str:
    """A cup of coffee, of a size that is no multiple of eight."""
    file = tmp_path_factory.mktemp("coffee") / "coffee.png"
    Image.fromarray(data.coffee()).resize((150, 101)).save(file)
    return comfy_server.client.upload_image(file)


def graph(picture: str, instruction: str, segmenter: dict | None = None, **inputs: object) -> dict:
    """Load, parse, find, and save mask and preview."""
    mask = {"choice": "", "grow": 0, "feather": 0, "image": ["2", 0], "intent": ["3", 0]}
    nodes: dict = {
        "2": {"class_type": "LoadImage", "inputs": {"image": picture}},
        "3": {
            "class_type": "PolarisInstructionParser",
            "inputs": {"instruction": instruction, "image": ["2", 0]},
        },
        "5": {"class_type": "PolarisRegionMasker", "inputs": mask | inputs},
        "6": {"class_type": "MaskToImage", "inputs": {"mask": ["5", 0]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "m"}},
        "8": {"class_type": "PreviewAny", "inputs": {"source": ["5", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["5", 1], "filename_prefix": "p"}},
    }
    if segmenter is not None:
        nodes["4"] = {
            "class_type": "PolarisSegmenter",
            "inputs": {"segmenter": "superpixels", "image_encoder": "none"} | segmenter,
        }
        nodes["5"]["inputs"]["segmenter"] = ["4", 0]
    return nodes


def saved(result, node: str) -> list[np.ndarray]:
    return [
        np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        for source, _, content in result.images
        if source == node
    ]


def scores(result) -> dict:
    return json.loads("".join(result.texts["8"]))


@pytest.mark.parametrize("edit", EDITS)
def test_pixels_outside_the_mask_that_was_found_stay_bit_for_bit(comfy_server, coffee, edit):
    file = ROOT / "example_workflows" / "api" / f"polaris_{edit}.json"
    values = {"Sampler.steps": 2, "Picture.image": coffee, "Segmenter.image_encoder": "none"}
    nodes = fill(load_workflow(file), ZOO | values)
    add_region(nodes)
    nodes["22"] = {"class_type": "PreviewAny", "inputs": {"source": ["2", 0]}}
    result = comfy_server.client.run(nodes, timeout_s=120)
    made, region = saved(result, "10")[0], saved(result, REGION)[0][..., 0]
    original = np.asarray(Image.fromarray(data.coffee()).resize((150, 101)))
    assert made.shape == original.shape
    outside = region == 0
    assert 0.02 < outside.mean() < 1
    assert (made[outside] == original[outside]).all()
    assert (made[~outside] != original[~outside]).any()


def test_what_was_found_is_told_in_words_pictures_and_numbers(comfy_server, coffee):
    result = comfy_server.client.run(graph(coffee, "Replace the cup with a fox"))
    said, told = "".join(result.texts["5"]), scores(result)
    assert said.startswith("Superpixels")
    assert "sought: cup" in said
    assert told["sure"] is False
    assert len(told["candidates"]) > 3
    preview = next(content for node, _, content in result.previews if node == "5")
    assert Image.open(io.BytesIO(preview)).size == (150, 101)


def test_another_candidate_is_taken_by_its_number(comfy_server, coffee):
    asked = "Replace the cup with a cat"
    first = comfy_server.client.run(graph(coffee, asked))
    other = comfy_server.client.run(graph(coffee, asked, choice="2"))
    assert scores(other)["chosen"] == [2]
    assert scores(other)["confidence"] == 1
    assert (saved(first, "7")[0] != saved(other, "7")[0]).any()


def test_every_picture_of_a_batch_gets_its_own_mask(comfy_server, coffee):
    nodes = graph(coffee, "Replace the cup with a fox", image=["11", 0])
    nodes["10"] = {
        "class_type": "ImageScale",
        "inputs": {
            "image": ["2", 0],
            "upscale_method": "nearest-exact",
            "width": 80,
            "height": 60,
            "crop": "disabled",
        },
    }
    nodes["11"] = {"class_type": "RepeatImageBatch", "inputs": {"image": ["10", 0], "amount": 2}}
    result = comfy_server.client.run(nodes)
    masks = saved(result, "7")
    assert [mask.shape[:2] for mask in masks] == [(60, 80), (60, 80)]
    assert len(scores(result)) == 2


def test_a_change_of_everything_needs_no_region(comfy_server, coffee):
    result = comfy_server.client.run(graph(coffee, "Make the photo a watercolor"))
    assert (saved(result, "7")[0] == 255).all()
    assert scores(result)["candidates"] == []


@pytest.mark.parametrize(
    ("instruction", "inputs", "said"),
    [
        pytest.param("Replace the cup with a fox", {"choice": "999"}, "Choose from 1", id="number"),
        pytest.param("Remove the cup", {"choice": "left"}, "by their numbers", id="no number"),
        pytest.param("Let the man raise his arm", {}, "nothing that can be done", id="no edit"),
        pytest.param("Replace the cup with a fox", {"grow": -400}, "nothing", id="nothing left"),
    ],
)
def test_what_cannot_be_done_says_why(comfy_server, coffee, instruction, inputs, said):
    with pytest.raises(WorkflowFailed, match=said):
        comfy_server.client.run(graph(coffee, instruction, **inputs))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        pytest.param({"intent": "hello"}, "not an intent", id="intent"),
        pytest.param({"segmenter": "superpixels"}, "not a segmenter", id="segmenter"),
        pytest.param({"image": "x"}, "not an IMAGE", id="image"),
    ],
)
def test_a_text_on_a_socket_is_refused_by_name(comfy_server, coffee, inputs, said):
    nodes = graph(coffee, "Remove the cup")
    nodes["5"]["inputs"] |= inputs
    with pytest.raises(WorkflowFailed, match=said):
        comfy_server.client.run(nodes)


def test_null_is_not_read_as_a_word(comfy_server, coffee):
    nodes = graph(coffee, "Remove the cup", {"image_encoder": None}, choice=None)
    assert scores(comfy_server.client.run(nodes))["chosen"]


def test_a_segmenter_that_is_not_in_the_folder_is_refused_before_anything_runs(
    comfy_server, coffee
):
    with pytest.raises(WorkflowRejected, match="segmenter"):
        comfy_server.client.run(graph(coffee, "Remove the cup", {"segmenter": "../x.pth"}))


def sure_sam():
    """A small Segment Anything that is sure of its masks."""
    import torch

    model = small_sam()
    with torch.no_grad():
        model.mask_decoder.iou_prediction_head.layers[-1].bias += 10
        for mlp in model.mask_decoder.output_hypernetworks_mlps:
            for weights in mlp.layers[-1].parameters():
                weights *= 100
    return model


@pytest.fixture(scope="module")
def small_segmenter(comfy_server) -> dict:
    """One that is sure of its masks, in ComfyUI's folder."""
    from safetensors.torch import save_file

    folder = comfy_server.base / "models" / "sams"
    folder.mkdir(exist_ok=True)
    save_file(sure_sam().state_dict(), folder / "small.safetensors")
    return {"segmenter": "small.safetensors", "points_per_side": 8}


def test_segment_anything_proposes_and_a_second_run_loads_nothing(
    comfy_server, coffee, small_segmenter
):
    segmenter = small_segmenter
    first = comfy_server.client.run(graph(coffee, "Replace the cup with a fox", segmenter))
    assert "".join(first.texts["5"]).startswith("Segment Anything (sam:")
    second = comfy_server.client.run(graph(coffee, "Remove the cup", segmenter))
    assert "4" in second.cached
    assert saved(second, "7")[0].any()


def test_what_a_segmenter_took_is_given_back_after_free(comfy_server, coffee, small_segmenter):
    from safetensors.torch import save_file

    wide = replace(ARCHITECTURE, width=512, depth=8, heads=8)
    folder = comfy_server.base / "models" / "sams"
    save_file(small_sam(architecture=wide).state_dict(), folder / "wide.safetensors")
    size_mb = (folder / "wide.safetensors").stat().st_size / 2**20
    assert size_mb > 60
    asked = {"points_per_side": 4, "segmenter": "wide.safetensors"}
    comfy_server.client.run(graph(coffee, "Remove the cup", small_segmenter))  # imports
    free(comfy_server)
    time.sleep(2)
    before = resident_mb(comfy_server)
    with pytest.raises(WorkflowFailed, match="proposed"):  # its masks are noise, and dropped
        comfy_server.client.run(graph(coffee, "Remove the cup", asked))
    assert resident_mb(comfy_server) - before > 0.8 * size_mb
    free(comfy_server)
    deadline = time.monotonic() + 20
    while resident_mb(comfy_server) - before > 0.3 * size_mb and time.monotonic() < deadline:
        time.sleep(0.2)
    assert resident_mb(comfy_server) - before < 0.3 * size_mb
