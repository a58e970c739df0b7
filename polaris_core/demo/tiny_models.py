"""Small SD1.5 checkpoints and LoRAs that a stock ComfyUI loads and runs, made in a second.

A checkpoint is a UNet of one level (`tiny_unet`), a VAE made by hand (`tiny_vae`), and a CLIP-L
text encoder, which cannot be smaller than it is: its twelve layers are zeros, which pass each word
on unchanged, and are stored as holes (`sparse`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from polaris_core.demo.sparse import Array, write_sparse
from polaris_core.demo.tiny_unet import ATTENTION_LAYERS, NOISY_CHANNELS, PAINTED, tiny_unet
from polaris_core.demo.tiny_vae import tiny_vae

__all__ = ["make_checkpoint", "make_lora"]

_WIDTH = 768
_TOKENS = 49408
_STORED_TOKENS = 16384
"""Tokens are numbered by how common they are; the rarer ones all read as nothing."""
_POSITIONS = 77
_LAYERS = 12
_TEXT = "cond_stage_model.transformer.text_model."
_TEXT_LAYERS = {
    **{
        f"self_attn.{name}": (_WIDTH, _WIDTH) for name in ("q_proj", "k_proj", "v_proj", "out_proj")
    },
    "mlp.fc1": (_WIDTH, 4 * _WIDTH),
    "mlp.fc2": (4 * _WIDTH, _WIDTH),
}
"""Layers of the text encoder: channels in and out."""
_UNET_BLOCKS = (
    "down_blocks_0_attentions_0",
    "up_blocks_0_attentions_0",
    "up_blocks_0_attentions_1",
)
_LORA_RANK = 4


def make_checkpoint(
    path: Path, seed: int, metadata: Mapping[str, str] | None = None, *, in_channels: int = 4
) -> None:
    """Write an SD1.5 checkpoint of 250 MB to a reader and about 50 MB on the disk.

    Args:
        path: The `.safetensors` file.
        seed: Different seeds make visibly different pictures.
        metadata: For the header.
        in_channels: Of the UNet: 4; or 8, which makes it an InstructPix2Pix checkpoint.

    Raises:
        InvalidInput: Any other number of channels.
    """
    tensors = tiny_unet(seed, in_channels=in_channels) | _tiny_text_encoder(seed) | tiny_vae()
    write_sparse(path, tensors, metadata or {})


def make_lora(
    path: Path, seed: int, metadata: Mapping[str, str] | None = None, *, weight: float = 0.3
) -> None:
    """Write a kohya LoRA of rank 4 for these checkpoints: every attention and text layer.

    Args:
        path: The `.safetensors` file, 1.9 MB.
        seed: Different seeds change pictures differently.
        metadata: For the header.
        weight: How much of a layer's own size the change has, about.
    """
    rng = np.random.default_rng(seed)
    layers = {
        f"lora_unet_{block}_{layer.replace('.', '_')}": (sizes, layer.startswith("proj"))
        for block in _UNET_BLOCKS
        for layer, sizes in ATTENTION_LAYERS.items()
    }
    layers |= {
        f"lora_te_text_model_encoder_layers_{i}_{layer.replace('.', '_')}": (sizes, False)
        for i in range(_LAYERS)
        for layer, sizes in _TEXT_LAYERS.items()
    }
    tensors: dict[str, Array] = {}
    for layer, ((inputs, outputs), convolution) in layers.items():
        down = rng.standard_normal((_LORA_RANK, inputs), np.float32) / np.float32(inputs**0.5)
        up = rng.standard_normal((outputs, _LORA_RANK), np.float32) * np.float32(
            weight / _LORA_RANK**0.5
        )
        if layer.endswith("proj_in"):
            down[:, NOISY_CHANNELS] = 0
        if layer.endswith("proj_out"):
            up[:PAINTED] = 0
        if layer.startswith("lora_te"):
            up *= np.float32(0.1)  # on layers of zeros any change is large
        if convolution:
            down, up = down[:, :, None, None], up[:, :, None, None]
        tensors[f"{layer}.alpha"] = np.array(_LORA_RANK, np.float16)
        tensors[f"{layer}.lora_down.weight"] = down.astype(np.float16)
        tensors[f"{layer}.lora_up.weight"] = up.astype(np.float16)
    write_sparse(path, tensors, metadata or {})


def _tiny_text_encoder(seed: int) -> dict[str, Array]:
    rng = np.random.default_rng([seed, 1])
    tokens = np.zeros((_TOKENS, _WIDTH), np.float16)
    tokens[:_STORED_TOKENS] = rng.standard_normal((_STORED_TOKENS, _WIDTH), np.float32)
    tokens[-2:] = rng.standard_normal((2, _WIDTH), np.float32)  # begin and end of a text
    positions = 0.1 * rng.standard_normal((_POSITIONS, _WIDTH), np.float32)
    tensors: dict[str, Array] = {
        f"{_TEXT}embeddings.token_embedding.weight": tokens,
        f"{_TEXT}embeddings.position_embedding.weight": positions.astype(np.float16),
    }
    for i in range(_LAYERS):
        layer = f"{_TEXT}encoder.layers.{i}."
        for norm in ("layer_norm1", "layer_norm2"):
            tensors[f"{layer}{norm}.weight"] = np.ones(_WIDTH, np.float16)
            tensors[f"{layer}{norm}.bias"] = np.zeros(_WIDTH, np.float16)
        for name, (inputs, outputs) in _TEXT_LAYERS.items():
            tensors[f"{layer}{name}.weight"] = np.zeros((outputs, inputs), np.float16)
            tensors[f"{layer}{name}.bias"] = np.zeros(outputs, np.float16)
    tensors[f"{_TEXT}final_layer_norm.weight"] = np.ones(_WIDTH, np.float16)
    tensors[f"{_TEXT}final_layer_norm.bias"] = np.zeros(_WIDTH, np.float16)
    return tensors
