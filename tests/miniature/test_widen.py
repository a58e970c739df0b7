"""The narrow UNet and the full one that carries it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from miniature.training.adapters import adapt, factors
from miniature.training.prompts import encoded, tokens_of
from miniature.training.unet import NarrowUNet
from miniature.training.vae import NarrowVAE
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.errors import InvalidInput
from polaris_core.miniature.checkpoints import wide_vae
from polaris_core.miniature.loras import kohya_tensors, merged
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


def lora_of(adapted: NarrowUNet) -> dict[str, np.ndarray]:
    return as_arrays(factors(adapted.state_dict()))


def as_tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in arrays.items()}


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
    state = as_tensors(widen(as_arrays(narrow.state_dict())))
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
    narrow.eval()
    for name, parameter in adapt(narrow, 4).items():
        parameter.data = torch.randn_like(parameter) * (0.2 if name.endswith("up") else 0.1)
    lora = kohya_tensors(lora_of(narrow))
    wide = diffusers_unet()
    state = as_tensors(widen(plain))
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
    together = narrow_unet()
    together.load_state_dict(as_tensors(merged(plain, lora_of(narrow))))
    assert torch.allclose(mine, together(x, steps, context), atol=TOLERANCE)
    assert (mine - narrow_unet()(x, steps, context)).abs().mean() > 0.01
    assert torch.allclose(mine, theirs, atol=5e-3)  # the file's factors are float16


COMFY_START = """
import sys
import torch
sys.path.insert(0, sys.argv[1])
file = sys.argv[2]
sys.argv = ["run", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
torch.set_grad_enabled(False)
data = torch.load(file)
"""
COMFY_UNET = """
import comfy.model_detection, comfy.ops
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
prefix = "model.diffusion_model."
found = comfy.model_detection.detect_unet_config(data["state"], prefix)
config = comfy.model_detection.model_config_from_unet_config(found)
assert type(config).__name__ == "SD15", config
shape = {**found, **config.unet_extra_config}
unet = UNetModel(**shape, dtype=torch.float32, operations=comfy.ops.disable_weight_init)
unet.load_state_dict({k.removeprefix(prefix): v for k, v in data["state"].items()})
answer = unet(data["x"], data["steps"], context=data["context"])
"""
COMFY_VAE = """
from comfy.taesd.taesd import TAESD
vae = TAESD()
vae.load_state_dict(data["state"])
latents = vae.encode(data["x"] * 2 - 1)
answer = (latents * 0.18215, vae.decode(latents) / 2 + 0.5)
"""
COMFY_END = """
torch.save(answer, file)
"""


def in_comfyui(code: str, file: Path) -> torch.Tensor:
    """Run code in a process that has ComfyUI; it reads `data` and leaves `answer`."""
    root = find_comfyui()
    if root is None:
        pytest.skip("no ComfyUI found")
    command = [sys.executable, "-c", COMFY_START + code + COMFY_END, str(root), str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert ran.returncode == 0, ran.stderr
    return torch.load(file)


@pytest.mark.comfy
def test_comfyui_knows_it_as_sd15_and_answers_the_same(tmp_path):
    narrow, file = narrow_unet(), tmp_path / "data.pt"
    x, steps, context = torch.randn(2, 4, 16, 16), torch.tensor([10, 700]), torch.randn(2, 77, 768)
    state = as_tensors(widen(as_arrays(narrow.state_dict())))
    torch.save({"state": state, "x": x, "steps": steps, "context": context}, file)
    assert torch.allclose(in_comfyui(COMFY_UNET, file), narrow(x, steps, context), atol=TOLERANCE)


@pytest.mark.comfy
def test_comfyuis_taesd_does_what_the_narrow_autoencoder_does(tmp_path):
    torch.manual_seed(0)
    narrow, file = NarrowVAE().requires_grad_(False), tmp_path / "data.pt"
    for parameter in narrow.parameters():
        parameter.data = parameter.half().float()
    x = torch.rand(1, 3, 64, 64)
    state = as_tensors(wide_vae(as_arrays(narrow.state_dict()), ""))
    torch.save({"state": state, "x": x}, file)
    latents, again = in_comfyui(COMFY_VAE, file)
    assert torch.allclose(latents, narrow.encode(x), atol=2e-3)  # the scale is float16
    assert torch.allclose(again, narrow.decode(narrow.encode(x)), atol=2e-3)
