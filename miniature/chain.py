"""The whole chain on the miniature zoo: real sentences, real search, real sampling, judged.

held-out edit ─▶ parser ─▶ search ─▶ plan ─▶ engine ─▶ verdict
└─▶ masker ─▶ overlap with the true mask
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from miniature.judging import Judge
from miniature.narrow_engine import NarrowEngine
from miniature.training.crops import Mask, Picture
from miniature.training.reader_data import LEAST_PX
from miniature.world import (
    ALL_KINDS,
    ALL_STYLES,
    BACKGROUNDS,
    KINDS,
    NEW_KINDS,
    NEW_STYLES,
    SIZE_PX,
    STYLES,
    Edit,
    draw,
    masks,
    random_edit,
)
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.cli.zoo_commands import decide
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.encoders.factory import text_encoder
from polaris_core.engine.crop import piece_of, start_piece
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.engine.files import files_of
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.parts import NAME
from polaris_core.planning.plan import EditPlan
from polaris_core.regions.grounding import ground
from polaris_core.regions.superpixels import SuperpixelProposer
from polaris_core.retrieval.shortlist import Shortlist, SlotName
from polaris_core.retrieval.zoo import Zoo

__all__ = ["Chain", "Verdict", "held_out_edits", "judge_edit", "overlap", "wanted"]

_SAMPLING = Sampling(steps=20, guidance=4.0, crop_px=SIZE_PX)


def held_out_edits(count: int, seed: int = 0) -> Iterator[Edit]:
    """Edits whose combinations no training has seen, half of them of new kinds and styles."""
    rng = random.Random(seed)
    for _ in range(count):
        new = rng.random() < 0.7
        yield random_edit(
            rng,
            split="held_out",
            kinds=KINDS,
            styles=STYLES,
            new_kinds=NEW_KINDS if new else ALL_KINDS,
            new_styles=NEW_STYLES if new else ALL_STYLES,
        )


def wanted(edit: Edit) -> dict[SlotName, str]:
    """What only a LoRA can bring: by slot, the style or kind that it must teach."""
    brought: dict[SlotName, str] = {}
    if edit.type in ("add", "replace", "restyle"):
        style = edit.after.style
        if edit.index is not None:
            thing = edit.after.things[edit.index]
            style = edit.after.style_of(thing)
            if thing.kind in NEW_KINDS and edit.type != "restyle":
                brought[SlotName.OBJECT] = thing.kind
        if style in NEW_STYLES:
            brought[SlotName.STYLE] = style
    return brought


@dataclass(frozen=True)
class Chain:
    """The zoo, its encoders and the engine."""

    base: Path
    """The folder that holds the zoo's `models`."""
    home: Path
    """Where the catalogue is kept."""
    text: str = "sentence:all-MiniLM-L6-v2"
    """The encoder that reads texts: a spec, or "clip": the miniature one."""
    engine: Engine | NarrowEngine = field(default_factory=lambda: Engine("cpu"))
    """What makes the pictures."""

    @cached_property
    def encoder(self) -> ClipEncoder:
        """The miniature encoder."""
        return ClipEncoder(str(self.base / "models" / "clip_vision" / NAME), device="cpu")

    @cached_property
    def zoo(self) -> Zoo:
        """The miniature zoo, scanned and indexed."""
        reader = self.encoder if self.text == "clip" else text_encoder(self.text)
        zoo = Zoo.open(self.home, Encoders(reader, self.encoder))
        models = self.base / "models"
        zoo.update(
            [
                ModelFolder(models / "checkpoints", Kind.CHECKPOINT),
                ModelFolder(models / "loras", Kind.LORA),
            ]
        )
        return zoo

    @cached_property
    def teaches(self) -> dict[str, str]:
        """What each LoRA teaches, by the name of its file."""
        return {f"{m.card.stem}.safetensors": m.teaches for m in zoo_models() if m.card.is_lora}

    def taught(self, file: str) -> str:
        """What the LoRA of this file teaches."""
        return self.teaches[file.rpartition("/")[2]]

    def decide(self, edit: Edit, picture: Picture) -> tuple[Shortlist, EditPlan]:
        """Read the sentence, search, plan.

        Raises:
            PolarisError: As the stages do.
        """
        intent = parse_instruction(edit.instruction, has_picture=True)
        local = intent.instruction_type.is_local
        piece = piece_of(picture, edit.mask.astype(np.float32) if local else None, SIZE_PX, intent)
        return decide(self.zoo, intent, picture=piece, has_mask=local)

    def carry_out(self, plan: EditPlan, edit: Edit, picture: Picture, seed: int) -> Picture:
        """Make the picture, under the true mask.

        Raises:
            PolarisError: As the engine does.
        """
        mask = edit.mask.astype(np.float32) if plan.intent.instruction_type.is_local else None
        checkpoint, loras = files_of(
            plan, self.zoo.store, has_picture=True, has_mask=mask is not None
        )
        sampling = replace(_SAMPLING, seed=seed)
        return self.engine.carry_out(
            plan, checkpoint, loras, picture=picture, mask=mask, sampling=sampling
        )

    def found_mask(self, edit: Edit, picture: Picture) -> Mask:
        """The region that the masker finds by itself.

        Raises:
            PolarisError: As the masker does.
        """
        intent = parse_instruction(edit.instruction, has_picture=True)
        proposals = SuperpixelProposer().propose(picture)
        return ground(picture, intent, proposals, self.encoder).mask >= 0.5


