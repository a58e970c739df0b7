"""Which LoRAs are applied, and how strongly.

Three adapters at the most by default, as in the paper's 4.5: the checkpoint, one LoRA for the style
and one for the object. Further ones, if the user allows more, are taken from the slots in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.errors import IncompatibleAdapter, InvalidInput
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.planning.plan import Decision
from polaris_core.planning.rules import COMBINED_STRENGTH, DEFAULT_STRENGTH, share_strengths
from polaris_core.rerank.allocate import strength_shares
from polaris_core.retrieval.explain import where_to_get
from polaris_core.retrieval.shortlist import Hit, Shortlist, SlotName

__all__ = [
    "Choice",
    "choose_adapters",
    "choose_strengths",
    "describe_entry",
    "trouble_with",
]

_SLOTS = (SlotName.STYLE, SlotName.OBJECT)
_MAX_STRENGTH = 10.0
_SKIPPED_SHOWN = 3
_TAKEN = "it is applied already, or as many LoRAs as you allow are"


@dataclass(frozen=True, slots=True)
class Choice:
    """A LoRA that is applied."""

    hit: Hit
    slot: SlotName
    strength: float = 0.0
    """In [-10, 10]."""
    reason: str = ""
    """Why this strength."""


def choose_adapters(
    intent: EditIntent,
    shortlist: Shortlist,
    *,
    base: BaseModel,
    allow_unknown: bool,
    limit: int,
    allow_missing: bool = False,
) -> tuple[list[Choice], list[Decision]]:
    """The LoRAs to apply, without strengths yet, and why each is or is not there.

    Args:
        intent: What is wanted.
        shortlist: Candidates; of the style and object slots the best that fit are taken.
        base: What the LoRAs must fit.
        allow_unknown: Whether a LoRA may be applied where it, or `base`, is of unknown family.
        limit: How many LoRAs at the most.
        allow_missing: Whether a LoRA may be taken that is not on this disk.

    Raises:
        IncompatibleAdapter: A LoRA that the user pinned cannot be applied.
    """
    decisions: list[Decision] = []
    fitting: dict[SlotName, list[Hit]] = {}
    empty: dict[SlotName, str] = {}
    for name in _SLOTS:
        slot = shortlist.slot(name)
        unwanted = _why_not_sought(intent, name)
        hits = slot.hits if slot else ()
        hits = tuple(h for h in hits if h.pinned) if unwanted else hits
        fitting[name], skipped = _part(hits, base, allow_unknown, allow_missing)
        decisions += skipped[:_SKIPPED_SHOWN]
        note = slot.note if slot else "none was sought"
        empty[name] = unwanted or (_TAKEN if fitting[name] else note) or "no candidate fits"
    choices = _choose(fitting, limit)
    for name in _SLOTS:
        taken = [c.hit for c in choices if c.slot is name]
        decisions += [_decide(name, hit) for hit in taken]
        if not taken:
            decisions.append(Decision(f"{name.value} LoRA", "none", empty[name]))
        pinned = [h for h in fitting[name] if h.pinned and h not in taken]
        decisions += [Decision("left out", describe_entry(h.entry), _TAKEN) for h in pinned]
    return choices, decisions


def choose_strengths(
    choices: Iterable[Choice], options: dict[SlotName, float | None]
) -> list[Choice]:
    """Give each LoRA its strength.

    The user's own comes first (pinned with the LoRA, then per slot), then what its uploader
    recommends, then a default by slot. Of those the user did not set, several of one topic share
    its strength, and all of them share `COMBINED_STRENGTH`.

    Args:
        choices: LoRAs.
        options: The user's strength per slot; None leaves it open.

    Raises:
        InvalidInput: A pinned strength outside [-10, 10].
    """
    choices = list(choices)
    shares = strength_shares([(choice.slot, choice.hit) for choice in choices])
    wanted = [
        _want_share(*_want_strength(choice, options), share)
        for choice, share in zip(choices, shares, strict=True)
    ]
    shared = share_strengths([(c.strength, fixed) for c, fixed in wanted])
    return [
        choice
        if strength == choice.strength
        else Choice(
            choice.hit,
            choice.slot,
            strength,
            f"{choice.reason}; lowered so that the LoRAs add up to {COMBINED_STRENGTH:g}",
        )
        for (choice, _), strength in zip(wanted, shared, strict=True)
    ]


def _want_share(choice: Choice, fixed: bool, share: float) -> tuple[Choice, bool]:
    """The part of its topic's strength that a LoRA gets, unless the user set it."""
    if fixed or share >= 1.0:
        return choice, fixed
    strength = round(choice.strength * share, 2)
    reason = f"{choice.reason}; {share:.0%} of it, for it shares “{choice.hit.topic}”"
    return Choice(choice.hit, choice.slot, strength, reason), False


