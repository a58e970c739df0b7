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
from polaris_core.regions.algebra import SoftMask, box_mask, resized
from polaris_core.regions.attended import attended, contrast
from polaris_core.regions.geometry import inside_share
from polaris_core.regions.place import Landmark, Place, Relation, read_place
from polaris_core.regions.proposal import Box, Mask, Proposal
from polaris_core.regions.region import SURE
from polaris_core.regions.room import head_noun
from polaris_core.regions.scene import Scene
from polaris_core.regions.spots import plain_spots, spots_by, within_picture
from polaris_core.regions.targets import is_plural, target_of
from polaris_core.regions.usual import Known, body_span, is_flat

__all__ = ["Addition", "place_addition"]

_PRIOR = 0.75
"""Of the attention at a place that the words exclude, so much can go."""
_GRID_PX = 256
_TOP = 0.15
"""The share of a person's height in which the head is."""
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
    if anchor_region is not None and place.relation is None:
        place = replace(place, relation=Relation.AT)
    anchor = _given(place, anchor_region) or _sought(place, scene)
    if anchor.known and anchor.scale_of and place.relation:
        spots = spots_by(noun, place, anchor.known, anchor.scale_of, size_hw)
    else:
        spots = plain_spots(noun, place, size_hw)
    boxes = [within_picture(spot, size_hw) for spot in spots]
    prior = _prior(boxes, size_hw)
    mask = _cut_out(box_mask(boxes[0], size_hw), place, anchor)
    confidence = _confidence(place, anchor)
    if attention is None or not attention.max() > 0:
        heat = prior
        who = "the InstructPix2Pix model looked nowhere"
        who = "no InstructPix2Pix model looked at the picture" if attention is None else who
        notes = (_told(place, anchor), f"{who}: placed by the sentence alone")
    else:
        trust = _trust(place, anchor)
        heat = (attention * (1 - trust + trust * prior)).astype(np.float32)
        most = None if is_plural(intent.subject) else 1
        mask, note = attended(heat, scene.proposals, boxes[0], most)
        agreement = float(prior[mask].mean()) if trust else 1.0
        confidence = contrast(heat, mask) * (0.5 + 0.5 * agreement)
        notes = (note, _told(place, anchor)) if trust else (note,)
    scores = tuple(inside_share(proposal, heat) for proposal in scene.proposals)
    return Addition(mask, confidence, scores, (*anchor.notes, *notes))


def _trust(place: Place, anchor: _Anchor) -> float:
    """How much of the attention at a place the words can take away, 0 to 1."""
    if anchor.known:
        return _PRIOR * anchor.confidence
    return _PRIOR if _names_spot(place) else 0.0


def _given(place: Place, region: Mask | None) -> _Anchor | None:
    if region is None:
        return None
    known = _known(Proposal.of(region, 1.0), place.landmark.noun if place.landmark else "")
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
    known = [_known(proposal, whole.noun) for proposal in proposals[:2]]
    scale_of, region = known[0], first.mask
    if whole is not landmark:
        span = body_span(landmark.noun, scale_of)
        if span is not None:
            known = [Known(span, landmark.noun)]
    if place.other is not None:
        second = scene.find(target_of(place.other), (landmark.noun,))
        known = [known[0], _known(scene.proposals[second.chosen[0]], place.other.noun)]
    doubt = f"it is doubtful where “{whole.phrase}” is (confidence {finding.confidence:.2f})"
    notes = finding.notes if finding.confidence >= SURE else (doubt, *finding.notes)
    return _Anchor(tuple(known), scale_of, region, finding.confidence, notes)


def _known(proposal: Proposal, noun: str) -> Known:
    crop = proposal.crop
    top = crop[: max(1, round(_TOP * crop.shape[0]))].sum(0, dtype=np.int64)
    middle = float(top @ (np.arange(len(top)) + 0.5)) / float(top.sum())
    return Known(proposal.box_xyxy, noun, proposal.box_xyxy[0] + middle)


def _whole_of(landmark: Landmark) -> Landmark:
    """The person whose head, lap or foot is meant: found more surely than the part."""
    owner = landmark.owner or "person"
    if is_person(owner) and body_span(landmark.noun, Known((0, 0, 100, 280), owner)) is not None:
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
    if _names_spot(place):
        return 0.6
    return 0.1 if place.landmark is None else 0.15


def _names_spot(place: Place) -> bool:
    """Whether it says where in the picture, by itself."""
    told = place.side is not None or place.level is not None or place.depth is not None
    return place.landmark is None and (told or place.corner)


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
