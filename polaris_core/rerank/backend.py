"""What a backend is: it opens a tree over a model, and reads branches."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from polaris_core.rerank.tree import Tokens, Tree

__all__ = ["Backend", "CausalModel", "Reader", "Reading"]

CausalModel: TypeAlias = Any
"""A causal language model of transformers with its head, ready to compute."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one forward pass over some branches gave."""

    log_odds: list[float]
    """Log-odds of yes against no, one per branch, in the order given."""
    tokens: int
    """Token positions that went through the model, padding included."""


class Reader(Protocol):
    """A tree that is open: the prefix is read, the branches may come."""

    @property
    def prefix_tokens(self) -> int:
        """Tokens of the prefix that went through the model at the opening."""
        ...

    def read(self, branches: Sequence[Tokens]) -> Reading:
        """Read some branches, longest first, in one forward pass; each as if it were alone."""
        ...


class Backend(Protocol):
    """A way to read trees. All give the same scores up to rounding."""

    @property
    def name(self) -> str:
        """What it is called by."""
        ...

    def open(self, model: CausalModel, tree: Tree) -> AbstractContextManager[Reader]:
        """Read the prefix and lend out a reader; afterwards the model is as it was.

        Raises:
            InvalidInput: This backend cannot read this model, or this tree with it.
        """
        ...
