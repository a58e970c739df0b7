"""The Region Masker node in a real ComfyUI: pictures of every shape, and a cancel."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file
from skimage import data

from polaris_core.errors import Cancelled
from tests.host.test_region_masker import graph, saved, scores, sure_sam

pytestmark = pytest.mark.comfy

SIZE = (120, 80)


@pytest.fixture(scope="module")
def photographs(comfy_server, tmp_path_factory) -> dict[str, str]:
    """Different things at one size, by name."""
    folder = tmp_path_factory.mktemp("photographs")
    names = {}
    for name in ("coffee", "chelsea", "rocket"):
        Image.fromarray(getattr(data, name)()).resize(SIZE).save(folder / f"{name}.png")
        names[name] = comfy_server.client.upload_image(folder / f"{name}.png")
    return names


def asked(comfy_server, nodes: dict):
    return comfy_server.client.run(nodes, timeout_s=300)


def test_pictures_of_different_subjects_each_get_the_mask_they_get_alone(comfy_server, photographs):
    sentence = "Remove the thing on the left"
    alone = [asked(comfy_server, graph(file, sentence)) for file in photographs.values()]
    first, second, third = photographs.values()
    nodes = graph(first, sentence, image=["12", 0])
    for number, file in (("20", second), ("21", third)):
        nodes[number] = {"class_type": "LoadImage", "inputs": {"image": file}}
    for number, one, other in (("11", ["2", 0], ["20", 0]), ("12", ["11", 0], ["21", 0])):
        inputs = {"image1": one, "image2": other}
        nodes[number] = {"class_type": "ImageBatch", "inputs": inputs}
    together = asked(comfy_server, nodes)
    masks = saved(together, "7")
    assert len(masks) == len(alone) == 3
    for one, mask, told in zip(alone, masks, scores(together), strict=True):
        np.testing.assert_array_equal(mask, saved(one, "7")[0])
        assert told == scores(one)
    assert (masks[0] != masks[1]).any()
    assert (masks[1] != masks[2]).any()
    assert len(saved(together, "9")) == 3


@pytest.mark.parametrize("sentence", ["Remove the cup", "Add a hat on the dog"])
@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (10_000, 1), (1, 10_000)], ids=["pixel", "row", "column"]
)
def test_pictures_of_odd_shapes_get_masks_of_their_shape(comfy_server, sentence, width, height):
    nodes = graph("", sentence)
    colour = {"width": width, "height": height, "batch_size": 1, "color": 0x4080C0}
    nodes["2"] = {"class_type": "EmptyImage", "inputs": colour}
    result = asked(comfy_server, nodes)
    (mask,) = saved(result, "7")
    assert mask.shape[:2] == (height, width)
    assert mask.any()
    (preview,) = saved(result, "9")
    assert 1 <= min(preview.shape[:2]) <= max(preview.shape[:2]) <= 1024


def test_an_alpha_channel_changes_nothing(comfy_server, photographs):
    file = photographs["coffee"]
    plain = asked(comfy_server, graph(file, "Remove the cup"))
    nodes = graph(file, "Remove the cup", image=["11", 0])
    half = {"value": 0.5, "width": SIZE[0], "height": SIZE[1]}
    nodes["10"] = {"class_type": "SolidMask", "inputs": half}
    joined = {"image": ["2", 0], "alpha": ["10", 0]}
    nodes["11"] = {"class_type": "JoinImageWithAlpha", "inputs": joined}
    with_alpha = asked(comfy_server, nodes)
    np.testing.assert_array_equal(saved(with_alpha, "7")[0], saved(plain, "7")[0])
    assert scores(with_alpha) == scores(plain)


def test_progress_is_told_and_a_cancel_stops_the_search(comfy_server, photographs):
    folder = comfy_server.base / "models" / "sams"
    folder.mkdir(exist_ok=True)
    save_file(sure_sam().state_dict(), folder / "slow.safetensors")
    segmenter = {"segmenter": "slow.safetensors", "points_per_side": 128}
    told = []

    def cancel(done, total, what):
        if what.startswith("PolarisRegionMasker "):
            told.append(what)
            if len(set(told)) > 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        comfy_server.client.run(
            graph(photographs["rocket"], "Remove the rocket", segmenter), cancel, timeout_s=300
        )
    end = time.monotonic() + 20
    while comfy_server.client.get_json("/queue")["queue_running"]:
        assert time.monotonic() < end, "the masker went on looking"
        time.sleep(0.1)


def test_nodes_that_ask_for_one_model_share_it(comfy_server, photographs):
    folder = comfy_server.base / "models" / "sams"
    folder.mkdir(exist_ok=True)
    save_file(sure_sam().state_dict(), folder / "shared.safetensors")
    nodes = graph(photographs["coffee"], "Remove the cup", {"segmenter": "shared.safetensors"})
    nodes["4"]["inputs"]["points_per_side"] = 8
    nodes["40"] = {"class_type": "PolarisSegmenter", "inputs": nodes["4"]["inputs"] | {}}
    nodes["40"]["inputs"]["points_per_side"] = 9
    nodes["50"] = {"class_type": "PolarisRegionMasker", "inputs": nodes["5"]["inputs"] | {}}
    nodes["50"]["inputs"]["segmenter"] = ["40", 0]
    nodes["51"] = {"class_type": "PreviewAny", "inputs": {"source": ["50", 2]}}
    before = comfy_server.log_path.read_text("utf-8", "replace")
    asked(comfy_server, nodes)
    log = comfy_server.log_path.read_text("utf-8", "replace").removeprefix(before)
    assert log.count("Requested to load Sam") == 1
