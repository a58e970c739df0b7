"""Decide an edit: intent and shortlists in, a plan with reasons out.

    needs ─▶ base model ─▶ LoRAs ─▶ strengths ─▶ prompts ─▶ denoise and mask ─▶ EditPlan

Nothing is random and nothing is looked up: the same inputs give the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel, Entry
from polaris_core.errors import InvalidInput, NothingFits
from polaris_core.instructions.intent import EditIntent
from polaris_core.planning.adapters import (
    Choice,
    choose_adapters,
    choose_strengths,
    describe_entry,
)
from polaris_core.planning.licences import decide_licence
from polaris_core.planning.needs import check_needs
from polaris_core.planning.plan import Decision, EditPlan, LoraStep, MaskMode, MaskPlan, ModelPick
from polaris_core.planning.prompts import (
    choose_trigger_words,
    join_phrases,
    write_negative,
    write_prompt,
)
from polaris_core.planning.rules import (
    Denoise,
    choose_denoise,
    choose_mask,
    default_negative,
    keeps_look,
)
from polaris_core.retrieval.explain import where_to_get
from polaris_core.retrieval.shortlist import Hit, Shortlist, SlotName

__all__ = ["PlanOptions", "make_plan"]


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the user decides instead of us.

    Raises:
        InvalidInput: A number outside its range.
    """

    style_strength: float | None = None
    """Of style LoRAs, in [-10, 10]; None: as recommended."""
    object_strength: float | None = None
    """Of object LoRAs, in [-10, 10]; None: as recommended."""
    denoise: float | None = None
    """In (0, 1]; None: decided by the edit."""
    extra_negative: str = ""
    """Added to the negative prompt."""
    allow_unknown_base: bool = False
    """Whether a LoRA may be applied where its base model, or the checkpoint's, is unknown."""
    max_loras: int = 2
    """How many LoRAs at the most, ≥ 0."""
    allow_missing: bool = False
    """Whether models may be picked that are not on this disk: such a plan says where to get them,
    and cannot be carried out before."""

    def __post_init__(self) -> None:
        for name in ("style_strength", "object_strength"):
            strength: float | None = getattr(self, name)
            if strength is not None and not -10 <= strength <= 10:
                raise InvalidInput(f"{name} is out of range", value=strength, hint="From -10 to 10")
        if self.denoise is not None and not 0 < self.denoise <= 1:
            hint = "More than 0, up to 1"
            raise InvalidInput("denoise is out of range", value=self.denoise, hint=hint)
        if self.max_loras < 0:
            raise InvalidInput("max_loras is out of range", value=self.max_loras, hint="0 or more")


_DEFAULTS = PlanOptions()


def make_plan(
    intent: EditIntent,
    shortlist: Shortlist,
    *,
    base_model: BaseModel | None = None,
    checkpoint_from_user: bool = False,
    has_picture: bool,
    has_mask: bool,
    options: PlanOptions = _DEFAULTS,
) -> EditPlan:
    """Decide everything about an edit.

    Args:
        intent: What is wanted.
        shortlist: The candidates; the first checkpoint is taken, and the first LoRAs that fit.
        base_model: The base model of the MODEL at hand; None takes the checkpoint's own.
        checkpoint_from_user: Whether the user brings MODEL and CLIP of their own.
        has_picture: Whether there is a picture.
        has_mask: Whether there is a mask.
        options: What the user decides.

    Raises:
        InvalidIntent: The sentence was no edit.
        PictureRequired: The edit changes a picture and there is none.
        MaskRequired: The edit changes a region and there is no mask.
        NothingFits: There is no checkpoint.
        IncompatibleAdapter: A pinned LoRA does not fit the checkpoint.
        InvalidInput: A pinned strength is out of range.
    """
    check_needs(intent, has_picture=has_picture, has_mask=has_mask)
    checkpoint = None if checkpoint_from_user else _checkpoint(shortlist, options)
    base = base_model or (checkpoint.entry.base_model if checkpoint else BaseModel.UNKNOWN)
    choices, adapter_decisions = choose_adapters(
        intent,
        shortlist,
        base=base,
        allow_unknown=options.allow_unknown_base,
        limit=options.max_loras,
        allow_missing=options.allow_missing,
    )
    strengths = {
        SlotName.STYLE: options.style_strength,
        SlotName.OBJECT: options.object_strength,
    }
    choices = choose_strengths(choices, strengths)
    entry = checkpoint.entry if checkpoint else None
    negative = write_negative(intent, base, entry, options.extra_negative)
    style_slot = shortlist.slot(SlotName.STYLE)
    look = style_slot.look if style_slot and keeps_look(intent) else ""
    prompt = write_prompt(intent, look)
    steps: list[LoraStep] = []
    for choice in choices:
        words = choose_trigger_words(choice.hit.entry, prompt, negative)
        prompt = join_phrases([prompt, *words])
        # A long prompt has no room for all of them.
        steps.append(_step(choice, tuple(w for w in words if w in prompt)))
    denoise = choose_denoise(intent)
    if options.denoise is not None:
        denoise = Denoise(options.denoise, "set by you")
    mask = choose_mask(intent)
    return EditPlan(
        intent=intent,
        prompt=prompt,
        negative=negative,
        denoise=denoise.value,
        mask=mask,
        checkpoint=_pick(entry) if entry else None,
        loras=tuple(steps),
        decisions=(
            _decide_checkpoint(checkpoint, base),
            *adapter_decisions,
            *_decide_steps(choices, steps),
            *map(decide_licence, [*([entry] if entry else []), *(c.hit.entry for c in choices)]),
            *_decide_prompts(intent, prompt, negative, base, entry, options, look),
            Decision("denoise", f"{denoise.value:g}", denoise.reason),
            _decide_mask(mask),
            *(
                Decision("not done", r, "only the first request is carried out")
                for r in intent.remaining
            ),
        ),
    )


