"""Carry out a plan that was made before, perhaps on another machine."""

from __future__ import annotations

from dataclasses import replace

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.errors import IncompatibleAdapter, UnknownModel
from polaris_core.planning.adapters import describe_entry, trouble_with
from polaris_core.planning.needs import check_needs
from polaris_core.planning.plan import EditPlan, ModelPick
from polaris_core.retrieval.identity import FileIdentity, Hash, Resolver, find_file

__all__ = ["identity_of_pick", "locate", "replay", "sign"]


def sign(plan: EditPlan, store: Resolver, hashed: Hash) -> EditPlan:
    """The plan with the SHA-256 of every file it names, so that it means the same elsewhere.

    Raises:
        UnknownModel: A file is not in the zoo.
        PolarisError: As `hashed` does.
    """

    def signed(pick: ModelPick, kind: Kind) -> ModelPick:
        if pick.sha256 or not pick.file:  # what is not here cannot be hashed
            return pick
        return replace(pick, sha256=hashed(locate(pick, store, kind=kind)).sha256)

    checkpoint = plan.checkpoint and signed(plan.checkpoint, Kind.CHECKPOINT)
    loras = tuple(replace(step, pick=signed(step.pick, Kind.LORA)) for step in plan.loras)
    return replace(plan, checkpoint=checkpoint, loras=loras)


def replay(
    plan: EditPlan,
    store: Resolver,
    *,
    base_model: BaseModel,
    checkpoint: Entry | None = None,
    allow_unknown_base: bool = False,
    has_picture: bool,
    has_mask: bool,
    hashed: Hash = lambda entry: entry,
) -> tuple[Entry, ...]:
    """Find the LoRAs of a plan, once it is sure that it can be carried out here.

    What decides is the files that are found, not what the plan says of them.

    Args:
        plan: Made before, perhaps elsewhere.
        store: Knows the entries.
        base_model: The base model of the MODEL at hand.
        checkpoint: Where the MODEL comes from; None if it is the user's own.
        allow_unknown_base: Whether a LoRA may be applied where a base model is unknown.
        has_picture: Whether there is a picture.
        has_mask: Whether there is a mask.
        hashed: Tells the SHA-256 of a file that the zoo does not know yet.

    Returns:
        An entry for each of the plan's LoRAs, in their order.

    Raises:
        InvalidIntent: Its intent is no edit.
        PictureRequired: It changes a picture and there is none.
        MaskRequired: It changes a region and there is no mask.
        UnknownModel: A file is not in the zoo, or the checkpoint is another one.
        IncompatibleAdapter: A LoRA may not be applied to this MODEL.
    """
    check_needs(plan.intent, has_picture=has_picture, has_mask=has_mask)
    if plan.checkpoint and checkpoint:
        wanted = plan.checkpoint
        if not _is_same(wanted, hashed(checkpoint) if wanted.sha256 else checkpoint):
            raise UnknownModel(
                f"the plan was made for another checkpoint ({identity_of_pick(wanted).known_of()})",
                value=wanted.file or wanted.name,
                hint=f"Pin it in the Checkpoint Retriever; get it{_from(wanted)} if it is not here",
            )
    entries = tuple(locate(step.pick, store, hashed=hashed) for step in plan.loras)
    for entry in entries:
        if trouble := trouble_with(entry, base_model, allow_unknown_base):
            raise IncompatibleAdapter(
                f"a LoRA of the plan may not be applied: {trouble}",
                value=describe_entry(entry),
                hint=_wanted_checkpoint(plan),
            )
    return entries


def locate(
    pick: ModelPick,
    store: Resolver,
    *,
    kind: Kind = Kind.LORA,
    hashed: Hash = lambda entry: entry,
) -> Entry:
    """Find the file that a plan names.

    By sha256, then AutoV3, then file and size, then name and size. A size or hash that is known on
    both sides must agree: another file of the same name is not taken for it.

    Args:
        pick: From a plan.
        store: Knows the entries.
        kind: What it must be.
        hashed: Tells the SHA-256 of a file that the zoo does not know yet.

    Raises:
        UnknownModel: It is not in the zoo; file, hash and source are named.
    """
    if match := find_file(identity_of_pick(pick), pick.file, store, kind=kind, hashed=hashed):
        return match.entry
    raise UnknownModel(
        f"the plan needs a file that is not in the zoo ({identity_of_pick(pick).known_of()})",
        value=pick.file or pick.name,
        hint=f"Get it{_from(pick)} and scan again",
    )


def _is_same(pick: ModelPick, entry: Entry) -> bool:
    for mine, theirs in ((pick.sha256, entry.sha256), (pick.autov3, entry.autov3)):
        if mine and theirs:
            return mine == theirs
    return not pick.size_bytes or pick.size_bytes == entry.size_bytes


def _from(pick: ModelPick) -> str:
    place = pick.source or pick.download
    return f" from {place}" if place else ""


def identity_of_pick(pick: ModelPick) -> FileIdentity:
    """What a plan's file is known by elsewhere."""
    return FileIdentity(pick.name, pick.sha256, pick.autov3, pick.size_bytes, pick.source)


def _wanted_checkpoint(plan: EditPlan) -> str:
    if plan.checkpoint is None:
        return "Load a checkpoint of that family"
    return f"The plan was made for the checkpoint {plan.checkpoint.file or plan.checkpoint.name}"
