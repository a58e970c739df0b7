"""What commands print: tables for people, JSON for programs, progress on the error stream."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence

from polaris_core.progress import Progress

__all__ = ["print_json", "print_table", "printable", "terminal_progress"]

_EVERY_SECONDS = 0.2
_WIDEST = 48


def print_json(value: object) -> None:
    """Print one JSON document; names in any language stay readable."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as their content, at most 48 characters each but the last."""
    cells = [[printable(cell) for cell in row] for row in (head, *rows)]
    widths = [min(_WIDEST, max(len(row[i]) for row in cells)) for i in range(len(head))]
    for row in cells:
        shown = [cell[:width].ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([*shown[:-1], row[-1]]).rstrip())


def printable(cell: object) -> str:
    """A cell or line as one line of text; what strangers wrote may not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in str(cell))


def terminal_progress() -> Progress:
    """Progress on one line of the error stream, if that is a terminal."""
    if not sys.stderr.isatty():
        return lambda done, total, what, /: None
    last = 0.0

    def report(done: int, total: int, what: str, /) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _EVERY_SECONDS and done != total:
            return
        last = now
        count = f"{done}/{total}" if total else str(done)
        end = "\n" if total and done >= total else ""
        print(f"\r\x1b[K{count}  {printable(what)[:60]}", end=end, file=sys.stderr, flush=True)

    return report
