"""Where a new thing goes: by the words of the sentence, and by what InstructPix2Pix looks at.

The paper's special case (4.3) intersects InstructPix2Pix's attention with the proposals, as ZONE
does (Li et al., ZONE: Zero-Shot Instruction-Guided Local Editing, 2024). What the sentence says
about the place weighs the attention, and stands alone where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from polaris_core.instructions.body_plans import is_person
from polaris_core.instructions.intent import EditIntent
from polaris_core.regions.algebra import (
    SoftMask,
    box_mask,
    box_of,
    fill_holes,
    grow,
    hard,
    largest_parts,
    resized,
)
from polaris_core.regions.geometry import inside_share
from polaris_core.regions.place import Landmark, Place, Relation, read_place
from polaris_core.regions.proposal import Box, Mask
from polaris_core.regions.region import SURE
from polaris_core.regions.room import head_noun
from polaris_core.regions.scene import Scene
from polaris_core.regions.spots import plain_spots, spots_by, within_picture
from polaris_core.regions.targets import target_of
from polaris_core.regions.usual import Known, body_span, is_flat

__all__ = ["Addition", "place_addition"]

_HOT = 0.5
"""Of the greatest attention: what is hotter counts."""
_AGREE = 0.3
"""A proposal with at least this share of the hot area cuts it down to its outline."""
_PRIOR = 0.75
"""How much the words can take away from the attention at a place that they exclude."""
_GRID_PX = 256
_SPARING = frozenset(Relation) - {Relation.ON, Relation.IN, Relation.AT, Relation.FRONT}


@dataclass(frozen=True)
class Addition:
    """Where a new thing goes."""

    mask: Mask
    confidence: float
    """0 to 1."""
    scores: tuple[float, ...]
    """Of each proposal of the scene: how much of it is a good place, 0 to 1."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Anchor:
    known: tuple[Known, ...] = ()
    scale_of: Known | None = None
    region: Mask | None = None
    confidence: float = 0.0
    notes: tuple[str, ...] = ()


def place_addition(
    intent: EditIntent,
    scene: Scene,
    size_hw: tuple[int, int],
    attention: SoftMask | None = None,
    anchor_region: Mask | None = None,
) -> Addition:
    """Find the place of a new thing.

    Args:
        intent: Of type ADD.
        scene: The picture's proposals, if there are any.
        size_hw: The picture's height and width.
        attention: `h w`: how much an InstructPix2Pix model looks at the new thing's words there.
        anchor_region: `h w`: the landmark, where it is known; otherwise it is sought.
    """
    place = read_place(intent.anchor or intent.place)
    noun = head_noun(intent.subject)
    anchor = _given(place, anchor_region) or _sought(place, scene)
    if anchor.known and anchor.scale_of and place.relation:
        spots = spots_by(noun, place, anchor.known, anchor.scale_of, size_hw)
    else:
        spots = plain_spots(noun, place, size_hw)
    boxes = [within_picture(spot, size_hw) for spot in spots]
    notes = [*anchor.notes, _told(place, anchor)]
    prior = _prior(boxes, size_hw)
    said = not place.is_empty
    mask = _cut_out(box_mask(boxes[0], size_hw), place, anchor)
    confidence = _confidence(place, anchor)
    heat = prior
    if attention is None:
        notes.append("no InstructPix2Pix model looked at the picture: placed by the sentence alone")
    elif not attention.max() > 0:
        notes.append("the InstructPix2Pix model looked nowhere: placed by the sentence alone")
    else:
        weight = 1 - _PRIOR + _PRIOR * prior if said else 1
        heat = (attention * weight).astype(np.float32)
        mask, note = _attended(heat, scene, boxes[0])
        notes.append(note)
        confidence = _concentration(heat, mask) * (
            0.5 + 0.5 * float(prior[mask].mean()) if said else 1
        )
    scores = tuple(inside_share(proposal, heat) for proposal in scene.proposals)
    return Addition(mask, confidence, scores, tuple(filter(None, notes)))


def _given(place: Place, region: Mask | None) -> _Anchor | None:
    box = None if region is None else box_of(region)
    if box is None:
        return None
    landmark = place.landmark
    known = Known(box, landmark.noun if landmark else "")
    return _Anchor((known,), known, region, 1.0)


