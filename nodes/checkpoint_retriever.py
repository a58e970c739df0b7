"""Find the checkpoint that an intent asks for, and load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from . import _fetching, _host
from ._convert import first_picture
from ._types import HostZoo, IntentIO, ShortlistIO, ZooIO

if TYPE_CHECKING:
    import torch

    from polaris_core.instructions.intent import EditIntent

PINS_TOOLTIP = (
    "One a line: a name, file or hash to use it; with - before it, never to use it; "
    "with @ 0.7 behind it, at that strength."
)


class CheckpointRetriever(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisCheckpointRetriever",
            display_name="Polaris Checkpoint Retriever",
            category="Polaris",
            has_intermediate_output=True,
            description="Finds the checkpoint that suits the intent and loads it.",
            search_aliases=["find checkpoint", "auto checkpoint", "model search"],
            inputs=[
                ZooIO.Input("zoo", tooltip="From Polaris Zoo."),
                IntentIO.Input("intent", tooltip="From Polaris Instruction Parser."),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="Its look is kept, or taken over, where the intent asks for it. "
                    "Needs an image encoder in the zoo.",
                ),
                io.String.Input("pins", multiline=True, default="", tooltip=PINS_TOOLTIP),
                io.Int.Input("candidates", default=20, min=1, max=200, tooltip="How many to list."),
                _fetching.fetch_input(),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[
                io.Model.Output("model"),
                io.Clip.Output("clip"),
                io.Vae.Output("vae"),
                ShortlistIO.Output("shortlist"),
            ],
        )

    @classmethod
    def execute(
        cls,
        zoo: HostZoo,
        intent: EditIntent,
        pins: str,
        candidates: int,
        fetch: bool = False,
        image: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        from polaris_core.catalogue.entry import Maturity
        from polaris_core.page.results import shortlist_cards
        from polaris_core.planning.missing import with_usable_checkpoint
        from polaris_core.retrieval.explain import describe
        from polaris_core.retrieval.pins import Pins
        from polaris_core.retrieval.shortlist import SlotName
        from polaris_core.retrieval.two_level import retrieve_checkpoints

        shortlist = retrieve_checkpoints(
            zoo.zoo,
            intent,
            picture=first_picture(image),
            pins=Pins.parse(pins),
            filters=_fetching.wider(zoo.filters, fetch, "checkpoint"),
            k=candidates,
            progress=_host.progress(),
        )
        if fetch:
            shortlist = _fetching.with_file(cls, shortlist, SlotName.CHECKPOINT)
        else:
            shortlist = with_usable_checkpoint(shortlist)
        best = shortlist.best(SlotName.CHECKPOINT)
        assert best is not None  # retrieve_checkpoints raises when nothing fits
        model, clip, vae = _host.load_checkpoint(best.entry)
        cards = shortlist_cards(shortlist, Maturity(zoo.filters.max_maturity))
        shown = _host.show_cards(cls, describe(shortlist), cards)
        return io.NodeOutput(model, clip, vae, shortlist, ui=shown)


NODES = [CheckpointRetriever]
