"""A model lent for a while, and given back as it was, whatever happens in between."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from polaris_core.errors import UnusualAttention
from polaris_core.rerank.backend import CausalModel

__all__ = ["answers_only", "attention"]


@contextmanager
def attention(model: CausalModel, name: str) -> Generator[None]:
    """Let the part that reads text attend through the function registered under this name.

    Raises:
        UnusualAttention: The model does not let its attention be chosen.
    """
    decoder = model.get_decoder()
    before = decoder.config._attn_implementation
    decoder.set_attn_implementation(name)
    try:
        if decoder.config._attn_implementation != name:
            raise UnusualAttention(
                "this model computes its attention in its own way",
                value=type(model).__name__,
                hint='Choose another model, or backend="batched"',
            )
        yield
    finally:
        if decoder.config._attn_implementation != before:
            decoder.set_attn_implementation(before)


@contextmanager
def answers_only(model: CausalModel, answers: tuple[int, int]) -> Generator[tuple[int, int]]:
    """Let the head compute the two answers only; gives their columns among the logits.

    The two rows are computed in float32, so that answers are not rounded to half precision. A head
    that is not an ordinary layer (quantised, kept elsewhere) stays, and computes all its rows.
    """
    head = model.get_output_embeddings()
    rows = _rows_of(head, answers)
    if rows is None:
        yield answers
        return
    model.set_output_embeddings(rows)
    try:
        yield (0, 1)
    finally:
        model.set_output_embeddings(head)


def _rows_of(head: Any, answers: tuple[int, int]) -> Any | None:  # noqa: ANN401
    import torch
    from torch.nn import functional

    if type(head) is not torch.nn.Linear or hasattr(head, "_hf_hook"):
        return None
    stored = head.weight.data
    ordinary = (torch.float32, torch.bfloat16, torch.float16)
    if type(stored) is not torch.Tensor or stored.is_meta or stored.dtype not in ordinary:
        return None
    rows = list(answers)
    weight = head.weight.detach()[rows].float()
    bias = head.bias.detach()[rows].float() if "bias" in dict(head.named_parameters()) else None

    class Answers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight, self.bias = weight, bias  # some models ask their head for its type

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return functional.linear(hidden.float(), weight, bias)

    return Answers()
