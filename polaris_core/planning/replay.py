"""Carry out a plan that was made before, perhaps on another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.errors import IncompatibleAdapter, UnknownModel
from polaris_core.planning.needs import check_needs
from polaris_core.planning.plan import EditPlan, ModelPick

__all__ = ["Resolver", "locate", "replay"]


class Resolver(Protocol):
    """What knows the entries of a zoo; the catalogue's store is one."""

    def resolve(self, text: str, /, *, kind: Kind | None = None) -> Sequence[Entry]:
        """The entries that a name, file, sha256, AutoV2 or AutoV3 means; none if unknown."""
        ...


def replay(plan: EditPlan, *, base_model: BaseModel, has_picture: bool, has_mask: bool) -> EditPlan:
    """The plan as it stands, once it is sure that it can be carried out here.

    Args:
        plan: Made before.
        base_model: The base model of the MODEL at hand.
        has_picture: Whether there is a picture.
        has_mask: Whether there is a mask.

    Raises:
        InvalidIntent: Its intent is no edit.
        PictureRequired: It changes a picture and there is none.
        MaskRequired: It changes a region and there is no mask.
        IncompatibleAdapter: One of its LoRAs is made for another family than the MODEL.
    """
    check_needs(plan.intent, has_picture=has_picture, has_mask=has_mask)
    for step in plan.loras:
        made_for = step.pick.base_model
        unknown = BaseModel.UNKNOWN in (made_for, base_model)
        if not unknown and not made_for.fits(base_model):
            raise IncompatibleAdapter(
                f"a LoRA of the plan is made for {made_for.value}, and the MODEL is "
                f"{base_model.value}",
                value=step.pick.name,
                hint=_wanted_checkpoint(plan),
            )
    return plan


def locate(pick: ModelPick, store: Resolver, *, kind: Kind = Kind.LORA) -> Entry:
    """Find the file that a plan names.

    By sha256, then AutoV3, then file and size, then name and size. A size or hash that is known on
    both sides must agree: another file of the same name is not taken for it.

    Args:
        pick: From a plan.
        store: Knows the entries.
        kind: What it must be.

    Raises:
        UnknownModel: It is not in the zoo; file, hash and source are named.
    """
    for text in (pick.sha256, pick.autov3, pick.file, pick.name):
        if not text:
            continue
        found = [e for e in store.resolve(text, kind=kind) if e.on_disk and _is_same(pick, e)]
        if found:
            return min(found, key=lambda e: (e.file != pick.file, e.file, e.id))
    raise UnknownModel(
        f"the plan needs a file that is not in the zoo ({_known_of(pick)})",
        value=pick.file or pick.name,
        hint=f"Get it from {pick.source} and scan again" if pick.source else "Scan its folder",
    )


def _is_same(pick: ModelPick, entry: Entry) -> bool:
    for mine, theirs in ((pick.sha256, entry.sha256), (pick.autov3, entry.autov3)):
        if mine and theirs:
            return mine == theirs
    return not pick.size_bytes or pick.size_bytes == entry.size_bytes


def _known_of(pick: ModelPick) -> str:
    facts = [
        pick.name,
        f"sha256 {pick.sha256}" if pick.sha256 else "",
        f"AutoV3 {pick.autov3}" if pick.autov3 else "",
        f"{pick.size_bytes} bytes" if pick.size_bytes else "",
    ]
    return ", ".join(filter(None, facts))


def _wanted_checkpoint(plan: EditPlan) -> str:
    if plan.checkpoint is None:
        return "Load a checkpoint of that family"
    return f"The plan was made for the checkpoint {plan.checkpoint.file or plan.checkpoint.name}"
