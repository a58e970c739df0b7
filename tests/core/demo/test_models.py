"""That they run is tested on a real ComfyUI (`tests/host`); here, what their headers say."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from safetensors.numpy import load_file

from polaris_core.catalogue.architectures import detect
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind
from polaris_core.catalogue.header import read_header
from polaris_core.demo.header_models import make_header_checkpoint, make_header_lora
from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from polaris_core.demo.tiny_unet import tiny_unet
from polaris_core.demo.tiny_vae import tiny_vae
from polaris_core.errors import InvalidInput


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_checkpoint_is_seen_as_sd15_and_has_three_parts(tmp_path):
    path = tmp_path / "c.safetensors"
    make_checkpoint(path, 1, {"modelspec.title": "Tiny"})
    header = read_header(path)
    found = detect(header)
    assert (found.kind, found.base_model) == (Kind.CHECKPOINT, BaseModel.SD15)
    assert header.metadata["modelspec.title"] == "Tiny"
    assert path.stat().st_size < 300e6


def test_unets_differ_by_seed_and_are_the_same_for_the_same():
    one, same, other = tiny_unet(1), tiny_unet(1), tiny_unet(2)
    key = "model.diffusion_model.out.2.weight"
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one[key], other[key])
    assert all(np.isfinite(tensor).all() for tensor in one.values())


def test_an_instructpix2pix_is_the_same_but_for_the_picture_it_is_given(tmp_path):
    plain, pix2pix = tiny_unet(1), tiny_unet(1, in_channels=8)
    first = "model.diffusion_model.input_blocks.0.0.weight"
    assert pix2pix[first].shape == (320, 8, 3, 3)
    assert np.array_equal(pix2pix[first][:, :4], plain[first])
    assert pix2pix[first][:, 4:].any(axis=(0, 2, 3)).all()
    assert pix2pix.keys() == plain.keys()
    assert all(np.array_equal(plain[name], pix2pix[name]) for name in plain if name != first)
    path = tmp_path / "c.safetensors"
    make_checkpoint(path, 1, in_channels=8)
    found = detect(read_header(path))
    assert (found.kind, found.base_model) == (Kind.CHECKPOINT, BaseModel.SD15)


def test_other_numbers_of_input_channels_are_not_made(tmp_path):
    with pytest.raises(InvalidInput, match="9"):
        make_checkpoint(tmp_path / "c.safetensors", 1, in_channels=9)
    assert not list(tmp_path.iterdir())


def test_the_vae_keeps_grey_grey_at_every_doubling():
    vae = tiny_vae()
    for index in (7, 12, 17):
        weight = vae[f"first_stage_model.taesd_decoder.{index}.weight"].astype(float)
        # Grey in the three colours and one in the constant: the same again, in the middle
        # and (only some taps inside the picture) in a corner.
        given = np.zeros((64, 3, 3))
        given[:3], given[3] = 0.5, 1
        inside, corner = given.copy(), given.copy()
        corner[:, 0, :], corner[:, :, 0] = 0, 0
        for patch in (inside, corner):
            out = (weight * patch).sum((1, 2, 3))
            assert out[:3] == pytest.approx([0.5] * 3, abs=1e-3)
            assert out[3] == pytest.approx(1)


def test_a_lora_changes_every_attention_and_text_layer(tmp_path):
    path = tmp_path / "l.safetensors"
    make_lora(path, 5, {"ss_output_name": "x"})
    found = detect(read_header(path))
    assert (found.kind, found.base_model) == (Kind.LORA, BaseModel.SD15)
    assert found.adapter_type is AdapterType.LORA
    layers = {key.split(".")[0] for key in load_file(path)}
    assert sum(layer.startswith("lora_unet") for layer in layers) == 36
    assert sum(layer.startswith("lora_te") for layer in layers) == 72
    assert path.stat().st_size < 2e6


def test_loras_are_the_same_for_the_same_seed_and_differ_by_seed(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        make_lora(path, seed)
    assert digest(paths[0]) == digest(paths[1]) != digest(paths[2])


@pytest.mark.parametrize("family", ["sd2", "sdxl", "flux"])
@pytest.mark.parametrize("loha", [False, True])
def test_header_loras_are_seen_as_their_family(tmp_path, family, loha):
    path = tmp_path / "l.safetensors"
    make_header_lora(path, family, loha=loha)
    found = detect(read_header(path))
    assert (found.kind, found.base_model.value) == (Kind.LORA, family)
    assert found.adapter_type is (AdapterType.LOHA if loha else AdapterType.LORA)


@pytest.mark.parametrize("family", ["sd15", "sd2", "sdxl", "flux"])
def test_header_checkpoints_are_seen_as_their_family(tmp_path, family):
    path = tmp_path / "c.safetensors"
    make_header_checkpoint(path, family)
    found = detect(read_header(path))
    assert (found.kind, found.base_model.value) == (Kind.CHECKPOINT, family)


def test_a_family_that_is_not_made_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="cascade") as caught:
        make_header_lora(tmp_path / "l.safetensors", "cascade")
    assert "flux" in caught.value.hint
    assert not list(tmp_path.iterdir())
