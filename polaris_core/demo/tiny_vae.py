"""A VAE made by hand in the layout of TAESD: it keeps a picture's colours, blurred.

The layout is ComfyUI's `taesd_encoder.* / taesd_decoder.*`: 3×3 convolutions of 64 channels with
ReLUs, three times halved and three times doubled. Instead of trained weights these are written
down:

    encoder   mean colour of every 8×8 block, brought to [-1, 1]; the fourth latent channel is 0
    decoder   the block's colour, interpolated linearly at each doubling

Colours lie in [0, 1] on the way, so the ReLUs change nothing, and the blocks between, which add
to what they are given, are zero. Encoding and decoding is a blur of about eight pixels.
"""

from __future__ import annotations

import numpy as np

from polaris_core.demo.sparse import Array

__all__ = ["tiny_vae"]

_CHANNELS = 64
_LATENT_SCALE = 0.18215
"""Latents outside the model are larger than inside by 1/0.18215 in SD1.5."""
_PLAIN_ENCODER = (1, 3, 4, 5, 7, 8, 9, 11, 12, 13)
_PLAIN_DECODER = (3, 4, 5, 8, 9, 10, 13, 14, 15, 18)
_HALVINGS = (2, 6, 10)
_DOUBLINGS = (7, 12, 17)
_ONE = 3
"""The channel that carries a constant, after the three colours."""
_SQUASHED = 3 * np.tanh(1 / 3)
"""What the decoder's soft clamp leaves of 1."""
_TENT = np.outer([0.25, 0.5, 0.25], [0.25, 0.5, 0.25])


def tiny_vae(prefix: str = "first_stage_model.") -> dict[str, Array]:
    """The VAE's tensors, float16, by key; 2.4 million numbers, nearly all of them zero."""
    tensors: dict[str, Array] = {
        f"{prefix}vae_scale": np.array(_LATENT_SCALE, np.float16),
        f"{prefix}vae_shift": np.zeros((), np.float16),
    }
    encoder, decoder = f"{prefix}taesd_encoder.", f"{prefix}taesd_decoder."
    for index in _PLAIN_ENCODER:
        tensors.update(_idle_block(f"{encoder}{index}."))
    for index in _PLAIN_DECODER:
        tensors.update(_idle_block(f"{decoder}{index}."))

    first, bias = _conv(3, _CHANNELS), _bias(_CHANNELS)
    for colour in range(3):
        first[colour, colour, 1, 1] = 1
    tensors.update({f"{encoder}0.weight": first, f"{encoder}0.bias": bias})
    for index in _HALVINGS:
        halve = _conv(_CHANNELS, _CHANNELS)
        for colour in range(3):
            halve[colour, colour, 1:, 1:] = 0.25
        tensors[f"{encoder}{index}.weight"] = halve
    last, bias = _conv(_CHANNELS, 4), _bias(4)
    for colour in range(3):
        last[colour, colour, 1, 1] = 2
        bias[colour] = -1
    tensors.update({f"{encoder}14.weight": last, f"{encoder}14.bias": bias})

    first, bias = _conv(4, _CHANNELS), _bias(_CHANNELS)
    for colour in range(3):
        first[colour, colour, 1, 1] = 0.5 / _SQUASHED
        first[colour, 3, 1, 1] = 0.08  # the fourth channel lightens and darkens
        bias[colour] = 0.5
    bias[_ONE] = 1
    tensors.update({f"{decoder}1.weight": first, f"{decoder}1.bias": bias})
    for index in _DOUBLINGS:
        tensors[f"{decoder}{index}.weight"] = _interpolate()
    last, bias = _conv(_CHANNELS, 3), _bias(3)
    for colour in range(3):
        last[colour, colour, 1, 1] = 1
    tensors.update({f"{decoder}19.weight": last, f"{decoder}19.bias": bias})
    return tensors


def _interpolate() -> Array:
    """Smooth the steps that doubling leaves.

    Beyond the border lies zero, which would darken it. What the constant channel loses there
    tells how much is missing, and that much mid-grey is put in.
    """
    weight = _conv(_CHANNELS, _CHANNELS)
    weight[_ONE, _ONE, 1, 1] = 1
    for colour in range(3):
        weight[colour, colour] = _TENT
        weight[colour, _ONE] = -0.5 * _TENT
        weight[colour, _ONE, 1, 1] += 0.5
    return weight


def _idle_block(prefix: str) -> dict[str, Array]:
    tensors: dict[str, Array] = {}
    for index in (0, 2, 4):
        tensors[f"{prefix}conv.{index}.weight"] = _conv(_CHANNELS, _CHANNELS)
        tensors[f"{prefix}conv.{index}.bias"] = _bias(_CHANNELS)
    return tensors


def _conv(inputs: int, outputs: int) -> Array:
    return np.zeros((outputs, inputs, 3, 3), np.float16)


def _bias(outputs: int) -> Array:
    return np.zeros(outputs, np.float16)
