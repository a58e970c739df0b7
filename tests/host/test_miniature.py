"""The miniature zoo in a real ComfyUI: examples as they stand, edits as those made without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

from miniature.chain import Chain, held_out_edits, outside
from miniature.through_comfyui import HostChain
from miniature.world import SIZE_PX, Edit, draw
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.workflow import load_workflow
from polaris_core.engine.crop import start_piece
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.engine.files import files_of
from polaris_core.engine.pixels import encode
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.miniature.zoo import make_miniature_zoo
from tests.host.test_nodes import WORKFLOWS, picture_of, plan_of

pytestmark = pytest.mark.comfy

EDITS = 8
"""`benchmarks/miniature.py --through-comfyui 20` does more of them."""
ALIKE = 2
"""Levels of 255 by which pictures of the same plan and seed may differ: sums in another order."""
LATENT_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    folder = tmp_path_factory.mktemp("miniature")
    make_miniature_zoo(folder)
    return folder


@pytest.fixture(scope="module")
def host(base):
    with HostChain(base, "clip") as chain:
        yield chain


@pytest.fixture(scope="module")
def chain(base, tmp_path_factory):
    return Chain(base, tmp_path_factory.mktemp("zoo"), "clip")


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.stem)
def test_every_example_runs_as_it_stands(host, file):
    result = host.server.client.run(load_workflow(file), timeout_s=300)
    made = picture_of(result)
    assert made.shape == (128, 128, 3)
    assert "polaris-miniature" in plan_of(result)["checkpoint"]["file"]


def sampled(edit: Edit) -> bool:
    """Whether a mask or a whole new look is asked for, not a doubtful reading of either."""
    kind = parse_instruction(edit.instruction, has_picture=True).instruction_type
    return kind.edits_picture


def test_edits_through_the_api_are_those_made_without_comfyui(host, chain):
    edits = [edit for edit in held_out_edits(EDITS + 10, seed=4) if sampled(edit)][:EDITS]
    assert len(edits) == EDITS
    same_picks = 0
    for seed, edit in enumerate(edits):
        picture = draw(edit.before)
        _, plan = chain.decide(edit, picture)
        other, other_plan = host.carry_out(edit, picture, seed)
        assert other.shape == picture.shape
        left = outside(other_plan, edit)
        if left is not None:
            assert (other[left] == picture[left]).all(), edit.instruction
        picks = [step.pick.sha256 for step in plan.loras]
        same_picks += picks == [step.pick.sha256 for step in other_plan.loras]
        assert other_plan.prompt == plan.prompt
        if seed < 4:  # the others would only take longer
            made = chain.carry_out(plan, edit, picture, seed)
            assert np.abs(made.astype(int) - other).max() <= ALIKE, edit.instruction
    assert same_picks == EDITS


def test_both_start_from_the_same_latents(host, chain):
    edit = next(e for e in held_out_edits(40, seed=5) if e.type == "recolour" and sampled(e))
    picture = draw(edit.before)
    alpha = np.where(edit.mask, 0, 255).astype(np.uint8)
    Image.fromarray(np.dstack([picture, alpha])).save(host.server.base / "input" / "latent.png")
    values = {"Picture.image": "latent.png", "Instruction.instruction": edit.instruction}
    nodes = host.filled("polaris_local_change", values | {"Sampler.steps": 1})
    nodes["30"] = {
        "class_type": "SaveLatent",
        "inputs": {"samples": ["6", 4], "filename_prefix": "start"},
    }
    host.server.client.run(nodes, timeout_s=300)
    [file] = (host.server.base / "output").glob("start*.latent")
    theirs = load_file(file)["latent_tensor"]
    _, plan = chain.decide(edit, picture)
    checkpoint, _ = files_of(plan, chain.zoo.store, has_picture=True, has_mask=True)
    pipeline, layout = Engine("cpu").pipeline(checkpoint)
    image = torch.from_numpy(picture.astype(np.float32) / 255)[None]
    mask = torch.from_numpy(edit.mask.astype(np.float32))[None]
    begin, crop = start_piece(plan, image, mask, SIZE_PX)
    assert not crop.is_whole
    with torch.inference_mode():
        ours = encode(pipeline.vae, begin.pixels).numpy()
    # ComfyUI's latents are scaled down only on their way into the UNet.
    theirs = theirs * layout.latent_scale
    assert ours.shape == theirs.shape == (1, 4, 16, 16)
    assert np.abs(ours).max() > 0.5
    assert np.abs(ours - theirs).max() < LATENT_TOLERANCE


def test_a_text_gives_the_same_picture_in_both(host, chain):
    values = {"Instruction.instruction": "A watercolor fox in a meadow", "Sampler.seed": 3}
    result = host.server.client.run(host.filled("polaris_text_to_picture", values), timeout_s=300)
    from polaris_core.cli.zoo_commands import decide

    _, plan = decide(
        chain.zoo, parse_instruction("A watercolor fox in a meadow", has_picture=False)
    )
    assert [s.pick.sha256 for s in plan.loras] == [
        s["pick"]["sha256"] for s in plan_of(result)["loras"]
    ]
    checkpoint, loras = files_of(plan, chain.zoo.store, has_picture=False, has_mask=False)
    sampling = replace(Sampling(seed=3, guidance=4.0), width_px=128, height_px=128)
    made = Engine("cpu").carry_out(plan, checkpoint, loras, sampling=sampling)
    assert np.abs(made.astype(int) - picture_of(result)).max() <= ALIKE
