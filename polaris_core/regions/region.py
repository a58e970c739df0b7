"""Where an edit may change the picture, and how that was found."""

from __future__ import annotations

import re
from dataclasses import dataclass

from polaris_core.errors import InvalidInput
from polaris_core.regions.algebra import SoftMask
from polaris_core.regions.proposal import Proposal

__all__ = ["SURE", "Candidate", "RegionMask", "read_choice"]

SURE = 0.4
"""Below this confidence a region is named doubtful."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A region that was considered."""

    number: int
    """From 1: what was found first, then the best. It is drawn on the preview, a choice names it,
    and a choice does not change it."""
    proposal: Proposal
    score: float
    """0 to 1; larger is better."""
    parts: tuple[tuple[str, float], ...] = ()
    """What the score was made from, by name."""


@dataclass(frozen=True, eq=False)
class RegionMask:
    """A mask, and why it is this one."""

    mask: SoftMask
    """`h w`, 0 to 1; 1 is what changes. Not to be written to."""
    sought: str
    """What was looked for, in words."""
    confidence: float
    """0 to 1."""
    candidates: tuple[Candidate, ...] = ()
    """By number."""
    chosen: tuple[int, ...] = ()
    """Numbers of the candidates that the mask was made from."""
    notes: tuple[str, ...] = ()
    """What there is to know about it, one sentence each; doubts first."""

    @property
    def is_sure(self) -> bool:
        """Whether nobody has to look at it."""
        return self.confidence >= SURE


_MOST_NUMBERS = 1000


def read_choice(text: str) -> tuple[int, ...]:
    """Numbers of candidates as somebody types them: "2", "1, 3"; nothing, or 0, chooses none.

    Raises:
        InvalidInput: It holds anything but numbers.
    """
    words = re.split(r"[\s,;+]+", text.strip(" \t\n,;+"))
    words = [word for word in words if word]
    if len(words) > _MOST_NUMBERS or not all(re.fullmatch(r"[0-9]{1,4}", w) for w in words):
        raise InvalidInput(
            "regions are chosen by their numbers", value=text, hint="Like “2”, or “1, 3” for two"
        )
    numbers = tuple(dict.fromkeys(map(int, words)))
    return () if numbers == (0,) else numbers
