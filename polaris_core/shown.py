"""Values of strangers as they are shown in messages."""

from __future__ import annotations

__all__ = ["printable", "shortened"]

_SHOWN_CHARACTERS = 200


def shortened(value: object) -> str:
    """A value as one short text; nothing where there is none."""
    text = value if isinstance(value, str) else repr(value) if value is not None else ""
    shown = printable(text[:_SHOWN_CHARACTERS])
    return shown if len(text) <= _SHOWN_CHARACTERS else f"{shown}… ({len(text)} characters)"


def printable(text: str) -> str:
    """What files, models and servers say may not steer the terminal it is shown on."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