def _checkpoint(shortlist: Shortlist, options: PlanOptions) -> Hit:
    slot = shortlist.slot(SlotName.CHECKPOINT)
    hits = slot.hits if slot else ()
    # What the user pinned is not exchanged for the next one.
    chosen = hits[:1] if hits and hits[0].pinned else hits
    best = next((h for h in chosen if h.entry.on_disk or options.allow_missing), None)
    if best is None and hits:
        raise NothingFits(
            f"the checkpoint cannot be used: {where_to_get(hits[0].entry)}",
            value=describe_entry(hits[0].entry),
            hint="Get it and scan again, or search only what is on this disk",
        )
    if best is None:
        raise NothingFits(
            "no checkpoint was found",
            value=slot.note if slot else "none was sought",
            hint="Scan a folder of checkpoints, loosen the filters, or bring your own MODEL",
        )
    return best


def _pick(entry: Entry) -> ModelPick:
    return ModelPick(
        name=entry.name,
        file=entry.file,
        base_model=entry.base_model,
        sha256=entry.sha256,
        autov3=entry.autov3,
        size_bytes=entry.size_bytes,
        source=entry.source,
        licence=entry.licence,
        terms=entry.terms,
        real_person=entry.real_person,
        download=entry.download,
    )


def _step(choice: Choice, trigger_words: tuple[str, ...]) -> LoraStep:
    return LoraStep(
        pick=_pick(choice.hit.entry),
        slot=choice.slot,
        strength_model=choice.strength,
        strength_clip=choice.strength,
        trigger_words=trigger_words,
        reason=choice.hit.reason,
    )


def _decide_checkpoint(checkpoint: Hit | None, base: BaseModel) -> Decision:
    if checkpoint is None:
        return Decision("checkpoint", "your own", f"you bring MODEL and CLIP ({base.value})")
    reason = checkpoint.reason or "the best candidate"
    return Decision("checkpoint", describe_entry(checkpoint.entry), reason)


def _decide_steps(choices: list[Choice], steps: list[LoraStep]) -> list[Decision]:
    decisions: list[Decision] = []
    for choice, step in zip(choices, steps, strict=True):
        name = step.pick.name
        strength = f"{step.strength_model:g}"
        decisions.append(Decision(f"strength of {name}", strength, choice.reason))
        if step.trigger_words:
            words = ", ".join(step.trigger_words)
            reason = "it was trained on them; the first few that the prompt did not say yet"
        else:
            words = "none"
            known = choice.hit.entry.trigger_words
            reason = "the prompt has them already or no room" if known else "none are known"
        decisions.append(Decision(f"trigger words of {name}", words, reason))
    return decisions


def _decide_prompts(
    intent: EditIntent,
    prompt: str,
    negative: str,
    base: BaseModel,
    checkpoint: Entry | None,
    options: PlanOptions,
    look: str,
) -> list[Decision]:
    parts = ["the final look"]
    parts += ["style words"] if intent.topics.style else []
    parts += ["the look of the picture"] if look else []
    reason = f"{', '.join(parts)}, then trigger words"
    if not default_negative(base):
        source = f"{base.value} reads none"
    elif checkpoint and checkpoint.negative:
        source = "recommended by the checkpoint's uploader"
    else:
        source = "a small one that suits the base model"
    source = f"{source}, with your own words" if options.extra_negative else source
    return [
        Decision("prompt", prompt, reason),
        Decision("negative", negative or "none", source),
    ]


def _decide_mask(mask: MaskPlan) -> Decision:
    if mask.mode is MaskMode.NONE:
        return Decision("mask", "none", mask.reason)
    filled = ", blanked" if mask.fill else ""
    return Decision("mask", f"inside, widened by {mask.grow_px} px{filled}", mask.reason)
