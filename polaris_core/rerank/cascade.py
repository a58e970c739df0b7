"""Attention in two levels: all branches to the prefix at once, and each branch to itself.

What a token sees of the prefix and what it sees of its own branch are two softmaxes over disjoint
keys. With their log-sum-exps they add up to the softmax over both, exactly:

    out = lerp(own, prefix, sigmoid(lse_prefix − lse_own))

which is how FlashAttention joins blocks (Dao et al., 2022) and cascade inference joins a shared
prefix with what follows (FlashInfer, 2024). PyTorch tells the log-sum-exp on the CPU only through
an operator that it does not document; where it is missing, and on other devices, prefix and branch
are joined before one public attention.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from polaris_core.rerank.backend import CausalModel, Reader
from polaris_core.rerank.forward import open_packed
from polaris_core.rerank.packs import Group, groups
from polaris_core.rerank.tree import Tree

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CascadeAttention", "CascadeBackend"]

_OPERATOR = "_scaled_dot_product_flash_attention_for_cpu"


class CascadeBackend:
    """The default: fast on the CPU and on GPUs, and nothing needs to be compiled."""

    name = "cascade"

    def open(self, model: CausalModel, tree: Tree) -> AbstractContextManager[Reader]:
        """Read the prefix and lend out a reader; see `Backend`."""
        return open_packed("polaris_cascade", model, tree, CascadeAttention)


class CascadeAttention:
    """The attention of one pack."""

    def __init__(
        self,
        lengths: Sequence[int],
        prefix: int,
        device: Any,  # noqa: ANN401
        *,
        public_only: bool = False,
    ) -> None:
        """Prepare for branches of these falling lengths.

        Args:
            lengths: Tokens of each branch.
            prefix: Tokens of the prefix; told by the keys themselves.
            device: Where the tokens lie.
            public_only: Leave undocumented operators alone.
        """
        self._groups = [_Places(group, device) for group in groups(lengths)]
        self._public_only = public_only

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, before: tuple[Tensor, Tensor], scale: float
    ) -> Tensor:
        """The attention of one layer; shapes as in `Attend`."""
        fused = None if self._public_only else _fused(query, value)
        if fused is None:
            return self._joined(query, key, value, before, scale)
        return self._two_levels(fused, query, key, value, before, scale)

    def _two_levels(
        self,
        fused: Callable[..., tuple[Tensor, Tensor]],
        query: Tensor,
        key: Tensor,
        value: Tensor,
        before: tuple[Tensor, Tensor],
        scale: float,
    ) -> Tensor:
        import torch

        heads = query.shape[1]
        keys, values = (_repeated(x, heads) for x in before)
        shared, lse_shared = fused(query, keys, values, scale=scale)
        owns: list[Tensor] = []
        lses: list[Tensor] = []
        for places in self._groups:
            parts = [_repeated(places.side_by_side(x), heads) for x in (query, key, value)]
            own, lse = fused(*parts, is_causal=True, scale=scale)
            owns.append(places.in_a_row(own.transpose(1, 2)))
            lses.append(places.in_a_row(lse.transpose(1, 2)))
        own, lse_own = torch.cat(owns), torch.cat(lses)
        weight = torch.sigmoid(lse_shared[0].transpose(0, 1) - lse_own)[..., None]
        shared = shared[0].transpose(0, 1)
        if own.dtype == weight.dtype:
            return torch.lerp(own, shared, weight)[None]
        return torch.lerp(own.to(weight.dtype), shared.to(weight.dtype), weight).to(own.dtype)[None]

    def _joined(
        self, query: Tensor, key: Tensor, value: Tensor, before: tuple[Tensor, Tensor], scale: float
    ) -> Tensor:
        import torch
        from torch.nn.functional import scaled_dot_product_attention

        heads = query.shape[1]
        outs: list[Tensor] = []
        for places in self._groups:
            count = len(places.group.lengths)
            keys, values = (
                torch.cat([shared.expand(count, -1, -1, -1), places.side_by_side(own)], 2)
                for shared, own in zip(before, (key, value), strict=True)
            )
            out = scaled_dot_product_attention(
                places.side_by_side(query),
                _repeated(keys, heads),
                _repeated(values, heads),
                attn_mask=_lower_right(places.group.longest, keys.shape[2], query.device),
                scale=scale,
            )
            outs.append(places.in_a_row(out.transpose(1, 2)))
        return torch.cat(outs)[None]


class _Places:
    """A group of branches: from the row of the pack to a padded batch, and back."""

    def __init__(self, group: Group, device: Any) -> None:  # noqa: ANN401
        import torch

        self.group = group
        if group.is_even:
            return
        lengths = torch.tensor(group.lengths)
        along = torch.arange(group.longest)
        starts = group.start + lengths.cumsum(0) - lengths
        # where a branch has ended its last token is repeated; nothing real attends to that
        rows = starts[:, None] + torch.minimum(along, lengths[:, None] - 1)
        real = (along < lengths[:, None]).flatten().nonzero()[:, 0]
        self._rows, self._real = rows.flatten().to(device), real.to(device)

    def side_by_side(self, x: Tensor) -> Tensor:
        """From `1 heads tokens size` to `branches heads longest size`."""
        row, group = x[0].transpose(0, 1), self.group
        if group.is_even:
            own = row[group.start : group.start + group.tokens]
        else:
            own = row.index_select(0, self._rows.to(row.device))
        shape = (len(group.lengths), group.longest, *own.shape[1:])
        return own.reshape(shape).transpose(1, 2)

    def in_a_row(self, x: Tensor) -> Tensor:
        """From `branches longest …` to `tokens …`, without the padding."""
        flat = x.flatten(0, 1)
        return flat if self.group.is_even else flat.index_select(0, self._real.to(x.device))


def _fused(query: Tensor, value: Tensor) -> Callable[..., tuple[Tensor, Tensor]] | None:
    """PyTorch's CPU attention that also gives the log-sum-exp, where it is there and fits."""
    if query.device.type != "cpu" or query.shape[-1] != value.shape[-1]:
        return None
    return _tried(_OPERATOR, query.dtype)


