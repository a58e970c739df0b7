"""Tell the base model family from keys and widths: an ordered table of conditions over clues.

A clue is one fact of a header, such as the width of the text its cross-attention reads. Widths
are read from checkpoints and adapters alike (`widths`), so that one table serves both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.widths import depth, input_widths, output_widths

__all__ = ["Clues", "clues_of", "family_of"]

_STRANGERS = (
    # motion and video on top of a UNet, other UNets
    *("time_stack", "time_mixer", "temporal_transformer", "motion_modules", "temp_attention"),
    *("lora_prior_unet", "encoder_hid_proj.", "cc_projection."),
    # HunyuanVideo and its kin
    *("token_refiner", "img_mlp_fc", "img_mlp.fc", "img_mod_linear", "img_mod.linear"),
    *(".img_attn_qkv.", "modulation_linear", "modulation.linear"),
    # Flux.2, Chroma
    *("double_stream_modulation", "distilled_guidance", "to_qkv_mlp_proj"),
    # AuraFlow, MMAudio, PixArt, LTX, Wan, Lumina
    *("joint_transformer_blocks", "double_layers", "latent_block", "caption_proj"),
    *("scale_shift_table", "cross_attn_k", "cross_attn.k", "noise_refiner", "patchify_proj"),
)

_UNET = r"(?:down|up|input|output|mid|middle)_blocks?[._][\w.]{0,80}?"
_CONTEXT = re.compile(_UNET + r"attn2[._](?:processor[._])?to_[kv](?=[._])")
_DEEP = re.compile(_UNET + r"transformer_blocks[._][1-9]")
_FIRST_LEVEL = re.compile(
    r"(?:down_blocks[._]0[._]attentions[._][01]|input_blocks[._][12][._]1)[._]proj_in"
    r"\.(?:lora_down\.|lora_A\.)?weight$",
    re.MULTILINE,
)
_CLIP = re.compile(r"lora_te_text_model_encoder_layers_\d+_self_attn_[kqv]_proj(?=\.)")
_SECOND_CLIP = ("lora_te2_text_model", "text_encoder_2.text_model", "conditioner.embedders.1.")
_FLUX = re.compile(
    r"(?:double_blocks[._]\d+[._](?:img|txt)_(?:attn[._](?:qkv|proj)|mlp[._]0|mod[._]lin)"
    r"|single_blocks[._]\d+[._](?:linear1|modulation[._]lin)"
    r"|single_transformer_blocks[._]\d+[._](?:attn[._]to_[qkv]|proj_mlp|norm[._]linear))(?=\.)"
)
_FLUX_MERGED = re.compile(
    r"(?:single_blocks[._]\d+[._]linear2|single_transformer_blocks[._]\d+[._]proj_out)(?=\.)"
)
_FLUX_MLP = re.compile(r"double_blocks[._]\d+[._](?:img|txt)_mlp[._]0(?=\.)")
_DOUBLE = re.compile(r"double_blocks[._](\d{1,3})[._]")
_SINGLE = re.compile(r"single_(?:transformer_)?blocks[._](\d{1,3})[._]")
_JOINT = re.compile(r"(?<!single_)transformer_blocks[._]\d+[._]attn[._]to_[qkv](?=[._])")


@dataclass(frozen=True, slots=True)
class Clues:
    """What a header shows about the family; 0 or False where it shows nothing."""

    stranger: bool = False
    """Keys that none of our families has."""
    context: int = 0
    """Width of the text that a UNet's cross-attention reads."""
    deep_unet: bool = False
    """Several transformer layers in one attention block of a UNet."""
    first_level_rank: int = 0
    """Dimensions of the projection into attention at full size: 4 a convolution, 2 linear."""
    clip: int = 0
    """Width of the only text encoder."""
    second_clip: bool = False
    third_encoder: bool = False
    flux_widths: frozenset[int] = frozenset()
    """Input widths of layers that Flux has, 3072 there."""
    flux_merged: frozenset[int] = frozenset()
    """Input widths of the layer that joins attention and MLP, 15360 in Flux."""
    flux_mlp: frozenset[int] = frozenset()
    """Output widths of the MLP's first layer, 12288 in Flux."""
    double_blocks: int = 0
    """Depth of the double stream, at most 19 in Flux; more of it is another family."""
    single_blocks: int = 0
    """Depth of the single stream, at most 38 in Flux."""
    joint_blocks: bool = False
    joint_width: int = 0


