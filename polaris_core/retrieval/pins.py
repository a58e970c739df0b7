"""Models that must be used, and models that must not: one a line.

ghibli_style                 use it (a name, a file, a SHA-256, an AutoV2 or an AutoV3)
+ghibli_style @ 0.7          use it at this strength
-bad_lora                    never use it
style: ghibli_style          use it as style LoRA (also `object:` and `checkpoint:`)
"# odd @ 1"                  in quotes a name is taken as it stands
ghibli_style {"sha256": …}   the very file, wherever it lies and whatever it is called here
# a remark
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from polaris_core.errors import InvalidInput
from polaris_core.retrieval.identity import FileIdentity
from polaris_core.retrieval.shortlist import SlotName

__all__ = ["Pin", "Pins"]

_LINES = 1000
_STRENGTH = re.compile(r"^(.*\S)\s+@\s*(\S+)$", re.DOTALL)
_IDENTITY = re.compile(r"^(.*?)\s*(\{\".*\})$", re.DOTALL)
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
    identity: FileIdentity | None = None
    """The very file that is meant; None: whichever has this name."""

    def __str__(self) -> str:
        name = _quoted(self.name)
        slot = f"{self.slot.value}: " if self.slot else ""
        strength = "" if self.strength is None else f" @ {self.strength!r}"
        identity = "" if self.identity is None else f" {self.identity}"
        return f"{'-' if self.ban else ''}{slot}{name}{strength}{identity}"


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
    name = ""
    if quoted := rest.startswith('"'):
        name, rest = _unquoted(rest, line)
    identity, strength = None, None
    if match := _IDENTITY.match(rest):
        rest, identity = match[1], FileIdentity.parse(match[2])
    if quoted and rest:
        strength = _strength_behind_quotes(rest, line)
    elif match := _STRENGTH.match(rest):
        rest, strength = match[1], _strength(match[2], line)
    name = name if quoted else rest
    _check_sense(name, ban, strength, identity, line)
    return Pin(name, ban, slot, strength, identity)


def _check_sense(
    name: str, ban: bool, strength: float | None, identity: FileIdentity | None, line: str
) -> None:
    if not name.strip():
        raise InvalidInput(
            "a pin without a name", value=line, hint="Write the model's name or file"
        )
    if ban and strength is not None:
        raise InvalidInput("a ban has no strength", value=line, hint="Leave out the @ part")
    if ban and identity is not None:
        raise InvalidInput("a ban takes a name alone", value=line, hint="Leave out the {} part")


def _unquoted(rest: str, line: str) -> tuple[str, str]:
    """The name in the quotes, and what stands behind them."""
    try:
        name, end = json.JSONDecoder(strict=False).raw_decode(rest)
    except ValueError as error:
        raise InvalidInput("quotes that are not closed", value=line) from error
    return name, rest[end:].strip()


def _strength_behind_quotes(after: str, line: str) -> float:
    if not after.startswith("@"):
        raise InvalidInput("text after a name in quotes", value=line, hint="Only @ STRENGTH may")
    return _strength(after[1:].strip(), line)


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
    if plain and not any(p.match(name) for p in (_SLOT, _STRENGTH)) and '{"' not in name:
        return name
    return json.dumps(name)
