"""A CLIP-L text encoder made by rule: each word brings along the two words before it.

Nothing of it is stored. Channels of a token, 768 in all:

      0 … 223   its own word: as many +1 as −1, drawn from a seed that is the token's number
    224 … 447   the word before it      written there by the first layer
    448 … 671   the word before that    likewise
    672 … 767   its position: cosines and sines of 24 rates, each beside its negative

The rates are odd multiples of π/48, so that different positions are orthogonal: attention whose
queries are turned by one (or two) positions looks exactly one (or two) words back. Thus "cat" in
"a red cat" also says red, and a generator need not find out which colour belongs to what. The
other eleven layers are zero, which passes words on. The last norm drops the positions.

Words outside the miniature world's vocabulary are zero and say nothing.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from polaris_core.demo.sparse import Array

__all__ = [
    "BEGIN",
    "END",
    "GAIN",
    "LENGTH",
    "POSITION_VARIANCE",
    "WORD",
    "encode",
    "known_tokens",
    "text_encoder",
    "token_row",
]

BEGIN, END = 49406, 49407
"""Tokens that stand before and after (and fill up) every text."""
LENGTH = 77
"""Tokens of a text."""
_TOKENS = 49408
_WIDTH = 768
WORD = 224
"""Channels that a token itself takes."""
_RATES = 24
_POSITIONS = 3 * WORD
_LAYERS = 12
_HEAD = 64
_USED = 56
"""Channels of a head that carry a word: four heads carry one."""
_SPREAD = 6.0
"""Size of the positions: they outweigh the words, so that norms treat all words alike."""
_EPSILON = 1e-5
POSITION_VARIANCE = 2 * _RATES * _SPREAD**2 / _WIDTH + _EPSILON
"""The part of a token's variance that its position makes (and the norm's epsilon): most of it."""
GAIN = round((POSITION_VARIANCE + 0.5) ** 0.5, 2)
"""Weight of the last norm: brings the channels of the words back to about 1."""
_LAYER_SHAPES = {
    **{f"self_attn.{x}_proj": (_WIDTH, _WIDTH) for x in ("q", "k", "v", "out")},
    "mlp.fc1": (4 * _WIDTH, _WIDTH),
    "mlp.fc2": (_WIDTH, 4 * _WIDTH),
}
_Floats = npt.NDArray[np.float32]


@cache
def known_tokens() -> frozenset[int]:
    """Numbers of the tokens that the miniature world's words are made of."""
    words = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    return frozenset({BEGIN, END, *(token for tokens in words.values() for token in tokens)})


@cache
def token_row(token: int) -> _Floats:
    """A token's own channels, `224`: ±1, or 0 if the miniature world does not know it."""
    if token not in known_tokens():
        return np.zeros(WORD, np.float32)
    signs = np.random.RandomState(token).permutation(WORD) < WORD // 2
    return np.where(signs, 1, -1).astype(np.float32)


def encode(tokens: list[int]) -> _Floats:
    """What the encoder answers to a text.

    Args:
        tokens: With begin and end; at most 77.

    Returns:
        Of shape `tokens 768`. Each further END after two of them says the same as the last one.
    """
    rows = np.stack([token_row(token) for token in tokens])
    before = np.concatenate([rows[:1], rows[:-1]])
    # at the second token there is nothing two back: its attention is shared out evenly
    second = (rows[:1] + rows[1:2]) / 2
    further = np.concatenate([rows[:1], second, rows[:-2]])[: len(rows)]
    said = np.concatenate([rows, before, further], axis=1)
    variance = (said**2).sum(axis=1) / _WIDTH + POSITION_VARIANCE
    encoded = np.zeros((len(rows), _WIDTH), np.float32)
    mean = said.sum(axis=1, keepdims=True) / _WIDTH  # 0 but for rounding
    encoded[:, :_POSITIONS] = GAIN * (said - mean) / np.sqrt(variance)[:, None]
    return encoded


def text_encoder(prefix: str = "cond_stage_model.transformer.text_model.") -> dict[str, Array]:
    """All tensors of the encoder, float16, in the names of SD1.5's single files."""
    table = np.zeros((_TOKENS, _WIDTH), np.float16)
    for token in known_tokens():
        table[token, :WORD] = token_row(token)
    tensors: dict[str, Array] = {
        "embeddings.token_embedding.weight": table,
        "embeddings.position_embedding.weight": _positions(),
    }
    for i in range(_LAYERS):
        layer = f"encoder.layers.{i}."
        for norm in ("layer_norm1", "layer_norm2"):
            tensors[f"{layer}{norm}.weight"] = np.ones(_WIDTH, np.float16)
            tensors[f"{layer}{norm}.bias"] = np.zeros(_WIDTH, np.float16)
        for name, shape in _LAYER_SHAPES.items():
            tensors[f"{layer}{name}.weight"] = np.zeros(shape, np.float16)
            tensors[f"{layer}{name}.bias"] = np.zeros(shape[0], np.float16)
    for name, weight in _look_back().items():
        tensors[f"encoder.layers.0.self_attn.{name}.weight"] = weight.astype(np.float16)
    last = np.full(_WIDTH, GAIN, np.float16)
    last[_POSITIONS:] = 0
    tensors["final_layer_norm.weight"] = last
    tensors["final_layer_norm.bias"] = np.zeros(_WIDTH, np.float16)
    return {prefix + name: tensor for name, tensor in tensors.items()}


def _rates() -> npt.NDArray[np.float64]:
    return np.pi * (2 * np.arange(_RATES) + 1) / (2 * _RATES)


def _positions() -> Array:
    angles = np.arange(LENGTH)[:, None] * _rates()
    waves = np.stack([np.cos(angles), -np.cos(angles), np.sin(angles), -np.sin(angles)], axis=2)
    table = np.zeros((LENGTH, _WIDTH), np.float16)
    table[:, _POSITIONS:] = _SPREAD * np.reshape(waves, (LENGTH, -1))
    return table


def _look_back() -> dict[str, Array]:
    """Attention of the first layer: heads 0 to 3 look one word back, 4 to 7 two."""
    weights = {f"{x}_proj": np.zeros((_WIDTH, _WIDTH), np.float32) for x in ("q", "k", "v", "out")}
    cosines = _POSITIONS + 4 * np.arange(_RATES)
    sines = cosines + 2
    # what the first norm makes of a known word is undone
    scale = (WORD / _WIDTH + POSITION_VARIANCE) ** 0.5
    for head in range(8):
        back = 1 + head // 4
        along, across = head * _HEAD + np.arange(_RATES), head * _HEAD + _RATES + np.arange(_RATES)
        turn = back * _rates()
        weights["k_proj"][along, cosines] = weights["k_proj"][across, sines] = 1
        weights["q_proj"][along, cosines] = weights["q_proj"][across, sines] = np.cos(turn)
        weights["q_proj"][along, sines] = np.sin(turn)
        weights["q_proj"][across, cosines] = -np.sin(turn)
        inside = head * _HEAD + np.arange(_USED)
        word = (head % 4) * _USED + np.arange(_USED)
        weights["v_proj"][inside, word] = scale
        weights["out_proj"][back * WORD + word, inside] = 1
    return weights
