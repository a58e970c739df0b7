"""What `polaris edit` decides before anything large is loaded: plans, files and masks."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.fingerprints import hashed
from polaris_core.cli.edit_jobs import Job
from polaris_core.cli.edit_region import RegionFinder
from polaris_core.cli.output import terminal_progress
from polaris_core.cli.parse_command import instruction_reader
from polaris_core.cli.zoo_commands import decide, filters_of, folders_of, only_in, open_zoo
from polaris_core.encoders.base import RGBImage
from polaris_core.engine.crop import LEAST_PX, piece_of
from polaris_core.engine.files import files_of
from polaris_core.images import read_picture
from polaris_core.instructions.intent import EditIntent
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.planner import PlanOptions
from polaris_core.planning.serialize import plan_from_json
from polaris_core.regions.algebra import SoftMask
from polaris_core.retrieval.pins import Pins

__all__ = ["RUNNABLE", "Decided", "Decider", "crop_px", "picture_of"]

RUNNABLE = frozenset({BaseModel.SD15, BaseModel.SDXL})
"""Families that the engine runs; others are not sought unless `--base` names one."""


@dataclass(frozen=True)
class Decided:
    """An edit, ready to be carried out."""

    job: Job
    plan: EditPlan
    checkpoint: Path
    loras: tuple[Path, ...]
    mask: SoftMask | None
    notes: str
    """How the mask was found; empty if it was given or is not needed."""


class Decider:
    """Decides edits; zoo, language model and segmenter are opened once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.read = instruction_reader(options)
        self.zoo = open_zoo(options)
        self.find = RegionFinder(options, self.zoo.encoders.image)
        self.plan_options = PlanOptions(
            style_strength=options.style_strength,
            object_strength=options.object_strength,
            denoise=options.denoise,
            extra_negative=options.negative,
            allow_unknown_base=options.unknown_base,
        )
        folders = folders_of(options) if options.models else []
        if folders:
            self.zoo.update(folders, terminal_progress())
        self.filters = only_in(self.zoo, folders, filters_of(options), RUNNABLE)

    def decide(self, job: Job) -> Decided:
        """The plan of an edit, its files and its mask."""
        picture = picture_of(job)
        plan = plan_from_json(job.plan.read_text("utf-8")) if job.plan else None
        intent = plan.intent if plan else self.read(job.instruction, picture)
        mask, notes = None, ""
        if intent.instruction_type.is_local and picture is not None:
            mask, notes = self.find(job, intent, np.asarray(picture))
        given = {"has_picture": picture is not None, "has_mask": mask is not None}
        if plan is None:
            _, plan = decide(
                self.zoo,
                intent,
                picture=self._seen(picture, mask, intent),
                has_mask=given["has_mask"],
                pins=Pins.parse("\n".join(self.options.pin)),
                filters=self.filters,
                options=self.plan_options,
            )
        checkpoint, loras = files_of(
            plan,
            self.zoo.store,
            allow_unknown_base=self.options.unknown_base,
            hashed=lambda entry: hashed(self.zoo.store, entry, terminal_progress()),
            **given,
        )
        return Decided(job, plan, checkpoint, loras, mask, notes)

    def _seen(
        self, picture: Image.Image | None, mask: SoftMask | None, intent: EditIntent
    ) -> RGBImage | None:
        """What is to be edited, whose look may have to be kept."""
        if picture is None:
            return None
        size_px = crop_px(self.options, max(picture.size))
        return piece_of(np.asarray(picture), mask, size_px, intent)


def crop_px(options: argparse.Namespace, longest_px: int, usual_px: int = 512) -> int:
    """How large the piece around a region is edited: see `Sampling.crop_px`.

    Args:
        options: What the user decides.
        longest_px: The longer edge of the picture: a piece of it is not enlarged beyond.
        usual_px: What the checkpoint draws best.
    """
    if options.crop is not None:
        return options.crop
    return max(LEAST_PX, min(usual_px, longest_px))


def picture_of(job: Job) -> Image.Image | None:
    """The picture that is edited, or the reference."""
    return read_picture(job.picture) if job.picture else None
