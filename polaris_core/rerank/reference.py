"""Two plain ways to the same scores: what the fast ones are held against.

`one_by_one` asks about every candidate alone, with the model just as it was loaded; it works with
any causal model and is the oracle of the tests. `batched` reads the prefix once and the branches in
padded batches, each with a copy of the prefix's keys and values.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from polaris_core.rerank.backend import CausalModel, Reader, Reading
from polaris_core.rerank.borrowed import answers_only
from polaris_core.rerank.prefix import Prefix, read_prefix
from polaris_core.rerank.rows import answer_logits, cache_argument, input_device, log_odds_of
from polaris_core.rerank.supported import check_attention
from polaris_core.rerank.tree import Tokens, Tree

__all__ = ["BatchedBackend", "OneByOneBackend"]


class OneByOneBackend:
    """Every candidate alone, prefix and all."""

    name = "one_by_one"

    @contextmanager
    def open(self, model: CausalModel, tree: Tree) -> Generator[Reader]:
        """Lend out a reader; see `Backend`."""
        import torch

        with torch.no_grad():
            yield _OneByOne(model, tree)


class _OneByOne:
    def __init__(self, model: CausalModel, tree: Tree) -> None:
        self._model, self._tree = model, tree

    @property
    def prefix_tokens(self) -> int:
        """None: it is read again with every branch."""
        return 0

    def read(self, branches: Sequence[Tokens]) -> Reading:
        """Log-odds of each branch."""
        import torch

        odds: list[float] = []
        for branch in branches:
            ids = torch.tensor([self._tree.prefix + branch], device=input_device(self._model))
            places = torch.arange(ids.shape[1], device=ids.device)[None]
            logits = self._model(input_ids=ids, position_ids=places, use_cache=False).logits
            odds += log_odds_of(logits[:, -1], self._tree.answers)
        return Reading(odds, sum(len(self._tree.prefix) + len(branch) for branch in branches))


class BatchedBackend:
    """The prefix once, then padded batches over copies of it, with the model's own attention."""

    name = "batched"

    @contextmanager
    def open(self, model: CausalModel, tree: Tree) -> Generator[Reader]:
        """Read the prefix and lend out a reader; see `Backend`."""
        import torch

        check_attention(model, tree)
        with torch.no_grad(), answers_only(model, tree.answers) as columns:
            yield _Batched(model, read_prefix(model, tree.prefix), columns)


class _Batched:
    def __init__(self, model: CausalModel, prefix: Prefix, columns: tuple[int, int]) -> None:
        self._model, self._prefix, self._columns = model, prefix, columns

    @property
    def prefix_tokens(self) -> int:
        """Tokens of the prefix."""
        return self._prefix.length

    def read(self, branches: Sequence[Tokens]) -> Reading:
        """Log-odds of each branch, padded on the right, where nothing real attends to."""
        import torch

        device, start = input_device(self._model), self._prefix.length
        ends = [len(branch) - 1 for branch in branches]
        longest = max(ends) + 1
        padded = [branch + (0,) * (longest - len(branch)) for branch in branches]
        places = sorted(set(ends))
        logits = answer_logits(
            self._model,
            places,
            input_ids=torch.tensor(padded, device=device),
            position_ids=torch.arange(start, start + longest, device=device).expand(
                len(branches), -1
            ),
            attention_mask=torch.ones(
                len(branches), start + longest, dtype=torch.long, device=device
            ),
            use_cache=True,
            **{cache_argument(self._model): self._prefix.copies(len(branches))},
        )
        rows = torch.stack([logits[i, places.index(end)] for i, end in enumerate(ends)])
        return Reading(log_odds_of(rows, self._columns), longest * len(branches))