def describe_entry(entry: Entry) -> str:
    """An entry in a few words: its name, base model and file."""
    where = entry.file or "not on this disk"
    return f"{entry.name} ({entry.base_model.value}, {where})"


def _why_not_sought(intent: EditIntent, name: SlotName) -> str:
    """Why an edit has no use for a slot; empty if it has."""
    if name is not SlotName.OBJECT:
        return ""
    if intent.instruction_type is InstructionType.REMOVE:
        return "a removal brings no new thing"
    if not intent.topics.objects:
        return "no new thing is asked for"
    return ""


def _part(
    hits: Iterable[Hit], base: BaseModel, allow_unknown: bool, allow_missing: bool
) -> tuple[list[Hit], list[Decision]]:
    """Hits that may be applied, in their order, and why the others may not."""
    fitting: list[Hit] = []
    skipped: list[Decision] = []
    for hit in hits:
        trouble = trouble_with(hit.entry, base, allow_unknown)
        if not trouble and not allow_missing:
            trouble = where_to_get(hit.entry)
        if trouble and hit.pinned:
            raise IncompatibleAdapter(
                f"the pinned LoRA cannot be applied: {trouble}",
                value=describe_entry(hit.entry),
                hint="Remove the pin, or choose another checkpoint",
            )
        if trouble:
            skipped.append(Decision("left out", describe_entry(hit.entry), trouble))
        else:
            fitting.append(hit)
    return fitting, skipped


def trouble_with(entry: Entry, base: BaseModel, allow_unknown: bool) -> str:
    """Why a LoRA may not be applied to a checkpoint of this base model; empty if it may."""
    if entry.kind is not Kind.LORA:
        return "it is no LoRA"
    if entry.unsafe:
        return "it is a pickled file, which Polaris never opens"
    if entry.base_model.fits(base):
        return ""
    if BaseModel.UNKNOWN not in (entry.base_model, base):
        return f"it is made for {entry.base_model.value}, and the checkpoint is {base.value}"
    if allow_unknown:
        return ""
    whose = "its" if entry.base_model is BaseModel.UNKNOWN else "the checkpoint's"
    return f"{whose} base model is unknown, and unknown ones are applied only if you allow it"


def _choose(fitting: dict[SlotName, list[Hit]], limit: int) -> list[Choice]:
    """Pinned hits first, then one of each slot in turn; each LoRA once, `limit` in all.

    A slot takes no more than its half of `limit`, unless more are pinned.
    """
    seen: set[object] = set()
    choices: list[Choice] = []
    share = (limit + 1) // len(_SLOTS)
    for pinned in (True, False):
        queues = {name: [h for h in hits if h.pinned is pinned] for name, hits in fitting.items()}
        for place in range(max(map(len, queues.values()), default=0)):
            for name, queue in queues.items():
                full = not pinned and sum(c.slot is name for c in choices) >= share
                if full or place >= len(queue) or len(choices) >= limit:
                    continue
                marks = _marks(queue[place].entry)
                if not marks & seen:
                    seen |= marks
                    choices.append(Choice(queue[place], name))
    return sorted(choices, key=lambda c: _SLOTS.index(c.slot))


def _decide(name: SlotName, hit: Hit) -> Decision:
    reason = hit.reason or ("pinned by you" if hit.pinned else "the best candidate")
    return Decision(f"{name.value} LoRA", describe_entry(hit.entry), reason)


def _marks(entry: Entry) -> set[object]:
    """What makes an entry the same LoRA as another."""
    marks: set[object] = {("file", entry.file)} if entry.file else {("name", entry.name)}
    marks |= {("id", entry.id)} if entry.id else set()
    return marks | ({("sha256", entry.sha256)} if entry.sha256 else set())


def _want_strength(choice: Choice, options: dict[SlotName, float | None]) -> tuple[Choice, bool]:
    """The choice with the strength it should have alone, and whether the user set it."""
    pinned = next((s.score for s in choice.hit.sources if s.source == "strength"), None)
    mine = pinned if pinned is not None else options.get(choice.slot)
    if mine is not None:
        if not -_MAX_STRENGTH <= mine <= _MAX_STRENGTH:
            raise InvalidInput(
                "a strength is out of range", value=repr(mine), hint="From -10 to 10"
            )
        return Choice(choice.hit, choice.slot, mine, "set by you"), True
    if choice.hit.entry.strength:
        strength = choice.hit.entry.strength
        reason = f"its uploader recommends {strength:g}"
    else:
        strength = DEFAULT_STRENGTH[choice.slot]
        reason = f"the usual {strength:g}, since nobody recommends another"
    return Choice(choice.hit, choice.slot, strength, reason), False
