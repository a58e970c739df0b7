"""Pin lines as a click changes them: the one place where they are written for the page.

Lines that are not about the entry, remarks among them, keep their words and their place.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput
from polaris_core.page.cards import pin_name
from polaris_core.retrieval.candidates import kind_of_slot
from polaris_core.retrieval.identity import find_file
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["Action", "PinState", "edit_pins", "lines_about", "states_of"]


class Action(str, enum.Enum):
    """What a click asks for."""

    PIN = "pin"
    BAN = "ban"
    CLEAR = "clear"
    STRENGTH = "strength"


@dataclass(frozen=True, slots=True)
class PinState:
    """What a text of pins says of an entry."""

    pinned: bool = False
    banned: bool = False
    strength: float | None = None
    slot: SlotName | None = None
    frozen: bool = False
    """Whether the very file is meant."""


def edit_pins(
    text: str,
    store: Store,
    entry: Entry,
    action: Action,
    *,
    slot: SlotName | None = None,
    strength: float | None = None,
) -> str:
    """The text after a click.

    An entry has one line at the most afterwards, at the place of its first one, else at the end.

    Args:
        text: Of the node's input `pins`.
        store: Knows what the lines name.
        entry: What was clicked.
        action: Pinning lifts a ban and the reverse; a strength for what is not pinned pins it, and
            keeps the slot of what is.
        slot: Where it is to be used; None: wherever it fits.
        strength: In [-10, 10]; None leaves it to the planner, and for `PIN` as it was.

    Raises:
        InvalidInput: A line of the text cannot be read, or a slot does not take such an entry.
        StoreProblem: The catalogue cannot be used.
    """
    if slot is not None and kind_of_slot(slot) is not entry.kind:
        raise InvalidInput(f"a {entry.kind.value} cannot fill this slot", value=slot.value)
    if strength is not None and entry.kind is kind_of_slot(SlotName.CHECKPOINT):
        raise InvalidInput("a checkpoint has no strength", value=strength)
    about = lines_about(text, store, entry)
    before = next((pin for pin in about.values() if not pin.ban), None)
    line = _line(entry, action, slot, strength, before)
    if line is None and not about:
        return text
    lines = text.splitlines()
    kept = [(number, old) for number, old in enumerate(lines) if number not in about]
    if line is not None:
        kept = sorted([*kept, (min(about, default=len(lines)), str(line))])
    return "\n".join(old for _, old in kept)


def _line(
    entry: Entry, action: Action, slot: SlotName | None, strength: float | None, before: Pin | None
) -> Pin | None:
    if action is Action.CLEAR:
        return None
    if action is Action.BAN:
        return Pin(pin_name(entry), ban=True)
    slot = slot or (before.slot if before else None)
    if action is Action.PIN and strength is None and before:
        strength = before.strength
    name, identity = (before.name, before.identity) if before else (pin_name(entry), None)
    return Pin(name, False, slot, strength, identity)


def states_of(text: str, store: Store, entries: Iterable[Entry]) -> dict[int, PinState]:
    """What a text of pins says of entries, by id.

    Raises:
        InvalidInput: A line cannot be read.
        StoreProblem: The catalogue cannot be used.
    """
    named = [(pin, _named(pin, store)) for pin in Pins.parse(text).lines]
    states: dict[int, PinState] = {}
    for entry in entries:
        pins = [pin for pin, ids in named if entry.id in ids]
        pinned = next((pin for pin in pins if not pin.ban), None)
        states[entry.id] = PinState(
            pinned=pinned is not None,
            banned=any(pin.ban for pin in pins),
            strength=pinned.strength if pinned else None,
            slot=pinned.slot if pinned else None,
            frozen=bool(pinned and pinned.identity),
        )
    return states


def lines_about(text: str, store: Store, entry: Entry) -> dict[int, Pin]:
    """The lines that name an entry, by their number from 0.

    Raises:
        InvalidInput: A line cannot be read.
        StoreProblem: The catalogue cannot be used.
    """
    Pins.parse(text)  # the whole of it is sound, or nothing is touched
    about: dict[int, Pin] = {}
    for number, line in enumerate(text.splitlines()):
        for pin in Pins.parse(line).lines:
            if entry.id in _named(pin, store):
                about[number] = pin
    return about


def _named(pin: Pin, store: Store) -> frozenset[int]:
    """Ids of what a line means; of a pin the one that would be taken. No file is hashed."""
    kinds = [kind_of_slot(pin.slot)] if pin.slot else [kind_of_slot(s) for s in _ONE_OF_EACH]
    if pin.identity is not None:
        found = [find_file(pin.identity, pin.name, store, kind=kind) for kind in kinds]
        return frozenset(match.entry.id for match in found[:1] if match)
    entries = [e for e in store.resolve(pin.name) if e.kind in kinds]
    return frozenset(e.id for e in (entries if pin.ban else entries[:1]))


_ONE_OF_EACH = (SlotName.CHECKPOINT, SlotName.STYLE)
