"""The JSON schema that a model's reply to an instruction must obey.

The fields are those of `EditIntent` that a model can tell. They stand in the order in which they
are best thought of: the kind, the thing, the words of the new look, and only then the prompt made
of them. What stands later can be derived if a reply breaks off. Every text and list is bounded, so
that a model which is held to the schema always comes to an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polaris_core.instructions.intent import InstructionType

__all__ = ["INTENT_SCHEMA"]


def _text(characters: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": characters}


def _texts(most: int, characters: int) -> dict[str, Any]:
    return {"type": "array", "items": _text(characters), "maxItems": most}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


INTENT_SCHEMA: Mapping[str, Any] = _object(
    {
        "instruction_type": {"type": "string", "enum": [kind.value for kind in InstructionType]},
        "subject": _text(60),
        "place": _text(60),
        "anchor": _text(60),
        "style_words": _text(60),
        "object_words": _text(60),
        "style_transformation": {"type": "boolean"},
        "generation_prompt": _text(200),
        "contour_compatible": {"type": "boolean"},
        "foreground": _texts(3, 20),
        "topics": _object({"style": _text(40), "objects": _texts(3, 30)}),
        "remaining": _texts(2, 80),
        "explanation": _text(120),
    }
)
"""At most 1,305 characters of JSON; a usual reply has 500."""
