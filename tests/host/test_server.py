"""Server and client against a real ComfyUI: what the loopback double in tests/core only plays."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image
from skimage import data

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.reading import read_entry
from polaris_core.demo.header_models import make_header_checkpoint
from polaris_core.errors import Cancelled, WorkflowFailed, WorkflowRejected

pytestmark = pytest.mark.comfy


@pytest.fixture
def picture(comfy_server):
    """A workflow from text to a small picture."""
    folder = comfy_server.base / "models" / "checkpoints"
    checkpoint = sorted(path.name for path in folder.glob("*.safetensors"))[0]
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": checkpoint}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["1", 1]}},
        "4": {
            "class_type": "EmptyLatentImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 1},
        },
        "5": {
            "class_type": "KSampler",
            "inputs": {
                **{"model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0]},
                **{"latent_image": ["4", 0], "seed": 7, "steps": 1, "cfg": 1.0, "denoise": 1.0},
                **{"sampler_name": "euler", "scheduler": "normal"},
            },
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "t"}},
    }


def pixels(result) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(result.images[0].content)).convert("RGB")).astype(int)


def test_a_workflow_runs_to_a_picture_and_the_second_time_comes_from_the_cache(
    comfy_server, picture
):
    told = []
    first = comfy_server.client.run(picture, lambda *what: told.append(what), timeout_s=120)
    assert pixels(first).shape == (64, 64, 3)
    assert pixels(first).std() > 10
    assert told[0][1] == len(picture)
    second = comfy_server.client.run(picture, timeout_s=60)
    assert second.cached >= {"1", "2", "4"}


def test_another_seed_prompt_and_checkpoint_each_make_another_picture(comfy_server, picture):
    before = pixels(comfy_server.client.run(picture, timeout_s=120))
    checkpoints = comfy_server.client.get_json("/object_info/CheckpointLoaderSimple")
    names = checkpoints["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    for node, name, value in (
        ("5", "seed", 8),
        ("2", "text", "a red car on a street at night"),
        ("1", "ckpt_name", sorted(names)[1]),
    ):
        picture[node]["inputs"][name] = value
        after = pixels(comfy_server.client.run(picture, timeout_s=120))
        assert np.abs(after - before).mean() > 0.5, name
        before = after


def test_encoding_and_decoding_a_photograph_keeps_it_but_for_a_blur(
    comfy_server, picture, tmp_path
):
    photograph = Image.fromarray(data.cat()).resize((128, 96))
    photograph.save(tmp_path / "photograph of a cat.png")
    name = comfy_server.client.upload_image(tmp_path / "photograph of a cat.png")
    workflow = {node: picture[node] for node in ("1", "6", "7")} | {
        "2": {"class_type": "LoadImage", "inputs": {"image": name}},
        "5": {"class_type": "VAEEncode", "inputs": {"pixels": ["2", 0], "vae": ["1", 2]}},
    }
    decoded = pixels(comfy_server.client.run(workflow, timeout_s=60))
    blurred = np.asarray(
        photograph.resize((16, 12), Image.Resampling.BOX).resize(
            (128, 96), Image.Resampling.BILINEAR
        )
    )
    assert np.abs(decoded - blurred.astype(int)).mean() < 6


def test_a_refusal_names_node_and_input(comfy_server, picture):
    picture["5"]["inputs"]["sampler_name"] = "telepathy"
    with pytest.raises(WorkflowRejected, match=r"KSampler \(node 5\).*sampler_name.*telepathy"):
        comfy_server.client.run(picture, timeout_s=30)


def test_a_missing_class_is_a_refusal(comfy_server, picture):
    picture["5"]["class_type"] = "NoSuchSampler"
    with pytest.raises(WorkflowRejected, match="NoSuchSampler"):
        comfy_server.client.run(picture, timeout_s=30)


@pytest.fixture
def unloadable(comfy_server):
    """A checkpoint of headers only: listed like any other."""
    path = comfy_server.base / "models" / "checkpoints" / "only_headers.safetensors"
    make_header_checkpoint(path, "sd15")
    yield path
    path.unlink()


def test_a_node_that_fails_is_named(comfy_server, picture, unloadable):
    picture["1"]["inputs"]["ckpt_name"] = unloadable.name
    with pytest.raises(WorkflowFailed, match=r"(CheckpointLoaderSimple|CLIPTextEncode) \(node"):
        comfy_server.client.run(picture, timeout_s=60)


def test_cancelling_interrupts_the_sampler_within_seconds(comfy_server, picture):
    picture["5"]["inputs"].update(steps=2000, seed=99)
    sampling_since = []

    def cancel(done, total, what):
        if what.startswith("KSampler "):
            sampling_since.append(time.monotonic())
            raise Cancelled

    with pytest.raises(Cancelled):
        comfy_server.client.run(picture, cancel, timeout_s=120)
    end = time.monotonic() + 10
    while comfy_server.client.get_json("/queue")["queue_running"]:
        assert time.monotonic() < end, "the server went on sampling"
        time.sleep(0.1)


def test_a_lora_patches_the_unet_and_the_text_encoder(comfy_server, picture):
    before = pixels(comfy_server.client.run(picture, timeout_s=120))
    loras = comfy_server.base / "models" / "loras"
    files = sorted(path.relative_to(loras).as_posix() for path in loras.rglob("*.safetensors"))
    fits = [f for f in files if read_entry(loras, f).entry.base_model is BaseModel.SD15]
    picture["8"] = {
        "class_type": "LoraLoader",
        "inputs": {
            **{"model": ["1", 0], "clip": ["1", 1], "lora_name": fits[0]},
            **{"strength_model": 1.0, "strength_clip": 1.0},
        },
    }
    picture["5"]["inputs"]["model"] = ["8", 0]
    picture["2"]["inputs"]["clip"] = ["8", 1]
    after = pixels(comfy_server.client.run(picture, timeout_s=120))
    assert np.abs(after - before).mean() > 2
    assert "lora key not loaded" not in comfy_server.log_path.read_text("utf-8", "replace")
