"""The recipe of an edit: everything that was decided, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from polaris_core.catalogue.entry import UNKNOWN_TERMS, BaseModel, Terms
from polaris_core.instructions.intent import EditIntent
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["Decision", "EditPlan", "LoraStep", "MaskMode", "MaskPlan", "ModelPick"]


@dataclass(frozen=True, slots=True)
class ModelPick:
    """A file chosen, written so that it can be found elsewhere."""

    name: str
    file: str
    """Relative to its model folder, with `/`, as ComfyUI lists it; empty if it is not here."""
    base_model: BaseModel
    sha256: str = ""
    """Empty if it has not been computed."""
    autov3: str = ""
    size_bytes: int = 0
    source: str = ""
    """Where it can be had; empty if unknown."""
    licence: str = ""
    terms: Terms = UNKNOWN_TERMS
    """What the licence allows, as far as it is known."""
    real_person: bool = False
    """Whether it shows the likeness of a real person."""
    download: str = ""
    """The address of the file itself, http or https; empty if unknown."""


@dataclass(frozen=True, slots=True)
class LoraStep:
    """A LoRA to apply."""

    pick: ModelPick
    slot: SlotName
    strength_model: float
    """In [-10, 10]."""
    strength_clip: float
    """In [-10, 10]."""
    trigger_words: tuple[str, ...] = ()
    """Those added to the prompt."""
    reason: str = ""


class MaskMode(str, enum.Enum):
    """What the mask is for."""

    NONE = "none"
    """The whole picture is made anew or restyled."""
    INSIDE = "inside"
    """Only pixels under the mask change."""


@dataclass(frozen=True, slots=True)
class MaskPlan:
    """How the mask is used."""

    mode: MaskMode
    grow_px: int = 0
    """By how much the mask is widened, in pixels of the picture, ≥ 0."""
    fill: bool = False
    """Whether what lies under the mask is blanked before encoding, so that nothing of its shape
    stays (new contour), instead of being noised over."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that was decided, in plain words."""

    what: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class EditPlan:
    """Everything the host needs to carry out an edit."""

    intent: EditIntent
    prompt: str
    negative: str
    denoise: float
    """In (0, 1]."""
    mask: MaskPlan
    checkpoint: ModelPick | None = None
    """None if the user brings MODEL and CLIP of their own."""
    loras: tuple[LoraStep, ...] = ()
    decisions: tuple[Decision, ...] = ()
    version: int = 1
