"""What the user set on the page; start values only, a run never reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polaris_core.catalogue.entry import Maturity
from polaris_core.page.cards import LEVELS, Json

__all__ = ["DEFAULTS", "Settings"]

DEFAULTS: Mapping[str, str] = {
    "Polaris.Maturity": "PG",
    "Polaris.Folders": "",
    "Polaris.TextEncoder": "sentence:all-MiniLM-L6-v2",
    "Polaris.ImageEncoder": "none",
    "Polaris.LanguageModel": "",
    "Polaris.LanguageServer": "",
}
"""Every setting by its id, with its default."""

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force; what the host holds of other types or lengths counts as unset."""

    values: Mapping[str, str]

    @staticmethod
    def of(stored: Mapping[str, object]) -> Settings:
        """From what the host stores, which holds the settings of everybody."""
        values = dict(DEFAULTS)
        for name in DEFAULTS:
            value = stored.get(name)
            if isinstance(value, str) and len(value) <= _LONGEST and value.isprintable():
                values[name] = value
        if values["Polaris.Maturity"].replace("-", "") not in LEVELS:
            values["Polaris.Maturity"] = DEFAULTS["Polaris.Maturity"]
        return Settings(values)

    @property
    def maturity(self) -> Maturity:
        """The most mature that is shown."""
        return LEVELS[self.values["Polaris.Maturity"].replace("-", "")]

    @property
    def encoders(self) -> tuple[str, str]:
        """The text encoder and the image encoder, as the Zoo node's inputs name them."""
        text = self.values["Polaris.TextEncoder"].strip() or DEFAULTS["Polaris.TextEncoder"]
        return text, self.values["Polaris.ImageEncoder"].strip() or "none"

    def payload(self) -> Json:
        """All of them as plain values."""
        return dict(self.values)
