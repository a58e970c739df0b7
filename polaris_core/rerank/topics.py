"""What a ranking asks for: one topic per style and per object of an intent.

After Stylus (Luo et al., 2024): an instruction is taken apart into what each adapter is needed for,
and every part is asked about by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry
from polaris_core.instructions.intent import EditIntent
from polaris_core.retrieval.candidates import NAMED_ONLY
from polaris_core.retrieval.reasons import Asked, Match
from polaris_core.retrieval.shortlist import Half, Slot, SlotName

__all__ = ["MOST_OBJECTS", "Topic", "is_asked_for", "topics_of", "why_not_asked"]

MOST_OBJECTS = 8
"""Objects of one intent that are asked about; each takes a pass over all object LoRAs."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of an intent that one adapter may serve."""

    slot: SlotName
    """Whose candidates are asked about."""
    phrase: str
    """What is sought: "watercolor", "red fox"; never empty."""

    def __str__(self) -> str:
        return f"{self.slot.value} “{self.phrase}”"


def topics_of(intent: EditIntent, slot: Slot) -> tuple[Topic, ...]:
    """The topics that the candidates of a slot may serve; none where words do not tell.

    Where a picture asked there is no phrase that a description could be held against.
    """
    if slot.asked_by is Half.PICTURE:
        return ()
    sought = slot.query.strip()
    phrases = [sought] if sought else []
    if slot.name is SlotName.OBJECT and sought:
        phrases = [p.strip() for p in intent.topics.objects if p.strip()] or phrases
    return tuple(Topic(slot.name, phrase) for phrase in dict.fromkeys(phrases))[:MOST_OBJECTS]


def is_asked_for(entry: Entry, phrase: str) -> bool:
    """Whether an entry may serve a phrase: characters and real persons only if it names them."""
    if entry.role not in NAMED_ONLY:
        return True
    return Match.of(Asked(phrase, things=True), entry).by_name


def why_not_asked(entry: Entry) -> str:
    """Why `is_asked_for` refuses it, in plain words."""
    return f"a {entry.role.value} that was not asked for by name"
