"""What may be fetched, and from where: set by the user outside of any workflow.

`fetching.json` in the private folder is one JSON object, every field of which may be left out:

    {"hosts": ["civitai.com", "*.example.com"],     only these, instead of the usual ones
     "loopback": ["http://127.0.0.1:8000"],         mirrors on this machine
     "automatic": ["lora"],                          what workflows may fetch by themselves: nothing
     "automatic_largest_mb": 2000,                   … and how large at the most
     "civitai": "https://civitai.com"}               the site that is asked by hash

The environment variables POLARIS_FETCH_HOSTS, POLARIS_FETCH_LOOPBACK and POLARIS_FETCH_AUTOMATIC
(lists divided by commas) and POLARIS_CIVITAI_URL go before it. A workflow cannot change any of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.errors import AddressRefused, InvalidInput
from polaris_core.fetching.addresses import USUAL_HOSTS, Rules, parse_address
from polaris_core.settings_files import SettingsFile
from polaris_core.site_tokens import Tokens, read_tokens

__all__ = ["SETTINGS_FILE", "Settings", "read_settings"]

SETTINGS_FILE = "fetching.json"
_CIVITAI = "https://civitai.com"
_VARIABLES = {
    "hosts": "POLARIS_FETCH_HOSTS",
    "loopback": "POLARIS_FETCH_LOOPBACK",
    "automatic": "POLARIS_FETCH_AUTOMATIC",
    "civitai": "POLARIS_CIVITAI_URL",
}
_PLURALS = {Kind.CHECKPOINT: "checkpoints", Kind.LORA: "LoRAs"}
"""The kinds that are fetched."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user allows."""

    rules: Rules = field(default_factory=Rules)
    automatic: frozenset[Kind] = frozenset()
    """Kinds that a run may fetch without being asked each time; none unless allowed."""
    automatic_largest_bytes: int = 2_000_000_000
    civitai: str = _CIVITAI
    """Origin of the site that is asked by hash."""
    tokens: Tokens = field(default_factory=Tokens)
    file: Path = Path(SETTINGS_FILE)
    """Where the user can change it."""

    def check_automatic(self, entry: Entry) -> None:
        """See that a run may fetch an entry by itself.

        Raises:
            AddressRefused: It may not.
        """
        self.check_kind(entry.kind, entry.name)
        if not 0 < entry.size_bytes <= self.automatic_largest_bytes:
            size = f"{entry.size_bytes / 1e6:.0f} MB" if entry.size_bytes > 0 else "unknown size"
            raise AddressRefused(
                f"a model is not on this machine, and runs may fetch by themselves only up to "
                f"{self.automatic_largest_bytes / 1e6:.0f} MB",
                value=f"{entry.name} ({size})",
                hint=f"Fetch it with `polaris fetch` or in the sidebar, or set "
                f"`automatic_largest_mb` in {self.file}",
            )

    def check_kind(self, kind: Kind, name: str = "") -> None:
        """See that a run may fetch models of a kind by itself.

        Raises:
            AddressRefused: It may not.
        """
        if kind not in self.automatic:
            raise AddressRefused(
                f"runs may not fetch {_PLURALS.get(kind, 'files')} by themselves",
                value=name,
                hint=f"Switch `fetch` off and fetch with `polaris fetch` or in the sidebar; or "
                f'allow it: {{"automatic": ["{kind.value}"]}} in {self.file}',
            )

    def payload(self) -> dict[str, Any]:
        """What a page may know of it: no tokens."""
        return {
            "hosts": list(self.rules.hosts),
            "loopback": sorted(self.rules.loopback),
            "automatic": sorted(kind.value for kind in self.automatic),
            "automatic_largest_mb": self.automatic_largest_bytes // 1_000_000,
            "civitai": self.civitai,
        }


def read_settings(home: Path) -> Settings:
    """What the user allows, as it stands now.

    Args:
        home: The private folder in which `fetching.json` and the file of tokens may stand.

    Raises:
        InvalidInput: The file, or an environment variable, is malformed.
    """
    hint = f"See how {SETTINGS_FILE} is written in the README"
    file = SettingsFile(home / SETTINGS_FILE, "the settings for fetching", hint)
    stored = file.read({*_VARIABLES, "automatic_largest_mb"})
    for name, variable in _VARIABLES.items():
        if text := os.environ.get(variable, "").strip():
            parts = [part.strip() for part in text.split(",") if part.strip()]
            stored[name] = text if name == "civitai" else parts
    loopback = _texts(stored, "loopback", file)
    rules = Rules.of(_texts(stored, "hosts", file, USUAL_HOSTS), loopback)
    largest = stored.get("automatic_largest_mb", 2000)
    if type(largest) is not int or not 0 < largest <= 1_000_000:
        raise file.malformed("automatic_largest_mb")
    return Settings(
        rules,
        frozenset(_kind(text, file) for text in _texts(stored, "automatic", file)),
        largest * 1_000_000,
        _civitai(stored, file),
        read_tokens(home),
        file.path,
    )


def _kind(text: str, file: SettingsFile) -> Kind:
    kind = next((kind for kind in _PLURALS if kind.value == text.lower()), None)
    if kind is None:
        raise file.malformed(f"automatic: {text}")
    return kind


def _civitai(stored: dict[str, object], file: SettingsFile) -> str:
    address = stored.get("civitai", _CIVITAI)
    if not isinstance(address, str):
        raise file.malformed("civitai")
    found = parse_address(address)
    if found.path != "/":
        raise InvalidInput("the site's address goes without a path", value=str(found))
    return found.origin


def _texts(
    stored: dict[str, object], name: str, file: SettingsFile, usual: tuple[str, ...] = ()
) -> tuple[str, ...]:
    found = stored.get(name, usual)
    if not isinstance(found, list | tuple):
        raise file.malformed(name)
    texts = cast("tuple[object, ...]", tuple(found))  # pyright: ignore[reportUnknownArgumentType]
    if not all(isinstance(text, str) for text in texts):
        raise file.malformed(name)
    return cast("tuple[str, ...]", texts)
