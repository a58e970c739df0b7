"""The sockets between Polaris nodes.

Here as in every node module the core is imported in the function that needs it: ComfyUI loads all
packs when it starts, and its start is not the moment to read sixty modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from comfy_api.latest import io

if TYPE_CHECKING:
    from polaris_core.engine.crop import Crop
    from polaris_core.instructions.intent import EditIntent
    from polaris_core.retrieval.filters import Filters
    from polaris_core.retrieval.zoo import Zoo

ZooIO = io.Custom("POLARIS_ZOO")
IntentIO = io.Custom("POLARIS_INTENT")
ShortlistIO = io.Custom("POLARIS_SHORTLIST")
LanguageModelIO = io.Custom("POLARIS_LLM")
SegmenterIO = io.Custom("POLARIS_SEGMENTER")
CropIO = io.Custom("POLARIS_CROP")


@dataclass(frozen=True)
class HostZoo:
    """What travels on POLARIS_ZOO: the zoo, and which part of it may be used."""

    zoo: Zoo
    filters: Filters


def check_intent(value: object) -> EditIntent:
    """What came in on POLARIS_INTENT; an API workflow may put anything there."""
    from polaris_core.errors import InvalidInput
    from polaris_core.instructions.intent import EditIntent

    if isinstance(value, EditIntent):
        return value
    hint = "Connect Polaris Instruction Parser"
    raise InvalidInput("not an intent", value=value, hint=hint)


def check_crop(value: object) -> Crop:
    """What came in on POLARIS_CROP."""
    from polaris_core.engine.crop import Crop
    from polaris_core.errors import InvalidInput

    if isinstance(value, Crop):
        return value
    raise InvalidInput("not a crop", value=value, hint="Connect Polaris Crop")
