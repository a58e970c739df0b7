"""Rank candidates: all with a short text, the best share again with a longer one.

This is the paper's Tree Rerank: the branches of many candidates in one pass, the weakest dropped,
the rest read again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from polaris_core.errors import InvalidInput, UnusualAttention
from polaris_core.progress import Progress, silent
from polaris_core.rerank.backend import Backend, CausalModel, Reader
from polaris_core.rerank.cascade import CascadeBackend
from polaris_core.rerank.flex import FlexBackend
from polaris_core.rerank.ranking import Ranking, Round
from polaris_core.rerank.reading import is_out_of_memory, no_memory, read_branches
from polaris_core.rerank.reference import BatchedBackend, OneByOneBackend
from polaris_core.rerank.rows import input_device
from polaris_core.rerank.supported import check_model
from polaris_core.rerank.tree import Tree

__all__ = ["BACKENDS", "SHARE", "BackendName", "default_budget", "rank"]

BackendName: TypeAlias = Literal["auto", "cascade", "flex", "batched", "one_by_one"]

BACKENDS: Mapping[str, Backend] = {
    backend.name: backend
    for backend in (CascadeBackend(), FlexBackend(), BatchedBackend(), OneByOneBackend())
}
"""Every way to read a tree, by name."""

SHARE = 0.35
"""Of the candidates this share goes on to the next round: benchmarks/pruning.py finds that the five
best are then the same for 38 of 40 questions, and at a quarter for 34."""
_BUDGET = {"cpu": 1024}
_BUDGET_GPU = 8192
"""Tokens of a pack, by device: on the CPU larger packs leave the caches and are slower."""


def rank(
    model: CausalModel,
    tree: Tree,
    *,
    keep: int | None = None,
    share: float = SHARE,
    backend: BackendName = "auto",
    token_budget: int | None = None,
    progress: Progress = silent,
) -> Ranking:
    """Read every candidate of the tree, each as if it were alone, and put them in order.

    Scores do not depend on which other candidates there are, nor on their order. In float32 they
    equal those of asking about each candidate alone up to rounding; in half precision they are as
    far from the truth as those are. While this runs nothing else may use the model; afterwards it
    is as it was.

    Args:
        model: A causal language model of transformers with full attention, in evaluation mode, in
            float32, bfloat16 or float16, quantised or not, on whatever device.
        tree: What is asked about whom; `tree_of_texts` makes it.
        keep: How many are wanted; None leaves nobody out after the last round.
        share: Of the candidates left this share, but at least `keep` of them, goes on from one
            round to the next; in (0, 1].
        backend: "auto" takes "cascade", or "batched" for a model whose attention cannot be
            exchanged; "flex" is for GPUs with Triton; "one_by_one" is plain and slow.
        token_budget: Tokens per forward pass at the most, unless a branch alone is longer; None
            takes 1,024 on a CPU and 8,192 elsewhere. Half of it is tried where memory runs out.
        progress: Told before each pack how many tokens of the round are read.

    Raises:
        InvalidInput: The backend cannot read this model or this tree, or an argument is out of
            range.
        LanguageModelProblem: Too little memory even for one branch, or the model's answer is not a
            number.
        Cancelled: `progress` raised it; whatever else it raises passes through as well.
    """
    _check_arguments(backend, keep, share, token_budget)
    check_model(model, tree)
    budget = token_budget or default_budget(model)

    def read_by(name: str) -> Ranking:
        return _read(BACKENDS[name], model, tree, keep, share, budget, progress)

    if backend != "auto":
        return read_by(backend)
    try:
        return read_by("cascade")
    except UnusualAttention:
        return read_by("batched")


def _read(
    reads: Backend,
    model: CausalModel,
    tree: Tree,
    keep: int | None,
    share: float,
    budget: int,
    progress: Progress,
) -> Ranking:
    began = time.perf_counter()
    progress(0, len(tree.prefix), "reading the instruction")
    try:
        with reads.open(model, tree) as reader:
            rounds, log_odds, budget = _all_rounds(reader, tree, keep, share, budget, progress)
            prefix_tokens = reader.prefix_tokens
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise no_memory(f"an instruction of {len(tree.prefix)} tokens") from error
    kept, dropped = rounds[-1].kept, tuple(i for one in reversed(rounds) for i in one.dropped)
    return Ranking(
        order=kept + dropped,
        scores=tuple(map(_probability, log_odds)),
        log_odds=log_odds,
        kept=kept,
        dropped=dropped,
        rounds=rounds,
        prefix_tokens=prefix_tokens,
        tokens=prefix_tokens + sum(one.tokens for one in rounds),
        seconds=time.perf_counter() - began,
        backend=reads.name,
        token_budget=budget,
    )


def default_budget(model: CausalModel) -> int:
    """Tokens of a pack where nobody says otherwise."""
    return _BUDGET.get(input_device(model).type, _BUDGET_GPU)


def _all_rounds(
    reader: Reader, tree: Tree, keep: int | None, share: float, budget: int, progress: Progress
) -> tuple[tuple[Round, ...], tuple[float, ...], int]:
    left: Sequence[int] = range(tree.candidates)
    log_odds: dict[int, float] = {}
    rounds: list[Round] = []
    for at, branches in enumerate(tree.rounds):
        began = time.perf_counter()
        # a text that was short enough for the round before is not read again
        new = {i: branches[i] for i in left if not at or branches[i] != tree.rounds[at - 1][i]}
        what = f"reading candidates, round {at + 1} of {len(tree.rounds)}"
        read = read_branches(reader, new, budget, progress, what)
        log_odds.update(read.log_odds)
        budget = read.token_budget
        best_first = sorted(left, key=lambda i: (-log_odds[i], i))
        last = at + 1 == len(tree.rounds)
        goes_on = math.ceil(share * len(left) - 1e-9)  # a tenth of thirty is three, not four
        count = (keep or len(left)) if last else max(keep or 1, goes_on)
        left, out = best_first[:count], best_first[count:]
        seconds = time.perf_counter() - began
        rounds.append(Round(tuple(left), tuple(out), read.tokens, read.packs, seconds))
    return tuple(rounds), tuple(log_odds[i] for i in range(tree.candidates)), budget


def _check_arguments(
    backend: str, keep: int | None, share: float, token_budget: int | None
) -> None:
    if backend not in get_args(BackendName):
        hint = f"One of {', '.join(get_args(BackendName))}"
        raise InvalidInput("no such backend", value=backend, hint=hint)
    if keep is not None and keep < 1:
        raise InvalidInput("at least one candidate must be kept", value=keep)
    if not 0 < share <= 1:
        raise InvalidInput("the share that goes on must be above 0 and at most 1", value=share)
    if token_budget is not None and token_budget < 1:
        raise InvalidInput("a pack holds at least one token", value=token_budget)


def _probability(log_odds: float) -> float:
    return 0.5 * (1 + math.tanh(log_odds / 2))
