"""Correct single fields of an intent by hand, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from polaris_core.errors import InvalidInput
from polaris_core.instructions.body_plans import outline_fits
from polaris_core.instructions.derive import prompt_of, topics_of
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.instructions.phrases import read_thing
from polaris_core.instructions.words import read_words

__all__ = ["override"]

_NOTHING = "-"
_LONGEST = 2000
_T = InstructionType
_MAY_HAVE_STYLE = frozenset({_T.CATEGORY_CHANGE, _T.ADD, _T.NEW_PICTURE})
"""Elsewhere a style is always or never asked for."""


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
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"{name} must be a text", value=text)
        if text.strip():
            values[name] = read(name, text.strip())
    return _apply(intent, values) if values else intent


def _apply(intent: EditIntent, values: dict[str, Any]) -> EditIntent:
    plain = {n: v for n, v in values.items() if n not in ("style_topic", "object_topics")}
    changed = replace(intent, **plain)
    for follow in (_kind_follows, _names_follow, _style_follows, _shape_follows, _prompt_follows):
        changed = replace(changed, **follow(changed, values))
    style = values.get("style_topic", changed.topics.style)
    objects = values.get("object_topics", changed.topics.objects)
    return replace(changed, topics=Topics(style, objects))


def _kind_follows(intent: EditIntent, values: dict[str, Any]) -> dict[str, Any]:
    """What another kind of edit brings with it, and what it has no use for."""
    kind = intent.instruction_type
    if "instruction_type" not in values:
        return {}
    follows: dict[str, Any] = {}
    if kind is not _T.OTHER:
        follows["explanation"] = ""
    if kind in (_T.LOCAL_STYLE, _T.GLOBAL_STYLE):
        follows["style_transformation"] = True
    if kind is _T.GLOBAL_STYLE:
        follows |= {"subject": "image", "place": "", "foreground": ()}
    if kind in (_T.GLOBAL_STYLE, _T.REMOVE):
        follows["object_words"] = ""
    if kind is _T.REMOVE:
        follows |= {"style_words": "", "style_transformation": False}
    if kind is not _T.ADD:
        follows["anchor"] = ""
    follows["topics"] = topics_of(
        follows.get("style_words", intent.style_words),
        follows.get("object_words", intent.object_words),
    )
    return _not_given(follows, values)


def _names_follow(intent: EditIntent, values: dict[str, Any]) -> dict[str, Any]:
    """Of what is made anew, subject and object are one thing; the foreground names it."""
    follows: dict[str, Any] = {}
    if intent.instruction_type in (_T.ADD, _T.NEW_PICTURE):
        if "object_words" in values:
            follows["subject"] = values["object_words"]
        elif "subject" in values:
            follows["object_words"] = values["subject"]
    follows = _not_given(follows, values)
    subject = follows.get("subject", intent.subject)
    named = values.keys() & {"subject", "object_words"}
    if named and intent.instruction_type is not _T.GLOBAL_STYLE and subject != "background":
        follows["foreground"] = tuple(filter(None, (_head(subject),)))
    return _not_given(follows, values)


def _style_follows(intent: EditIntent, values: dict[str, Any]) -> dict[str, Any]:
    if "style_words" not in values or intent.instruction_type not in _MAY_HAVE_STYLE:
        return {}
    return _not_given({"style_transformation": bool(intent.style_words)}, values)


def _shape_follows(intent: EditIntent, values: dict[str, Any]) -> dict[str, Any]:
    named = values.keys() & {"subject", "object_words", "instruction_type"}
    if not named or intent.instruction_type is not _T.CATEGORY_CHANGE:
        return {}
    fits = outline_fits(_head(intent.subject), _head(intent.object_words))
    return _not_given({"contour_compatible": fits}, values)


def _prompt_follows(intent: EditIntent, values: dict[str, Any]) -> dict[str, Any]:
    if not values.keys() & {"style_words", "object_words", "subject", "instruction_type"}:
        return {}
    follows: dict[str, Any] = {"generation_prompt": prompt_of(intent)}
    if values.keys() & {"style_words", "object_words"} or intent.object_words == intent.subject:
        follows["topics"] = topics_of(intent.style_words, intent.object_words)
    return _not_given(follows, values)


def _not_given(follows: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in follows.items() if name not in values}


def _head(phrase: str) -> str:
    return read_thing(read_words(phrase)).head


def _text(name: str, text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
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
