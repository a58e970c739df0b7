"""`polaris demo`: the whole way, with small trained models and a drawn picture.

miniature zoo ─▶ sentence ─▶ region ─▶ checkpoint, LoRAs ─▶ plan ─▶ engine  ─▶ sheet
└─▶ ComfyUI, where one is found
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.cli.output import terminal_progress
from polaris_core.cli.zoo_commands import decide
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.engine.crop import piece_of
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.engine.files import files_of
from polaris_core.images import read_picture
from polaris_core.instructions.explain import describe_intent
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.miniature.parts import NAME
from polaris_core.miniature.zoo import make_miniature_zoo
from polaris_core.planning.explain import explain
from polaris_core.planning.serialize import plan_to_json
from polaris_core.regions.explain import explain as explain_region
from polaris_core.regions.grounding import ground
from polaris_core.regions.superpixels import SuperpixelProposer
from polaris_core.retrieval.explain import describe
from polaris_core.retrieval.zoo import Zoo
from polaris_core.sheet import draw_sheet

__all__ = ["run_demo"]

SENTENCE = "Replace the cat with a watercolor fox"
_PICTURE = "polaris_cat.png"
_SAMPLING = Sampling(seed=5, steps=20, guidance=4.0, crop_px=128)
_SHOWN_PX = 384
_PACK = Path(__file__).resolve().parent.parent.parent
_WORKFLOW = _PACK / "example_workflows" / "api" / "polaris_local_change.json"


@dataclass(frozen=True)
class _Edit:
    """The picture, and what of it may change, `h w`, whole 255ths from 0 to 1."""

    picture: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.float32]

    def with_alpha(self) -> Image.Image:
        """As Load Image reads it: transparent is masked."""
        drawn = Image.fromarray(self.picture).convert("RGBA")
        drawn.putalpha(Image.fromarray(np.rint(255 - 255 * self.mask).astype(np.uint8)))
        return drawn


def run_demo(options: argparse.Namespace) -> int:
    """Make the zoo, find the region, decide, carry it out, draw the sheet."""
    out: Path = options.out.resolve()
    base = out / "comfyui"
    print(f"{SENTENCE}\n")
    make_miniature_zoo(base, weights=options.weights, progress=terminal_progress())
    models = base / "models"
    encoder = ClipEncoder(str(models / "clip_vision" / NAME))
    zoo = Zoo.open(out / "zoo", Encoders(encoder, encoder))
    folders = [
        ModelFolder(models / "checkpoints", Kind.CHECKPOINT),
        ModelFolder(models / "loras", Kind.LORA),
    ]
    print(zoo.update(folders, terminal_progress()).summary())
    print("Its SDXL, Flux and SD2 models are headers without weights, there to be left alone.\n")

    intent = parse_instruction(SENTENCE, has_picture=True)
    print("\n".join(describe_intent(intent)), end="\n\n")
    picture = np.asarray(read_picture(base / "input" / _PICTURE).convert("RGB"))
    region = ground(picture, intent, SuperpixelProposer().propose(picture), encoder)
    print(f"{explain_region(region)}\n")
    edit = _Edit(picture, (np.rint(255 * region.mask) / 255).astype(np.float32))
    piece = piece_of(picture, edit.mask, _SAMPLING.crop_px, intent)
    shortlist, plan = decide(zoo, intent, picture=piece, has_mask=True)
    print(f"{describe(shortlist, rows=5)}\n\n{explain(plan)}\n")
    (out / "plan.json").write_text(plan_to_json(plan) + "\n", "utf-8")

    checkpoint, loras = files_of(plan, zoo.store, has_picture=True, has_mask=True)
    made = Engine("cpu").carry_out(
        plan,
        checkpoint,
        loras,
        picture=picture,
        mask=edit.mask,
        sampling=_SAMPLING,
        progress=terminal_progress(),
    )
    Image.fromarray(made).save(out / "result.png")
    pictures = [
        ("the picture, drawn", Image.fromarray(picture)),
        ("the region that was found", Image.fromarray((255 * edit.mask).astype(np.uint8))),
        ("made by Polaris alone", Image.fromarray(made)),
    ]
    # A package without the clone around it has no pack to put into ComfyUI.
    comfyui = find_comfyui() if _WORKFLOW.is_file() else None
    if comfyui is None:
        print("No ComfyUI found, so it was made without one. COMFYUI_PATH may name it.")
    else:
        other = _in_comfyui(comfyui, base, edit)
        other.save(out / "result-comfyui.png")
        pictures.append(("made by ComfyUI", other))
        apart = np.abs(np.asarray(other, np.int16) - made).max()
        print(f"ComfyUI made the same edit; no pixel differs by more than {apart} of 255.")
    large = [(text, picture.resize((_SHOWN_PX, _SHOWN_PX))) for text, picture in pictures]
    draw_sheet(shortlist, plan, pictures=large).save(out / "sheet.png")
    print(f"Look at {options.out / 'sheet.png'}")
    return 0


def _in_comfyui(comfyui: Path, base: Path, edit: _Edit) -> Image.Image:
    """The edit, made by a ComfyUI started for it, which decides it anew."""
    drawn = base / "input" / "demo.png"
    edit.with_alpha().save(drawn)
    with ComfyServer(comfyui, base, custom_nodes={"polaris": _PACK}) as server:
        values = {
            "LoadImage.image": drawn.name,
            "Instruction.instruction": SENTENCE,
            "Zoo.folders": NAME,
            "Zoo.text_encoder": f"clip:{NAME}",
            "Zoo.image_encoder": f"clip:{NAME}",
            "Sampler.seed": _SAMPLING.seed,
            "Sampler.steps": _SAMPLING.steps,
            "Sampler.cfg": _SAMPLING.guidance,
        }
        workflow = fill(load_workflow(_WORKFLOW), values)
        made = server.client.run(workflow, progress=terminal_progress(), timeout_s=300)
    _, _, content = next(image for image in made.images)
    return Image.open(io.BytesIO(content)).convert("RGB")
