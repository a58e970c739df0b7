"""Plans as JSON."""

from __future__ import annotations

import math

from polaris_core.errors import InvalidPlan
from polaris_core.instructions.strict_json import read_value, write_value
from polaris_core.planning.plan import EditPlan, ModelPick

__all__ = ["plan_from_json", "plan_to_json"]

_VERSION = 1
_STRENGTH = 10.0
_GROW_PX = 4096


def plan_to_json(plan: EditPlan, indent: int | None = 2) -> str:
    """The plan as JSON; `indent` None writes one line."""
    return write_value(plan, _VERSION, indent)


def plan_from_json(text: str) -> EditPlan:
    """Read what `plan_to_json` wrote.

    Raises:
        InvalidPlan: Anything else, a plan of a newer version, a number out of its range, a file
            name that could leave the model folders, or an address that is none.
    """
    plan = read_value(text, EditPlan, version=_VERSION, error=InvalidPlan, complete=True)
    _check_number("denoise", plan.denoise, math.ulp(0.0), 1.0)
    _check_number("mask.grow_px", plan.mask.grow_px, 0, _GROW_PX)
    if plan.checkpoint is not None:
        _check_file("checkpoint", plan.checkpoint)
    for number, step in enumerate(plan.loras):
        field = f"loras.{number}"
        _check_number(f"{field}.strength_model", step.strength_model, -_STRENGTH, _STRENGTH)
        _check_number(f"{field}.strength_clip", step.strength_clip, -_STRENGTH, _STRENGTH)
        _check_file(f"{field}.pick", step.pick)
    return plan


def _check_number(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        shown = "more than 0" if low == math.ulp(0.0) else f"{low:g}"
        raise InvalidPlan(
            f"the field {field!r} of the plan is out of range",
            value=repr(value),
            hint=f"From {shown} to {high:g}",
        )


def _check_file(field: str, pick: ModelPick) -> None:
    if pick.download and not pick.download.startswith(("https://", "http://")):
        hint = "It begins with https://"
        raise InvalidPlan(f"no address to get {field!r} from", value=pick.download, hint=hint)
    parts = pick.file.replace("\\", "/").split("/")
    rooted = parts[0] == "" and bool(pick.file)
    if rooted or ".." in parts or ":" in parts[0] or "\x00" in pick.file:
        raise InvalidPlan(
            f"the file of {field!r} does not lie in a model folder",
            value=pick.file,
            hint="A path relative to the model folder, without ..",
        )
