"""Preview pictures for the demonstration models: a simple shape, drawn in a style.

Shapes are lists of ovals, polygons and lines in a square of 100 (`shapes.json`). A style is a
background and what is done to the drawing.
"""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from polaris_core.demo.brushes import SIZE_PX, gradient
from polaris_core.demo.styles import STYLES
from polaris_core.errors import InvalidInput

__all__ = ["draw"]

_PREVIEW_PX = 256
_SHAPES = Path(__file__).with_name("shapes.json")
_LINE_PX = 14


def draw(drawing: str, seed: int) -> Image.Image:
    """Draw a preview.

    Args:
        drawing: Style and shape, divided by a blank: `watercolor fox`.
        seed: Makes the strokes fall otherwise.

    Returns:
        RGB, 256×256.

    Raises:
        InvalidInput: There is no such style or shape.
    """
    style, _, shape = drawing.partition(" ")
    if style not in STYLES or shape not in _shapes():
        raise InvalidInput("no such drawing", value=drawing)
    background, finish = STYLES[style]
    chance = random.Random(seed)
    paper = gradient(*background)
    alone = Image.new("L", paper.size, 0)
    _put(shape, ImageDraw.Draw(paper), ImageDraw.Draw(alone))
    return finish(paper, alone, chance).convert("RGB").resize((_PREVIEW_PX, _PREVIEW_PX))


@functools.cache
def _shapes() -> dict[str, list[list[Any]]]:
    return json.loads(_SHAPES.read_text("utf-8"))


def _put(shape: str, colours: ImageDraw.ImageDraw, alone: ImageDraw.ImageDraw) -> None:
    for kind, colour, *numbers in _shapes()[shape]:
        points = [(0.1 + 0.8 * number / 100) * SIZE_PX for number in numbers]
        for canvas, fill in ((colours, colour), (alone, 255)):
            if kind == "oval":
                canvas.ellipse(points, fill=fill)
            elif kind == "poly":
                canvas.polygon(points, fill=fill)
            else:
                canvas.line(points, fill=fill, width=_LINE_PX, joint="curve")
