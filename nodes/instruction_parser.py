"""From a sentence to an intent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from . import _host
from ._types import IntentIO

if TYPE_CHECKING:
    import torch


class InstructionParser(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PolarisInstructionParser",
            display_name="Polaris Instruction Parser",
            category="Polaris",
            description="Reads what a sentence asks for: what to change, into what, in which "
            "style. A grammar does it; no model is needed.",
            search_aliases=["edit instruction", "prompt parser", "edit by text"],
            inputs=[
                io.String.Input(
                    "instruction",
                    multiline=True,
                    default="Replace the cat with a watercolor fox",
                    tooltip="What you want, in one English sentence.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture it speaks of. Without one the sentence describes "
                    "a new picture.",
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
    def execute(cls, instruction: str, image: torch.Tensor | None = None) -> io.NodeOutput:
        from polaris_core.instructions.explain import describe_intent
        from polaris_core.instructions.grammar import parse_instruction
        from polaris_core.instructions.serialize import intent_to_json

        intent = parse_instruction(instruction, has_picture=image is not None)
        return io.NodeOutput(
            intent,
            intent.generation_prompt,
            intent_to_json(intent),
            ui=_host.show(cls, "\n".join(describe_intent(intent))),
        )


NODES = [InstructionParser]
