"""Let a language model read every candidate against the instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from . import _host
from ._types import IntentIO, LanguageModelIO, ShortlistIO

if TYPE_CHECKING:
    from polaris_core.instructions.intent import EditIntent
    from polaris_core.retrieval.shortlist import Shortlist


class TreeRerank(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisTreeRerank",
            display_name="Polaris Tree Rerank",
            category="Polaris",
            has_intermediate_output=True,
            description="Reads each candidate against the instruction, all in a few passes of a "
            "language model, and keeps those that fit.",
            search_aliases=["lora reranker", "auto lora", "pick lora", "cross encoder"],
            inputs=[
                ShortlistIO.Input("shortlist", tooltip="From Polaris LoRA Retriever."),
                IntentIO.Input("intent", tooltip="From Polaris Instruction Parser."),
                LanguageModelIO.Input("language_model", tooltip="From Polaris Language Model."),
                io.Int.Input(
                    "keep", default=3, min=1, max=64, tooltip="The most that stay for each topic."
                ),
                io.Int.Input(
                    "rounds",
                    default=2,
                    min=1,
                    max=3,
                    tooltip="In all rounds but the last the model reads a short text of each "
                    "candidate, and the best share goes on.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How sure the model must be that a candidate fits; pins always stay.",
                ),
                io.Combo.Input(
                    "method",
                    options=["auto", "tree", "listwise"],
                    default="auto",
                    optional=True,
                    advanced=True,
                    tooltip="tree needs a local model. A server is asked for the order of groups "
                    "instead, which is slower.",
                ),
                io.Int.Input(
                    "token_budget",
                    default=0,
                    min=0,
                    max=1_000_000,
                    optional=True,
                    advanced=True,
                    tooltip="Tokens of one pass: less takes less memory. 0: decided by the device.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[
                ShortlistIO.Output("ranked"),
                io.String.Output("report", tooltip="What was kept and dropped, and why."),
            ],
        )

    @classmethod
    def execute(
        cls,
        shortlist: Shortlist,
        intent: EditIntent,
        language_model: Any,
        keep: int,
        rounds: int,
        threshold: float,
        method: str = "auto",
        token_budget: int = 0,
    ) -> io.NodeOutput:
        from polaris_core.page.results import ranking_cards
        from polaris_core.rerank.report import describe
        from polaris_core.rerank.shortlists import rerank_shortlist

        ready = getattr(language_model, "ready", None)
        ranked, report = rerank_shortlist(
            shortlist,
            intent,
            ready() if ready else language_model,
            keep=keep,
            rounds=rounds,
            threshold=threshold,
            token_budget=token_budget or None,
            method=method,
            progress=_host.progress(),
        )
        text = describe(report)
        cards = ranking_cards(ranked, report, None)
        return io.NodeOutput(ranked, text, ui=_host.show_cards(cls, text, cards))


NODES = [TreeRerank]
