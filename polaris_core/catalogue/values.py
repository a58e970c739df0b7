"""Take values of the wanted type out of JSON that strangers wrote; the wrong type is no value."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from polaris_core.catalogue.plain_text import one_line

__all__ = [
    "Json",
    "as_object",
    "distinct",
    "json_inside",
    "number_in",
    "object_in",
    "objects_in",
    "string_in",
    "strings_in",
    "text_in",
]

Json = Mapping[str, object]
"""A JSON object of unknown content."""

_EMBEDDED_LIMIT = 8 * 2**20
_EMPTY: Json = {}


def string_in(record: Json, *keys: str) -> str:
    """The first non-empty string under one of `keys`, as it stands; empty if there is none."""
    for key in keys:
        value = record.get(key)
        if type(value) is str and value:
            return value
    return ""


def text_in(record: Json, *keys: str) -> str:
    """The first non-empty string or whole number under one of `keys`, cleaned to one line."""
    for key in keys:
        value = record.get(key)
        if type(value) is str and (text := one_line(value)):
            return text
        if type(value) is int and abs(value) < 2**63:
            return str(value)
    return ""


def number_in(record: Json, *keys: str) -> float | None:
    """The first finite number under one of `keys`, also where it is written as a string."""
    for key in keys:
        value = record.get(key)
        if type(value) in (int, float, str):
            try:
                number = float(cast("float | str", value))
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                return number
    return None


def as_object(value: object) -> Json:
    """The value if it is an object; else an empty one."""
    return cast("Json", value) if type(value) is dict else _EMPTY


def object_in(record: Json, key: str) -> Json:
    """The object under `key`; empty if there is none."""
    return as_object(record.get(key))


def objects_in(record: Json, key: str, limit: int = 256) -> Iterator[Json]:
    """The objects in the list under `key`, at most `limit`; members that are none are skipped."""
    value = record.get(key)
    if type(value) is list:
        for member in cast("list[object]", value)[:limit]:
            if type(member) is dict:
                yield cast("Json", member)


def strings_in(record: Json, key: str, limit: int = 512) -> tuple[str, ...]:
    """The strings in the list under `key`, one line each, without repetitions.

    Takes also `[{"name": …}]`, and one string with commas, as some tools write tags.
    """
    value = record.get(key)
    if type(value) is str:
        return distinct(value.split(",")[:limit])
    if type(value) is not list:
        return ()
    members = [
        cast("Json", member).get("name") if type(member) is dict else member
        for member in cast("list[object]", value)[:limit]
    ]
    return distinct(member for member in members if type(member) is str)


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Clean `texts` to one line each; drop empty ones and repetitions that differ in case only."""
    kept: dict[str, str] = {}
    for text in texts:
        if line := one_line(text):
            kept.setdefault(line.lower(), line)
    return tuple(kept.values())


def json_inside(text: str) -> Any:  # noqa: ANN401 - anything may stand in such a string
    """Parse JSON that a format keeps inside a string; None where it is none, or over 8 MiB."""
    if not text or len(text) > _EMBEDDED_LIMIT:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
