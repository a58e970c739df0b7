"""Values that came in a request, checked one by one; whatever is not asked for is refused."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar, cast

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role
from polaris_core.errors import InvalidInput
from polaris_core.page.cards import LEVELS, Json

__all__ = ["Fields", "entry_id", "only"]

_T = TypeVar("_T")
_LARGEST_ID = 2**63 - 1
_SHOWN = 12


def only(known: Iterable[str], given: Iterable[str]) -> None:
    """See that nothing was sent that means nothing.

    Raises:
        InvalidInput: There was.
    """
    known = list(known)
    for name in given:
        if name not in known:
            hint = f"Known are {', '.join(known)}" if known else "Nothing is expected"
            raise InvalidInput("an unknown field", value=name, hint=hint)


def entry_id(text: str) -> int:
    """The id of an entry as it stands in an address.

    Raises:
        InvalidInput: It is no positive whole number in plain digits.
    """
    if not (
        text.isascii() and text.isdigit() and 0 < len(text) < 20 and 0 < int(text) <= _LARGEST_ID
    ):
        raise InvalidInput("not the id of an entry", value=text, hint="A positive whole number")
    return int(text)


class Fields:
    """The fields of a query (texts, some repeated) or of a JSON object; read by name and type."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    @classmethod
    def of_json(cls, value: object, known: Collection[str]) -> Fields:
        """The fields of a decoded body.

        Raises:
            InvalidInput: It is no object, or has fields that are not known.
        """
        if not isinstance(value, dict):
            raise InvalidInput("a JSON object is expected", value=type(value).__name__)
        fields = cast(Json, value)
        only(known, fields)
        return cls(fields)

    @classmethod
    def of_query(cls, pairs: Iterable[tuple[str, str]], known: Collection[str]) -> Fields:
        """The fields of an address; what is given twice becomes a list.

        Raises:
            InvalidInput: A field is not known.
        """
        values: dict[str, Any] = {}
        for name, text in pairs:
            only(known, [name])
            if name in values:
                before = values[name]
                values[name] = [*(before if isinstance(before, list) else [before]), text]
            else:
                values[name] = text
        return cls(values)

    def text(self, name: str, default: str | None = None, most: int = 2000) -> str:
        """A text.

        Raises:
            InvalidInput: It is missing and has no default, is no text, or is too long.
        """
        value = self._get(name, default)
        if not isinstance(value, str):
            raise InvalidInput(f"{name!r} must be a text", value=type(value).__name__)
        if len(value) > most:
            raise InvalidInput(f"{name!r} is longer than {most} characters", value=len(value))
        return value

    def number(self, name: str, default: int | None, low: int, high: int) -> int:
        """A whole number, from JSON or in plain digits.

        Raises:
            InvalidInput: It is none, or out of range.
        """
        value = self._get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            hint = f"A whole number from {low} to {high}"
            raise InvalidInput(f"{name!r} cannot be used", value=repr(value), hint=hint)
        return value

    def strength(self, name: str) -> float | None:
        """A strength in [-10, 10], or None.

        Raises:
            InvalidInput: It is something else.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if type(value) not in (int, float) or not -10 <= float(cast(float, value)) <= 10:
            hint = "A number from -10 to 10"
            raise InvalidInput(f"{name!r} cannot be used", value=repr(value), hint=hint)
        number = float(cast(float, value))
        assert math.isfinite(number)
        return number

    def one_of(self, name: str, choices: Mapping[str, _T], default: str | None) -> _T:
        """One of a few words.

        Raises:
            InvalidInput: Another word, or none.
        """
        word = self.text(name, default, 64)
        if word not in choices:
            hint = f"One of {', '.join(choices)}"
            raise InvalidInput(f"{name!r} cannot be used", value=word, hint=hint)
        return choices[word]

    def some_of(self, name: str, choices: Mapping[str, _T]) -> frozenset[_T] | None:
        """Some of a few words, given as a list or repeated; None if none is given.

        Raises:
            InvalidInput: A word is another.
        """
        given = self._values.get(name)
        if given is None or given == []:
            return None
        words: list[object] = (
            list(cast(list[object], given)) if isinstance(given, list) else [given]
        )
        if len(words) > 4 * len(choices):
            raise InvalidInput(f"{name!r} is given too often", value=len(words))
        return frozenset(Fields({name: word}).one_of(name, choices, None) for word in words)

    def ids(self, name: str, most: int = 200) -> tuple[int, ...] | None:
        """Ids of entries, as a list of numbers or with commas between; None if not given.

        Raises:
            InvalidInput: One is none, or there are too many.
        """
        given = self._values.get(name)
        if given is None:
            return None
        if isinstance(given, str):
            parts: list[object] = [entry_id(part) for part in given.split(",") if part]
        elif isinstance(given, list):
            parts = list(cast(list[object], given))
        else:
            raise InvalidInput(f"{name!r} must be ids", value=repr(given))
        if len(parts) > most:
            raise InvalidInput(f"{name!r} has more than {most} ids", value=len(parts))
        return tuple(Fields({name: part}).number(name, None, 1, _LARGEST_ID) for part in parts)

    def maturity(self) -> Maturity:
        """The most mature that may be shown; PG if nothing is said.

        Raises:
            InvalidInput: There is no such level.
        """
        return self.one_of("maturity", LEVELS, "PG")

    def kind(self, default: str | None) -> Kind:
        """Checkpoint or LoRA.

        Raises:
            InvalidInput: Something else.
        """
        return self.one_of("kind", {k.value: k for k in (Kind.CHECKPOINT, Kind.LORA)}, default)

    def families(self) -> frozenset[BaseModel] | None:
        """Base model families; None for all.

        Raises:
            InvalidInput: There is no such family.
        """
        return self.some_of("family", {b.value: b for b in BaseModel if b.family is b})

    def roles(self) -> frozenset[Role] | None:
        """Roles; None for all.

        Raises:
            InvalidInput: There is no such role.
        """
        return self.some_of("role", {r.value: r for r in Role})

    def mapping(self, name: str, most: int) -> Mapping[str, object]:
        """A JSON object of at most so many members.

        Raises:
            InvalidInput: It is none, or larger.
        """
        value = self._get(name, None)
        if not isinstance(value, dict):
            raise InvalidInput(f"{name!r} must be an object", value=type(value).__name__)
        if len(cast(Json, value)) > most:
            raise InvalidInput(
                f"{name!r} has more than {most} members", value=len(cast(Json, value))
            )
        return cast(Json, value)

    def rows(self, name: str, most: int) -> list[object]:
        """A list of at most so many values; none if it is not given.

        Raises:
            InvalidInput: It is no list, or longer.
        """
        value = self._get(name, [])
        if not isinstance(value, list):
            raise InvalidInput(f"{name!r} must be a list", value=type(value).__name__)
        if len(cast(list[object], value)) > most:
            raise InvalidInput(f"{name!r} has more than {most} rows", value=len(cast(Json, value)))
        return cast(list[object], value)

    def given(self, name: str) -> object:
        """Whatever was given, unchecked; None if nothing was."""
        return self._values.get(name)

    def _get(self, name: str, default: object) -> object:
        value = self._values.get(name)
        if value is None:
            if default is None:
                raise InvalidInput(f"the field {name!r} is missing")
            return default
        return value
