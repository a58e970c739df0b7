"""Questions about the miniature zoo's own models, whose cards no training has seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniature.world import NEW_KINDS, NEW_STYLES
from miniature.world.cards import ZooModel, zoo_models
from polaris_core.catalogue.entry import Entry, Kind, Role
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import EditIntent
from polaris_core.rerank.topics import Topic
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["zoo_entries", "zoo_questions"]

_MARKUP = re.compile(r"<[^>]*>")
_OBJECTS = ("Replace the cat with a {}", "Add a red {}", "Turn the house into a blue {}")
_STYLES = ("Make the whole picture {} style", "Redraw the cat in {} style", "Add a {} bird")


def zoo_entries(role: Role) -> list[tuple[Entry, str]]:
    """LoRAs of a role that run on the zoo's checkpoints, and what each teaches."""
    models = [m for m in zoo_models() if m.nature in ("lora", "useless")]
    return [(_entry(m), m.teaches) for m in models if m.card.role == role.value or not m.teaches]


def zoo_questions() -> Iterator[tuple[EditIntent, Topic, list[Entry], set[str]]]:
    """For each new kind and style some requests, with all LoRAs and the names of the right ones."""
    for slot, role, things, sentences in (
        (SlotName.OBJECT, Role.OBJECT, NEW_KINDS, _OBJECTS),
        (SlotName.STYLE, Role.STYLE, NEW_STYLES, _STYLES),
    ):
        known = zoo_entries(role)
        for thing in things:
            right = {entry.name for entry, teaches in known if teaches == thing}
            for sentence in sentences:
                intent = parse_instruction(sentence.format(thing))
                topics = intent.topics
                phrase = topics.style if slot is SlotName.STYLE else next(iter(topics.objects), "")
                if phrase and right:
                    yield intent, Topic(slot, phrase), [entry for entry, _ in known], right


def _entry(model: ZooModel) -> Entry:
    card = model.card
    return Entry(
        name=card.name,
        kind=Kind.LORA,
        role=Role(card.role),
        trigger_words=tuple(filter(None, card.triggers.split(", "))),
        tags=tuple(filter(None, card.tags.split(", "))),
        description=_MARKUP.sub("", card.description),
        file=card.file,
    )
