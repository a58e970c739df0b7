from __future__ import annotations

import json

import numpy as np
import pytest

from polaris_core.demo import drawing
from polaris_core.demo.drawing import draw
from polaris_core.demo.styles import STYLES
from polaris_core.errors import InvalidInput


@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws_a_fox_that_differs_from_a_boat(style):
    fox, boat = (np.asarray(draw(f"{style} {shape}", 1)) for shape in ("fox", "boat"))
    assert fox.shape == (256, 256, 3)
    assert fox.std() > 5
    assert np.abs(fox.astype(int) - boat).mean() > 2


def test_every_shape_can_be_drawn():
    shapes = json.loads(drawing._SHAPES.read_text("utf-8"))
    for shape in shapes:
        assert np.asarray(draw(f"lineart {shape}", 1)).min() < 100, shape


def test_the_same_seed_draws_the_same_picture():
    assert draw("watercolor fox", 3).tobytes() == draw("watercolor fox", 3).tobytes()
    assert draw("watercolor fox", 3).tobytes() != draw("watercolor fox", 4).tobytes()


@pytest.mark.parametrize("name", ["", "fox", "watercolor", "watercolor unicorn", "vapour fox"])
def test_an_unknown_drawing_is_refused(name):
    with pytest.raises(InvalidInput, match="no such drawing"):
        draw(name, 1)
