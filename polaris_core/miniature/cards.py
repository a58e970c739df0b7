"""The miniature zoo's models as their uploaders present them, and what is true about each.

The table is `cards.json`: three checkpoints; LoRAs for every new style and new kind, with second
attempts; the same subjects for other base models (traps: only their headers are made); and some
that promise everything and do nothing. The texts are our own, as good and bad as in the wild.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from polaris_core.demo.sidecars import Card

__all__ = ["Nature", "ZooModel", "zoo_models"]

_TABLE = Path(__file__).with_name("cards.json")
_RUNS_ON = "SD 1.5"

Nature = Literal["checkpoint", "lora", "wrong base", "useless"]


@dataclass(frozen=True, slots=True)
class ZooModel:
    """One model of the miniature zoo."""

    card: Card
    """What its uploader says; `drawing` is the prompt of its preview."""
    teaches: str
    """The style or kind that it is really for; empty: none in particular."""
    weights: str
    """Name of its stored weights, without a suffix; empty where none are stored."""
    share: float
    """How much of them is in it: less than 1 is a weak second attempt at the same."""

    @property
    def nature(self) -> Nature:
        """What it really is."""
        if not self.card.is_lora:
            return "checkpoint"
        if self.card.base != _RUNS_ON:
            return "wrong base"
        return "lora" if self.teaches else "useless"


def zoo_models() -> list[ZooModel]:
    """All models, checkpoints first, in a fixed order."""
    table: dict[str, Any] = json.loads(_TABLE.read_text("utf-8"))
    found: list[ZooModel] = []
    for folder in ("checkpoints", "loras"):
        for row in table[folder]:
            fields = dict(zip(table["columns"], row, strict=True))
            teaches, weights, share = (fields.pop(key) for key in ("teaches", "weights", "share"))
            fields["file"] = f"{folder}/{fields['file']}"
            found.append(ZooModel(Card(**fields), teaches, weights, share))
    return found
