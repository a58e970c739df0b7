"""Attention of a whole pack in one kernel, by the block mask of PyTorch's flex attention.

The mask is never built token by token: a block of queries sees the blocks of the prefix, and those
from where its first branch begins up to itself. On a GPU the kernel is compiled on first use; on
the CPU it runs uncompiled, holds all scores in memory, and is there to be checked.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from polaris_core.rerank.backend import CausalModel, Reader
from polaris_core.rerank.forward import open_packed
from polaris_core.rerank.tree import Tree

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["FlexAttention", "FlexBackend"]

_BLOCK = 128


class FlexBackend:
    """One compiled kernel per pack: for GPUs where Triton works."""

    name = "flex"

    def open(self, model: CausalModel, tree: Tree) -> AbstractContextManager[Reader]:
        """Read the prefix and lend out a reader; see `Backend`."""
        return open_packed("polaris_flex", model, tree, FlexAttention)


class FlexAttention:
    """The attention of one pack."""

    def __init__(self, lengths: Sequence[int], prefix: int, device: Any) -> None:  # noqa: ANN401
        self._make = functools.cache(functools.partial(_block_mask, tuple(lengths), prefix))
        self._make(device)

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, before: tuple[Tensor, Tensor], scale: float
    ) -> Tensor:
        """The attention of one layer; shapes as in `Attend`."""
        import torch

        keys, values = (torch.cat([b, x], 2) for b, x in zip(before, (key, value), strict=True))
        out = _kernel(query.device.type)(
            query,
            keys,
            values,
            block_mask=self._make(query.device),
            scale=scale,
            enable_gqa=query.shape[1] != keys.shape[1],
        )
        return out.transpose(1, 2)


def _block_mask(lengths: Sequence[int], prefix: int, device: Any) -> Any:  # noqa: ANN401
    import torch
    from torch.nn.attention.flex_attention import BlockMask

    sizes = torch.tensor(lengths)
    tokens = int(sizes.sum())
    branch = torch.repeat_interleave(torch.arange(len(lengths)), sizes)
    start = (sizes.cumsum(0) - sizes)[branch]
    # for every key: the branch that owns it (-1: all of them) and its place among the tokens
    owner = torch.cat([torch.full((prefix,), -1), branch]).to(device)
    place = torch.cat([torch.full((prefix,), -1), torch.arange(tokens)]).to(device)
    branch = branch.to(device)

    def sees(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        own = (owner[key] == branch[query]) & (place[key] <= query)
        return (owner[key] == -1) | own

    first = torch.arange(0, tokens, _BLOCK)
    last = torch.clamp(first + _BLOCK, max=tokens) - 1
    blocks = torch.arange(-(-(prefix + tokens) // _BLOCK))
    low, high = (prefix + start[first]) // _BLOCK, (prefix + last) // _BLOCK
    shared = blocks <= (prefix - 1) // _BLOCK
    seen = shared | ((blocks >= low[:, None]) & (blocks <= high[:, None]))
    counts = seen.sum(1).to(torch.int32)
    order = torch.argsort(seen.to(torch.int8), dim=1, descending=True, stable=True)
    return BlockMask.from_kv_blocks(
        counts[None, None].to(device),
        order.to(torch.int32)[None, None].contiguous().to(device),
        BLOCK_SIZE=_BLOCK,
        mask_mod=sees,
        seq_lengths=(tokens, prefix + tokens),
    )


@functools.cache
def _kernel(device: str) -> Callable[..., Any]:
    import torch
    from torch.nn.attention.flex_attention import flex_attention

    if device != "cpu":
        untyped: Any = torch
        return untyped.compile(flex_attention)

    def uncompiled(*tensors: Any, **options: Any) -> Any:  # noqa: ANN401
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "flex_attention called without torch.compile")
            return flex_attention(*tensors, **options)

    return uncompiled
