"""The host's own node that loads an entry, as dragging a card onto the canvas makes it."""

from __future__ import annotations

import os
from collections.abc import Callable

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.errors import Busy
from polaris_core.page.cards import Json

__all__ = ["loader_of"]


def loader_of(entry: Entry, listed: Callable[[Kind, str], str | None]) -> Json:
    """Which node it is, and what stands in its inputs.

    Args:
        entry: Of the catalogue.
        listed: The name under which the host loads a file of a kind, if it does.

    Raises:
        Busy: It is not on disk, pickled, of another kind, or not among what the host lists.
    """
    if not entry.on_disk:
        hint = f"Get it from {entry.source}" if entry.source else "Get it, and scan again"
        raise Busy("the model is not on this machine", value=entry.name, hint=hint)
    if entry.unsafe:
        hint = "Convert it to safetensors"
        raise Busy("a pickled file is never opened", value=entry.file, hint=hint)
    if entry.kind is Kind.OTHER:
        raise Busy("neither a checkpoint nor a LoRA", value=entry.file)
    name = listed(entry.kind, os.path.join(entry.root, *entry.file.split("/")))
    if name is None:
        hint = "Scan again; of two files of one name ComfyUI loads the one in its first folder"
        raise Busy("ComfyUI does not list this file", value=entry.file, hint=hint)
    if entry.kind is Kind.CHECKPOINT:
        return _node("CheckpointLoaderSimple", entry, {"ckpt_name": name})
    strength = 1.0 if entry.strength is None else entry.strength
    strengths = {"strength_model": strength, "strength_clip": strength}
    return _node("LoraLoader", entry, {"lora_name": name, **strengths})


def _node(kind: str, entry: Entry, widgets: Json) -> Json:
    return {"node": kind, "title": entry.name, "widgets": widgets}
