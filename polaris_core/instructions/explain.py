"""An intent as text that a person reads."""

from __future__ import annotations

from polaris_core.instructions.intent import EditIntent

__all__ = ["describe_intent"]


def describe_intent(intent: EditIntent) -> list[str]:
    """What was understood, one fact a line; only those that say something."""
    facts = (
        ("", intent.instruction_type.value.replace("_", " ")),
        ("subject", " ".join(filter(None, (intent.subject, intent.place)))),
        ("where", intent.anchor),
        ("style", intent.style_words),
        ("object", intent.object_words),
        ("prompt", intent.generation_prompt),
        ("not done", "; ".join(intent.remaining)),
        ("", intent.explanation),
    )
    spoke = f"read by {intent.parser}"
    if intent.fallback_reason:
        spoke += f", since the language model could not: {intent.fallback_reason}"
    return [f"{label}: {text}" if label else text for label, text in (*facts, ("", spoke)) if text]
