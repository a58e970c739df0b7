"""The numbers an edit is made with, and why.

The adapters follow the paper's 4.5 (checkpoint, style LoRA, object LoRA). The paper gives no
numbers; these are ours, chosen by what each kind of edit has to keep of the old pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.instructions.qualities import COLOURS
from polaris_core.instructions.style_names import STYLES
from polaris_core.planning.plan import MaskMode, MaskPlan
from polaris_core.retrieval.shortlist import SlotName

__all__ = [
    "COMBINED_STRENGTH",
    "DEFAULT_STRENGTH",
    "Denoise",
    "choose_denoise",
    "choose_mask",
    "default_negative",
    "keeps_look",
    "share_strengths",
]

DEFAULT_STRENGTH = {SlotName.STYLE: 0.8, SlotName.OBJECT: 0.9}
"""Where no strength is recommended: the look a little lighter than the thing."""

COMBINED_STRENGTH = 2.0
"""LoRAs decided by us do not add up to more: beyond, pictures burn out. Two at full strength may;
lowered to 1.4 together, the style LoRA often did not show (measured in the miniature world)."""

_GROW_SAME_PX = 8
_GROW_NEW_PX = 32
_NO_NEGATIVE = frozenset({BaseModel.FLUX})
_NEGATIVE = "worst quality, low quality, blurry, watermark, text"


@dataclass(frozen=True, slots=True)
class Denoise:
    """How far the result may go from the picture."""

    value: float
    """In (0, 1]."""
    reason: str


def choose_denoise(intent: EditIntent) -> Denoise:
    """The denoise for an edit, by its type and whether the new shape fits the old outline."""
    kind = intent.instruction_type
    if kind is InstructionType.GLOBAL_STYLE:
        return Denoise(0.6, "a new look for the whole picture, whose layout must stay")
    if kind is InstructionType.LOCAL_STYLE:
        if intent.contour_compatible and keeps_look(intent):
            return Denoise(0.7, "the thing keeps its shape and the way it is drawn")
        if intent.contour_compatible:
            return Denoise(0.8, "the thing keeps its shape and is drawn anew")
        return Denoise(0.85, "the look changes the shape too, so more of it is made anew")
    if kind is InstructionType.CATEGORY_CHANGE:
        if intent.contour_compatible:
            return Denoise(0.85, "the new thing fits the old outline, which may guide it")
        return Denoise(1.0, "the new thing has another outline, so nothing of the old may stay")
    if kind is InstructionType.ADD:
        return Denoise(1.0, "nothing is there yet that could guide the new thing")
    if kind is InstructionType.REMOVE:
        return Denoise(1.0, "nothing of the thing may stay")
    return Denoise(1.0, "a new picture starts from nothing")


def keeps_look(intent: EditIntent) -> bool:
    """Whether what changes is to be drawn as the picture is: no style is asked for, or a colour."""
    if intent.instruction_type in (InstructionType.GLOBAL_STYLE, InstructionType.NEW_PICTURE):
        return False
    asked = intent.topics.style.lower().split()
    return all(word in COLOURS for word in asked) and not _says_style(intent.generation_prompt)


def _says_style(text: str) -> bool:
    """Whether the name of a style stands in it, even where it may mean a material."""
    words = text.lower().replace(",", " ").split()
    ends = range(1, len(words) + 1)
    return any(tuple(words[max(0, end - n) : end]) in STYLES for end in ends for n in (1, 2, 3))


def choose_mask(intent: EditIntent) -> MaskPlan:
    """How the mask is used, by type and outline."""
    kind = intent.instruction_type
    if not kind.is_local:
        whole = kind is InstructionType.GLOBAL_STYLE
        reason = "the whole picture changes" if whole else "the picture is made anew"
        return MaskPlan(MaskMode.NONE, reason=reason)
    if kind is InstructionType.ADD:
        reason = "blanked and widened: the new thing needs room and no shape of what is there"
        return MaskPlan(MaskMode.INSIDE, _GROW_NEW_PX, fill=True, reason=reason)
    if kind is InstructionType.REMOVE:
        reason = "blanked and widened, so that no rim or shadow of the thing stays"
        return MaskPlan(MaskMode.INSIDE, _GROW_NEW_PX // 2, fill=True, reason=reason)
    if intent.subject.strip().lower() == "background":
        return MaskPlan(MaskMode.INSIDE, 0, reason="not widened, so that what stands before stays")
    if intent.contour_compatible and not keeps_look(intent) and kind is InstructionType.LOCAL_STYLE:
        reason = "widened, since the new look needs room; the old pixels guide the shape"
        return MaskPlan(MaskMode.INSIDE, _GROW_NEW_PX, reason=reason)
    if intent.contour_compatible:
        reason = "widened a little, so that the edge blends; the old pixels guide the shape"
        return MaskPlan(MaskMode.INSIDE, _GROW_SAME_PX, reason=reason)
    reason = "blanked and widened, since the new shape needs room beyond the old outline"
    return MaskPlan(MaskMode.INSIDE, _GROW_NEW_PX, fill=True, reason=reason)


def share_strengths(wanted: list[tuple[float, bool]]) -> list[float]:
    """Scale down strengths so that their sizes add up to `COMBINED_STRENGTH` at most.

    Args:
        wanted: Strengths, and for each whether the user set it: those stay as they are, and do not
            count for the others.

    Returns:
        The strengths in the same order, scaled ones rounded to hundredths. One alone stays.
    """
    free = [abs(strength) for strength, fixed in wanted if not fixed]
    if len(free) < 2 or sum(free) <= COMBINED_STRENGTH:
        return [strength for strength, _ in wanted]
    factor = COMBINED_STRENGTH / sum(free)
    return [s if fixed else round(s * factor, 2) for s, fixed in wanted]


def default_negative(base: BaseModel | None) -> str:
    """A small negative prompt; empty for base models that read none."""
    return "" if base in _NO_NEGATIVE else _NEGATIVE
