"""Which branches go into one forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polaris_core.rerank.tree import Tokens

__all__ = ["Group", "groups", "in_reading_order", "next_pack"]

_WASTE = 1.3
_FREE = 64
"""A group may be padded by this factor, and by this many tokens on top."""


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours of like length within a pack, which attend to themselves side by side."""

    start: int
    """Place of the first token in the pack."""
    lengths: tuple[int, ...]
    """Tokens of each branch; the longest comes first."""

    @property
    def longest(self) -> int:
        """Tokens that each is padded to."""
        return self.lengths[0]

    @property
    def tokens(self) -> int:
        """Tokens of all, without padding."""
        return sum(self.lengths)

    @property
    def is_even(self) -> bool:
        """Whether nothing needs to be padded."""
        return self.lengths[-1] == self.longest


def in_reading_order(branches: Mapping[int, Tokens]) -> list[int]:
    """The candidates, longest branch first.

    What decides is only what the branches say, so that the same branches in another order are
    packed alike and score alike to the last bit.
    """
    return sorted(branches, key=lambda i: (-len(branches[i]), branches[i], i))


def next_pack(queue: Sequence[int], branches: Mapping[int, Tokens], budget: int) -> list[int]:
    """The first of the queue that fit into so many tokens; at least one."""
    pack: list[int] = []
    room = budget
    for candidate in queue:
        room -= len(branches[candidate])
        if pack and room < 0:
            break
        pack.append(candidate)
    return pack


def groups(lengths: Sequence[int]) -> Iterator[Group]:
    """Split falling lengths where padding them to the longest would cost more than a little."""
    start = at = 0
    while at < len(lengths):
        end, tokens = at + 1, lengths[at]
        while end < len(lengths):
            padded, real = lengths[at] * (end - at + 1), tokens + lengths[end]
            if padded > _WASTE * real + _FREE:
                break
            end, tokens = end + 1, real
        yield Group(start, tuple(lengths[at:end]))
        at, start = end, start + tokens
