"""Find the style LoRA and the object LoRA that suit an intent and its checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import _fetching, _host
from ._convert import first_picture
from ._types import HostZoo, IntentIO, ShortlistIO, ZooIO
from .checkpoint_retriever import PINS_TOOLTIP

if TYPE_CHECKING:
    import torch

    from polaris_core.catalogue.entry import BaseModel
    from polaris_core.instructions.intent import EditIntent
    from polaris_core.retrieval.shortlist import Shortlist


class LoraRetriever(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisLoraRetriever",
            display_name="Polaris LoRA Retriever",
            category="Polaris",
            has_intermediate_output=True,
            description="Finds the style LoRA and the object LoRA that suit the intent, among "
            "those made for the checkpoint's base model.",
            search_aliases=["find lora", "auto lora", "lora search"],
            inputs=[
                ZooIO.Input("zoo", tooltip="From Polaris Zoo."),
                IntentIO.Input("intent", tooltip="From Polaris Instruction Parser."),
                ShortlistIO.Input(
                    "checkpoint",
                    optional=True,
                    tooltip="The shortlist of Polaris Checkpoint Retriever.",
                ),
                io.Model.Input(
                    "model",
                    optional=True,
                    tooltip="Your own MODEL, where no checkpoint was retrieved.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="Its look is kept, or taken over, where the intent asks for it.",
                ),
                io.String.Input("pins", multiline=True, default="", tooltip=PINS_TOOLTIP),
                io.Int.Input("candidates", default=20, min=1, max=200, tooltip="How many to list."),
                io.Boolean.Input(
                    "unknown_base",
                    default=False,
                    tooltip="Also LoRAs whose base model nobody knows. They may not fit.",
                ),
                _fetching.fetch_input(),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[ShortlistIO.Output("shortlist")],
        )

    @classmethod
    def execute(
        cls,
        zoo: HostZoo,
        intent: EditIntent,
        pins: str,
        candidates: int,
        unknown_base: bool,
        fetch: bool = False,
        checkpoint: Shortlist | None = None,
        model: Any = None,
        image: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        from polaris_core.catalogue.entry import Maturity
        from polaris_core.page.results import shortlist_cards
        from polaris_core.retrieval.explain import describe
        from polaris_core.retrieval.pins import Pins
        from polaris_core.retrieval.shortlist import Shortlist, SlotName
        from polaris_core.retrieval.two_level import retrieve_loras

        best = checkpoint.best(SlotName.CHECKPOINT) if checkpoint else None
        found = retrieve_loras(
            zoo.zoo,
            intent,
            base=_base(best.entry.base_model if best else None, model),
            checkpoint=best.entry if best else None,
            picture=first_picture(image),
            pins=Pins.parse(pins),
            filters=_fetching.wider(zoo.filters, fetch, "lora"),
            allow_unknown_base=unknown_base,
            k=candidates,
            progress=_host.progress(),
        )
        shortlist = Shortlist((checkpoint or Shortlist()).slots + found.slots)
        cards = shortlist_cards(found, Maturity(zoo.filters.max_maturity))
        return io.NodeOutput(shortlist, ui=_host.show_cards(cls, describe(found), cards))


def _base(of_checkpoint: BaseModel | None, model: Any) -> BaseModel:
    from polaris_core.errors import InvalidInput

    if of_checkpoint is not None:
        return of_checkpoint
    if model is None:
        raise InvalidInput(
            "the LoRA Retriever must know the base model",
            hint="Connect the shortlist of Polaris Checkpoint Retriever, or your own MODEL",
        )
    return _host.base_model_of(model)


NODES = [LoraRetriever]
