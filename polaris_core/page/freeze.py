"""Write every pick into the workflow so that it means the same elsewhere.

plans ─┬─▶ the checkpoint's pin, the LoRAs' pins: name, sha256, size, source
picks ─┘   the editor's plan_json, signed

All of it is ordinary inputs: what is frozen is seen, saved, shared and undone like anything typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.catalogue.store import Store
from polaris_core.errors import Cancelled, PolarisError, UnknownModel
from polaris_core.page.cards import Json
from polaris_core.page.nodes import Editor, PolarisNodes, Retriever
from polaris_core.page.pin_text import lines_about
from polaris_core.page.problems import told
from polaris_core.planning.plan import EditPlan, ModelPick
from polaris_core.planning.replay import identity_of_pick, sign
from polaris_core.planning.serialize import plan_to_json
from polaris_core.retrieval.candidates import kind_of_slot
from polaris_core.retrieval.identity import Hash, find_file, identity_of
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["freeze"]


@dataclass
class _Written:
    edits: list[Json]
    frozen: list[Json]
    problems: list[Json]


def freeze(nodes: PolarisNodes, store: Store, hashed: Hash) -> Json:
    """What is to be written into which inputs.

    A plan's files go before the picks of the retrievers it came from. Files that are not here are
    frozen by what the plan knows of them.

    Args:
        nodes: Of the workflow.
        store: Knows the files.
        hashed: Tells a file's SHA-256, computing it if need be.

    Returns:
        `edits` (node, input, value), `frozen` (what is meant, row by row), `problems`.

    Raises:
        Cancelled: The user stopped it.
        StoreProblem: The catalogue cannot be used.
    """
    written = _Written([], [], [])
    pins: dict[str, list[Pin]] = {}
    for name, editor in nodes.editors.items():
        if editor.plan is not None:
            _freeze_plan(name, editor, editor.plan, pins, store, hashed, written)
    for name, retriever in nodes.retrievers.items():
        try:
            lines = pins.get(name) or _of_picks(retriever, store, hashed)
            text = _with_lines(retriever.pins, lines, store)
        except Cancelled:
            raise
        except PolarisError as error:
            written.problems.append({"node": name, **told(error)})
            continue
        if text != retriever.pins:
            written.edits.append({"node": name, "input": "pins", "value": text})
        written.frozen += [_row(name, pin) for pin in lines]
    return {"edits": written.edits, "frozen": written.frozen, "problems": written.problems}


def _freeze_plan(
    name: str,
    editor: Editor,
    plan: EditPlan,
    pins: dict[str, list[Pin]],
    store: Store,
    hashed: Hash,
    written: _Written,
) -> None:
    try:
        plan = sign(plan, store, hashed)
    except UnknownModel as error:  # it was made elsewhere: what it knows itself has to do
        written.problems.append({"node": name, **told(error)})
    written.edits.append({"node": name, "input": "plan_json", "value": plan_to_json(plan)})
    if plan.checkpoint and editor.checkpoint:
        line = _line(plan.checkpoint, SlotName.CHECKPOINT, None)
        pins.setdefault(editor.checkpoint, []).append(line)
    if editor.loras:
        lines = [_line(step.pick, step.slot, step.strength_model) for step in plan.loras]
        pins.setdefault(editor.loras, []).extend(lines)


def _line(pick: ModelPick, slot: SlotName, strength: float | None) -> Pin:
    return Pin(pick.file or pick.name, False, slot, strength, identity_of_pick(pick))


def _of_picks(retriever: Retriever, store: Store, hashed: Hash) -> list[Pin]:
    """Lines for what was picked last; without that, for what is pinned by name."""
    lines: list[Pin] = []
    for slot, id in retriever.picks:
        entry = hashed(store.entry(id))
        about = lines_about(retriever.pins, store, entry).values()
        strength = next((pin.strength for pin in about if not pin.ban), None)
        lines.append(Pin(entry.file or entry.name, False, slot, strength, identity_of(entry)))
    if lines:
        return lines
    for pin in Pins.parse(retriever.pins).pinned():
        kinds = [kind_of_slot(slot) for slot in ([pin.slot] if pin.slot else SlotName)]
        found = [e for e in store.resolve(pin.name) if e.on_disk and e.kind in kinds]
        if pin.identity is None and found:
            entry = hashed(found[0])
            lines.append(Pin(entry.file, False, pin.slot, pin.strength, identity_of(entry)))
    return lines


def _with_lines(text: str, pins: list[Pin], store: Store) -> str:
    """The text with these pins in front, in place of the lines that meant the same."""
    lines = text.splitlines()
    replaced: set[int] = set()
    for pin in pins:
        replaced |= _lines_meaning(text, lines, pin, store)
    kept = [line for number, line in enumerate(lines) if number not in replaced]
    return "\n".join([*map(str, pins), *kept])


def _lines_meaning(text: str, lines: Iterable[str], pin: Pin, store: Store) -> set[int]:
    """Numbers of the lines that name the file of a pin, here or by what they say themselves."""
    same: set[int] = set()
    for number, line in enumerate(lines):
        for other in Pins.parse(line).lines:
            hashes = (
                pin.identity and pin.identity.sha256,
                other.identity and other.identity.sha256,
            )
            if other.name == pin.name or (hashes[0] and hashes[0] == hashes[1]):
                same.add(number)
    for kind in {kind_of_slot(slot) for slot in ([pin.slot] if pin.slot else SlotName)}:
        here = pin.identity and find_file(pin.identity, pin.name, store, kind=kind)
        if here:
            same |= set(lines_about(text, store, here.entry))
    return same


def _row(node: str, pin: Pin) -> Json:
    identity = pin.identity
    return {
        "node": node,
        "slot": pin.slot and pin.slot.value,
        "name": identity.name if identity else pin.name,
        "file": pin.name,
        "sha256": identity.sha256 if identity else "",
        "size_bytes": identity.size_bytes if identity else 0,
        "source": identity.source if identity else "",
    }
