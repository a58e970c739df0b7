"""Model files that can be told apart but not run: right names, right widths, next to no weights.

They stand in for families whose real files would be gigabytes. A catalogue sees what it would see
in the real ones; whoever applies one to a checkpoint of another family has made the mistake that
they are there to catch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from polaris_core.demo.sparse import Array, write_sparse
from polaris_core.errors import InvalidInput

__all__ = ["make_header_checkpoint", "make_header_lora"]

_T = TypeVar("_T")
_Sizes = tuple[int, int]
_LORA_LAYERS: dict[str, dict[str, _Sizes]] = {
    "sd2": {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": (1024, 320),
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v": (1024, 640),
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": (1024, 1280),
        "lora_te_text_model_encoder_layers_0_self_attn_q_proj": (1024, 1024),
        "lora_te_text_model_encoder_layers_0_mlp_fc1": (1024, 4096),
    },
    "sdxl": {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (2048, 640),
        "lora_unet_input_blocks_4_1_transformer_blocks_1_attn2_to_v": (2048, 640),
        "lora_unet_middle_block_1_transformer_blocks_9_attn2_to_k": (2048, 1280),
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": (768, 768),
        "lora_te2_text_model_encoder_layers_0_self_attn_q_proj": (1280, 1280),
    },
    "flux": {
        **{f"lora_unet_double_blocks_{i}_img_attn_qkv": (3072, 9216) for i in range(19)},
        **{f"lora_unet_double_blocks_{i}_txt_attn_qkv": (3072, 9216) for i in range(19)},
        **{f"lora_unet_single_blocks_{i}_linear1": (3072, 21504) for i in range(38)},
    },
}
_CLIP_L = "text_model.encoder.layers.0.self_attn.q_proj.weight"
_VAE = "first_stage_model.decoder.conv_in.weight"
_UNET = "model.diffusion_model."
_CHECKPOINT_TENSORS: dict[str, dict[str, tuple[int, ...]]] = {
    "sd15": {
        f"{_UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
        f"{_UNET}input_blocks.1.1.proj_in.weight": (320, 320, 1, 1),
        f"{_UNET}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
        f"cond_stage_model.transformer.{_CLIP_L}": (768, 768),
        _VAE: (512, 4, 3, 3),
    },
    "sd2": {
        f"{_UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
        f"{_UNET}input_blocks.1.1.proj_in.weight": (320, 320),
        f"{_UNET}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024),
        "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight": (3072, 1024),
        _VAE: (512, 4, 3, 3),
    },
    "sdxl": {
        f"{_UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
        f"{_UNET}input_blocks.4.1.proj_in.weight": (640, 640),
        f"{_UNET}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
        f"{_UNET}input_blocks.4.1.transformer_blocks.1.norm1.weight": (640,),
        f"{_UNET}label_emb.0.0.weight": (1280, 2816),
        f"conditioner.embedders.0.transformer.{_CLIP_L}": (768, 768),
        "conditioner.embedders.1.model.ln_final.weight": (1280,),
        _VAE: (512, 4, 3, 3),
    },
    "flux": {
        **{
            f"{_UNET}double_blocks.{i}.{part}_attn.norm.query_norm.scale": (128,)
            for i in range(19)
            for part in ("img", "txt")
        },
        **{f"{_UNET}single_blocks.{i}.norm.query_norm.scale": (128,) for i in range(38)},
        f"{_UNET}double_blocks.0.img_attn.proj.weight": (3072, 3072),
        f"{_UNET}img_in.weight": (3072, 64),
        f"{_UNET}guidance_in.in_layer.weight": (3072, 256),
        f"text_encoders.clip_l.transformer.{_CLIP_L}": (768, 768),
        "text_encoders.t5xxl.transformer.encoder.final_layer_norm.weight": (4096,),
        "vae.decoder.conv_in.weight": (512, 16, 3, 3),
    },
}
_RANK = 4


def make_header_lora(
    path: Path, family: str, metadata: Mapping[str, str] | None = None, *, loha: bool = False
) -> None:
    """Write a LoRA (or a LoHa) of a family: a few kilobytes on the disk.

    Args:
        path: The `.safetensors` file.
        family: `sd2`, `sdxl` or `flux`.
        metadata: For the header.
        loha: Whether to use Hadamard products for its parametrisation.

    Raises:
        InvalidInput: There is no such family here.
    """
    tensors: dict[str, Array] = {}
    for layer, (inputs, outputs) in _of(_LORA_LAYERS, family).items():
        tensors[f"{layer}.alpha"] = np.array(_RANK, np.float16)
        if loha:
            for factor in ("hada_w1", "hada_w2"):
                tensors[f"{layer}.{factor}_a"] = np.zeros((outputs, _RANK), np.float16)
                tensors[f"{layer}.{factor}_b"] = np.zeros((_RANK, inputs), np.float16)
        else:
            tensors[f"{layer}.lora_down.weight"] = np.zeros((_RANK, inputs), np.float16)
            tensors[f"{layer}.lora_up.weight"] = np.zeros((outputs, _RANK), np.float16)
    write_sparse(path, tensors, metadata or {})


def make_header_checkpoint(
    path: Path, family: str, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a checkpoint of a family with its telling tensors only, all of them zero.

    Args:
        path: The `.safetensors` file.
        family: `sd15`, `sd2`, `sdxl` or `flux`.
        metadata: For the header.

    Raises:
        InvalidInput: There is no such family here.
    """
    shapes = _of(_CHECKPOINT_TENSORS, family)
    tensors: dict[str, Array] = {key: np.zeros(shape, np.float16) for key, shape in shapes.items()}
    write_sparse(path, tensors, metadata or {})


def _of(table: Mapping[str, _T], family: str) -> _T:
    if family not in table:
        raise InvalidInput(
            "no models of this family are made here",
            value=family,
            hint=f"There are {', '.join(table)}",
        )
    return table[family]
