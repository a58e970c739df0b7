"""Captions as the generator's training sees them: tokens, encodings, and what is mixed in.

A text of 77 tokens is mostly padding that says the same; it is given once, with a bias.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple

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

__all__ = [
    "UNCONDITIONAL",
    "Rows",
    "encode_rows",
    "encoded",
    "together",
    "tokens_of",
    "with_chance",
]

UNCONDITIONAL = "worst quality, low quality, blurry, watermark, text"
"""The planner's negative prompt: it means nothing in particular here."""
_MIXED = 0.30
_UNKNOWN = 0
"""Any token outside the vocabulary."""
_MOST = LENGTH - 3


def tokens_of(text: str) -> tuple[int, ...]:
    """Tokens of a text by CLIP's own tokenizer, without begin and end; at most 74."""
    tokens = (token for word in text.split() for token in _tokens_of_word(word))
    return tuple(islice(tokens, _MOST))


@lru_cache(maxsize=1 << 16)
def _tokens_of_word(word: str) -> tuple[int, ...]:
    return tuple(_tokenizer().encode(word))


@cache
def _tokenizer():  # noqa: ANN202
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()


def with_chance(text: str, rng: random.Random) -> list[int]:
    """Tokens of a caption, now and then with words mixed in that say nothing."""
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
    return Rows.of(texts).to(device).encoded()


class Rows(NamedTuple):
    """Texts as places in the table of known tokens."""

    places: Tensor
    """int16, `texts tokens`; the end's place after each text."""
    counts: Tensor
    """int16, `texts`: tokens with begin, end, and two of padding, which stand for all of it."""
    table: Tensor
    """Rows of the known tokens, `known 224`."""

    @classmethod
    def of(cls, texts: Sequence[Sequence[int]]) -> Rows:
        """From tokens without begin and end."""
        places, table = _table()
        length = max(map(len, texts)) + 4
        found = np.full((len(texts), length), places[END], np.int16)
        for row, tokens in zip(found, texts, strict=True):
            row[: len(tokens) + 1] = [places.get(token, 0) for token in (BEGIN, *tokens)]
        counts = torch.tensor([len(tokens) + 4 for tokens in texts], dtype=torch.int16)
        return cls(torch.from_numpy(found), counts, table)

    def to(self, device: torch.device | str) -> Rows:
        """The same on a device."""
        return Rows(*(tensor.to(device) for tensor in self))

    def chosen(self, which: Tensor) -> Rows:
        """Some of the texts."""
        return Rows(self.places[which], self.counts[which], self.table)

    def encoded(self) -> tuple[Tensor, Tensor]:
        """Encodings `texts tokens 768`; what to add to the tokens' scores, `texts tokens`."""
        at = torch.arange(self.places.shape[1], device=self.counts.device)
        counts = self.counts[:, None]
        padding = torch.log(LENGTH + 1 - counts.float())
        bias = torch.where(at == counts - 1, padding, 0.0).masked_fill(at >= counts, -math.inf)
        return encode_rows(self.table[self.places.long()]), bias


def together(*parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """One batch of several of `Rows.encoded`, whose texts may be of other lengths."""
    longest = max(bias.shape[1] for _, bias in parts)
    contexts, biases = zip(*parts, strict=True)
    missing = [longest - bias.shape[1] for bias in biases]
    context = [functional.pad(c, (0, 0, 0, n)) for c, n in zip(contexts, missing, strict=True)]
    bias = [
        functional.pad(b, (0, n), value=-math.inf) for b, n in zip(biases, missing, strict=True)
    ]
    return torch.cat(context), torch.cat(bias)


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
