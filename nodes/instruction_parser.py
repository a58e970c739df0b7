"""From a sentence to an intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from comfy_api.latest import io

from . import _convert, _host
from ._types import IntentIO, LanguageModelIO

if TYPE_CHECKING:
    import torch

    from polaris_core.llm.base import ChatModel

_AS_PARSED = "as parsed"
_TYPES = [
    "category_change",
    "add",
    "local_style",
    "global_style",
    "new_picture",
    "remove",
    "other",
]
_OVERRIDES = {
    "subject": "The thing to change: `cat`.",
    "place": "Where it stands: `on the left`.",
    "anchor": "Where an added thing goes: `next to the tent`.",
    "style_words": "The look asked for: `watercolor`.",
    "object_words": "The new thing: `red fox`.",
    "generation_prompt": "The final look only: `a watercolor fox`.",
    "foreground": "Things in the foreground, with commas between.",
    "style_topic": "What a style LoRA is sought for.",
    "object_topics": "What object LoRAs are sought for, with commas between.",
}
"""Texts that take the place of what was parsed, and what they are."""


class InstructionParser(io.ComfyNode):
    fallbacks: ClassVar[int] = 0
    """How often the grammar spoke for a model since the start."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisInstructionParser",
            display_name="Polaris Instruction Parser",
            category="Polaris",
            has_intermediate_output=True,
            description="Reads what a sentence asks for: what to change, into what, in which "
            "style. A grammar does it; a language model, if connected, reads any sentence.",
            search_aliases=["edit instruction", "prompt parser", "edit by text"],
            inputs=[
                io.String.Input(
                    "instruction",
                    multiline=True,
                    default="Replace the cat with a watercolor fox",
                    tooltip="What you want, in one sentence; in English if no language model "
                    "is connected.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture it speaks of; of a batch the first. Without one the "
                    "sentence describes a new picture.",
                ),
                LanguageModelIO.Input(
                    "language_model",
                    optional=True,
                    tooltip="From Polaris Language Model. Without one a grammar reads it.",
                ),
                io.Combo.Input(
                    "if_model_fails",
                    options=["use the grammar", "stop"],
                    default="use the grammar",
                    optional=True,
                    tooltip="The node says which of the two spoke.",
                ),
                io.Combo.Input(
                    "instruction_type",
                    options=[_AS_PARSED, *_TYPES],
                    default=_AS_PARSED,
                    optional=True,
                    advanced=True,
                    tooltip="Takes the place of what was parsed.",
                ),
                *(
                    io.String.Input(
                        name,
                        default="",
                        optional=True,
                        advanced=True,
                        tooltip=f"{what} Empty: as parsed. A single - : none.",
                    )
                    for name, what in _OVERRIDES.items()
                ),
                *(
                    io.Combo.Input(
                        name,
                        options=[_AS_PARSED, "yes", "no"],
                        default=_AS_PARSED,
                        optional=True,
                        advanced=True,
                        tooltip=what,
                    )
                    for name, what in (
                        ("style_transformation", "Whether a style is asked for."),
                        ("contour_compatible", "Whether the new shape fits the old outline."),
                    )
                ),
            ],
            hidden=[io.Hidden.unique_id],
            outputs=[
                IntentIO.Output("intent"),
                io.String.Output("prompt", tooltip="The final look only: fits any workflow."),
                io.String.Output("json", tooltip="The whole intent."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_: object) -> object:
        return cls.fallbacks  # so that a model that failed is asked again

    @classmethod
    def execute(
        cls,
        instruction: str,
        image: torch.Tensor | None = None,
        language_model: ChatModel | None = None,
        if_model_fails: str = "use the grammar",
        **overrides: str,
    ) -> io.NodeOutput:
        from polaris_core.errors import InvalidInput
        from polaris_core.instructions.explain import describe_intent
        from polaris_core.instructions.overrides import override
        from polaris_core.instructions.parser import parse
        from polaris_core.instructions.serialize import intent_to_json

        if language_model is not None and not hasattr(language_model, "reply"):
            raise InvalidInput("not a language model", value=language_model)
        parsed = parse(
            _host.given(instruction),
            picture=_convert.first_pil(image),
            model=language_model,
            fallback=if_model_fails == "use the grammar",
            progress=_host.progress(),
        )
        if parsed.fallback_reason:
            InstructionParser.fallbacks += 1
        corrections = {k: _host.given(v) for k, v in overrides.items() if v != _AS_PARSED}
        intent = override(parsed, corrections)
        return io.NodeOutput(
            intent,
            intent.generation_prompt,
            intent_to_json(intent),
            ui=_host.show(cls, "\n".join(describe_intent(intent))),
        )


NODES = [InstructionParser]