@functools.cache
def _tried(name: str, dtype: Any) -> Callable[..., tuple[Tensor, Tensor]] | None:  # noqa: ANN401
    """An undocumented operator, if it does what it did when this was written."""
    import torch

    operator: Any = getattr(torch.ops.aten, name, None)
    query = torch.linspace(-1, 1, 2 * 3 * 8).reshape(1, 2, 3, 8)
    scores = (query @ query.transpose(2, 3)).masked_fill(
        torch.ones(3, 3).triu(1).bool(), -torch.inf
    )
    halves = [query.to(dtype)] * 3
    try:
        out, lse = operator(*halves, is_causal=True, scale=1.0)
        good = torch.allclose(lse.float(), scores.logsumexp(-1), atol=0.05)
        good = good and torch.allclose(out.float(), scores.softmax(-1) @ query, atol=0.05)
    except (TypeError, ValueError, RuntimeError):
        return None
    return operator if good and lse.dtype == torch.float32 else None


def _repeated(x: Tensor, heads: int) -> Tensor:
    """Keys or values, shape `n key_heads tokens size`, for as many heads as there are queries."""
    n, key_heads, tokens, size = x.shape
    if key_heads == heads:
        return x
    wide = x[:, :, None].expand(n, key_heads, heads // key_heads, tokens, size)
    return wide.reshape(n, heads, tokens, size)


def _lower_right(queries: int, keys: int, device: Any) -> Any:  # noqa: ANN401
    """Causal, such that the last query sees the last key."""
    import torch

    if device.type == "cuda":
        from torch.nn.attention.bias import CausalBias, CausalVariant

        return CausalBias(CausalVariant.LOWER_RIGHT, queries, keys)
    seen = torch.ones(queries, keys, dtype=torch.bool, device=device)
    return seen.tril(keys - queries)
