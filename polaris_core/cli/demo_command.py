"""`polaris demo`: the whole way on a photograph, with a demonstration zoo."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.cli.output import terminal_progress
from polaris_core.cli.zoo_commands import decide
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.demo.zoo import make_demo_zoo
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.factory import text_encoder
from polaris_core.errors import MissingDependency
from polaris_core.instructions.explain import describe_intent
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.explain import explain
from polaris_core.planning.serialize import plan_to_json
from polaris_core.retrieval.explain import describe
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.zoo import Zoo
from polaris_core.sheet import draw_sheet

__all__ = ["draw_photograph", "run_demo"]

SENTENCE = "Replace the cat with a watercolor fox"
_PACK = Path(__file__).resolve().parent.parent.parent
_WORKFLOW = _PACK / "example_workflows" / "api" / "polaris_local_change.json"
_CAT_OUTLINE = [
    (40, 0),
    (398, 0),
    (374, 60),
    (364, 150),
    (336, 215),
    (300, 299),
    (0, 299),
    (0, 125),
]
"""Drawn by hand around the cat of scikit-image, in its pixels (x, y)."""


def run_demo(options: argparse.Namespace) -> int:
    """Make the zoo, decide the edit, run it where a ComfyUI is found, draw the sheet."""
    out: Path = options.out.resolve()
    models = out / "comfyui" / "models"
    # A package without the clone around it has no pack to put into ComfyUI.
    comfyui = find_comfyui() if _WORKFLOW.is_file() else None
    print(f"{SENTENCE}\n")
    make_demo_zoo(models, runnable=comfyui is not None, progress=terminal_progress())
    photograph, mask = _photograph(), _mask()

    zoo = Zoo.open(out / "zoo", Encoders(text_encoder("sentence:all-MiniLM-L6-v2")))
    folders = [
        ModelFolder(models / "checkpoints", Kind.CHECKPOINT),
        ModelFolder(models / "loras", Kind.LORA),
    ]
    print(zoo.update(folders, terminal_progress()).summary())
    print("Its SDXL, Flux and SD2 models are headers without weights: only SD1.5 is used here.\n")
    shortlist, plan = decide(
        zoo,
        parse_instruction(SENTENCE),
        picture=np.asarray(photograph),
        has_mask=True,
        filters=Filters(families=frozenset({BaseModel.SD15})),
    )
    print("\n".join(describe_intent(plan.intent)), end="\n\n")
    print(f"{describe(shortlist, rows=5)}\n\n{explain(plan)}\n")
    (out / "plan.json").write_text(plan_to_json(plan) + "\n", "utf-8")

    pictures = [("the photograph", photograph), ("the mask, drawn by hand", mask)]
    if comfyui is None:
        print("Not carried out: no ComfyUI found. Set COMFYUI_PATH, and run it from a clone.")
    else:
        result = _carry_out(comfyui, out)
        result.save(out / "result.png")
        pictures.append(("made by ComfyUI, with random weights", result))
    draw_sheet(shortlist, plan, pictures=pictures).save(out / "sheet.png")
    print(f"Look at {options.out / 'sheet.png'}")
    return 0


def _photograph() -> Image.Image:
    try:
        from skimage import data  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise MissingDependency(
            "the demo's photograph comes with scikit-image, which is not installed",
            hint="pip install scikit-image",
        ) from error
    return Image.fromarray(np.asarray(data.cat()))  # pyright: ignore


def _mask() -> Image.Image:
    mask = Image.new("L", (451, 300), 0)
    ImageDraw.Draw(mask).polygon(_CAT_OUTLINE, fill=255)
    return mask


def draw_photograph() -> Image.Image:
    """The photograph with the mask in its alpha, as Load Image reads it: transparent is masked."""
    drawn = _photograph().convert("RGBA")
    drawn.putalpha(_mask().point(lambda value: 255 - value))
    return drawn


def _carry_out(comfyui: Path, out: Path) -> Image.Image:
    """The edit, made by a ComfyUI started for it."""
    draw_photograph().save(out / "photograph.png")
    with ComfyServer(comfyui, out / "comfyui", custom_nodes={"polaris": _PACK}) as server:
        name = server.client.upload_image(out / "photograph.png")
        workflow = fill(
            load_workflow(_WORKFLOW),
            {
                "LoadImage.image": name,
                "Instruction.instruction": SENTENCE,
                "Sampler.steps": 6,
                "Zoo.base_model": "sd15",
            },
        )
        made = server.client.run(workflow, progress=terminal_progress(), timeout_s=150)
    _, _, content = next(image for image in made.images)
    return Image.open(io.BytesIO(content)).convert("RGB")
