"""The editor's plan, put where ComfyUI's saving nodes write it into their files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

if TYPE_CHECKING:
    from polaris_core.page.plans import PlanMemory

_EDITOR = "PolarisAdaptiveEditor"
_memory: PlanMemory | None = None


def keep(cls: type[io.ComfyNode], plan_json: str) -> None:
    """Put the plan into what this run writes into files, and remember it for cached runs."""
    from polaris_core.page.plans import embed

    node, info = str(cls.hidden.unique_id), cls.hidden.extra_pnginfo
    memory().remember(cls.hidden.prompt, node, plan_json)
    if isinstance(info, dict):
        embed(info, node, plan_json)


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    """What ComfyUI is asked to run, with the plans of editors that it will find cached."""
    prompt = request.get("prompt")
    nodes = prompt.values() if isinstance(prompt, dict) else ()
    if any(isinstance(node, dict) and node.get("class_type") == _EDITOR for node in nodes):
        memory().prepare(request)
    return request


def memory() -> PlanMemory:
    """The plans of this process."""
    global _memory
    from polaris_core.page.plans import PlanMemory

    _memory = _memory or PlanMemory()
    return _memory