def _sought(place: Place, scene: Scene) -> _Anchor:
    """Look for the landmarks among the proposals."""
    landmark = place.landmark
    if landmark is None:
        return _Anchor()
    if not (scene.sees and scene.proposals):
        why = "nothing looked at the picture" if scene.proposals else "no regions were proposed"
        return _Anchor(notes=(f"“{landmark.phrase}” was not sought, since {why}",))
    whole = _whole_of(landmark)
    finding = scene.find(target_of(whole))
    proposals = [scene.proposals[i] for i in finding.chosen]
    first = proposals[0]
    known = [Known(p.box_xyxy, whole.noun) for p in proposals[:2]]
    scale_of, region = known[0], first.mask
    if whole is not landmark:
        span = body_span(landmark.noun, first.box_xyxy)
        if span is not None:
            known = [Known(span, landmark.noun)]
    if place.other is not None:
        second = scene.find(target_of(place.other), (landmark.noun,))
        known = [known[0], Known(scene.proposals[second.chosen[0]].box_xyxy, place.other.noun)]
    doubt = f"it is doubtful where “{whole.phrase}” is (confidence {finding.confidence:.2f})"
    notes = finding.notes if finding.confidence >= SURE else (doubt, *finding.notes)
    return _Anchor(tuple(known), scale_of, region, finding.confidence, notes)


def _whole_of(landmark: Landmark) -> Landmark:
    """The person whose head, lap or foot is meant: found more surely than the part."""
    owner = landmark.owner or "person"
    if is_person(owner) and body_span(landmark.noun, (0, 0, 100, 280)) is not None:
        return replace(landmark, phrase=owner, noun=owner, owner="")
    return landmark


def _told(place: Place, anchor: _Anchor) -> str:
    if anchor.known and place.relation and place.landmark:
        return f"placed {place.relation.value} “{place.landmark.phrase}”, in its usual size there"
    if place.is_empty:
        return "the sentence does not say where it goes, so it goes where such things mostly are"
    if place.landmark:
        return "placed where such a thing mostly is in pictures, since the landmark was not found"
    return "placed where the sentence says, in the picture as a whole"


def _confidence(place: Place, anchor: _Anchor) -> float:
    if anchor.known:
        return 0.7 * anchor.confidence
    spot = place.side is not None or place.level is not None or place.depth is not None
    if place.landmark is not None:
        return 0.15
    return 0.6 if spot else 0.1


def _cut_out(mask: Mask, place: Place, anchor: _Anchor) -> Mask:
    """What is beside or behind a landmark leaves it out; what is in it stays within."""
    region = anchor.region
    if region is None or not anchor.known:
        return mask
    if place.relation in _SPARING:
        cut = mask & ~region
    elif place.relation is Relation.IN or is_flat(anchor.known[0].noun):
        cut = mask & region
    else:
        return mask
    return cut if np.count_nonzero(cut) >= 0.3 * np.count_nonzero(mask) else mask


def _prior(boxes: Sequence[Box], size_hw: tuple[int, int]) -> SoftMask:
    """1 in the boxes, falling to 0 at their own size's distance; later ones weigh less."""
    height, width = size_hw
    scale = min(1.0, _GRID_PX / max(size_hw))
    grid = max(1, round(height * scale)), max(1, round(width * scale))
    y = (np.arange(grid[0], dtype=np.float32) + 0.5)[:, None] * height / grid[0]
    x = (np.arange(grid[1], dtype=np.float32) + 0.5)[None] * width / grid[1]
    prior = np.zeros(grid, np.float32)
    for index, (left, top, right, bottom) in enumerate(boxes):
        dx = np.maximum(0, np.maximum(left - x, x - right))
        dy = np.maximum(0, np.maximum(top - y, y - bottom))
        reach = math.sqrt((right - left) * (bottom - top))
        near = np.maximum(0, 1 - np.hypot(dx, dy) / reach) * 0.9**index
        np.maximum(prior, near, out=prior)
    return resized(prior, size_hw)


def _attended(heat: SoftMask, scene: Scene, usual: Box) -> tuple[Mask, str]:
    """The hot area, cut to the outline of the proposal that it fits best."""
    hot = fill_holes(largest_parts(hard(heat / (2 * _HOT * heat.max())), 0.25))
    area = int(np.count_nonzero(hot))
    note = "placed where InstructPix2Pix looks for it"
    best, fit = None, 0.0
    for proposal in scene.proposals:
        left, top, right, bottom = proposal.box_xyxy
        common = int(np.count_nonzero(hot[top:bottom, left:right] & proposal.crop))
        iou = common / (area + proposal.area_px - common)
        if iou > fit and common >= _AGREE * area:
            best, fit = proposal, iou
    if best is not None:
        hot &= best.mask
        note += f", within a proposed region (IoU {fit:.2f})"
    usual_area = (usual[2] - usual[0]) * (usual[3] - usual[1])
    least = math.sqrt(usual_area / 4) - math.sqrt(np.count_nonzero(hot))
    if least > 1:
        hot = grow(hot, round(least / 2))
        note += ", widened so that there is room for it"
    return hot, note


def _concentration(heat: SoftMask, mask: Mask) -> float:
    """How much more of the heat lies in the mask than if it were spread evenly, 0 to 1."""
    share = np.count_nonzero(mask) / mask.size
    mass = float(heat[mask].sum(dtype=np.float64) / heat.sum(dtype=np.float64))
    return max(0.0, (mass - share) / (1 - share)) if share < 1 else 0.0
