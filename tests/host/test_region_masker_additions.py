"""Additions in a real ComfyUI: the Region Masker with an InstructPix2Pix checkpoint connected."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from polaris_core.demo.tiny_models import make_checkpoint
from polaris_core.errors import WorkflowFailed
from tests.host.test_region_masker import graph, saved, scores

pytestmark = pytest.mark.comfy

ADD = "Add a red balloon next to the cup"
ALONE = "no InstructPix2Pix model looked at the picture"


@pytest.fixture(scope="module")
def pictures(comfy_server, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("pictures")
    names = []
    for name in ("coffee", "chelsea"):
        Image.fromarray(getattr(data, name)()).resize((96, 64)).save(folder / f"{name}.png")
        names.append(comfy_server.client.upload_image(folder / f"{name}.png"))
    return names


@pytest.fixture(scope="module")
def checkpoints(comfy_server):
    """One InstructPix2Pix, and one that is none."""
    folder = comfy_server.base / "models" / "checkpoints"
    files = {channels: folder / f"in{channels}.safetensors" for channels in (4, 8)}
    for channels, file in files.items():
        make_checkpoint(file, 3, in_channels=channels)
    yield {channels: file.name for channels, file in files.items()}
    for file in files.values():
        file.unlink()


def with_model(nodes: dict, checkpoint: str) -> dict:
    nodes["30"] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": checkpoint}}
    parts = {"ip2p_model": ["30", 0], "ip2p_clip": ["30", 1], "ip2p_vae": ["30", 2]}
    nodes["5"]["inputs"] |= parts
    return nodes


def notes(told: dict) -> str:
    return " ".join(told["notes"])


def test_what_it_looks_at_places_the_new_thing_and_without_it_that_is_said(
    comfy_server, pictures, checkpoints
):
    run = comfy_server.client.run
    by_words = run(graph(pictures[0], ADD))
    by_look = [run(with_model(graph(picture, ADD), checkpoints[8])) for picture in pictures]
    assert ALONE in notes(scores(by_words))
    assert all(ALONE not in notes(scores(result)) for result in by_look)
    assert (saved(by_look[0], "7")[0] != saved(by_words, "7")[0]).any()
    nodes = with_model(graph(pictures[0], ADD, image=["11", 0]), checkpoints[8])
    nodes["10"] = {"class_type": "LoadImage", "inputs": {"image": pictures[1]}}
    both = {"image1": ["2", 0], "image2": ["10", 0]}
    nodes["11"] = {"class_type": "ImageBatch", "inputs": both}
    together = run(nodes)
    for alone, mask in zip(by_look, saved(together, "7"), strict=True):
        np.testing.assert_array_equal(mask, saved(alone, "7")[0])
    assert [told["notes"] for told in scores(together)] == [scores(r)["notes"] for r in by_look]


def test_other_edits_pass_it_by(comfy_server, pictures, checkpoints):
    sentence = "Remove the cup"
    plain = comfy_server.client.run(graph(pictures[0], sentence))
    nodes = with_model(graph(pictures[0], sentence), checkpoints[8])
    beside = comfy_server.client.run(nodes)
    np.testing.assert_array_equal(saved(beside, "7")[0], saved(plain, "7")[0])


def test_another_model_or_a_part_of_one_is_refused(comfy_server, pictures, checkpoints):
    nodes = with_model(graph(pictures[0], ADD), checkpoints[4])
    with pytest.raises(WorkflowFailed, match="not an InstructPix2Pix: SD15 with 4 input channels"):
        comfy_server.client.run(nodes)
    nodes = with_model(graph(pictures[0], ADD), checkpoints[8])
    del nodes["5"]["inputs"]["ip2p_vae"]
    with pytest.raises(WorkflowFailed, match="there is no VAE"):
        comfy_server.client.run(nodes)
