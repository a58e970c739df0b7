"""All branches of a round, pack by pack, in as much memory as there is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from polaris_core.errors import LanguageModelProblem
from polaris_core.progress import Progress
from polaris_core.rerank.backend import Reader, Reading
from polaris_core.rerank.packs import in_reading_order, next_pack
from polaris_core.rerank.tree import Tokens

__all__ = ["RoundRead", "is_out_of_memory", "no_memory", "read_branches"]

_REFUSALS = ("can't allocate memory", "not enough memory", "out of memory")


@dataclass(frozen=True, slots=True)
class RoundRead:
    """What reading some branches gave."""

    log_odds: dict[int, float]
    """By candidate."""
    tokens: int
    packs: int
    token_budget: int
    """What was left of it."""


def read_branches(
    reader: Reader, branches: Mapping[int, Tokens], budget: int, progress: Progress, what: str
) -> RoundRead:
    """Read every branch; where memory runs out, again in packs of half the size.

    Raises:
        LanguageModelProblem: There is too little memory for a single branch, or the model's answer
            is not a number.
    """
    queue = in_reading_order(branches)
    total, done = sum(map(len, branches.values())), 0
    log_odds: dict[int, float] = {}
    tokens = packs = 0
    while queue:
        progress(done, total, what)
        pack = next_pack(queue, branches, budget)
        reading = _read_if_memory_lasts(reader, [branches[i] for i in pack])
        size = sum(len(branches[i]) for i in pack)
        if reading is None:
            if len(pack) == 1:
                raise no_memory(f"a branch of {size} tokens")
            budget = max(1, size // 2)
            continue
        log_odds.update(zip(pack, map(_checked, reading.log_odds), strict=True))
        queue = queue[len(pack) :]
        tokens, packs, done = tokens + reading.tokens, packs + 1, done + size
    progress(done, total, what)
    return RoundRead(log_odds, tokens, packs, budget)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether PyTorch says so, on whatever device."""
    import torch

    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    return any(words in str(error).lower() for words in _REFUSALS)


def no_memory(what: str) -> LanguageModelProblem:
    """The error when not even this fits."""
    return LanguageModelProblem(
        f"too little memory to read {what}",
        hint="Take a smaller or a quantised model, or shorter texts",
    )


def _read_if_memory_lasts(reader: Reader, branches: list[Tokens]) -> Reading | None:
    import torch

    try:
        return reader.read(branches)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    # only here, when the error no longer holds on to what the model had computed
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _checked(log_odds: float) -> float:
    if not math.isfinite(log_odds):
        raise LanguageModelProblem(
            "the model's answer is not a number",
            value=log_odds,
            hint="Load the model in bfloat16 or float32",
        )
    return log_odds
