"""A UNet of one level, without a middle, in SD1.5's layout that paints soft clouds of colour.

A UNet predicts the noise in a latent picture. This one is made by hand: it takes for noise
whatever a blur removes, so sampling leaves smooth clouds, or, when a picture was given, its
blurred self. Three attention blocks of random weights read the text and add a tint. So prompts,
seeds, LoRAs and checkpoints each change the picture, and nobody will mistake it for art.

How the 320 channels are used (group normalisation works on 32 groups of ten):

    group c of 0..3   x of latent channel c in four channels (+ + − −), then three slots of two
                      channels (+ −) for its ever stronger blurs
    groups 4..7       for InstructPix2Pix, which is given a picture beside x: its latent channels,
                      in four channels each; the attention blocks look at them
    groups 24..31     what the attention blocks wrote
    all others        zero

Each channel comes with its negative because SiLU(a) − SiLU(−a) = a: through the pair the
nonlinear layers pass a value on unchanged. Normalisation divides a group by its standard
deviation, which is nearly that of x alone times the root of x's share of the channels: undone by
a factor, blurs keep their proportion to x.
"""

from __future__ import annotations

import numpy as np

from polaris_core.demo.sparse import Array
from polaris_core.errors import InvalidInput

__all__ = ["ATTENTION_LAYERS", "NOISY_CHANNELS", "PAINTED", "tiny_unet"]

_CHANNELS = 320
_CONTEXT = 768
_EMBEDDING = 4 * _CHANNELS
_GROUP = 10
PAINTED = 240
"""The attention blocks write into this channel and those after it."""
_SHARE = 0.4**0.5
_INNER_SHARE = 0.8**0.5
"""What normalisation does to x, whose variance is about 1: outside and inside a residual block."""
_CUT = 1.25
"""How strongly the noise is taken away; more than 1 because few steps are made."""
_CUT_OF_BLUR = 0.75
"""The same for what the blur leaves, lest the clouds become garish."""
_BLOCKS = {
    # block: (slot it reads or None for x, slot it writes, its attention)
    "input_blocks.1.0": (None, 0, "input_blocks.1.1"),
    "output_blocks.0.0": (0, 1, "output_blocks.0.1"),
    "output_blocks.1.0": (1, 2, "output_blocks.1.1"),
}
_LAST_SLOT = 2

ATTENTION_LAYERS: dict[str, tuple[int, int]] = {
    "proj_in": (_CHANNELS, _CHANNELS),
    **{
        f"transformer_blocks.0.attn1.{name}": (_CHANNELS, _CHANNELS)
        for name in ("to_q", "to_k", "to_v", "to_out.0")
    },
    "transformer_blocks.0.attn2.to_q": (_CHANNELS, _CHANNELS),
    "transformer_blocks.0.attn2.to_k": (_CONTEXT, _CHANNELS),
    "transformer_blocks.0.attn2.to_v": (_CONTEXT, _CHANNELS),
    "transformer_blocks.0.attn2.to_out.0": (_CHANNELS, _CHANNELS),
    "transformer_blocks.0.ff.net.0.proj": (_CHANNELS, 8 * _CHANNELS),
    "transformer_blocks.0.ff.net.2": (4 * _CHANNELS, _CHANNELS),
    "proj_out": (_CHANNELS, _CHANNELS),
}
"""Layers of one attention block: channels in and out. A LoRA changes these."""


NOISY_CHANNELS = [group * _GROUP + i for group in range(4) for i in range(4)]
"""Channels that carry the noise itself: attention blocks do not read them, lest they pass it on."""


def tiny_unet(
    seed: int,
    *,
    tint: float = 0.05,
    prefix: str = "model.diffusion_model.",
    in_channels: int = 4,
) -> dict[str, Array]:
    """The UNet's tensors, float16, by key.

    Args:
        seed: Checkpoints of different seeds tint differently and turn the colours differently.
        tint: How much the text and the LoRAs matter.
        prefix: Put before every key.
        in_channels: 4; or 8, which makes it an InstructPix2Pix.

    Raises:
        InvalidInput: Any other number of channels.
    """
    if in_channels not in (4, 8):
        raise InvalidInput(
            "a small UNet has 4 input channels, or 8 for InstructPix2Pix", value=in_channels
        )
    rng = np.random.default_rng(seed)
    tensors: dict[str, Array] = {}
    for name, outputs, inputs in (("0", _EMBEDDING, _CHANNELS), ("2", _EMBEDDING, _EMBEDDING)):
        _add(tensors, f"time_embed.{name}", _zeros(outputs, inputs))
    _add(tensors, "input_blocks.0.0", _first_layer(in_channels))
    for block, (source, target, attention) in _BLOCKS.items():
        _add_blur(tensors, block, source, target)
        _add_attention(tensors, attention, rng)
    _add_norm(tensors, "out.0", _CHANNELS)
    _add(tensors, "out.2", _last_layer(rng, tint))
    return {prefix + key: tensor for key, tensor in tensors.items()}


