"""A tree of tokens: what all candidates share, and a branch for each of them.

    prefix ──┬── branch of candidate 0 ── answer?
             ├── branch of candidate 1 ── answer?
             └── branch of candidate 2 ── answer?

A candidate has one branch per round: a short text first, and the full text for those that are left.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from polaris_core.errors import InvalidInput

__all__ = ["Tokens", "Tree"]

Tokens: TypeAlias = tuple[int, ...]
"""Token ids of one model's tokenizer."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What is asked about every candidate, in tokens."""

    prefix: Tokens
    """Read once, before every branch: task and instruction; at least one token."""
    rounds: tuple[tuple[Tokens, ...], ...]
    """For each round, one branch per candidate, each of at least one token.

    A branch ends where the answer is to begin. Every round holds a branch for every candidate;
    those of candidates that were dropped before are not read.
    """
    answers: tuple[int, int]
    """The token that means yes and the one that means no."""

    @classmethod
    def of(
        cls,
        prefix: Iterable[int],
        rounds: Iterable[Iterable[Iterable[int]]],
        answers: Iterable[int],
    ) -> Tree:
        """A tree out of lists, arrays or tensors of token ids.

        Raises:
            InvalidInput: There is no round or no candidate, something is empty, an id is not a
                whole number ≥ 0, rounds differ in candidates, or the answers are not two tokens.
        """
        yes_and_no = _tokens(answers, "the answers")
        if len(yes_and_no) != 2:
            raise InvalidInput("the answers are two tokens, yes and no", value=yes_and_no)
        return cls(
            _tokens(prefix, "the prefix"),
            tuple(
                tuple(_tokens(branch, f"branch {i} of round {at}") for i, branch in enumerate(one))
                for at, one in enumerate(rounds, start=1)
            ),
            (yes_and_no[0], yes_and_no[1]),
        )

    def __post_init__(self) -> None:
        _check_some(self.prefix, "the prefix")
        if not self.rounds or not self.rounds[0]:
            raise InvalidInput("a tree needs a round, and a candidate in it")
        for at, branches in enumerate(self.rounds, start=1):
            if len(branches) != len(self.rounds[0]):
                raise InvalidInput(
                    f"round {at} has {len(branches)} branches for {len(self.rounds[0])} candidates"
                )
            for i, branch in enumerate(branches):
                _check_some(branch, f"branch {i} of round {at}")
        if self.answers[0] == self.answers[1]:
            raise InvalidInput("yes and no are the same token", value=self.answers[0])

    @property
    def candidates(self) -> int:
        """How many there are."""
        return len(self.rounds[0])

    @property
    def longest(self) -> int:
        """Tokens on the longest way from the root to an answer, prefix included."""
        return len(self.prefix) + max(len(branch) for one in self.rounds for branch in one)

    @property
    def largest_id(self) -> int:
        """The largest token id anywhere."""
        branches = (max(branch) for one in self.rounds for branch in one)
        return max(*self.answers, max(self.prefix), *branches)


def _tokens(ids: Iterable[int], what: str) -> Tokens:
    try:
        found = tuple(operator.index(i) for i in ids)
    except TypeError as error:
        raise InvalidInput(f"{what} must be token ids", value=str(error)) from error
    if found and min(found) < 0:
        raise InvalidInput(f"{what} holds a negative token id", value=min(found))
    return found


def _check_some(tokens: Sequence[int], what: str) -> None:
    if not tokens:
        raise InvalidInput(f"{what} has no token", hint="Give it at least one")
