"""The nodes: schemas, and a few lines each that call the core."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from . import (
    adaptive_editor,
    checkpoint_retriever,
    crop,
    instruction_parser,
    language_model,
    lora_retriever,
    region_masker,
    segmenter,
    tree_rerank,
    zoo,
)

_MODULES = [
    zoo,
    language_model,
    instruction_parser,
    segmenter,
    region_masker,
    crop,
    checkpoint_retriever,
    lora_retriever,
    tree_rerank,
    adaptive_editor,
]


class PolarisExtension(ComfyExtension):
    async def on_load(self) -> None:
        from .routes import register

        register()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [node for module in _MODULES for node in module.NODES]
