"""What retrieval found, and why."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from polaris_core.catalogue.entry import Entry

__all__ = ["Half", "Hit", "Shortlist", "Slot", "SlotName", "SourceScore"]


class Half(str, enum.Enum):
    """Which half of the embeddings is asked."""

    TEXT = "text"
    PICTURE = "picture"


class SlotName(str, enum.Enum):
    """What a pick is for: the three adapters of the editor."""

    CHECKPOINT = "checkpoint"
    STYLE = "style"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class SourceScore:
    """What one source of evidence said of a hit."""

    source: str
    """"dense", "phrases", "words", "trigger", "neighbourhood", "role", "pin", "strength" (what a
    pin asks for), or a later stage's name."""
    score: float
    """In the source's own units; larger is better."""
    rank: int
    """Its place in that source's order, from 1; 0 if the source has no order."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One candidate and the evidence for it."""

    entry: Entry
    score: float
    """The fused score, larger is better; comparable within its slot only."""
    sources: tuple[SourceScore, ...] = ()
    matched_words: tuple[str, ...] = ()
    """Words of the query that stand in the entry's name, trigger words or tags."""
    pinned: bool = False
    reason: str = ""
    """One plain sentence: why it is here."""
    topic: str = ""
    """The phrase of the intent that it was chosen for; empty until a ranking says so."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The candidates for one of the editor's adapters, best first."""

    name: SlotName
    asked_by: Half
    query: str
    """The phrase that was sought; empty when a picture asked."""
    hits: tuple[Hit, ...] = ()
    note: str = ""
    """Why it is empty, or what was left out; empty if there is nothing to say."""
    look: str = ""
    """Of the style slot: what the picture's look is called; empty if there is no clear name."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The candidates of every slot sought so far."""

    slots: tuple[Slot, ...] = ()

    def slot(self, name: SlotName) -> Slot | None:
        """The slot of that name, or None if it was not sought."""
        return next((slot for slot in self.slots if slot.name is name), None)

    def best(self, name: SlotName) -> Hit | None:
        """The first hit of that slot, or None."""
        slot = self.slot(name)
        return slot.hits[0] if slot and slot.hits else None

    def with_slot(self, slot: Slot) -> Shortlist:
        """The same with `slot` in place of the one of its name, or added at the end."""
        if self.slot(slot.name) is None:
            return replace(self, slots=(*self.slots, slot))
        return replace(self, slots=tuple(slot if s.name is slot.name else s for s in self.slots))