Condition = Callable[[Clues], bool]

_FAMILIES: tuple[tuple[BaseModel, Condition], ...] = (
    (BaseModel.UNKNOWN, lambda c: c.stranger),
    (
        BaseModel.FLUX,
        lambda c: (
            (
                c.flux_widths == frozenset({3072})
                or (not c.flux_widths and c.flux_merged == frozenset({15360}))
            )
            and c.flux_merged <= {15360}
            and c.flux_mlp <= {12288}
            and c.double_blocks <= 19
            and c.single_blocks <= 38
        ),
    ),
    (BaseModel.UNKNOWN, lambda c: c.double_blocks + c.single_blocks > 0),
    (BaseModel.SD3, lambda c: c.joint_blocks),
    (BaseModel.SD3, lambda c: c.joint_width in (1536, 2432)),
    (BaseModel.UNKNOWN, lambda c: c.joint_width > 0),
    (BaseModel.SDXL, lambda c: c.context == 2048),
    (BaseModel.SD2, lambda c: c.context == 1024),
    (BaseModel.SD15, lambda c: c.context == 768),
    (BaseModel.UNKNOWN, lambda c: c.context > 0),
    (BaseModel.SDXL, lambda c: c.deep_unet),
    (BaseModel.SDXL, lambda c: c.second_clip and not c.third_encoder),
    (BaseModel.SD15, lambda c: c.first_level_rank == 4),
    (BaseModel.SD2, lambda c: c.first_level_rank == 2),
    (BaseModel.SD15, lambda c: c.clip == 768),
    (BaseModel.SD2, lambda c: c.clip == 1024),
)


def family_of(clues: Clues) -> tuple[BaseModel, bool]:
    """The family by the first condition that holds, and whether it is known to be none of ours."""
    for base_model, holds in _FAMILIES:
        if holds(clues):
            return base_model, base_model is BaseModel.UNKNOWN
    return BaseModel.UNKNOWN, False


def clues_of(shapes: Mapping[str, tuple[int, ...]], keys: str) -> Clues:
    """Gather the clues of a header whose keys stand in `keys`, one a line.

    What is cheap to look for decides what else is looked for: an adapter has thousands of keys.
    """
    if any(part in keys for part in _STRANGERS):
        return Clues(stranger=True)
    if "double_blocks" in keys or "single_blocks" in keys or "single_transformer" in keys:
        return Clues(
            flux_widths=frozenset(input_widths(shapes, keys, _FLUX)),
            flux_merged=frozenset(input_widths(shapes, keys, _FLUX_MERGED)),
            flux_mlp=frozenset(output_widths(shapes, keys, _FLUX_MLP)),
            double_blocks=depth(keys, _DOUBLE),
            single_blocks=depth(keys, _SINGLE),
        )
    if "joint_blocks" in keys:
        return Clues(joint_blocks="context_block" in keys or "x_block" in keys)
    if context := next(input_widths(shapes, keys, _CONTEXT), 0):
        return Clues(context=context)
    first_level = _FIRST_LEVEL.search(keys)
    return Clues(
        deep_unet=_DEEP.search(keys) is not None,
        first_level_rank=len(shapes.get(_line(keys, first_level), ())) if first_level else 0,
        clip=next(input_widths(shapes, keys, _CLIP), 0),
        second_clip=any(part in keys for part in _SECOND_CLIP),
        third_encoder="lora_te3_" in keys or "text_encoder_3." in keys,
        joint_width=next(input_widths(shapes, keys, _JOINT), 0),
    )


def _line(keys: str, found: re.Match[str]) -> str:
    return keys[keys.rfind("\n", 0, found.start()) + 1 : found.end()]
