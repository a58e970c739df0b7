"""`polaris edit`: decide an edit and carry it out, without ComfyUI.

    jobs ─▶ intents, masks, plans, files ─▶ sorted by checkpoint ─▶ engine ─▶ PNGs

What can be decided is decided before anything large is loaded. In a batch one edit that fails does
not stop the others.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from polaris_core.catalogue.entry import BaseModel
from polaris_core.cli.edit_decide import Decided, Decider, crop_px, picture_of
from polaris_core.cli.edit_jobs import Job, read_jobs
from polaris_core.cli.output import print_json, printable, terminal_progress
from polaris_core.encoders.base import RGBImage
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.errors import Cancelled, PolarisError
from polaris_core.planning.explain import explain
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.serialize import plan_to_json

__all__ = ["run_edit"]

_USUAL_PX = {BaseModel.SD15: 512, BaseModel.SDXL: 1024}

_Item = TypeVar("_Item", Job, Decided)
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class _Made:
    decided: Decided
    seconds: float


def run_edit(options: argparse.Namespace) -> int:
    """Carry out one edit or a batch; print what was decided and where the pictures are."""
    jobs = read_jobs(options)
    for job in jobs:  # bad numbers are told before anything is loaded
        _sampling(options, job, None)
    engine = Engine(options.device)
    alone = len(jobs) == 1
    failed: list[tuple[Job, PolarisError]] = []

    def make(each: Decided) -> _Made:
        made = _carry_out(engine, each, options)
        if not options.json:
            print(_told(made, alone))
        return made

    decided = _each(jobs, Decider(options).decide, alone, failed)
    decided.sort(key=lambda each: str(each.checkpoint))
    made = _each(decided, make, alone, failed)
    if options.json:
        print_json(
            {
                "made": [_record(each, options) for each in made],
                "failed": [{"out": str(j.out), "problem": str(error)} for j, error in failed],
            }
        )
    elif failed:
        print(f"{len(failed)} of {len(jobs)} edits could not be made:")
        for job, error in failed:
            print(printable(f"  {job.out}: {error}"))
    return 1 if failed else 0


def _each(
    items: Iterable[_Item],
    work: Callable[[_Item], _Result],
    alone: bool,
    failed: list[tuple[Job, PolarisError]],
) -> list[_Result]:
    """What `work` gives for each item; in a batch what fails is noted and the rest goes on."""
    done: list[_Result] = []
    for item in items:
        try:
            done.append(work(item))
        except Cancelled:
            raise
        except PolarisError as error:
            if alone:
                raise
            failed.append((item if isinstance(item, Job) else item.job, error))
    return done


def _sampling(
    options: argparse.Namespace, job: Job, plan: EditPlan | None, longest_px: int = 0
) -> Sampling:
    """How an edit is sampled: at the size that the plan's checkpoint is used at.

    Args:
        options: What the user decides.
        job: The edit.
        plan: Its plan; None: only the user's numbers are of interest.
        longest_px: The longer edge of its picture: a piece of it is not enlarged beyond.
    """
    family = plan.checkpoint.base_model.family if plan and plan.checkpoint else BaseModel.SD15
    usual = _USUAL_PX.get(family, 512)
    return Sampling(
        seed=job.seed,
        steps=options.steps,
        guidance=options.cfg,
        width_px=options.width or usual,
        height_px=options.height or usual,
        crop_px=crop_px(options, longest_px, usual),
    )


def _carry_out(engine: Engine, each: Decided, options: argparse.Namespace) -> _Made:
    begin = time.monotonic()
    picture = picture_of(each.job)
    sampling = _sampling(options, each.job, each.plan, max(picture.size) if picture else 0)
    pixels = engine.carry_out(
        each.plan,
        each.checkpoint,
        each.loras,
        picture=None if picture is None else np.asarray(picture),
        mask=each.mask,
        sampling=sampling,
        progress=terminal_progress(),
    )
    _save(pixels, each, sampling)
    return _Made(each, time.monotonic() - begin)


def _save(pixels: RGBImage, each: Decided, sampling: Sampling) -> None:
    """Write a PNG beside its name, then rename it; it holds the plan it was made by."""
    told = PngInfo()
    told.add_itxt("polaris_plan", plan_to_json(each.plan, indent=None))
    numbers = {
        "seed": sampling.seed,
        "steps": sampling.steps,
        "cfg": sampling.guidance,
        "crop": sampling.crop_px,
    }
    told.add_text("polaris_sampling", json.dumps(numbers))
    out = each.job.out
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    Image.fromarray(pixels).save(part, format="PNG", pnginfo=told)
    part.replace(out)


def _told(made: _Made, alone: bool) -> str:
    each = made.decided
    last = f"{each.job.out}  (seed {each.job.seed}, {made.seconds:.1f} s)"
    if not alone:
        return printable(last)
    parts = [explain(each.plan), *([f"region: {each.notes}"] if each.notes else []), last]
    return "\n\n".join("\n".join(map(printable, part.splitlines())) for part in parts)


def _record(made: _Made, options: argparse.Namespace) -> dict[str, object]:
    each = made.decided
    return {
        "out": str(each.job.out),
        "picture": str(each.job.picture) if each.job.picture else None,
        "seed": each.job.seed,
        "steps": options.steps,
        "seconds": round(made.seconds, 3),
        "region": each.notes or None,
        "plan": json.loads(plan_to_json(each.plan)),
    }
