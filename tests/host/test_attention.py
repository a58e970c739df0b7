"""Cross-attention of an InstructPix2Pix in a real ComfyUI, against plain hooks on its layers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from polaris_core.comfyui.locate import find_comfyui

pytestmark = [pytest.mark.comfy, pytest.mark.timeout(900)]  # mostly a tenth of it

TOLERANCE = 2e-6
"""Of a map from 0 to 1. Seen: 3e-7, which single precision loses on the way."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What `attention_run.py` saw, and the maps."""
    comfyui = find_comfyui()
    if comfyui is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    folder = tmp_path_factory.mktemp("attention")
    script = Path(__file__).with_name("attention_run.py")
    done = subprocess.run(
        [sys.executable, str(script), str(comfyui), str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=880,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-8000:]
    with np.load(folder / "maps.npz") as maps:
        return SimpleNamespace(seen=json.loads((folder / "seen.json").read_text()), maps=dict(maps))


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("one grid", 3),
        ("two grids", 7),
        ("torch.bfloat16", 7),
        ("torch.float16", 7),
        ("long instruction", 3),
        ("patched", 3),
    ],
)
def test_maps_are_those_computed_directly_from_the_same_layers(run, name, layers):
    gathered, by_hand = run.maps[f"{name}, gathered"], run.maps[f"{name}, by hand"]
    assert run.seen[f"{name}, layers"] == layers
    np.testing.assert_allclose(gathered, by_hand, atol=TOLERANCE, rtol=0)


def test_rows_without_the_instruction_are_left_out(run):
    gathered, other = (
        run.maps[f"two grids, {what}"] for what in ("gathered", "without instruction")
    )
    assert np.abs(gathered - other).max() > 0.2


@pytest.mark.parametrize("dtype", ["torch.bfloat16", "torch.float16"])
def test_half_precision_was_half_precision(run, dtype):
    assert run.seen[f"{dtype}, type"] == dtype


@pytest.mark.parametrize(
    "what",
    [
        "model stays",
        "picture stays",
        "picture while watched is the same",
        "random numbers stay",
        "patched model stays",
        "patched picture stays",
        "model stays after a stop",
        "picture stays after a stop",
    ],
)
def test_hooks_leave_the_model_as_it_was_to_the_last_bit(run, what):
    assert run.seen[what] is True
    assert run.seen["maps while watched"] == 6  # three layers at two steps


def test_patches_of_other_packs_go_on_working(run):
    assert run.seen["calls of other patches"] == {"replacement": 4, "function": 8}
    assert run.seen["other patches are called"] is True


def test_each_picture_of_a_batch_has_the_map_it_has_alone(run):
    assert run.seen["batch is as alone"] == [True, True]
    assert run.seen["pictures differ by"] > 0.1
    assert run.seen["seeds differ by"] > 0.1


def test_pictures_are_worked_on_at_256_to_512_px_and_maps_are_as_large_as_they(run):
    assert run.seen["at work"] == [[256, 256, 3], [64, 384, 3], [64, 512, 3], [512, 128, 3]]
    sizes = [[37, 411], [1, 3000], [1500, 400]]
    assert run.seen["shapes"] == [None, *([*size, "float32"] for size in sizes)]


def test_the_objects_words_are_found_among_the_tokens(run):
    assert run.seen["positions"] == {
        "phrase": [3, 4],
        "capitals": [3, 4],
        "words apart": [3, 7],
        "only some": [6],
        "pieces of a word": [3, 4, 5, 6],
        "first of two": [3],
        "parentheses": [4],
        "second part": [126, 127],
    }


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("not an InstructPix2Pix", ["SD15 with 4 input channels", "timbrooks/instruct-pix2pix"]),
        ("no CLIP", ["no CLIP and no VAE", "InstructPix2Pix checkpoint"]),
        ("no CLIP of Stable Diffusion", ["t5xxl", "same InstructPix2Pix checkpoint"]),
        ("CLIP of another model", ["(77, 512) instead of (77, 768)", "same"]),
        ("VAE of another model", ["(1, 16, 8, 32) instead of (1, 4, 8, 32)", "same"]),
        ("words not there", ["'purple giraffe' in 'add a red", "as they stand"]),
        ("no words", ["' the , '", "as they stand"]),
        ("too long", ["2000 characters", "(3600 characters)"]),
        ("no steps", ["from 1 to 10: 0"]),
        ("NaN", ["NaN"]),
        ("no picture", ["[batch, height, width, 3]: (64, 256, 3)"]),
    ],
)
def test_bad_input_is_refused_naming_it_and_the_remedy(run, name, says):
    refusal = run.seen[f"refused: {name}"]
    assert refusal.startswith("InvalidInput: ")
    assert all(text in refusal for text in says), refusal


def test_every_step_is_told_and_can_be_the_last(run):
    assert run.seen["told until stopped"] == [[i, 4] for i in (0, 1, 2, 2, 3)]
    assert run.seen["the host's cancel is heard"] is True


def test_working_in_chunks_changes_nothing_but_rounding(run):
    assert run.seen["difference by chunks"] < TOLERANCE


def test_twenty_runs_need_no_more_memory_than_one(run):
    before, after = run.seen["memory"]
    assert after["tensors"] <= before["tensors"]
    assert after["loaded models"] <= before["loaded models"]
    assert after["rss_mb"] < before["rss_mb"] + 5
