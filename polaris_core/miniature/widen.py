"""A narrow UNet inside SD1.5's: the same answers, in the shapes that every loader knows.

SD1.5's UNet is recognised by its 320 channels. The narrow one uses the first 80 of them on latents
of 16×16 and the first 160 on 8×8; all other weights, biases and norms are zero, so the unused
channels stay zero throughout:

    group norm    works on 32 groups of ten, 20 where a skip was put beside: groups stay whole
    layer norm    divides by 320 also in the narrow network, which thus does the same sum
    attention     4 (or 2) of the 8 heads of 40; the others carry zeros
    feed-forward  gate and value are two halves of one layer: each is put into its own half

Levels [1, 1] with one residual block each; attention at the second level, in the middle, and in the
last block. Where a level's blocks differ, loaders still want attention in all: one of zeros adds 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np

from polaris_core.demo.sparse import Array
from polaris_core.errors import InvalidInput

__all__ = [
    "ATTENTIONS",
    "CONTEXT",
    "HEAD",
    "WIDE",
    "attention_layers",
    "places",
    "wide_layout",
    "widen",
]

WIDE = 320
"""Channels of SD1.5's first levels."""
HEAD = 40
"""Channels of one attention head."""
CONTEXT = 768
"""Channels of the text encoding."""
_EMBEDDING = 4 * WIDE
_HIDDEN = 4 * WIDE
_LATENT = 4

ATTENTIONS = {
    "input_blocks.3.1": "down_blocks_1_attentions_0",
    "middle_block.1": "mid_block_attentions_0",
    "output_blocks.0.1": "up_blocks_0_attentions_0",
    "output_blocks.1.1": "up_blocks_0_attentions_1",
    "output_blocks.2.1": "up_blocks_1_attentions_0",
    "output_blocks.3.1": "up_blocks_1_attentions_1",
}
"""Attention blocks: SD1.5's name and the one that kohya's LoRAs use."""
_RESIDUAL = {
    "input_blocks.1.0": WIDE,
    "input_blocks.3.0": WIDE,
    "middle_block.0": WIDE,
    "middle_block.2": WIDE,
    **{f"output_blocks.{i}.0": 2 * WIDE for i in range(4)},
}
"""Residual blocks and the channels that go in."""


def attention_layers() -> dict[str, tuple[int, int]]:
    """Layers of an attention block with weights: channels out and in, wide."""
    square = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0")
    layers = {"proj_in": (WIDE, WIDE)}
    layers |= {f"transformer_blocks.0.{name}": (WIDE, WIDE) for name in square}
    layers |= {f"transformer_blocks.0.attn2.to_{x}": (WIDE, CONTEXT) for x in "kv"}
    layers |= {f"transformer_blocks.0.attn2.{x}": (WIDE, WIDE) for x in ("to_q", "to_out.0")}
    layers["transformer_blocks.0.ff.net.0.proj"] = (2 * _HIDDEN, WIDE)
    layers["transformer_blocks.0.ff.net.2"] = (WIDE, _HIDDEN)
    layers["proj_out"] = (WIDE, WIDE)
    return layers


@cache
def wide_layout() -> Mapping[str, tuple[int, ...]]:
    """Every tensor of the wide UNet and its shape, in SD1.5's names without a prefix."""
    return dict(_layout())


def _layout() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _layer("time_embed.0", _EMBEDDING, WIDE)
    yield from _layer("time_embed.2", _EMBEDDING, _EMBEDDING)
    yield from _layer("input_blocks.0.0", WIDE, _LATENT, 3, 3)
    yield from _layer("input_blocks.2.0.op", WIDE, WIDE, 3, 3)
    for block, inputs in _RESIDUAL.items():
        yield from _layer(f"{block}.in_layers.0", inputs)
        yield from _layer(f"{block}.in_layers.2", WIDE, inputs, 3, 3)
        yield from _layer(f"{block}.emb_layers.1", WIDE, _EMBEDDING)
        yield from _layer(f"{block}.out_layers.0", WIDE)
        yield from _layer(f"{block}.out_layers.3", WIDE, WIDE, 3, 3)
        if inputs != WIDE:
            yield from _layer(f"{block}.skip_connection", WIDE, inputs, 1, 1)
    for block in ATTENTIONS:
        yield from _layer(f"{block}.norm", WIDE)
        for norm in ("norm1", "norm2", "norm3"):
            yield from _layer(f"{block}.transformer_blocks.0.{norm}", WIDE)
        for layer, shape in attention_layers().items():
            window = (1, 1) if layer.startswith("proj") else ()
            yield from _layer(
                f"{block}.{layer}", *shape, *window, bias=not re.search("to_[qkv]$", layer)
            )
    yield from _layer("output_blocks.1.2.conv", WIDE, WIDE, 3, 3)
    yield from _layer("out.0", WIDE)
    yield from _layer("out.2", _LATENT, WIDE, 3, 3)


def _layer(name: str, *shape: int, bias: bool = True) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", shape
    if bias:
        yield f"{name}.bias", shape[:1]


def widen(narrow: Mapping[str, Array], prefix: str = "model.diffusion_model.") -> dict[str, Array]:
    """Put a narrow UNet's weights into the wide one.

    Args:
        narrow: Tensors in SD1.5's names; what is missing becomes zero.
        prefix: Put before every key.

    Returns:
        All tensors of the wide UNet, float16.

    Raises:
        InvalidInput: A tensor that the wide UNet has not, or that does not fit into its place.
    """
    layout = wide_layout()
    unknown = sorted(narrow.keys() - layout.keys())
    if unknown:
        raise InvalidInput("the UNet has no such tensor", value=unknown[0])
    return {
        prefix + key: _placed(key, narrow[key], shape)
        if key in narrow
        else np.zeros(shape, np.float16)
        for key, shape in layout.items()
    }


def _placed(key: str, tensor: Array, shape: tuple[int, ...]) -> Array:
    if tensor.ndim != len(shape):
        raise InvalidInput("a narrow tensor has too many or too few axes", value=key)
    wide = np.zeros(shape, np.float16)
    wide[np.ix_(*[places(key, axis, have) for axis, have in enumerate(tensor.shape)])] = tensor
    return wide


def places(key: str, axis: int, have: int) -> list[int]:
    """Where the narrow channels of a tensor's axis lie in the wide one.

    Args:
        key: The tensor, in SD1.5's name without a prefix.
        axis: Which of its axes.
        have: How many channels the narrow one has.

    Raises:
        InvalidInput: They do not fit, or are an odd number where two halves are needed.
    """
    full = wide_layout()[key][axis]
    halves = 2 if _halved_axis(key) == axis else 1
    if have > full or have % halves:
        raise InvalidInput(
            "a narrow tensor does not fit into its wide place", value=f"{key} {have}"
        )
    return [half * (full // halves) + i for half in range(halves) for i in range(have // halves)]


def _halved_axis(key: str) -> int | None:
    """The axis that is made of two halves: an output and a skip beside it, a value and its gate."""
    if re.search(r"ff\.net\.0\.proj\.|output_blocks\.\d\.0\.in_layers\.0\.", key):
        return 0
    if re.search(r"output_blocks\.\d\.0\.(in_layers\.2|skip_connection)\.weight", key):
        return 1
    return None
