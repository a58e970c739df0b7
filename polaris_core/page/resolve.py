"""Which of the models that a workflow names are here, and where the others came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.store import Store
from polaris_core.page.cards import Json
from polaris_core.page.nodes import PolarisNodes
from polaris_core.planning.plan import EditPlan, ModelPick
from polaris_core.planning.replay import identity_of_pick
from polaris_core.retrieval.candidates import kind_of_slot
from polaris_core.retrieval.identity import FileIdentity, Hash, Match, find_file
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["resolve"]


@dataclass(frozen=True)
class _Wanted:
    node: str
    input: str
    slot: SlotName | None
    file: str
    identity: FileIdentity


def resolve(nodes: PolarisNodes, store: Store, hashed: Hash) -> Json:
    """Find every model that is named: by hash, then by name and size.

    Args:
        nodes: Of the workflow.
        store: Knows the files.
        hashed: Tells a file's SHA-256; asked only of files that may be the one that is meant.

    Returns:
        `models`, a row for each, and `missing`, those of them that are not here.

    Raises:
        InvalidInput: A line of pins cannot be read.
        Cancelled: The user stopped it.
        PolarisError: As `hashed` does.
    """
    rows = [_row(wanted, _found(wanted, store, hashed)) for wanted in _all(nodes)]
    return {"models": rows, "missing": [row for row in rows if row["status"] == "missing"]}


def _all(nodes: PolarisNodes) -> Iterator[_Wanted]:
    for name, retriever in nodes.retrievers.items():
        for pin in Pins.parse(retriever.pins).pinned():
            yield _of_pin(name, pin)
    for name, editor in nodes.editors.items():
        if editor.plan is not None:
            yield from _of_plan(name, editor.plan)


def _of_pin(node: str, pin: Pin) -> _Wanted:
    return _Wanted(node, "pins", pin.slot, pin.name, pin.identity or FileIdentity())


def _of_plan(node: str, plan: EditPlan) -> Iterator[_Wanted]:
    picks: list[tuple[SlotName, ModelPick]] = [(step.slot, step.pick) for step in plan.loras]
    if plan.checkpoint:
        picks.insert(0, (SlotName.CHECKPOINT, plan.checkpoint))
    for slot, pick in picks:
        yield _Wanted(node, "plan_json", slot, pick.file or pick.name, identity_of_pick(pick))


def _found(wanted: _Wanted, store: Store, hashed: Hash) -> Match | None:
    kinds = [kind_of_slot(wanted.slot)] if wanted.slot else [Kind.CHECKPOINT, Kind.LORA]
    matches = (
        find_file(wanted.identity, wanted.file, store, kind=kind, hashed=hashed) for kind in kinds
    )
    return next((match for match in matches if match), None)


def _row(wanted: _Wanted, match: Match | None) -> Json:
    identity = wanted.identity
    return {
        "node": wanted.node,
        "input": wanted.input,
        "slot": wanted.slot and wanted.slot.value,
        "name": identity.name or wanted.file,
        "file": wanted.file,
        "sha256": identity.sha256,
        "size_bytes": identity.size_bytes,
        "source": identity.source,
        "status": "found" if match else "missing",
        "by": match.by if match else "",
        "entry": match.entry.id if match else None,
        "found_file": match.entry.file if match else "",
    }
