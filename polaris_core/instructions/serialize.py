"""Intents as JSON."""

from __future__ import annotations

from polaris_core.errors import InvalidIntent
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.strict_json import read_value, write_value

__all__ = ["intent_from_json", "intent_to_json"]

_VERSION = 1


def intent_to_json(intent: EditIntent) -> str:
    """The intent as JSON, indented, with its version."""
    return write_value(intent, _VERSION, indent=2)


def intent_from_json(text: str) -> EditIntent:
    """Read what `intent_to_json` wrote; fields with a default may be left out.

    Raises:
        InvalidIntent: Anything else: it names the field, its value, and what is accepted.
    """
    return read_value(text, EditIntent, version=_VERSION, error=InvalidIntent, complete=False)
