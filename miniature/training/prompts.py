"""Captions as the generator's training sees them: tokens, encodings, and what is mixed in.

A text of 77 tokens is mostly padding that says the same; it is given once, with a bias.
"""

from __future__ import annotations

import math
import random
from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from polaris_core.miniature.text import (
    BEGIN,
    END,
    GAIN,
    LENGTH,
    POSITION_VARIANCE,
    known_tokens,
    token_row,
)
from polaris_core.miniature.widen import CONTEXT

__all__ = ["UNCONDITIONAL", "encode_rows", "encoded", "tokens_of", "with_chance"]

UNCONDITIONAL = "worst quality, low quality, blurry, watermark, text"
"""The planner's negative prompt: it means nothing in particular here."""
_EMPTY, _NEGATIVE, _MIXED = 0.10, 0.05, 0.30
_UNKNOWN = 0
"""Any token outside the vocabulary."""
_MOST = LENGTH - 3


@lru_cache(maxsize=1 << 16)
def tokens_of(text: str) -> tuple[int, ...]:
    """Tokens of a text by CLIP's own tokenizer, without begin and end; at most 74."""
    return tuple(_tokenizer().encode(text)[:_MOST])


@cache
def _tokenizer():  # noqa: ANN202
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()


def with_chance(text: str, rng: random.Random, *, said: bool = False) -> list[int]:
    """Tokens of a caption; now and then of none, or with words mixed in that say nothing.

    Args:
        text: The caption.
        rng: Chooses.
        said: Never none.
    """
    chance = 1.0 if said else rng.random()
    if chance < _EMPTY:
        return []
    if chance < _EMPTY + _NEGATIVE:
        return list(tokens_of(UNCONDITIONAL))
    tokens = list(tokens_of(text))
    if rng.random() < _MIXED:
        for _ in range(rng.randint(1, 4)):
            place = rng.choice((0, len(tokens), rng.randint(0, len(tokens))))
            tokens[place:place] = [_UNKNOWN] * rng.randint(1, 2)
    return tokens


def encoded(texts: list[list[int]], device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Encode texts for the narrow UNet.

    Args:
        texts: Tokens without begin and end.
        device: Where to.

    Returns:
        Encodings `batch tokens 768`; what to add to the tokens' scores, `batch tokens`.
    """
    places, table = _table()
    length = max(map(len, texts)) + 4
    rows = np.full((len(texts), length), places[END])
    bias = np.full((len(texts), length), -np.inf, np.float32)
    for i, tokens in enumerate(texts):
        count = len(tokens) + 4
        rows[i, : count - 3] = [places.get(token, 0) for token in (BEGIN, *tokens)]
        bias[i, :count] = 0
        bias[i, count - 1] = math.log(LENGTH - count + 1)
    own = table.to(device)[torch.from_numpy(rows).to(device)]
    return encode_rows(own), torch.from_numpy(bias).to(device)


def encode_rows(own: Tensor) -> Tensor:
    """What `polaris_core.miniature.text.encode` does, for a batch of `batch tokens 224`."""
    first = own[:, :1]
    before = torch.cat([first, own[:, :-1]], dim=1)
    further = torch.cat([first, (first + own[:, 1:2]) / 2, own[:, :-2]], dim=1)
    said = torch.cat([own, before, further], dim=2)
    spread = said.square().sum(2, keepdim=True) / CONTEXT + POSITION_VARIANCE
    return functional.pad(GAIN * said * spread.rsqrt(), (0, CONTEXT - said.shape[2]))


@cache
def _table() -> tuple[dict[int, int], Tensor]:
    """Where a known token's row stands, and the rows; row 0 is that of all others."""
    known = sorted(known_tokens())
    rows = np.stack([token_row(token) for token in (_UNKNOWN, *known)])
    return {token: i + 1 for i, token in enumerate(known)}, torch.from_numpy(rows)
