"""Which proposals are kept: distinct ones, no tiny ones, the largest first, never too many."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent
from polaris_core.regions.proposal import Proposal, mask_iou

__all__ = ["Limits", "deduplicated", "largest_first", "selected", "without_small"]


@dataclass(frozen=True)
class Limits:
    """What is kept of the proposals of one picture."""

    most: int = 96
    """Never more than so many, ≥ 1; of more the largest are kept."""
    least_share: float = 0.001
    """Masks with a smaller share of the picture's pixels are dropped, 0 to 1."""
    same_iou: float = 0.9
    """Two masks that overlap more are the same; the one with the better score stays. 0 to 1."""

    def __post_init__(self) -> None:
        if self.most < 1:
            raise InvalidInput("at least one proposal must be allowed", value=self.most)
        for name in ("least_share", "same_iou"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidInput(f"{name} must be from 0 to 1", value=getattr(self, name))


def selected(
    proposals: Iterable[Proposal], limits: Limits | None = None, progress: Progress = silent
) -> tuple[Proposal, ...]:
    """What is kept of the proposals of one picture; their order does not matter.

    Raises:
        InvalidInput: They are of pictures of different size.
    """
    limits = limits or Limits()
    kept = without_small(proposals, limits.least_share)
    return deduplicated(kept, limits.same_iou, progress)[: limits.most]


def without_small(proposals: Iterable[Proposal], least_share: float) -> tuple[Proposal, ...]:
    """Those that hold at least this share of their picture's pixels, in the order given."""
    return tuple(
        proposal
        for proposal in proposals
        if proposal.area_px >= least_share * proposal.size_hw[0] * proposal.size_hw[1]
    )


def deduplicated(
    proposals: Iterable[Proposal], same_iou: float = 0.9, progress: Progress = silent
) -> tuple[Proposal, ...]:
    """Without those whose mask overlaps a better one's by more than `same_iou`, largest first.

    Better is a higher score, then a larger mask. Each is compared with the kept ones only, as in
    non-maximum suppression.

    Raises:
        InvalidInput: They are of pictures of different size.
    """
    kept: list[Proposal] = []
    order = sorted(proposals, key=lambda p: (-p.score, *_by_size(p)))
    for done, proposal in enumerate(order):
        progress(done, len(order), "comparing regions")
        if not any(_same(proposal, other, same_iou) for other in kept):
            kept.append(proposal)
    return largest_first(kept)


def largest_first(proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """By falling area; ties are broken by place and shape, so that the order is always the same."""
    return tuple(sorted(proposals, key=_by_size))


def _by_size(proposal: Proposal) -> tuple[object, ...]:
    return (-proposal.area_px, proposal.box_xyxy, -proposal.score, proposal.packed)


def _same(one: Proposal, other: Proposal, iou: float) -> bool:
    """Whether they overlap by more than `iou`; masks that cannot are not opened."""
    (x0, y0, x1, y1), (u0, v0, u1, v1) = one.box_xyxy, other.box_xyxy
    boxes = max(0, min(x1, u1) - max(x0, u0)) * max(0, min(y1, v1) - max(y0, v0))
    common = min(boxes, one.area_px, other.area_px)
    possible = common > iou * (one.area_px + other.area_px - common)
    return (possible or one.size_hw != other.size_hw) and mask_iou(one, other) > iou
