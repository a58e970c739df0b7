"""The Polaris nodes of a workflow, as far as models are named in their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polaris_core.errors import InvalidInput
from polaris_core.page.fields import Fields
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.serialize import plan_from_json
from polaris_core.retrieval.shortlist import SlotName

__all__ = [
    "CHECKPOINT_RETRIEVER",
    "EDITOR",
    "LORA_RETRIEVER",
    "Editor",
    "PolarisNodes",
    "Retriever",
]

CHECKPOINT_RETRIEVER = "PolarisCheckpointRetriever"
LORA_RETRIEVER = "PolarisLoraRetriever"
EDITOR = "PolarisAdaptiveEditor"

_MOST_NODES = 500
_MOST_PICKS = 64
_NAME = 200
_TEXT = 1_000_000
_SLOTS = {slot.value: slot for slot in SlotName}


@dataclass(frozen=True, slots=True)
class Retriever:
    """A node whose input `pins` names models."""

    pins: str = ""
    picks: tuple[tuple[SlotName, int], ...] = ()
    """What it picked last: the slot, and the entry's id."""


@dataclass(frozen=True, slots=True)
class Editor:
    """A node whose input `plan_json` may hold a plan."""

    plan: EditPlan | None = None
    checkpoint: str = ""
    """The node that gives it its checkpoint; empty if that is none of ours."""
    loras: str = ""
    """The node that gives it its LoRAs."""


@dataclass(frozen=True, slots=True)
class PolarisNodes:
    """All of them, by the number or path a workflow gives each."""

    retrievers: Mapping[str, Retriever] = field(default_factory=dict[str, Retriever])
    editors: Mapping[str, Editor] = field(default_factory=dict[str, Editor])

    @staticmethod
    def of(fields: Fields) -> PolarisNodes:
        """From the body of a request.

        Raises:
            InvalidInput: A field cannot be used.
            InvalidPlan: A plan cannot.
        """
        retrievers: dict[str, Retriever] = {}
        editors: dict[str, Editor] = {}
        for name, value in fields.mapping("nodes", _MOST_NODES).items():
            if not 0 < len(name) <= _NAME:
                raise InvalidInput("not the name of a node", value=name)
            known = ("type", "pins", "picks", "plan", "checkpoint", "loras")
            node = Fields.of_json(value, known)
            kind = node.text("type")
            if kind == EDITOR:
                editors[name] = _editor(node)
            elif kind in (CHECKPOINT_RETRIEVER, LORA_RETRIEVER):
                retrievers[name] = _retriever(node)
            else:
                hint = f"One of {CHECKPOINT_RETRIEVER}, {LORA_RETRIEVER}, {EDITOR}"
                raise InvalidInput("no such type of node is frozen", value=kind, hint=hint)
        return PolarisNodes(retrievers, editors)


def _retriever(node: Fields) -> Retriever:
    rows = node.rows("picks", _MOST_PICKS)
    picks: list[tuple[SlotName, int]] = []
    for row in rows:
        pick = Fields.of_json(row, ("slot", "entry"))
        slot = pick.one_of("slot", _SLOTS, None)
        picks.append((slot, pick.number("entry", None, 1, 2**63 - 1)))
    return Retriever(node.text("pins", "", _TEXT), tuple(picks))


def _editor(node: Fields) -> Editor:
    plan = node.text("plan", "", _TEXT)
    return Editor(
        plan_from_json(plan) if plan.strip() else None,
        node.text("checkpoint", "", _NAME),
        node.text("loras", "", _NAME),
    )
