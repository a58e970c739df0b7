"""A Qwen2 over a batch of trees, with gradients and little arithmetic.

    common ──┬── question ──┬── candidate     each level is read once and attends to those before it
             │              └── candidate
             └── question ──── …

The numbers are those that transformers' own model gives for each path alone (a test compares them).
In the last layer only what the answers need is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["last_states"]


def last_states(
    model: Any,  # noqa: ANN401
    common: Sequence[int],
    rests: Sequence[Sequence[int]],
    branches: Sequence[Sequence[Sequence[int]]],
) -> tuple[Any, Any, Any]:
    """Hidden states: final ones at the last token of every branch, and those of many tokens.

    Of all tokens of the branches they come from before the last layer, of those of the questions
    from after the first, padded to the longest; shapes `questions branches width`,
    `questions branches tokens width` and `questions tokens width`.

    Args:
        model: A Qwen2ForCausalLM.
        common: Tokens that every question begins with; at least one.
        rests: What follows in each question; none is empty.
        branches: By question its candidates' tokens; every question has as many.
    """
    import torch

    inner, each = model.model, len(branches[0])
    ends = torch.tensor([len(common) + len(rest) for rest in rests])
    rows = [row for of_question in branches for row in of_question]
    trunk = _Level(model, [common], torch.zeros(1, dtype=torch.long), None, 1)
    stems = _Level(model, rests, torch.full((len(rests),), len(common)), trunk, len(rests))
    tips = _Level(model, rows, ends.repeat_interleave(each), stems, each)
    early = None
    for layer in inner.layers[:-1]:
        for level in (trunk, stems, tips):
            level.attend(layer)
            level.think(layer)
        early = stems.states if early is None else early
    for level in (trunk, stems):
        level.keep(inner.layers[-1])
    before = tips.states
    tips.attend(inner.layers[-1], only_last=True)
    tips.think(inner.layers[-1])
    last = inner.norm(tips.states[:, -1]).view(len(rests), each, -1)
    return last, before.unflatten(0, (len(rests), each)), early


class _Level:
    """Rows of tokens, of which each so many go on from one row of the level before."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        rows: Sequence[Sequence[int]],
        at: Any,  # noqa: ANN401
        before: _Level | None,
        copies: int,
    ) -> None:
        import torch

        config = model.config
        self.heads: int = config.num_attention_heads
        longest = max(map(len, rows))
        device = model.model.embed_tokens.weight.device
        padded = np.zeros((len(rows), longest), np.int64)
        for i, row in enumerate(rows):
            padded[i, : len(row)] = row
        ids, at = torch.from_numpy(padded).to(device), at.to(device)
        self.lengths = torch.tensor([len(row) for row in rows], device=device)
        self.is_ragged = min(map(len, rows)) < longest
        self.before, self.copies = before, copies
        self.states = model.model.embed_tokens(ids)
        along = torch.arange(longest, device=device)
        positions = at[:, None] + along
        self.cos, self.sin = model.model.rotary_emb(self.states, positions)
        later = along > along[:, None]
        self.own_mask = torch.zeros(longest, longest, device=device).masked_fill(later, -1e9)
        absent = along >= self.lengths[:, None]
        self.mask = torch.zeros(len(rows), longest, device=device).masked_fill(absent, -1e9)
        self.keys = self.values = self.states

    def keep(self, layer: Any) -> None:  # noqa: ANN401
        """Compute the keys and values that later levels attend to."""
        hidden = layer.input_layernorm(self.states)
        attention = layer.self_attn
        self.keys = self._turned(self._parted(attention.k_proj(hidden)))
        self.values = self._parted(attention.v_proj(hidden))

    def attend(self, layer: Any, *, only_last: bool = False) -> None:  # noqa: ANN401
        """Add what this level's tokens see, or keep only its last tokens and what they see."""
        import torch

        self.keep(layer)
        hidden = layer.input_layernorm(self.states)
        cos, sin, own_mask = self.cos, self.sin, self.own_mask
        if only_last:
            last = self.lengths[:, None, None] - 1
            hidden = hidden.gather(1, last.expand(-1, 1, hidden.shape[-1]))
            self.states = self.states.gather(1, last.expand(-1, 1, hidden.shape[-1]))
            cos, sin = (t.gather(1, last.expand(-1, 1, t.shape[-1])) for t in (cos, sin))
            own_mask = self.mask[:, None, None]
        query = self._parted(layer.self_attn.q_proj(hidden))
        query = _turn(query, cos[:, None], sin[:, None]) * query.shape[-1] ** -0.5
        scores = [query @ self.keys.transpose(-1, -2) + own_mask]
        seen_by: list[tuple[_Level, int]] = []
        level, copies = self.before, self.copies
        while level is not None:
            keys = level.keys.transpose(-1, -2)
            found = _gathered(query, copies) @ keys
            if level.is_ragged:
                found = found + level.mask[:, None, None]
            scores.append(_spread(found, copies))
            seen_by.append((level, copies))
            level, copies = level.before, copies * level.copies
        shares = torch.softmax(torch.cat(scores, -1), -1).split([s.shape[-1] for s in scores], -1)
        seen = shares[0] @ self.values
        for share, (level, copies) in zip(shares[1:], seen_by, strict=True):
            seen = seen + _spread(_gathered(share, copies) @ level.values, copies)
        self.states = self.states + layer.self_attn.o_proj(seen.transpose(1, 2).flatten(2))

    def think(self, layer: Any) -> None:  # noqa: ANN401
        """Add what the layer's second half makes of each token."""
        self.states = self.states + layer.mlp(layer.post_attention_layernorm(self.states))

    def _parted(self, rows: Any) -> Any:  # noqa: ANN401
        """From `rows tokens width` to `rows heads tokens size`."""
        return rows.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _turned(self, states: Any) -> Any:  # noqa: ANN401
        return _turn(states, self.cos[:, None], self.sin[:, None])


def _turn(states: Any, cos: Any, sin: Any) -> Any:  # noqa: ANN401
    """Rotate by position."""
    import torch

    left, right = states.chunk(2, -1)
    return states * cos + torch.cat([-right, left], -1) * sin


def _gathered(states: Any, copies: int) -> Any:  # noqa: ANN401
    """Rows that go on from the same row, side by side: `rows heads copies·tokens size`."""
    return states.unflatten(0, (-1, copies)).transpose(1, 2).flatten(2, 3)


def _spread(states: Any, copies: int) -> Any:  # noqa: ANN401
    """The reverse."""
    return states.unflatten(2, (copies, -1)).transpose(1, 2).flatten(0, 1)
