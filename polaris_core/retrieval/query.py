"""Which half of the embeddings each slot asks, and with which words (paper, 4.5 and C.2).

instruction                     checkpoint, style LoRA          object LoRA
─────────────────────────────   ─────────────────────────────   ───────────
no style asked for              picture: its look is kept *     text
a style asked for               text                            text
new picture                     reference picture: its style    text
no picture, or no image encoder text                            text

* by models that look clearly like it: a style LoRA that does not is left out
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.retrieval.shortlist import Half, SlotName

__all__ = ["Sight", "SlotQuery", "slot_queries"]

_ALWAYS_STYLED = frozenset({InstructionType.LOCAL_STYLE, InstructionType.GLOBAL_STYLE})
_NEW_THING = frozenset({InstructionType.ADD, InstructionType.NEW_PICTURE})
_NO_ENCODER = "the zoo has no image encoder to look at the picture with (set one in the zoo)"


class Sight(enum.Enum):
    """Whether a picture can ask."""

    SEEN = enum.auto()
    NO_PICTURE = enum.auto()
    NO_ENCODER = enum.auto()
    """There is a picture, but nothing that can look at it."""


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What is sought for one slot."""

    half: Half
    phrase: str
    """What text asks for; where the picture asks, what text may ask if there are no previews."""
    nothing: str = ""
    """Why nothing is sought; empty if something is."""
    gone: str = ""
    """What the sought thing replaces; empty if nothing."""
    note: str = ""
    """What the user is to know of it; empty if nothing."""
    must_be_alike: bool = False
    """Whether a picture asks that was not given for its look: a model that looks only a little like
    it would change the look that is to be kept."""


def slot_queries(intent: EditIntent, sight: Sight) -> dict[SlotName, SlotQuery]:
    """The query of every slot.

    Args:
        intent: What is asked for.
        sight: Whether there is a picture that an image encoder can look at.
    """
    kind = intent.instruction_type
    styled = intent.style_transformation or kind in _ALWAYS_STYLED
    for_picture = kind is InstructionType.NEW_PICTURE or not styled
    if for_picture and sight is Sight.SEEN:
        keeps = kind is not InstructionType.NEW_PICTURE
        phrase = _checkpoint_phrase(intent)
        checkpoint = SlotQuery(Half.PICTURE, phrase, must_be_alike=keeps)
        style = SlotQuery(Half.PICTURE, "", must_be_alike=keeps)
    else:
        blind = for_picture and sight is Sight.NO_ENCODER
        note = f"{_NO_ENCODER}, so words were asked" if blind else ""
        checkpoint = SlotQuery(Half.TEXT, _checkpoint_phrase(intent), note=note)
        style = _style(intent, sight, note)
    return {
        SlotName.CHECKPOINT: checkpoint,
        SlotName.STYLE: style,
        SlotName.OBJECT: _object(intent),
    }


def _style_phrase(intent: EditIntent) -> str:
    return (intent.topics.style or intent.style_words).strip()


def _checkpoint_phrase(intent: EditIntent) -> str:
    """The look asked for; without one, what the picture is to show: some look suits it best."""
    final = intent.generation_prompt or intent.object_words or intent.subject or intent.instruction
    return _style_phrase(intent) or final.strip()


def _style(intent: EditIntent, sight: Sight, note: str) -> SlotQuery:
    if phrase := _style_phrase(intent):
        return SlotQuery(Half.TEXT, phrase, note=note)
    lacking = "there is no picture whose look could be kept"
    if sight is Sight.NO_ENCODER:
        lacking = _NO_ENCODER
    return SlotQuery(Half.TEXT, "", f"no style was asked for, and {lacking}")


def _object(intent: EditIntent) -> SlotQuery:
    kind = intent.instruction_type
    objects = [phrase.strip() for phrase in intent.topics.objects if phrase.strip()]
    if not objects and intent.object_words.strip():
        objects = [intent.object_words.strip()]
    if not objects and kind in _NEW_THING and intent.subject.strip():
        objects = [intent.subject.strip()]
    if objects and kind is not InstructionType.REMOVE:
        gone = intent.subject.strip() if kind is InstructionType.CATEGORY_CHANGE else ""
        return SlotQuery(Half.TEXT, ", ".join(objects), gone=gone)
    removed = kind is InstructionType.REMOVE
    reason = "a thing is taken away, not added" if removed else "no new thing was asked for"
    return SlotQuery(Half.TEXT, "", reason)
