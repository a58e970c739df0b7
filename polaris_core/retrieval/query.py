"""Which half of the embeddings each slot asks, and with which words (paper, 4.5 and C.2).

instruction                     checkpoint, style LoRA          object LoRA
─────────────────────────────   ─────────────────────────────   ───────────
no style asked for              picture: its look is kept       text
a style asked for               text                            text
new picture                     reference picture: its style    text
no picture, or no image encoder text                            text
"""

from __future__ import annotations

from dataclasses import dataclass

from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.retrieval.shortlist import Half, SlotName

__all__ = ["SlotQuery", "slot_queries"]

_ALWAYS_STYLED = frozenset({InstructionType.LOCAL_STYLE, InstructionType.GLOBAL_STYLE})
_NEW_THING = frozenset({InstructionType.ADD, InstructionType.NEW_PICTURE})


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What is sought for one slot."""

    half: Half
    phrase: str
    """What text asks for; where the picture asks, what text may ask if there are no previews."""
    nothing: str = ""
    """Why nothing is sought; empty if something is."""


def slot_queries(intent: EditIntent, has_picture: bool) -> dict[SlotName, SlotQuery]:
    """The query of every slot.

    Args:
        intent: What is asked for.
        has_picture: Whether there is a picture that an image encoder can look at.
    """
    kind = intent.instruction_type
    styled = intent.style_transformation or kind in _ALWAYS_STYLED
    by_picture = has_picture and (kind is InstructionType.NEW_PICTURE or not styled)
    if by_picture:
        checkpoint = SlotQuery(Half.PICTURE, _checkpoint_phrase(intent))
        style = SlotQuery(Half.PICTURE, "")
    else:
        checkpoint = SlotQuery(Half.TEXT, _checkpoint_phrase(intent))
        style = _style(intent)
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


def _style(intent: EditIntent) -> SlotQuery:
    if phrase := _style_phrase(intent):
        return SlotQuery(Half.TEXT, phrase)
    reason = "no style was asked for, and there is no picture whose look could be kept"
    return SlotQuery(Half.TEXT, "", reason)


def _object(intent: EditIntent) -> SlotQuery:
    kind = intent.instruction_type
    objects = [phrase.strip() for phrase in intent.topics.objects if phrase.strip()]
    if not objects and intent.object_words.strip():
        objects = [intent.object_words.strip()]
    if not objects and kind in _NEW_THING and intent.subject.strip():
        objects = [intent.subject.strip()]
    if objects and kind is not InstructionType.REMOVE:
        return SlotQuery(Half.TEXT, ", ".join(objects))
    removed = kind is InstructionType.REMOVE
    reason = "a thing is taken away, not added" if removed else "no new thing was asked for"
    return SlotQuery(Half.TEXT, "", reason)
