"""What follows from the words of an intent where nobody has written it out."""

from __future__ import annotations

from polaris_core.instructions.intent import EditIntent, InstructionType, Topics

__all__ = ["prompt_of", "topics_of"]


def prompt_of(intent: EditIntent) -> str:
    """The final look that style, object and subject describe; empty if they say nothing."""
    kind = intent.instruction_type
    if kind is InstructionType.OTHER:
        return ""
    if kind is InstructionType.REMOVE:
        return "the background"
    if kind is InstructionType.GLOBAL_STYLE:
        return intent.style_words
    thing = intent.object_words or intent.subject
    if kind is InstructionType.LOCAL_STYLE and thing == "background" and intent.style_words:
        return intent.style_words
    return " ".join(filter(None, (intent.style_words, thing)))


def topics_of(style_words: str, object_words: str) -> Topics:
    """The topics that adapters are sought for, if the object is one thing."""
    return Topics(style_words, (object_words,) if object_words else ())
