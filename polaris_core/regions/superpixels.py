"""Proposals without weights: superpixels, and what they are merged into, through scikit-image."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import checked_image, required
from polaris_core.progress import Progress, silent
from polaris_core.regions.enlarge import enlarge_labels
from polaris_core.regions.merge_tree import MergeTree, merge_tree, superpixels
from polaris_core.regions.proposal import Mask, Proposal
from polaris_core.regions.select import Limits, deduplicated, largest_first, selected

__all__ = ["SuperpixelProposer"]

_LONGEST_PX = 512
"""Edge of the picture that is divided; the borders are then brought to the full size."""


@dataclass(frozen=True)
class SuperpixelProposer:
    """Proposes the regions of a picture that differ most from what is around them.

    It needs no weights, and so it is what is there before anything is downloaded.
    """

    limits: Limits = field(default_factory=Limits)
    """What is kept in the end; of too many the most distinct of every size."""
    scales: tuple[float, ...] = (150.0, 300.0)
    """How coarse the superpixels are; a tree of regions is made of each."""
    name: str = "superpixels"

    def __post_init__(self) -> None:
        required("skimage", "scikit-image")

    def describe(self) -> str:
        """What it is and what it can be expected to find."""
        return (
            "Superpixels merged by colour (scikit-image), without any weights: finds what differs "
            "clearly in colour from its surroundings, but knows no things; a thing of several "
            "colours may come in parts. Segment Anything finds more."
        )

    def propose(self, picture: RGBImage, progress: Progress = silent) -> tuple[Proposal, ...]:
        """Masks in pixels of the picture: distinct, none of them tiny, the largest first.

        A picture in which nothing differs is one region, with score 0.

        Raises:
            InvalidInput: The picture is not `h w 3` bytes.
        """
        small = _shrunk(checked_image(picture))
        trees: list[MergeTree] = []
        for scale in self.scales:
            progress(len(trees), len(self.scales), "dividing the picture")
            trees.append(merge_tree(small, superpixels(small, scale), progress))
        found: list[Proposal] = []
        for tree, regions in zip(trees, _chosen(trees, self.limits, progress), strict=True):
            found += _at_full_size(tree, regions, small, picture, progress)
        whole = Proposal.of(np.ones(picture.shape[:2], np.bool_), 0.0)
        return selected(found, self.limits, progress) or (whole,)


def _shrunk(picture: RGBImage) -> RGBImage:
    """The picture with no edge over 512 pixels, and none without pixels."""
    scale = min(1.0, _LONGEST_PX / max(picture.shape[:2]))
    height, width = (max(1, round(edge * scale)) for edge in picture.shape[:2])
    resized = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.array(resized, np.uint8)


def _chosen(trees: Sequence[MergeTree], limits: Limits, progress: Progress) -> list[list[int]]:
    """The regions of each tree that are kept."""
    places: dict[Proposal, tuple[int, int]] = {}
    for i, tree in enumerate(trees):
        progress(i, len(trees), "choosing regions")
        large = tree.areas_px >= limits.least_share * tree.labels.size
        large[-1] = False  # the whole picture
        best = np.argsort(-tree.distinctness, kind="stable")
        for region in best[large[best]][: 2 * limits.most].tolist():
            mask = tree.members(region)[tree.labels]
            places.setdefault(Proposal.of(mask, float(tree.distinctness[region])), (i, region))
    kept = _of_every_size(deduplicated(places, limits.same_iou, progress))[: limits.most]
    chosen = [places[proposal] for proposal in kept]
    return [[region for i, region in chosen if i == at] for at in range(len(trees))]


def _of_every_size(proposals: Sequence[Proposal]) -> list[Proposal]:
    """In turn the most distinct of every size, sizes being told apart by factors of two.

    Small regions are many and distinct; by distinctness alone they would crowd out the large ones.
    """
    taken: Counter[int] = Counter()
    turns: dict[Proposal, int] = {}
    for proposal in sorted(proposals, key=lambda proposal: -proposal.score):
        size = proposal.area_px.bit_length()
        turns[proposal] = taken[size]
        taken[size] += 1
    return sorted(largest_first(proposals), key=turns.__getitem__)


def _at_full_size(
    tree: MergeTree,
    regions: Sequence[int],
    small: RGBImage,
    picture: RGBImage,
    progress: Progress,
) -> list[Proposal]:
    labels = enlarge_labels(tree.labels, small, picture, progress)
    found: list[Proposal] = []
    for done, region in enumerate(regions):
        progress(done, len(regions), "drawing masks")
        members = tree.members(region)
        rows, columns = _reach(members[tree.labels], labels.shape)
        mask = members[labels[rows, columns]]
        if mask.any():
            score = float(tree.distinctness[region])
            found.append(Proposal.of(mask, score, labels.shape, columns.start, rows.start))
    return found


def _reach(mask: Mask, size_hw: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the large picture that a small mask may come to, one pixel around it."""
    slices: list[slice] = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(1 - axis))
        scale = size_hw[axis] / mask.shape[axis]
        first, end = (int(inside[0]) - 1) * scale, (int(inside[-1]) + 2) * scale
        slices.append(slice(max(0, math.floor(first)), min(size_hw[axis], math.ceil(end))))
    return slices[0], slices[1]
