"""Room for a thing of another outline than the one it replaces."""

from __future__ import annotations

import math

import numpy as np

from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.instructions.phrases import read_thing
from polaris_core.instructions.words import read_words
from polaris_core.regions.algebra import box_mask, box_of, grow
from polaris_core.regions.proposal import Mask
from polaris_core.regions.sizes import size_of

__all__ = ["head_noun", "with_room"]

_MARGIN = 0.15
"""Of the edge of a square as large as what is grown."""
_MOST_STRETCH = 3.0
"""A thing's box is never made longer than so many times the old one."""


def head_noun(phrase: str) -> str:
    """The noun of a phrase, in the singular: the "cat" of "black cat wearing a hat"."""
    return read_thing(read_words(phrase[:500])).head


def with_room(mask: Mask, intent: EditIntent) -> tuple[Mask, str]:
    """The region of one thing, grown to what the edit needs, and why; no reason if it stays.

    A thing that becomes another of the same outline keeps its region. A thing of another outline
    gets a box as large as the old one's, in the usual proportions of the new thing, standing where
    the old one stood, beside all of the old region, which has to go.

    Args:
        mask: The region of a single thing.
        intent: What is to be done with it.
    """
    kind, box = intent.instruction_type, box_of(mask)
    local = (InstructionType.CATEGORY_CHANGE, InstructionType.LOCAL_STYLE)
    if intent.contour_compatible or kind not in local or box is None:
        return mask, ""
    margin = max(1, round(_MARGIN * math.sqrt(int(np.count_nonzero(mask)))))
    if kind is InstructionType.LOCAL_STYLE:
        return grow(mask, margin), f"grown by {margin} px, since the look changes the shape too"
    left, top, right, bottom = box
    height, width = float(bottom - top), float(right - left)
    new = size_of(head_noun(intent.object_words))
    why = "its usual proportions are unknown, so it gets the box of the old thing"
    if new is not None:
        side = math.sqrt(height * width)
        tall = math.sqrt(min(_MOST_STRETCH**2, max(_MOST_STRETCH**-2, new.aspect)))
        height, width = side * tall, side / tall
        why = f"it gets a box of its usual proportions, {new.aspect:.2g} times as high as wide"
    middle = (left + right) / 2
    room = (
        round(middle - width / 2 - margin),
        round(bottom - height - margin),
        round(middle + width / 2 + margin),
        bottom + margin,
    )
    reason = f"“{intent.object_words}” has another outline than “{intent.subject}”: {why}"
    return mask | box_mask(room, (mask.shape[0], mask.shape[1])), reason
