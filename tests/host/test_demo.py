"""The demo as `make demo` runs it, with the ComfyUI that is here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from polaris_core.cli import main
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.planning.serialize import plan_from_json

pytestmark = pytest.mark.comfy


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    folder = tmp_path_factory.mktemp("demo")
    assert main(["demo", "--out", str(folder)]) == 0
    return folder


def test_the_plan_takes_the_fox_and_a_watercolor(out):
    plan = plan_from_json((out / "plan.json").read_text("utf-8"))
    picks = {step.slot.value: step.pick.name.lower() for step in plan.loras}
    assert "fox" in picks["object"]
    assert "watercolor" in picks["style"] or "wash" in picks["style"]
    assert {step.pick.base_model.family for step in plan.loras} == {
        plan.checkpoint.base_model.family
    }


def test_the_picture_differs_under_the_mask_and_nowhere_else(out):
    drawn = np.asarray(Image.open(out / "photograph.png")).astype(int)
    made = np.asarray(Image.open(out / "result.png").convert("RGB")).astype(int)
    assert made.shape[:2] == drawn.shape[:2]
    # The plan may widen the mask, by at most a tenth of the picture.
    far = np.zeros(drawn.shape[:2], bool)
    masked = np.argwhere(drawn[..., 3] < 255)
    low, high = masked.min(0) - 45, masked.max(0) + 46
    far[:] = True
    far[max(0, low[0]) : high[0], max(0, low[1]) : high[1]] = False
    assert (made[far] == drawn[far][:, :3]).all()
    under = drawn[..., 3] == 0
    assert np.abs(made[under] - drawn[under][:, :3]).mean() > 5


def test_the_sheet_shows_cards_and_pictures(out):
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width == 1440
        assert sheet.height > 1500
        assert len(sheet.convert("RGB").getcolors(1 << 24) or []) > 5000
