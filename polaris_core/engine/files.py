"""The files that a plan needs, found in the zoo."""

from __future__ import annotations

from pathlib import Path

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.errors import UnknownModel
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.replay import Hash, Resolver, locate, replay

__all__ = ["files_of"]


def files_of(
    plan: EditPlan,
    store: Resolver,
    *,
    has_picture: bool,
    has_mask: bool,
    allow_unknown_base: bool = False,
    hashed: Hash = lambda entry: entry,
) -> tuple[Path, tuple[Path, ...]]:
    """The file of a plan's checkpoint, and those of its LoRAs in their order.

    Args:
        plan: Made now or before, perhaps elsewhere.
        store: Knows the entries.
        has_picture: Whether there is a picture.
        has_mask: Whether there is a mask.
        allow_unknown_base: Whether a LoRA may be applied where a base model is unknown.
        hashed: Tells the SHA-256 of a file that the zoo does not know yet.

    Raises:
        UnknownModel: A file is not on this machine, or the plan names no checkpoint.
        PolarisError: As `replay` does.
    """
    if plan.checkpoint is None:
        raise UnknownModel(
            "the plan names no checkpoint: it was made for a MODEL of somebody's own",
            hint="Make a plan with `polaris plan`, or carry it out in ComfyUI",
        )
    checkpoint = locate(plan.checkpoint, store, kind=Kind.CHECKPOINT, hashed=hashed)
    loras = replay(
        plan,
        store,
        base_model=checkpoint.base_model,
        checkpoint=checkpoint,
        allow_unknown_base=allow_unknown_base,
        has_picture=has_picture,
        has_mask=has_mask,
        hashed=hashed,
    )
    return _path_of(checkpoint), tuple(map(_path_of, loras))


def _path_of(entry: Entry) -> Path:
    if entry.unsafe:
        raise UnknownModel(
            "a pickled file is never opened", value=entry.file, hint="Convert it to safetensors"
        )
    path = Path(entry.root, *entry.file.split("/"))
    if not path.is_file():
        raise UnknownModel(
            "the file is not where the zoo knows it", value=str(path), hint="Scan again"
        )
    return path
