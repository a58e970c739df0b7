"""A pack of branches as one row of tokens through the model, with an attention of our own.

    tokens     a b c d e   f g h   i        three branches of a pack, one after the other
    positions  7 8 9 …     7 8 9   7        each goes on where the prefix of 7 tokens ended
    answers            ▲       ▲   ▲        one row of the head per branch

The row has neither padding nor mask. Linear layers do not care whose tokens are neighbours; the
attention is told through `polaris_pack` what belongs together.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Protocol

from polaris_core.errors import UnusualAttention
from polaris_core.rerank.backend import CausalModel, Reading
from polaris_core.rerank.borrowed import answers_only, attention
from polaris_core.rerank.prefix import Prefix, read_prefix
from polaris_core.rerank.rows import answer_logits, input_device, log_odds_of
from polaris_core.rerank.supported import check_attention
from polaris_core.rerank.tree import Tokens, Tree

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Attend", "PackedReader", "open_packed", "register"]

_HARMLESS = {
    "cache",
    "cache_position",
    "is_causal",
    "past_key_values",
    "position_embeddings",
    "position_ids",
    "sliding_window",
    "use_cache",
}
"""What layers pass on to an attention function without changing what is to be computed."""


class Attend(Protocol):
    """An attention over one pack, prepared once and called by every layer."""

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, before: tuple[Tensor, Tensor], scale: float
    ) -> Tensor:
        """Let each branch attend to the prefix and to itself.

        Args:
            query: Shape `1 heads tokens size`.
            key: Shape `1 key_heads tokens size`, as is `value`.
            value: Of the pack's own tokens.
            before: Keys and values of the prefix, `1 key_heads prefix size`.
            scale: What products of queries and keys are multiplied by.

        Returns:
            Shape `1 tokens heads size`.
        """
        ...


@dataclass
class _Pack:
    """What the attention function needs to know, passed through the model's keyword arguments."""

    attend: Attend
    prefix: Prefix
    layers_seen: int = 0


def register(name: str) -> str:
    """Make an attention known to transformers under this name; again does no harm."""
    from transformers import AttentionInterface

    interface: Any = AttentionInterface
    interface.register(name, _attention)
    return name


def _attention(
    module: Any,  # noqa: ANN401
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    polaris_pack: _Pack | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    """What every layer of the model calls."""
    if polaris_pack is None:
        raise _unreadable(module, "its layers do not pass on their arguments")
    others |= {"attention_mask": attention_mask, "dropout": dropout or None}
    if strange := _strange(others):
        raise _unreadable(module, f"its attention is changed by {', '.join(strange)}")
    before = polaris_pack.prefix.layer(module.layer_idx)
    if any(a.shape[1::2] != b.shape[1::2] for a, b in zip(before, (key, value), strict=True)):
        raise _unreadable(module, "its cache keeps something else than keys and values")
    polaris_pack.layers_seen += 1
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return polaris_pack.attend(query, key, value, before, scale).contiguous(), None


def _strange(arguments: Mapping[str, object]) -> list[str]:
    """Those that may change what is to be computed."""
    return sorted(
        name
        for name, value in arguments.items()
        if value is not None and name not in _HARMLESS and not name.startswith("output_")
    )


def _unreadable(module: Any, why: str) -> UnusualAttention:  # noqa: ANN401
    return UnusualAttention(
        f"this model cannot be read as a tree: {why}",
        value=type(module).__name__,
        hint='Choose another model, or backend="batched"',
    )


class PackedReader:
    """Reads packs over a prefix that is in memory."""

    def __init__(
        self,
        model: CausalModel,
        prefix: Prefix,
        columns: tuple[int, int],
        prepare: Callable[[Sequence[int], int, Any], Attend],
    ) -> None:
        self._model, self._prefix, self._columns = model, prefix, columns
        self._prepare = prepare

    @property
    def prefix_tokens(self) -> int:
        """Tokens of the prefix."""
        return self._prefix.length

    def read(self, branches: Sequence[Tokens]) -> Reading:
        """Log-odds of each branch; as many tokens go through the model as the branches have."""
        import torch

        device = input_device(self._model)
        lengths = [len(branch) for branch in branches]
        start = self._prefix.length
        places = chain.from_iterable(range(start, start + length) for length in lengths)
        pack = _Pack(self._prepare(lengths, start, device), self._prefix)
        logits = answer_logits(
            self._model,
            [end - 1 for end in accumulate(lengths)],
            input_ids=torch.tensor([list(chain.from_iterable(branches))], device=device),
            position_ids=torch.tensor([list(places)], device=device),
            use_cache=False,
            polaris_pack=pack,
        )
        if pack.layers_seen != self._prefix.layers:
            raise _unreadable(self._model, "not all of its layers attend in the common way")
        return Reading(log_odds_of(logits[0], self._columns), sum(lengths))


@contextmanager
def open_packed(
    name: str,
    model: CausalModel,
    tree: Tree,
    prepare: Callable[[Sequence[int], int, Any], Attend],
) -> Generator[PackedReader]:
    """Read the prefix in the model's own way, then lend a reader that attends in ours.

    Args:
        name: What the attention is registered as.
        model: As it was loaded; it is given back so.
        tree: Whose prefix and answers these are.
        prepare: Makes an `Attend` out of the lengths of a pack's branches, the length of the prefix
            and a device.
    """
    import torch

    check_attention(model, tree)
    with torch.no_grad(), answers_only(model, tree.answers) as columns:
        prefix = read_prefix(model, tree.prefix)
        with attention(model, register(name)):
            yield PackedReader(model, prefix, columns, prepare)