def _plain(latent: int) -> list[int]:
    return [latent * _GROUP + i for i in range(4)]


def _slot(latent: int, slot: int) -> list[int]:
    return [latent * _GROUP + 4 + 2 * slot + i for i in range(2)]


def _first_layer(inputs: int) -> Array:
    weight = _zeros(_CHANNELS, inputs, 3, 3)
    for latent in range(inputs):
        weight[_plain(latent), latent, 1, 1] = [1, 1, -1, -1]
    return weight


def _add_blur(tensors: dict[str, Array], block: str, source: int | None, target: int) -> None:
    """A residual block that averages a slot over 3×3 twice and writes that to another slot."""
    widened = block.startswith("output")  # it is given what an input block put aside, too
    inputs = 2 * _CHANNELS if widened else _CHANNELS
    before, after = _zeros(_CHANNELS, inputs, 3, 3), _zeros(_CHANNELS, _CHANNELS, 3, 3)
    for latent in range(4):
        first = latent * _GROUP
        read = _plain(latent) if source is None else _slot(latent, source)
        inside = [first + 8, first + 9]
        for channel in range(first, first + 8):  # x goes along so that it sets the scale
            centre = before[channel, :, 1, 1]
            centre[_plain(latent)] = _pass(4) * _SHARE * (1 if channel < first + 4 else -1)
        for sign, inner, written in zip((1, -1), inside, _slot(latent, target), strict=True):
            before[inner, read] = (sign * _SHARE / 9 * _pass(len(read)))[:, None, None]
            after[written, inside] = (sign * _INNER_SHARE / 9 * _pass(2))[:, None, None]
    _add_norm(tensors, f"{block}.in_layers.0", inputs)
    _add(tensors, f"{block}.in_layers.2", before)
    _add(tensors, f"{block}.emb_layers.1", _zeros(_CHANNELS, _EMBEDDING))
    _add_norm(tensors, f"{block}.out_layers.0", _CHANNELS)
    _add(tensors, f"{block}.out_layers.3", after)
    if widened:
        keep = _zeros(_CHANNELS, inputs, 1, 1)
        overwritten = {channel for latent in range(4) for channel in _slot(latent, target)}
        for channel in set(range(_CHANNELS)) - overwritten:
            keep[channel, channel] = 1
        _add(tensors, f"{block}.skip_connection", keep)


def _pass(channels: int) -> Array:
    """Weights that read one value from channels of which the second half is negated."""
    half = channels // 2
    return np.repeat(np.array([1, -1], np.float32), half) / half


def _add_attention(tensors: dict[str, Array], block: str, rng: np.random.Generator) -> None:
    _add_norm(tensors, f"{block}.norm", _CHANNELS)
    for name in ("norm1", "norm2", "norm3"):
        _add_norm(tensors, f"{block}.transformer_blocks.0.{name}", _CHANNELS)
    for layer, (inputs, outputs) in ATTENTION_LAYERS.items():
        weight = rng.standard_normal((outputs, inputs), np.float32) / np.float32(inputs**0.5)
        if layer == "proj_in":
            weight[:, NOISY_CHANNELS] = 0
        if layer == "proj_out":
            weight[:PAINTED] = 0
        if layer.startswith("proj"):
            weight = weight[:, :, None, None]
        no_bias = layer.endswith(("to_q", "to_k", "to_v"))
        _add(tensors, f"{block}.{layer}", weight, bias=not no_bias)


def _last_layer(rng: np.random.Generator, tint: float) -> Array:
    weight = _zeros(4, _CHANNELS, 3, 3)
    turn = 0.12 * rng.standard_normal((4, 4), np.float32)
    for latent in range(4):
        weight[latent, _plain(latent), 1, 1] += _CUT * _SHARE * _pass(4)
        for other in range(4):
            amount = (_CUT - _CUT_OF_BLUR) * (latent == other) + turn[latent, other]
            weight[latent, _slot(other, _LAST_SLOT), 1, 1] -= amount * _SHARE * _pass(2)
    painted = rng.standard_normal((4, _CHANNELS - PAINTED), np.float32)
    weight[:, PAINTED:, 1, 1] = tint * painted / (_CHANNELS - PAINTED) ** 0.5
    return weight


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _add(tensors: dict[str, Array], layer: str, weight: Array, *, bias: bool = True) -> None:
    tensors[f"{layer}.weight"] = weight.astype(np.float16)
    if bias:
        tensors[f"{layer}.bias"] = np.zeros(len(weight), np.float16)


def _add_norm(tensors: dict[str, Array], layer: str, channels: int) -> None:
    tensors[f"{layer}.weight"] = np.ones(channels, np.float16)
    tensors[f"{layer}.bias"] = np.zeros(channels, np.float16)
