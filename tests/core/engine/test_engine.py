"""Whole edits by diffusers with small checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from polaris_core.catalogue.entry import BaseModel
from polaris_core.demo.header_models import make_header_checkpoint
from polaris_core.demo.tiny_models import make_checkpoint
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.errors import Cancelled, IncompatibleAdapter, InvalidInput, UnsupportedModel
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.plan import EditPlan, LoraStep, MaskMode, MaskPlan, ModelPick
from polaris_core.retrieval.shortlist import SlotName

ROOT = Path(__file__).resolve().parents[3]
QUICK = Sampling(seed=5, steps=2, width_px=72, height_px=64)


def plan_of(sentence: str, mask: MaskPlan | None = None, denoise: float = 1.0) -> EditPlan:
    intent = parse_instruction(sentence, has_picture=True)
    return EditPlan(
        intent,
        prompt="a watercolor fox",
        negative="blurry",
        denoise=denoise,
        mask=mask or MaskPlan(MaskMode.NONE),
    )


def step_of(path: Path, model: float = 1.0, clip: float = 1.0) -> LoraStep:
    pick = ModelPick(path.stem, path.name, BaseModel.SD15)
    return LoraStep(pick, SlotName.STYLE, model, clip)


NEW = plan_of("A watercolor fox in a forest")
LOCAL = plan_of("Replace the cat with a fox", MaskPlan(MaskMode.INSIDE, 4, fill=True))
WHOLE = plan_of("Make the picture a watercolor", denoise=0.6)


@pytest.fixture(scope="module")
def engine():
    return Engine("cpu")


@pytest.fixture(scope="module")
def plain(engine, models):
    """A new picture without LoRAs."""
    return engine.carry_out(NEW, models.first, sampling=QUICK)


def mask_of(picture, rows=slice(20, 36), columns=slice(24, 50)):
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[rows, columns] = 1
    return mask


def test_a_new_picture_has_the_size_that_was_asked_for(plain):
    assert plain.shape == (64, 72, 3)
    assert plain.dtype == np.uint8
    assert plain.std() > 1


def test_the_same_seed_makes_the_same_picture_and_another_another(engine, models, plain):
    again = engine.carry_out(NEW, models.first, sampling=QUICK)
    assert np.array_equal(again, plain)
    other = engine.carry_out(NEW, models.first, sampling=replace(QUICK, seed=6))
    assert np.abs(other.astype(int) - plain).mean() > 1


@pytest.mark.parametrize("plan", [LOCAL, replace(LOCAL, denoise=0.5)], ids=["1.0", "0.5"])
def test_pixels_outside_the_widened_mask_stay_bit_for_bit(engine, models, picture, plan):
    made = engine.carry_out(
        plan, models.first, picture=picture, mask=mask_of(picture), sampling=QUICK
    )
    inside = mask_of(picture, slice(16, 40), slice(20, 54)) > 0
    assert made.shape == picture.shape
    assert np.array_equal(made[~inside], picture[~inside])
    assert (made[inside] != picture[inside]).any(axis=-1).mean() > 0.9


def test_a_region_at_the_border_of_an_odd_size_reaches_it(engine, models, picture):
    mask = mask_of(picture, slice(50, None), slice(60, None))
    made = engine.carry_out(LOCAL, models.first, picture=picture, mask=mask, sampling=QUICK)
    assert (made[-1, -1] != picture[-1, -1]).any()
    assert np.array_equal(made[:46], picture[:46])


def test_the_whole_picture_may_change(engine, models, picture):
    made = engine.carry_out(WHOLE, models.first, picture=picture, sampling=QUICK)
    assert made.shape == picture.shape
    assert (made != picture).any(axis=-1).mean() > 0.9


def test_loras_change_the_picture_by_their_strength_and_are_taken_off(engine, models, plain):
    def with_(*steps):
        plan = replace(NEW, loras=steps)
        files = [models.folder / step.pick.file for step in steps]
        made = engine.carry_out(plan, models.first, files, sampling=QUICK)
        return np.abs(made.astype(int) - plain).mean()

    one = with_(step_of(models.ink))
    assert one > 0.3
    assert with_(step_of(models.ink, 0.0, 0.0)) == 0
    assert 0 < with_(step_of(models.ink, 0.3, 0.3)) < one
    assert with_(step_of(models.ink), step_of(models.wash)) > 0.3
    assert with_(step_of(models.ink, 0.0, 3.0)) > 0
    assert with_() == 0


def test_a_checkpoint_stays_loaded_until_another_is_needed(models):
    engine = Engine("cpu")
    first = engine.pipeline(models.first)[0]
    assert engine.pipeline(models.first)[0] is first
    second = engine.pipeline(models.second)[0]
    assert second is not first
    assert engine.pipeline(models.second)[0] is second


def test_a_checkpoint_that_was_replaced_is_loaded_again(models, tmp_path):
    engine, path = Engine("cpu"), tmp_path / "changing.safetensors"
    make_checkpoint(path, 1)
    first = engine.pipeline(path)[0]
    path.unlink()
    make_checkpoint(path, 8)
    assert engine.pipeline(path)[0] is not first


def test_stopping_leaves_the_engine_usable(engine, models, plain):
    def stop(done: int, total: int, what: str, /) -> None:
        if what == "sampling" and done:
            raise KeyboardInterrupt

    plan = replace(NEW, loras=(step_of(models.ink),))
    with pytest.raises(KeyboardInterrupt):
        engine.carry_out(plan, models.first, [models.ink], sampling=QUICK, progress=stop)
    with pytest.raises(Cancelled):
        engine.carry_out(NEW, models.first, sampling=QUICK, progress=cancel)
    assert np.array_equal(engine.carry_out(NEW, models.first, sampling=QUICK), plain)


def cancel(done: int, total: int, what: str, /) -> None:
    raise Cancelled


@pytest.mark.parametrize(
    "tensors",
    [
        pytest.param({"lora_unet_elsewhere.lora_down.weight": (4, 8)}, id="no layer of ours"),
        pytest.param(
            {
                f"lora_unet_down_blocks_0_attentions_0_proj_in.hada_{name}": (4, 320)
                for name in ("w1_a", "w1_b", "w2_a", "w2_b")
            },
            id="LoHa",
        ),
        pytest.param(
            {
                f"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_{name}"
                ".weight": shape
                for name, shape in (("down", (4, 64)), ("up", (64, 4)))
            },
            id="of another width",
        ),
        pytest.param({"conditioner": (3,)}, id="no LoRA"),
    ],
)
def test_a_lora_that_does_not_fit_is_refused_and_leaves_nothing(
    engine, models, plain, tmp_path, tensors
):
    path = tmp_path / "odd.safetensors"
    save_file({name: np.ones(shape, np.float32) for name, shape in tensors.items()}, path)
    plan = replace(NEW, loras=(step_of(path),))
    with pytest.raises(IncompatibleAdapter, match=r"odd\.safetensors"):
        engine.carry_out(plan, models.first, [path], sampling=QUICK)
    assert np.array_equal(engine.carry_out(NEW, models.first, sampling=QUICK), plain)


@pytest.mark.parametrize("family", ["flux", "sd2", "sdxl"])
def test_checkpoints_that_cannot_be_run_say_why(engine, tmp_path, family):
    path = tmp_path / f"{family}.safetensors"
    make_header_checkpoint(path, family, {})
    with pytest.raises(UnsupportedModel, match=rf"cannot be run .*{family}\.safetensors.*--base"):
        engine.pipeline(path)


def test_a_checkpoint_that_lacks_weights_is_refused(engine, models, tmp_path):
    from safetensors.numpy import load_file

    tensors = load_file(models.first)
    gone = "model.diffusion_model.out.2.weight"
    del tensors[gone]
    path = tmp_path / "damaged.safetensors"
    save_file(tensors, path)
    with pytest.raises(UnsupportedModel, match=r"incomplete.*damaged\.safetensors"):
        engine.pipeline(path)


@pytest.mark.parametrize("device", ["cuda:7", "tpu", "cuda:x", "cpu:3", ""])
def test_a_device_that_is_not_there_is_refused(device):
    with pytest.raises(InvalidInput, match="device"):
        Engine(device)


@pytest.mark.parametrize(
    "numbers",
    [{"steps": 0}, {"seed": -1}, {"guidance": 0.5}, {"width_px": 32}, {"height_px": 99999}],
)
def test_numbers_out_of_range_are_refused(numbers):
    with pytest.raises(InvalidInput, match="out of range"):
        Sampling(**numbers)


def test_an_empty_mask_is_refused(engine, models, picture):
    with pytest.raises(InvalidInput, match="mask is empty"):
        engine.carry_out(
            LOCAL, models.first, picture=picture, mask=0 * mask_of(picture), sampling=QUICK
        )


@pytest.mark.parametrize(
    ("package", "install"),
    [("diffusers", "diffusers"), ("peft", "peft"), ("open_clip", "open_clip_torch")],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(package, install):
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from polaris_core.engine.engine import Engine\n"
        "try: Engine()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("MissingDependency")
    assert f"pip install {install}" in done.stdout


def test_nothing_is_asked_of_the_network(models):
    code = (
        "import socket\n"
        "def refuse(*arguments, **more): raise AssertionError(f'network: {arguments}')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from pathlib import Path\n"
        "from polaris_core.engine.engine import Engine\n"
        f"pipeline, _ = Engine('cpu').pipeline(Path({str(models.first)!r}))\n"
        "from safetensors.torch import load_file\n"
        f"pipeline.load_lora_weights(load_file({str(models.ink)!r}), adapter_name='ink')\n"
        "print(pipeline.get_list_adapters())"
    )
    online = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=online, capture_output=True, text=True
    )
    assert "ink" in done.stdout, done.stderr[-3000:]
    assert "network" not in done.stderr
