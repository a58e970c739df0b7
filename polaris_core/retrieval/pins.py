"""Models that must be used, and models that must not: one a line.

ghibli_style                 use it (a name, a file, a SHA-256, an AutoV2 or an AutoV3)
+ghibli_style @ 0.7          use it at this strength
-bad_lora                    never use it
style: ghibli_style          use it as style LoRA (also `object:` and `checkpoint:`)
"# odd @ 1"                  in quotes a name is taken as it stands
# a remark
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.errors import InvalidInput
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["Pin", "Pins"]

_LINES = 1000
_STRENGTH = re.compile(r"^(.*\S)\s+@\s*(\S+)$", re.DOTALL)
_SLOT = re.compile(r"^(style|object|checkpoint)\s*:\s*(.*)$", re.IGNORECASE | re.DOTALL)
_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class Pin:
    """One line."""

    name: str
    """A title, file, path, SHA-256, AutoV2 or AutoV3."""
    ban: bool = False
    slot: SlotName | None = None
    """Where it is to be used, or is banned from; None: wherever it fits."""
    strength: float | None = None
    """In [-10, 10]; None leaves it to the planner."""

    def __str__(self) -> str:
        name = _quoted(self.name)
        slot = f"{self.slot.value}: " if self.slot else ""
        strength = "" if self.strength is None else f" @ {self.strength!r}"
        return f"{'-' if self.ban else ''}{slot}{name}{strength}"


@dataclass(frozen=True, slots=True)
class Pins:
    """All lines, in order; `Pins.parse(str(pins)) == pins`."""

    lines: tuple[Pin, ...] = ()

    @staticmethod
    def parse(text: str) -> Pins:
        """Read lines; empty ones and remarks are passed over.

        Raises:
            InvalidInput: A line names nothing, a strength is no number in [-10, 10], quotes are not
                closed, or there are over 1,000 lines.
        """
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if len(lines) > _LINES:
            raise InvalidInput(f"more than {_LINES} pins", value=len(lines))
        return Pins(tuple(map(_parse, lines)))

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))

    def __bool__(self) -> bool:
        return bool(self.lines)

    def pinned(self) -> Iterator[Pin]:
        """Those to be used."""
        return (pin for pin in self.lines if not pin.ban)

    def banned(self) -> Iterator[Pin]:
        """Those not to be used."""
        return (pin for pin in self.lines if pin.ban)


def _parse(line: str) -> Pin:
    ban, rest = line.startswith("-"), line
    if line[0] in "+-":
        rest = line[1:].lstrip()
    slot = None
    if match := _SLOT.match(rest):
        slot, rest = SlotName(match[1].lower()), match[2].strip()
    if rest.startswith('"'):
        name, strength = _unquoted(rest, line)
    elif match := _STRENGTH.match(rest):
        name, strength = match[1], _strength(match[2], line)
    else:
        name, strength = rest, None
    if not name.strip():
        raise InvalidInput(
            "a pin without a name", value=line, hint="Write the model's name or file"
        )
    if ban and strength is not None:
        raise InvalidInput("a ban has no strength", value=line, hint="Leave out the @ part")
    return Pin(name, ban, slot, strength)


def _unquoted(rest: str, line: str) -> tuple[str, float | None]:
    try:
        name, end = json.JSONDecoder(strict=False).raw_decode(rest)
    except ValueError as error:
        raise InvalidInput("quotes that are not closed", value=line) from error
    after = rest[end:].strip()
    if not after:
        return name, None
    if not after.startswith("@"):
        raise InvalidInput("text after a name in quotes", value=line, hint="Only @ STRENGTH may")
    return name, _strength(after[1:].strip(), line)


def _strength(text: str, line: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -_LIMIT <= value <= _LIMIT:
        raise InvalidInput(
            "a strength must be a number from -10 to 10",
            value=line,
            hint="Write a name that contains @ in quotes",
        )
    return value


def _quoted(name: str) -> str:
    """The name as it stands where it cannot be misread, in quotes otherwise."""
    plain = name == name.strip() and name.isprintable() and name[:1] not in ("", "+", "-", "#", '"')
    if plain and not _SLOT.match(name) and not _STRENGTH.match(name):
        return name
    return json.dumps(name)
