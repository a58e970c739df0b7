"""`polaris edit` as a user types it, with a small zoo that diffusers really runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from polaris_core.cli import main
from polaris_core.cli.edit_command import Engine
from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from polaris_core.planning.serialize import plan_from_json

CHECKPOINTS = {"aquarelle": "Soft watercolor paintings", "pixel_world": "Pixel art, game sprites"}
LORAS = {"wet_wash": "watercolor style, washes", "red_fox": "a red fox, the animal"}
QUICK = ["--text-encoder", "hashing", "--steps", "2", "--device", "cpu"]
NEW = ["--width", "64", "--height", "64"]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> list[str]:
    """Options that name a zoo of two checkpoints and two LoRAs."""
    models: Path = tmp_path_factory.mktemp("models")
    for folder, made, table in (
        ("checkpoints", make_checkpoint, CHECKPOINTS),
        ("loras", make_lora, LORAS),
    ):
        (models / folder).mkdir()
        for seed, (name, text) in enumerate(table.items()):
            made(models / folder / f"{name}.safetensors", seed)
            sidecar = {"description": text, "sd version": "SD1", "activation text": text}
            (models / folder / f"{name}.json").write_text(json.dumps(sidecar))
    home = tmp_path_factory.mktemp("zoo")
    return ["--zoo", str(home), "--models", str(models), *QUICK]


@pytest.fixture
def picture(tmp_path, monkeypatch) -> Path:
    """A red disc on a field of grey; its folder is the current one."""
    monkeypatch.chdir(tmp_path)
    drawn = Image.new("RGB", (76, 60), (120, 130, 125))
    ImageDraw.Draw(drawn).ellipse((20, 14, 52, 46), fill=(200, 20, 20))
    drawn.save(tmp_path / "ball.png")
    mask = Image.new("L", drawn.size, 0)
    ImageDraw.Draw(mask).ellipse((20, 14, 52, 46), fill=255)
    mask.save(tmp_path / "mask.png")
    return tmp_path / "ball.png"


def pixels(file) -> np.ndarray:
    return np.asarray(Image.open(file))


def test_a_new_picture_is_made_from_a_sentence(zoo, picture, capsys):
    assert main(["edit", *zoo, *NEW, "A watercolor fox", "--out", "fox.png"]) == 0
    told = capsys.readouterr().out
    assert "aquarelle" in told
    assert "fox.png  (seed 0," in told
    assert pixels("fox.png").shape == (64, 64, 3)


def test_a_picture_holds_the_plan_that_makes_it_again(zoo, picture, capsys):
    assert main(["edit", *zoo, *NEW, "A watercolor fox", "--seed", "4", "--out", "a.png"]) == 0
    told = Image.open("a.png").text
    plan = plan_from_json(told["polaris_plan"])
    assert {step.pick.name for step in plan.loras} <= set(LORAS)
    assert plan.loras
    assert json.loads(told["polaris_sampling"])["seed"] == 4
    Path("plan.json").write_text(told["polaris_plan"])
    again = ["edit", *zoo, *NEW, "--plan", "plan.json", "--seed", "4", "--out", "b.png"]
    assert main(again) == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))


def test_under_a_mask_only_its_surroundings_of_a_few_pixels_change(zoo, picture):
    command = ["edit", *zoo, str(picture), "Make the ball a watercolor", "--mask", "mask.png"]
    assert main([*command, "--out", "made.png"]) == 0
    before, after = pixels(picture), pixels("made.png")
    changed = (before != after).any(axis=-1)
    assert changed[20:40, 26:46].mean() > 0.9
    assert not changed[:5].any()
    assert not changed[:, :11].any()
    assert not changed[56:].any()


def test_without_a_mask_the_region_is_sought(zoo, picture, capsys):
    command = ["edit", *zoo, str(picture), "Make the ball a watercolor", "--json"]
    assert main([*command, "--regions", "regions.png", "--out", "made.png"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["made"]
    assert "sought: ball" in made["region"]
    assert made["plan"]["mask"]["mode"] == "inside"
    assert pixels("regions.png").shape[2] == 3
    assert not np.array_equal(pixels(picture), pixels("made.png"))


def test_a_batch_goes_on_after_a_failure_and_loads_each_checkpoint_once(
    zoo, picture, capsys, monkeypatch
):
    loaded = []
    load = Engine.pipeline

    def counted(self, checkpoint):
        before = self._key
        result = load(self, checkpoint)
        if self._key != before:
            loaded.append(checkpoint.stem)
        return result

    monkeypatch.setattr(Engine, "pipeline", counted)
    rows = [
        {"instruction": "A watercolor fox", "out": "one.png"},
        {"instruction": "Pixel art of a castle", "out": "two.png"},
        {"instruction": "Replace the text SALE with CLOSED", "picture": "ball.png"},
        {"instruction": "A watercolor fox", "seed": 1, "out": "three.png"},
    ]
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert main(["edit", *zoo, *NEW, "list.jsonl", "--out", "made"]) == 1
    told = capsys.readouterr().out
    assert "1 of 4 edits could not be made" in told
    assert "0003-ball.png" in told
    assert sorted(p.name for p in Path("made").iterdir()) == ["one.png", "three.png", "two.png"]
    assert len(loaded) == len(set(loaded))
    assert not np.array_equal(pixels("made/one.png"), pixels("made/three.png"))


def test_only_the_models_of_the_folder_are_used(zoo, picture, tmp_path, capsys):
    for folder in ("checkpoints", "loras"):
        (tmp_path / "other" / folder).mkdir(parents=True)
    make_checkpoint(tmp_path / "other" / "checkpoints" / "plain.safetensors", 7)
    command = ["edit", *zoo, *NEW, "--models", str(tmp_path / "other"), "A watercolor fox"]
    assert main([*command, "--json", "--out", "made.png"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["made"]
    assert made["plan"]["checkpoint"]["name"] == "plain"
    assert made["plan"]["loras"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["A fox", "--steps", "0"], 2, "steps", id="steps"),
        pytest.param(["A fox", "--denoise", "2"], 2, "denoise", id="denoise"),
        pytest.param(["A fox", "--device", "tpu"], 2, "tpu", id="device"),
        pytest.param(["A fox", "--width", "8"], 2, "8", id="width"),
        pytest.param(["A fox", "--base", "flux"], 4, "none of", id="nothing of that family"),
        pytest.param(["Replace the cat with a fox"], 1, "there is no picture", id="no picture"),
        pytest.param(
            ["ball.png", "Make the ball blue", "--mask", "small.png"], 2, "9x9", id="mask"
        ),
        pytest.param(
            ["ball.png", "Make the ball blue", "--choice", "x"], 2, "numbers", id="choice"
        ),
        pytest.param(["--plan", "broken.json"], 2, "", id="plan"),
        pytest.param(["A fox", "--models", "absent"], 2, "absent", id="models"),
    ],
)
def test_what_cannot_be_done_says_why(zoo, picture, arguments, code, words, capsys):
    Image.new("L", (9, 9), 255).save("small.png")
    Path("broken.json").write_text("{}")
    assert main(["edit", *zoo, *arguments, "--out", "made.png"]) == code
    assert words in capsys.readouterr().err
    assert not Path("made.png").exists()
