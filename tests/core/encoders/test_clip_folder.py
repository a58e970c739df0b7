"""A CLIP of one's own, given as a folder."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polaris_core.encoders import factory
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.errors import InvalidInput, MissingWeights

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
SETTINGS = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}


@pytest.fixture
def folder(tiny_clip, tmp_path):
    import open_clip

    home = tmp_path / "my clip"
    home.mkdir()
    config = {"model_cfg": open_clip.get_model_config(tiny_clip[0]), "preprocess_cfg": SETTINGS}
    (home / "open_clip_config.json").write_text(json.dumps(config), "utf-8")
    (home / "open_clip_model.safetensors").write_bytes(tiny_clip[1].read_bytes())
    return home


def changed(folder, change):
    file = folder / "open_clip_config.json"
    config = json.loads(file.read_text("utf-8"))
    change(config)
    file.write_text(json.dumps(config), "utf-8")


def test_it_is_the_model_of_its_configuration(folder, tiny_clip):
    own = ClipEncoder(str(folder), device="cpu")
    known = ClipEncoder(tiny_clip[0], str(tiny_clip[1]), device="cpu")
    assert own.dim == 24
    np.testing.assert_allclose(
        own.encode_texts(["a fox"]), known.encode_texts(["a fox"]), atol=1e-6
    )


def test_pictures_are_prepared_as_its_configuration_says(folder):
    import open_clip
    import torch
    from PIL import Image

    encoder = ClipEncoder(str(folder), device="cpu")
    prepare = open_clip.image_transform(32, False, SETTINGS["mean"], SETTINGS["std"])
    with torch.inference_mode():
        wanted = encoder.module.encode_image(prepare(Image.fromarray(PHOTO))[None], True)
    np.testing.assert_allclose(encoder.encode_images([PHOTO]), wanted.numpy(), atol=1e-5)


def test_its_name_tells_configurations_apart_and_not_places(folder, tmp_path):
    name = ClipEncoder(str(folder)).name
    moved = folder.rename(tmp_path / "elsewhere")
    assert ClipEncoder(str(moved)).name == name
    changed(moved, lambda config: config["preprocess_cfg"].update(mean=[0.4, 0.4, 0.4]))
    assert ClipEncoder(str(moved)).name != name


def test_the_factory_takes_it_and_makes_it_once(folder, monkeypatch):
    encoder = factory.text_encoder(f"clip:{folder}")
    assert factory.image_encoder(f"clip:{folder}") is encoder
    monkeypatch.chdir(folder.parent)
    assert factory.text_encoder("clip:my clip").name == encoder.name


def test_without_weights_it_says_which_file_is_missing(folder):
    (folder / "open_clip_model.safetensors").unlink()
    (folder / "open_clip_pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(MissingWeights, match=r"open_clip_model\.safetensors"):
        ClipEncoder(str(folder))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda c: c["text_cfg"].update(hf_model_name="owner/name"), id="text tower"),
        pytest.param(lambda c: c["text_cfg"].update(hf_tokenizer_name="o/n"), id="tokenizer"),
        pytest.param(lambda c: c["vision_cfg"].update(timm_model_name="hf-hub:o/n"), id="vision"),
    ],
)
def test_what_would_look_for_parts_elsewhere_is_refused(folder, change):
    changed(folder, lambda config: change(config["model_cfg"]))
    with pytest.raises(InvalidInput, match="not in its folder"):
        ClipEncoder(str(folder))


@pytest.mark.parametrize(
    "told", ["[]", "{}", '{"model_cfg": 3}', '{"model_cfg": {"embed_dim": 8, "text_cfg": {}}}', "{"]
)
def test_a_configuration_of_another_form_is_refused(folder, told):
    (folder / "open_clip_config.json").write_text(told, "utf-8")
    with pytest.raises(InvalidInput, match="configuration"):
        ClipEncoder(str(folder))
