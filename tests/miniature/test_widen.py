"""The narrow UNet and the full one that carries it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from miniature.training.adapters import adapt, factors
from miniature.training.prompts import encoded, tokens_of
from miniature.training.unet import NarrowUNet
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.errors import InvalidInput
from polaris_core.miniature.loras import kohya_tensors
from polaris_core.miniature.widen import places, wide_layout, widen

TOLERANCE = 1e-4


def narrow_unet(seed: int = 0) -> NarrowUNet:
    """Random weights that all matter, rounded to float16."""
    torch.manual_seed(seed)
    unet = NarrowUNet()
    for parameter in unet.parameters():
        spread = 0.05 if parameter.ndim > 1 else 0.3
        parameter.data = (torch.randn_like(parameter) * spread).half().float()
    return unet.requires_grad_(False)


def as_arrays(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy() for name, tensor in state.items()}


def diffusers_unet():
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        block_out_channels=(320, 320),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=768,
        attention_head_dim=8,
    )


def test_every_narrow_tensor_has_its_place():
    assert NarrowUNet().state_dict().keys() <= wide_layout().keys()


def test_halves_are_put_into_their_halves():
    assert places("output_blocks.2.0.in_layers.0.weight", 0, 160) == [*range(80), *range(320, 400)]
    assert places("output_blocks.2.0.in_layers.2.weight", 1, 4) == [0, 1, 320, 321]
    assert places("output_blocks.2.0.in_layers.2.bias", 0, 3) == [0, 1, 2]
    gate = "middle_block.1.transformer_blocks.0.ff.net.0.proj.weight"
    assert places(gate, 0, 4) == [0, 1, 1280, 1281]


def test_what_has_no_place_is_refused():
    with pytest.raises(InvalidInput, match="no such tensor"):
        widen({"label_emb.weight": np.zeros(3)})
    with pytest.raises(InvalidInput, match="does not fit"):
        widen({"out.0.weight": np.zeros(321)})
    with pytest.raises(InvalidInput, match="too many or too few"):
        widen({"out.0.weight": np.zeros((3, 3))})


def test_padding_given_once_counts_as_all_of_it():
    narrow = narrow_unet()
    x, steps = torch.randn(1, 4, 16, 16), torch.tensor([500])
    context, bias = encoded([list(tokens_of("a red cat"))])
    repeated = 77 - context.shape[1] + 1
    whole = torch.cat([context[:, :-1], context[:, -1:].expand(1, repeated, 768)], dim=1)
    assert torch.allclose(narrow(x, steps, context, bias), narrow(x, steps, whole), atol=TOLERANCE)


def test_diffusers_unet_answers_the_same():
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    narrow, wide = narrow_unet(), diffusers_unet()
    tensors = widen(as_arrays(narrow.state_dict()))
    state = {name: torch.from_numpy(t.astype(np.float32)) for name, t in tensors.items()}
    wide.load_state_dict(convert_ldm_unet_checkpoint(state, dict(wide.config)))
    x, steps, context = torch.randn(2, 4, 16, 16), torch.tensor([10, 700]), torch.randn(2, 77, 768)
    with torch.no_grad():
        assert torch.allclose(
            narrow(x, steps, context), wide(x, steps, context).sample, atol=TOLERANCE
        )


def test_a_kohya_lora_does_to_the_wide_unet_what_the_narrow_one_does():
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    narrow = narrow_unet()
    plain = as_arrays(narrow.state_dict())
    for name, parameter in adapt(narrow, 4).items():
        parameter.data = torch.randn_like(parameter) * (0.2 if name.endswith("up") else 0.1)
    lora = kohya_tensors(as_arrays(factors(narrow.state_dict())))
    wide = diffusers_unet()
    state = {n: torch.from_numpy(t.astype(np.float32)) for n, t in widen(plain).items()}
    wide.load_state_dict(convert_ldm_unet_checkpoint(state, dict(wide.config)))
    by_kohya_name = {
        f"lora_unet_{name.replace('.', '_')}": module for name, module in wide.named_modules()
    }
    layers = [name.removesuffix(".alpha") for name in lora if name.endswith(".alpha")]
    assert len(layers) > 60
    for layer in layers:
        down, up = (
            torch.from_numpy(lora[f"{layer}.lora_{x}.weight"].astype(np.float32))
            for x in ("down", "up")
        )
        weight = by_kohya_name[layer].weight
        weight.data += (up.flatten(1) @ down.flatten(1)).view_as(weight)
    x, steps, context = torch.randn(2, 4, 16, 16), torch.tensor([10, 700]), torch.randn(2, 77, 768)
    with torch.no_grad():
        mine, theirs = narrow(x, steps, context), wide(x, steps, context).sample
    assert (mine - narrow_unet()(x, steps, context)).abs().mean() > 0.01
    assert torch.allclose(mine, theirs, atol=5e-3)  # the file's factors are float16


COMFY_RUN = """
import sys
import torch
sys.path.insert(0, sys.argv[1])
file = sys.argv[2]
sys.argv = ["run", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
import comfy.model_detection, comfy.ops
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
data = torch.load(file)
prefix = "model.diffusion_model."
found = comfy.model_detection.detect_unet_config(data["state"], prefix)
config = comfy.model_detection.model_config_from_unet_config(found)
assert type(config).__name__ == "SD15", config
shape = {**found, **config.unet_extra_config}
unet = UNetModel(**shape, dtype=torch.float32, operations=comfy.ops.disable_weight_init)
unet.load_state_dict({k.removeprefix(prefix): v for k, v in data["state"].items()})
with torch.no_grad():
    torch.save(unet(data["x"], data["steps"], context=data["context"]), file)
"""


@pytest.mark.comfy
def test_comfyui_knows_it_as_sd15_and_answers_the_same(tmp_path):
    root = find_comfyui()
    if root is None:
        pytest.skip("no ComfyUI found")
    narrow, file = narrow_unet(), tmp_path / "data.pt"
    x, steps, context = torch.randn(2, 4, 16, 16), torch.tensor([10, 700]), torch.randn(2, 77, 768)
    tensors = widen(as_arrays(narrow.state_dict()))
    state = {name: torch.from_numpy(t.astype(np.float32)) for name, t in tensors.items()}
    torch.save({"state": state, "x": x, "steps": steps, "context": context}, file)
    command = [sys.executable, "-c", COMFY_RUN, str(root), str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert ran.returncode == 0, ran.stderr
    assert torch.allclose(torch.load(file), narrow(x, steps, context), atol=TOLERANCE)
