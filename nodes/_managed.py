"""Handing models that are not ComfyUI's own to its memory management."""

from __future__ import annotations

from typing import Any


def managed(module: Any, load_device: Any, offload_device: Any) -> Any:
    """A ModelPatcher of a torch module, for `load_models_gpu`; ComfyUI may move it from then on."""
    from comfy.model_patcher import ModelPatcher
    from torch import nn

    # ComfyUI writes the device down on the module, which some refuse; its name stands in the log.
    around = type(type(module).__name__, (nn.Module,), {})()
    around.add_module("model", module)
    return ModelPatcher(around, load_device, offload_device)
