"""What a server accepts of OpenAI's protocol, learnt from what it refuses.

No two servers take the same: some know no schemas, some only those, newer models of OpenAI take
neither a temperature nor `max_tokens`. A refusal that names the reason leads to an easier request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

__all__ = ["Dialect", "easier"]

_THINKING_TOKENS = 6000
_REFUSALS = frozenset({400, 404, 415, 422, 500, 501})
"""500 as well: some servers answer it to whatever they do not know."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to put a question so that the server takes it."""

    form: Literal["json_schema", "json_object", "none"] = "json_schema"
    """What of `response_format` is sent; without the schema there, it stands in the prompt."""
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    """Whether temperature 0 is sent."""
    system_role: bool = True
    """Whether there are system messages; else their text goes before the user's."""
    pictures: bool = True
    """Whether pictures are sent. Never learnt: leaving them out is for the user to decide."""
    thinking_tokens: int = 0
    """Room for thoughts, beside what the question allows for the reply."""

    def with_room_for_thoughts(self) -> Dialect | None:
        """For a model that thought until its tokens were spent; None if it had room already."""
        return None if self.thinking_tokens else replace(self, thinking_tokens=_THINKING_TOKENS)


class _Cure(NamedTuple):
    complaint: re.Pattern[str]
    """What the server's message says."""
    cure: Callable[[Dialect], Dialect]


def _other_limit(dialect: Dialect) -> Dialect:
    return replace(dialect, limit_field="max_completion_tokens")


def _no_temperature(dialect: Dialect) -> Dialect:
    return replace(dialect, temperature=False)


def _no_system_role(dialect: Dialect) -> Dialect:
    return replace(dialect, system_role=False)


def _looser_form(dialect: Dialect) -> Dialect:
    return replace(dialect, form="json_object" if dialect.form == "json_schema" else "none")


def _says(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_CURES = (
    _Cure(_says(r"max_completion_tokens"), _other_limit),
    _Cure(_says(r"temperature"), _no_temperature),
    _Cure(_says(r"system[ _]role|role[^.]{0,20}\bsystem\b|system message"), _no_system_role),
    _Cure(
        _says(
            r"response.?(?:format|mime)|json.?(?:schema|object|mode)|structured.?output|grammar"
            r"|guided|invalid schema|handle the requested parameters"
        ),
        _looser_form,
    ),
)


def easier(dialect: Dialect, status: int, message: str) -> Dialect | None:
    """What to try after a refusal; None if the refusal has another reason.

    Each answer asks for less than `dialect`, so that it ends after at most five.

    Args:
        dialect: How it was asked.
        status: The HTTP status of the refusal.
        message: What the server says about it; its raw answer will do.
    """
    if status not in _REFUSALS:
        return None
    tried = (each.cure(dialect) for each in _CURES if each.complaint.search(message))
    return next((found for found in tried if found != dialect), None)
