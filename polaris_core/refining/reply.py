"""Read a language model's card of an entry: hostile until it is read.

A model that was led astray by a description can at the worst say little or nothing of its entry:
lengths are bounded, trigger words must stand in what the entry says, and a strength must be a
number that stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from polaris_core.catalogue.entry import Entry, Refined, Role
from polaris_core.catalogue.plain_text import one_line
from polaris_core.catalogue.strengths import bounded_strength
from polaris_core.errors import UnreadableReply
from polaris_core.llm.structured import fold_name, read_object
from polaris_core.refining.base import (
    PURPOSE_LIMIT,
    SHOWN_LIMIT,
    TRIGGER_LIMIT,
    WHAT_LIMIT,
    bounded,
    own_words,
)
from polaris_core.refining.prompt import REFINED_SCHEMA

__all__ = ["read_card"]

_FIELDS: tuple[str, ...] = tuple(REFINED_SCHEMA["properties"])
_TEXTS = 64
_NUMBER = re.compile(r"-?\d{1,3}(?:[.,]\d{1,4})?|-?[.,]\d{1,4}")
_FEWEST_LETTERS = 2


def read_card(reply: str, entry: Entry, by: str) -> Refined:
    """Make a card of a reply.

    Args:
        reply: Whatever the model wrote.
        entry: Of which it was asked.
        by: The refiner's name.

    Raises:
        UnreadableReply: There is no card in it, or it does not say what the entry is.
        MissingDependency: As `read_object`.
    """
    found = read_object(reply, _FIELDS)
    card = {fold_name(name): value for name, value in found.items()}
    fields = {name: card.get(fold_name(name)) for name in _FIELDS}
    refined = Refined(
        what=_text(fields["what"], WHAT_LIMIT),
        purpose=_text(fields["purpose"], PURPOSE_LIMIT),
        shows=_texts(fields["shows"], SHOWN_LIMIT),
        role=_role(fields["role"], entry),
        trigger_words=_texts(fields["trigger_words"], TRIGGER_LIMIT),
        strength=_strength(fields["strength"], entry),
        by=by,
    )
    if sum(map(str.isalpha, refined.what)) < _FEWEST_LETTERS:
        raise UnreadableReply(
            "the reply does not say what the model is",
            reply=reply,
            hint="Ask again, or use another model",
        )
    return bounded(refined, entry)


def _text(value: object, limit: int) -> str:
    return one_line(value, limit) if isinstance(value, str) else ""


def _texts(value: object, limit: int) -> tuple[str, ...]:
    """Texts of a list, or of one text divided by commas, without empty ones."""
    if isinstance(value, str):
        value = value[: _TEXTS * limit].split(",")
    if isinstance(value, Mapping) or not isinstance(value, (list, tuple)):
        return ()
    items = cast("list[Any]", value)[:_TEXTS]
    return tuple(filter(None, (_text(item, limit) for item in items)))


def _role(value: object, entry: Entry) -> Role:
    """The role named; that of the entry where none is, or where it cannot be another."""
    if entry.role is Role.PERSON:
        return entry.role  # a likeness stays one, whatever is said of it
    wanted = fold_name(value) if isinstance(value, str) else ""
    named = next((role for role in Role if role.value == wanted), Role.UNKNOWN)
    return entry.role if named is Role.UNKNOWN else named


def _strength(value: object, entry: Entry) -> float | None:
    """The number named if it, or a range that it is within, stands in what the entry says."""
    number = (
        float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    )
    strength = bounded_strength(number)
    if strength is None or strength == entry.strength:
        return entry.strength
    found = (text.replace(",", ".") for text in _NUMBER.findall(own_words(entry)))
    return strength if any(float(text) == strength for text in found) else entry.strength
