"""A shortlist as text that a person reads."""

from __future__ import annotations

from polaris_core.catalogue.entry import Entry
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot

__all__ = ["describe", "where_to_get"]

_NAME_WIDTH = 44


def describe(shortlist: Shortlist, *, rows: int = 10) -> str:
    """A few lines per slot: what was sought, then the best `rows` hits with score and reason."""
    return "\n\n".join(_slot(slot, rows) for slot in shortlist.slots)


def where_to_get(entry: Entry) -> str:
    """That an entry is not on this disk, and where it can be had; empty if it is here."""
    if entry.on_disk:
        return ""
    place = entry.source or entry.download
    return "it is not on this disk" + (f"; get it from {place}" if place else "")


def _slot(slot: Slot, rows: int) -> str:
    sought = f"“{slot.query}”" if slot.asked_by is Half.TEXT else "the picture"
    lines = [f"{slot.name.value}: {len(slot.hits)} found for {sought}"]
    lines += [_row(place, hit) for place, hit in enumerate(slot.hits[:rows], start=1)]
    if slot.note:
        lines.append(f"  {slot.note}")
    return "\n".join(lines)


def _row(place: int, hit: Hit) -> str:
    entry = hit.entry
    name = entry.name if len(entry.name) <= _NAME_WIDTH else f"{entry.name[: _NAME_WIDTH - 1]}…"
    facts = f"{entry.base_model.value}, {entry.role.value}"
    pin = "pinned, " if hit.pinned else ""
    why = "; ".join(filter(None, (hit.reason, where_to_get(entry))))
    return f"{place:3}. {name} ({facts}) {hit.score:.3f}: {pin}{why}"
