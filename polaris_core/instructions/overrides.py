"""Correct single fields of an intent by hand, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from polaris_core.errors import InvalidInput
from polaris_core.instructions.derive import prompt_of, topics_of
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics

__all__ = ["override"]

_NOTHING = "-"
_LONGEST = 2000


def override(intent: EditIntent, fields: Mapping[str, str]) -> EditIntent:
    """Put texts in the place of fields.

    A field that follows from others (prompt, topics, the style flag of the two kinds of restyling)
    follows the correction unless it is given itself.

    Args:
        intent: As it was parsed.
        fields: Field to text, as a person wrote it. Empty text leaves the field alone, `-` empties
            it; lists have commas between, flags are yes or no. Besides the fields of an intent:
            `style_topic` and `object_topics`.

    Raises:
        InvalidInput: There is no such field, or the text is nothing that it can hold.
    """
    values: dict[str, Any] = {}
    for name, text in fields.items():
        read = _READERS.get(name)
        if read is None:
            hint = "Fields are " + ", ".join(sorted(_READERS))
            raise InvalidInput("an intent has no such field", value=name, hint=hint)
        if text.strip():
            values[name] = read(name, text.strip())
    return _apply(intent, values) if values else intent


def _apply(intent: EditIntent, values: dict[str, Any]) -> EditIntent:
    plain = {n: v for n, v in values.items() if n not in ("style_topic", "object_topics")}
    changed = replace(intent, **plain)
    if "instruction_type" in values and changed.instruction_type is not intent.instruction_type:
        changed = _retyped(changed, values)
    if values.keys() & {"style_words", "object_words"}:
        changed = replace(changed, topics=topics_of(changed.style_words, changed.object_words))
    if values.keys() & {"style_words", "object_words", "subject", "instruction_type"}:
        prompt = values.get("generation_prompt") or prompt_of(changed)
        changed = replace(changed, generation_prompt=prompt)
    style = values.get("style_topic", changed.topics.style)
    objects = values.get("object_topics", changed.topics.objects)
    return replace(changed, topics=Topics(style, objects))


def _retyped(intent: EditIntent, values: dict[str, Any]) -> EditIntent:
    """What another kind of edit brings with it."""
    kind = intent.instruction_type
    changes: dict[str, Any] = {}
    if kind is not InstructionType.OTHER:
        changes["explanation"] = ""
    if kind in (InstructionType.LOCAL_STYLE, InstructionType.GLOBAL_STYLE):
        changes["style_transformation"] = values.get("style_transformation", True)
    if kind is InstructionType.GLOBAL_STYLE and "subject" not in values:
        changes["subject"] = "image"
    return replace(intent, **changes)


def _text(name: str, text: str) -> str:
    if len(text) > _LONGEST:
        raise InvalidInput(f"{name} is over {_LONGEST} characters long", value=text)
    return "" if text == _NOTHING else text


def _list(name: str, text: str) -> tuple[str, ...]:
    items = (item.strip() for item in _text(name, text).split(","))
    return tuple(item for item in items if item)


def _flag(name: str, text: str) -> bool:
    flags = {"yes": True, "true": True, "no": False, "false": False}
    if text.lower() not in flags:
        raise InvalidInput(f"{name} must be yes or no", value=text)
    return flags[text.lower()]


def _kind(name: str, text: str) -> InstructionType:
    try:
        return InstructionType(text)
    except ValueError:
        kinds = ", ".join(kind.value for kind in InstructionType)
        raise InvalidInput(f"there is no such {name}", value=text, hint=f"One of {kinds}") from None


_READERS: dict[str, Callable[[str, str], object]] = {
    "anchor": _text,
    "contour_compatible": _flag,
    "foreground": _list,
    "generation_prompt": _text,
    "instruction_type": _kind,
    "object_topics": _list,
    "object_words": _text,
    "place": _text,
    "style_topic": _text,
    "style_transformation": _flag,
    "style_words": _text,
    "subject": _text,
}
