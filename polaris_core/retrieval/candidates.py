"""From the whole zoo to those that may fill a slot: filters, roles, pins and bans."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.catalogue import fingerprints
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.rows import loaded
from polaris_core.catalogue.store import Store
from polaris_core.errors import IncompatibleAdapter, InvalidInput, UnknownModel
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.identity import FileIdentity, find_file
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName

__all__ = [
    "NAMED_ONLY",
    "ROLES",
    "Resolved",
    "check_family",
    "family_of_loras",
    "kind_of_slot",
    "resolve_pins",
    "slot_of",
]

ROLES = {
    SlotName.STYLE: frozenset({Role.STYLE, Role.CONCEPT, Role.BACKGROUND, Role.UNKNOWN}),
    SlotName.OBJECT: frozenset(Role) - {Role.STYLE, Role.TOOL},
}
"""The roles that may fill a LoRA slot without being pinned."""

NAMED_ONLY = frozenset({Role.CHARACTER, Role.PERSON})
"""Roles of which an entry is only used when it is asked for by name."""

_CLOSE_NAMES = 3
_HASH = re.compile(r"(?:[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{64})", re.IGNORECASE)
"""AutoV2, AutoV3 and SHA-256."""


@dataclass(frozen=True)
class Resolved:
    """What pins mean in one zoo."""

    pinned: dict[SlotName, tuple[Entry, ...]]
    """By slot, in the order of the lines."""
    banned: dict[SlotName, frozenset[int]]
    strengths: dict[int, float]
    """What the lines ask for, by entry."""
    notes: tuple[str, ...] = ()


def resolve_pins(
    store: Store, pins: Pins, filters: Filters, progress: Progress = silent
) -> Resolved:
    """Find the entries that pins and bans name.

    A pin that names the very file is found whatever the file is called here; for that the hashes
    of files of its name and size are computed, which `progress` is told.

    Raises:
        UnknownModel: A pin names nothing in the zoo.
        InvalidInput: A pinned model is also banned or may not be used, or a strength is asked for
            a checkpoint.
    """
    notes: list[str] = []
    banned: dict[SlotName, frozenset[int]] = dict.fromkeys(SlotName, frozenset())
    for pin in pins.banned():
        ids = frozenset(entry.id for entry in _retrieved(store.resolve(pin.name)))
        if not ids:
            notes.append(f"the banned “{pin.name}” is not in the zoo")
        for slot in [pin.slot] if pin.slot else SlotName:
            banned[slot] |= ids
    pinned: dict[SlotName, tuple[Entry, ...]] = dict.fromkeys(SlotName, ())
    strengths: dict[int, float] = {}
    for pin in pins.pinned():
        entry = _named(store, pin, filters, notes, progress)
        slot = pin.slot or slot_of(entry)
        if entry.id in banned[slot]:
            raise InvalidInput("a model is both pinned and banned", value=pin.name)
        if all(entry.id != other.id for other in pinned[slot]):
            pinned[slot] += (entry,)
        if pin.strength is not None:
            if slot is SlotName.CHECKPOINT:
                raise InvalidInput(
                    "a checkpoint has no strength",
                    value=str(pin),
                    hint="Leave out the @ part; write a name that contains @ in quotes",
                )
            strengths[entry.id] = pin.strength
    return Resolved(pinned, banned, strengths, tuple(notes))


def kind_of_slot(slot: SlotName) -> Kind:
    """What fills a slot."""
    return Kind.CHECKPOINT if slot is SlotName.CHECKPOINT else Kind.LORA


def slot_of(entry: Entry) -> SlotName:
    """The slot that an entry fills when nobody says which."""
    if entry.kind is Kind.CHECKPOINT:
        return SlotName.CHECKPOINT
    return SlotName.STYLE if entry.role in (Role.STYLE, Role.TOOL) else SlotName.OBJECT


def family_of_loras(resolved: Resolved) -> BaseModel | None:
    """The family that the pinned LoRAs need the checkpoint to be of; None if they leave it open.

    Raises:
        InvalidInput: They are of several families, which no checkpoint can serve.
    """
    loras = (*resolved.pinned[SlotName.STYLE], *resolved.pinned[SlotName.OBJECT])
    firsts: dict[BaseModel, Entry] = {}
    for entry in loras:
        if entry.base_model is not BaseModel.UNKNOWN:
            firsts.setdefault(entry.base_model.family, entry)
    if len(firsts) > 1:
        raise InvalidInput(
            "the pinned LoRAs are for base models that no checkpoint serves together",
            value=", ".join(f"{entry.name} ({family.value})" for family, entry in firsts.items()),
            hint="Pin LoRAs of one family only",
        )
    return next(iter(firsts), None)


def check_family(entry: Entry, base: BaseModel, allow_unknown: bool) -> None:
    """See that a pinned LoRA may be applied to a checkpoint of this base model.

    Raises:
        IncompatibleAdapter: It may not.
    """
    if entry.base_model.fits(base):
        return
    unknown = BaseModel.UNKNOWN in (entry.base_model, base)
    if unknown and allow_unknown:
        return
    hint = "Pin a LoRA for this base model, or another checkpoint"
    if unknown:
        hint = "Allow LoRAs of unknown base model, if you know that it fits"
    raise IncompatibleAdapter(
        f"the pinned LoRA is for {entry.base_model.value}, the checkpoint is {base.value}",
        value=f"{entry.name} ({entry.file})",
        hint=hint,
    )


def _retrieved(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind in (Kind.CHECKPOINT, Kind.LORA)]


def _named(store: Store, pin: Pin, filters: Filters, notes: list[str], progress: Progress) -> Entry:
    if pin.identity is not None:
        entry = _very_file(store, pin, pin.identity, progress)
        filters.check(entry)
        return entry
    kind = kind_of_slot(pin.slot) if pin.slot else None
    found = _retrieved(store.resolve(pin.name, kind=kind))
    if not found:
        raise UnknownModel(
            "a pin names no model of the zoo", value=pin.name, hint=_hint(store, pin)
        )
    entry = found[0]
    others = [other for other in found[1:] if other.on_disk]
    if others and entry.on_disk:
        notes.append(f"“{pin.name}” names {len(others) + 1} files; {entry.file} is taken")
    filters.check(entry)
    return entry


def _very_file(store: Store, pin: Pin, identity: FileIdentity, progress: Progress) -> Entry:
    def hashed(entry: Entry) -> Entry:
        return fingerprints.hashed(store, entry, progress)

    for kind in [kind_of_slot(pin.slot)] if pin.slot else [Kind.CHECKPOINT, Kind.LORA]:
        if match := find_file(identity, pin.name, store, kind=kind, hashed=hashed):
            return match.entry
    where = f" from {identity.source}" if identity.source else ""
    raise UnknownModel(
        f"a pin names a file that is not in the zoo ({identity.known_of()})",
        value=pin.name,
        hint=f"Get it{where} and scan again, or take away the pin's {{}} part to use another "
        "file of that name",
    )


def _hint(store: Store, pin: Pin) -> str:
    """Names and files that are spelled nearly alike."""
    if _retrieved(store.resolve(pin.name)):
        return f"There is such a model, but it cannot fill the slot {pin.slot and pin.slot.value}"
    known: dict[str, str] = {}
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT name_key, stem_key, name, file FROM entries WHERE kind IN (?, ?)",
            (Kind.CHECKPOINT.value, Kind.LORA.value),
        )
        for name_key, stem_key, name, file in rows:
            known[name_key] = loaded(name)
            known[stem_key] = loaded(file)
    close = difflib.get_close_matches(pin.name.lower()[:200], known, _CLOSE_NAMES, 0.6)
    shown = ", ".join(dict.fromkeys(known[key] for key in close if known[key]))
    hint = f"Did you mean {shown}?" if shown else "Scan its folder, or correct the name"
    if _HASH.fullmatch(pin.name.strip()):
        hint = (
            "A hash finds no file whose own hash is not known yet: `polaris scan --hash` computes "
            f"them. {hint}"
        )
    return hint
