"""What reading a tree gives: an order, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Ranking", "Round"]


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the candidates that were left."""

    kept: tuple[int, ...]
    """Candidates that went on, best first; in the last round the result."""
    dropped: tuple[int, ...]
    """Candidates that did not, best first."""
    tokens: int
    """Tokens that went through the model, without the prefix."""
    packs: int
    """Forward passes they took."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in the order in which they fit; a candidate is named by its place in the tree."""

    order: tuple[int, ...]
    """All candidates, best first. Who was read in a later round stands before who was not."""
    scores: tuple[float, ...]
    """By candidate: the probability of yes against no, in [0, 1], for the last text read of it."""
    log_odds: tuple[float, ...]
    """By candidate: the same before the logistic function; two near 1 can still be told apart."""
    kept: tuple[int, ...]
    """The best ones asked for, best first: the beginning of `order`."""
    dropped: tuple[int, ...]
    """The rest of `order`."""
    rounds: tuple[Round, ...]
    prefix_tokens: int
    """Tokens of the prefix that went through the model before the first round."""
    tokens: int
    """All tokens that went through the model: `prefix_tokens` and those of the rounds."""
    seconds: float
    """The whole time, the prefix included."""
    backend: str
    """Which one read the tree."""
    token_budget: int
    """Tokens per forward pass at the most, after what was halved for want of memory."""
