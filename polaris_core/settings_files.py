"""Small JSON files in the private folder, in which the user writes settings."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from polaris_core.errors import InvalidInput

__all__ = ["SettingsFile"]

_LARGEST_FILE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One such file."""

    path: Path
    what: str
    """What it is to people, as "the settings for fetching"."""
    hint: str
    """How it is written."""

    def read(self, known: Collection[str]) -> dict[str, object]:
        """What it says; nothing if it is not there.

        Args:
            known: Names of all settings there are.

        Raises:
            InvalidInput: It cannot be read, is no JSON object, or holds a name that is not known.
        """
        try:
            with self.path.open("rb") as file:
                content = file.read(_LARGEST_FILE_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            problem = f"{self.what} cannot be read ({error.strerror})"
            raise InvalidInput(problem, value=str(self.path)) from error
        if len(content) > _LARGEST_FILE_BYTES:
            raise self.malformed("too long")
        try:
            data: object = json.loads(content.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise self.malformed("no JSON") from error
        if not isinstance(data, dict):
            raise self.malformed("no object")
        facts = cast("dict[str, object]", data)
        if unknown := next((name for name in facts if name not in known), None):
            raise self.malformed(f"unknown: {unknown}")
        return facts

    def malformed(self, what: str) -> InvalidInput:
        """What is said of a file that says something wrong."""
        problem = f"{self.what} are malformed ({what})"
        return InvalidInput(problem, value=str(self.path), hint=self.hint)
