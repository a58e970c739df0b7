"""The sockets between Polaris nodes."""

from __future__ import annotations

from dataclasses import dataclass

from comfy_api.latest import io

from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.zoo import Zoo

ZooIO = io.Custom("POLARIS_ZOO")
IntentIO = io.Custom("POLARIS_INTENT")
ShortlistIO = io.Custom("POLARIS_SHORTLIST")


@dataclass(frozen=True)
class HostZoo:
    """What travels on POLARIS_ZOO: the zoo, and which part of it may be used."""

    zoo: Zoo
    filters: Filters
