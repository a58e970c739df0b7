"""The demo as `make demo` runs it: without ComfyUI, and with the one that is here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from miniature.judging import Judge
from polaris_core.cli import demo_command, main
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.miniature.stored import FOLDER
from polaris_core.planning.serialize import plan_from_json


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Made where no ComfyUI is found."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_command, "find_comfyui", lambda: None)
        assert main(["demo", "--out", str(folder)]) == 0
    return folder


def test_without_comfyui_there_is_a_picture(alone):
    made = np.asarray(Image.open(alone / "result.png"))
    drawn = np.asarray(Image.open(alone / "comfyui" / "input" / "polaris_cat.png").convert("RGB"))
    assert made.shape == drawn.shape == (128, 128, 3)
    changed = (made != drawn).any(-1)
    assert 0.05 < changed.mean() < 0.9
    assert not (alone / "result-comfyui.png").exists()
    with Image.open(alone / "sheet.png") as sheet:
        assert sheet.width == 1440
        assert len(sheet.convert("RGB").getcolors(1 << 24) or []) > 1000


def test_a_judge_that_saw_only_drawings_sees_the_watercolor_fox(alone):
    made = np.asarray(Image.open(alone / "result.png").convert("RGB"))
    drawn = np.asarray(Image.open(alone / "comfyui" / "input" / "polaris_cat.png").convert("RGB"))
    mask = (made != drawn).any(-1)
    said = Judge(FOLDER).of_thing(made, mask)
    assert (said.kind, said.style) == ("fox", "watercolor")


def test_the_plan_applies_only_loras_of_the_checkpoints_family(alone):
    plan = plan_from_json((alone / "plan.json").read_text("utf-8"))
    assert plan.checkpoint is not None
    assert {step.pick.base_model.family for step in plan.loras} <= {
        plan.checkpoint.base_model.family
    }


@pytest.mark.comfy
def test_comfyui_makes_the_same_edit(tmp_path, capsys):
    if find_comfyui() is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    assert main(["demo", "--out", str(tmp_path)]) == 0
    one, other = (
        np.asarray(Image.open(tmp_path / name), int)
        for name in ("result.png", "result-comfyui.png")
    )
    assert np.abs(one - other).max() <= 2
    assert "ComfyUI made the same edit" in capsys.readouterr().out
