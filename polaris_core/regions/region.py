"""Where an edit may change the picture, and how that was found."""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.regions.algebra import SoftMask
from polaris_core.regions.proposal import Proposal

__all__ = ["SURE", "Candidate", "RegionMask"]

SURE = 0.4
"""Below this confidence a region is named doubtful."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A region that was considered."""

    number: int
    """From 1, the best first: what is drawn on the preview, and what a choice names."""
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