def outside(plan: EditPlan, edit: Edit) -> Mask | None:
    """Pixels that the plan must leave alone, `h w`; None where it may change all."""
    import torch

    picture = torch.zeros((1, *edit.mask.shape, 3))
    mask = torch.from_numpy(edit.mask.astype(np.float32))[None]
    begin, crop = start_piece(plan, picture, mask, _SAMPLING.crop_px)
    if begin is None or not begin.is_masked:
        return None
    return (crop.region(begin.region)[0] == 0).numpy()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an edit turned out."""

    right: bool
    """Object and style are judged to be what was asked; of a background and of what was removed,
    the picture is nearest to the true result."""
    colour: bool
    """The colour too, where there is an object to be judged."""


def judge_edit(judge: Judge, edit: Edit, made: Picture) -> Verdict:
    """Judge a picture after an edit.

    Args:
        judge: Looks at it.
        edit: What was asked.
        made: The picture, `128 128 3`.
    """
    if edit.type == "background":
        tries = {name: draw(replace(edit.before, background=name)) for name in BACKGROUNDS}
        apart = {name: _apart(made, picture, edit.mask) for name, picture in tries.items()}
        right = min(apart, key=lambda name: apart[name]) == edit.after.background
        return Verdict(right, right)
    if edit.type == "remove":
        assert edit.index is not None
        place = masks(edit.before)[edit.index]
        right = _apart(made, draw(edit.after), place) < _apart(made, draw(edit.before), place)
        return Verdict(right, right)
    seen = masks(edit.after)
    which = [edit.index] if edit.index is not None else range(len(seen))
    rights, colours = [], []
    for i in which:
        if seen[i].sum() < LEAST_PX and edit.index is None:
            continue
        thing = edit.after.things[i]
        place = edit.mask if edit.index is not None else seen[i]
        said = judge.of_thing(made, place)
        rights.append((said.kind, said.style) == (thing.kind, edit.after.style_of(thing)))
        colours.append(said.colour == thing.colour)
    return Verdict(all(rights), all(colours))


def _apart(one: Picture, other: Picture, where: Mask) -> float:
    return float(np.abs(one[where].astype(np.float32) - other[where]).mean())


def overlap(edit: Edit, found: Mask) -> float | None:
    """Intersection over union of a mask found and the true one; None where there is none to find.

    Args:
        edit: Of its thing, every pixel that is seen; of a background, all that no thing hides.
        found: `128 128`.
    """
    if edit.type == "background":
        true = edit.mask
    elif edit.index is not None and edit.type != "add":
        true = masks(edit.before)[edit.index]
    else:
        return None
    return float((true & found).sum() / max(1, (true | found).sum()))
