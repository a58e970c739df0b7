"""From an intent and proposals to the region that an edit may change.

    intent ─▶ targets ─┐
    picture ─▶ scene ──┴─▶ findings ─▶ union ─▶ room, holes, edge ─▶ RegionMask
                            (background: complement; addition: place of the new thing)

The method is the paper's 4.3. Beyond it: several things at once, places and ranks, backgrounds,
numbers to choose by, and a confidence that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import PictureTextEncoder, RGBImage
from polaris_core.encoders.checks import checked_image
from polaris_core.errors import InvalidInput, InvalidIntent, MaskRequired
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.progress import Progress, silent
from polaris_core.regions.algebra import (
    box_mask,
    feather,
    fill_holes,
    grow,
    hard,
    largest_parts,
    soft,
)
from polaris_core.regions.drafting import Draft, draft_of, means_all, rivals_of, sought
from polaris_core.regions.proposal import Mask, Proposal
from polaris_core.regions.region import SURE, Candidate, RegionMask
from polaris_core.regions.room import with_room
from polaris_core.regions.scene import Scene
from polaris_core.regions.scoring import check_encoder
from polaris_core.regions.targets import Half

__all__ = ["ground"]

_HOLE, _SPECK = 0.01, 0.005
"""Of a region: smaller holes, as shares of it, are filled; smaller parts, as shares of its largest,
are dropped."""
_RUNNERS_UP = 3


def ground(
    picture: RGBImage,
    intent: EditIntent,
    proposals: Sequence[Proposal],
    encoder: PictureTextEncoder | None = None,
    *,
    choice: int | Sequence[int] | None = None,
    attention: npt.NDArray[Any] | None = None,
    anchor_region: npt.NDArray[Any] | None = None,
    grow_px: int = 0,
    feather_px: int = 0,
    progress: Progress = silent,
) -> RegionMask:
    """Find the region that an edit may change.

    Args:
        picture: `h w 3`, bytes.
        intent: What is to be done. Kinds that change the whole picture get a mask of all of it.
        proposals: Regions of this picture, in any order.
        encoder: Of pictures and texts in one space; None judges by place and size alone.
        choice: Numbers of candidates, as drawn on the preview, to take instead of the best; of a
            background, the numbers of what stands before it. None or nothing decides by score.
        attention: `h w`, 0 to 1, for additions: how much an InstructPix2Pix model looks at the
            new thing's words there.
        anchor_region: `h w`, 0 to 1, for additions: the landmark, where it is known.
        grow_px: By how much the region is widened at the end, or narrowed if negative.
        feather_px: How far a soft edge reaches to either side.
        progress: Called between regions and batches.

    Raises:
        InvalidInput: A picture, proposal, map or choice that cannot be used, or an encoder that
            cannot compare pictures with texts.
        InvalidIntent: The sentence was no edit, or does not say what to change.
        MaskRequired: There is no region: nothing was proposed, or nothing is left.
    """
    checked_image(picture)
    size_hw = (picture.shape[0], picture.shape[1])
    _check(intent, proposals, encoder, size_hw)
    looked = None if attention is None else soft(attention, size_hw, "the attention map")
    anchor = None if anchor_region is None else soft(anchor_region, size_hw, "the anchor's region")
    if anchor is not None and not hard(anchor).any():
        raise InvalidInput("the anchor's region is empty", hint="Leave it out, or mark the anchor")
    numbers = _numbers(choice)
    if means_all(intent):
        return _whole(intent, size_hw)
    scene = Scene(picture, proposals, encoder, rivals_of(intent), progress)
    region = None if anchor is None else hard(anchor)
    draft = draft_of(intent, scene, size_hw, looked, region)
    return _finished(draft, intent, scene, numbers, (grow_px, feather_px))


def _finished(
    draft: Draft,
    intent: EditIntent,
    scene: Scene,
    numbers: tuple[int, ...],
    edge_px: tuple[int, int],
) -> RegionMask:
    found = set(draft.chosen)
    order = sorted(range(len(draft.scores)), key=lambda i: (i not in found, -draft.scores[i]))
    chosen, confidence, notes = draft.chosen, draft.confidence, draft.notes
    if numbers:
        if max(numbers) > len(order):
            raise InvalidInput(
                "there is no such region", value=max(numbers), hint=f"Choose from 1 to {len(order)}"
            )
        chosen, confidence = tuple(order[n - 1] for n in numbers), 1.0
        notes = [f"chosen by you: {', '.join(map(str, numbers))}"]
    if draft.mask is not None and not numbers:
        mask = draft.mask
    else:
        mask, more = _merged(draft, intent, scene, chosen)
        notes += more
    if not scene.sees and not numbers and intent.instruction_type is not InstructionType.ADD:
        notes.append("without an encoder regions are judged by place and size alone")
    mask = grow(mask, edge_px[0])
    _check_result(mask, intent)
    candidates = tuple(
        Candidate(number, scene.proposals[i], draft.scores[i], draft.parts[i])
        for number, i in enumerate(order, 1)
    )
    taken = tuple(sorted(order.index(i) + 1 for i in chosen))
    doubts = [] if confidence >= SURE else [_doubt(confidence, candidates, taken)]
    return RegionMask(
        mask=feather(mask, edge_px[1]),
        sought=sought(intent),
        confidence=confidence,
        candidates=candidates,
        chosen=taken,
        notes=(*doubts, *dict.fromkeys(notes), f"{mask.mean():.1%} of the picture"),
    )


def _merged(
    draft: Draft, intent: EditIntent, scene: Scene, chosen: Sequence[int]
) -> tuple[Mask, list[str]]:
    """One mask of the chosen regions, each with the room it needs."""
    result: Mask | None = None
    notes: list[str] = []
    for index in chosen:
        mask = _tidy(scene.proposals[index].mask)
        if index in draft.halves:
            mask &= _half_of(scene.proposals[index], draft.halves[index])
        if not draft.outside:
            mask, note = with_room(mask, intent)
            notes += [note] if note else []
        result = mask if result is None else result | mask
    if result is None:
        raise MaskRequired(
            "no region of the picture seems to be meant",
            value=sought(intent),
            hint="Choose regions by their numbers, name what stands in the foreground, "
            "or draw a mask",
        )
    return (~_filled(result) if draft.outside else result), notes


def _half_of(proposal: Proposal, half: Half) -> Mask:
    left, top, right, bottom = proposal.box_xyxy
    upper = round(top + half.top * (bottom - top))
    lower = max(upper + 1, round(top + half.bottom * (bottom - top)))
    return box_mask((left, upper, right, lower), proposal.size_hw)


def _tidy(mask: Mask) -> Mask:
    return largest_parts(_filled(mask), _SPECK)


def _filled(mask: Mask) -> Mask:
    return fill_holes(mask, int(_HOLE * np.count_nonzero(mask)))


def _doubt(confidence: float, candidates: Sequence[Candidate], taken: Sequence[int]) -> str:
    others = [c for c in candidates if c.number not in taken][:_RUNNERS_UP]
    listed = ", ".join(f"{c.number} ({c.score:.2f})" for c in others)
    what = "the next best are" if taken else "regions there are"
    others_told = f"; {what} {listed}: choose by number if one of them is meant"
    return f"not sure: confidence {confidence:.2f}{others_told if listed else ''}"


def _whole(intent: EditIntent, size_hw: tuple[int, int]) -> RegionMask:
    note = "the whole picture changes, so that no region is sought"
    return RegionMask(np.ones(size_hw, np.float32), sought(intent), 1.0, notes=(note,))


def _numbers(choice: int | Sequence[int] | None) -> tuple[int, ...]:
    given = () if choice is None else (choice,) if isinstance(choice, int) else tuple(choice)
    if given == (0,):
        return ()
    if any(number < 1 for number in given):
        raise InvalidInput("regions are numbered from 1", value=min(given))
    return tuple(dict.fromkeys(given))


def _check(
    intent: EditIntent,
    proposals: Sequence[Proposal],
    encoder: PictureTextEncoder | None,
    size_hw: tuple[int, int],
) -> None:
    if intent.instruction_type is InstructionType.OTHER:
        raise InvalidIntent(
            "the instruction asks for nothing that can be done",
            value=intent.instruction,
            hint=intent.explanation or "Say what to replace, add, remove or restyle",
        )
    if intent.instruction_type.is_local and not intent.subject.strip():
        raise InvalidIntent("the intent does not say what to change", value=intent.instruction)
    if encoder is not None:
        check_encoder(encoder)
    for proposal in proposals:
        if proposal.size_hw != size_hw:
            raise InvalidInput(
                "a proposal is of a picture of another size",
                value=f"{_size(proposal.size_hw)}, picture {_size(size_hw)}",
            )


def _size(size_hw: tuple[int, int]) -> str:
    return f"{size_hw[1]}x{size_hw[0]}"


def _check_result(mask: Mask, intent: EditIntent) -> None:
    if not mask.any():
        raise MaskRequired(
            "nothing of the picture is left to change",
            value=sought(intent),
            hint="Narrow the region less, choose others by number, or draw a mask",
        )
