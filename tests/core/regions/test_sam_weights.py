"""Weights of Segment Anything are told apart by their shapes, and read without running anything."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import segment_anything
import skimage.data
import torch
from safetensors.torch import save_file

from polaris_core.errors import InvalidInput
from polaris_core.regions.grid import GridSettings
from polaris_core.regions.sam import build_sam, load_sam
from polaris_core.regions.weights import architecture_of, read_tensors
from tests.core.regions.small_models import ARCHITECTURE, small_sam, small_sam2

SETTINGS = GridSettings(points_per_side=6, least_quality=1e-9, least_stability=0.2)


@pytest.fixture(scope="module")
def model():
    return small_sam()


def as_safetensors(tensors, path):
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)


def as_old_pickle(tensors, path):
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def wrapped(tensors, path):
    torch.save({"model": tensors}, path)


SAVED = {
    "w.safetensors": as_safetensors,
    "w.pth": torch.save,
    "w.pt": torch.save,
    "old.pth": as_old_pickle,
    "wrapped.pth": wrapped,
}


@pytest.mark.parametrize("name", SAVED)
def test_a_model_comes_back_from_its_file(model, tmp_path, name):
    SAVED[name](model.state_dict(), tmp_path / name)
    proposer = load_sam(tmp_path / name, settings=SETTINGS)
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(proposer.model.state_dict()[key], tensor, rtol=0, atol=0)
    assert proposer.name.startswith("sam:vit 32x2:")
    assert proposer.propose(skimage.data.astronaut()[:256, :256])
    assert not proposer.model.training


def test_weights_of_half_precision_are_used_as_whole_ones(model, tmp_path):
    halves = {key: tensor.half() for key, tensor in model.state_dict().items()}
    as_safetensors(halves, tmp_path / "w.safetensors")
    loaded = load_sam(tmp_path / "w.safetensors").model
    assert {weights.dtype for weights in loaded.parameters()} == {torch.float32}


@pytest.mark.parametrize("kind", ["vit_b", "vit_l", "vit_h"])
def test_the_official_models_are_known_by_their_shapes(kind):
    with torch.device("meta"):
        official = segment_anything.sam_model_registry[kind]()
        shapes = {key: tuple(t.shape) for key, t in official.state_dict().items()}
        architecture = architecture_of(shapes)
        ours = build_sam(architecture)
    assert architecture.name == kind
    assert str(ours) == str(official)
    assert {key: tuple(t.shape) for key, t in ours.state_dict().items()} == shapes
    theirs = [block.window_size for block in official.image_encoder.blocks]
    assert [block.window_size for block in ours.image_encoder.blocks] == theirs
    assert ours.image_encoder.img_size == official.image_encoder.img_size
    heads = official.image_encoder.blocks[0].attn.num_heads
    assert ours.image_encoder.blocks[0].attn.num_heads == heads


@pytest.mark.parametrize(
    "counted",
    [
        "image_encoder.blocks.{}.attn.qkv.weight",
        "mask_decoder.transformer.layers.{}.norm1.weight",
        "mask_decoder.iou_prediction_head.layers.{}.weight",
    ],
)
def test_more_layers_than_any_model_has_are_refused(model, counted):
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    shapes |= {counted.format(i): (1,) for i in range(2, 200)}
    shapes |= {f"image_encoder.blocks.{i}.attn.rel_pos_h": (31, 16) for i in range(2, 200)}
    with pytest.raises(InvalidInput, match="no Segment Anything model is as large"):
        architecture_of(shapes)


def test_any_architecture_is_read_off_its_own_weights(model):
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    assert architecture_of(shapes) == ARCHITECTURE


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def changed(key, value):
    """The small model's weights with another value at a key; None takes it out."""

    def save(path):
        tensors = dict(small_sam().state_dict())
        tensors.pop(key, None)
        torch.save(tensors if value is None else tensors | {key: value}, path)

    return save


def cut(path):
    as_safetensors(small_sam().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-1000])


def cut_zip(path):
    torch.save(small_sam().state_dict(), path)
    path.write_bytes(path.read_bytes()[:-1000])


def nested(path):
    torch.save({"optimizer": small_sam().state_dict()}, path)


WIDTH = "image_encoder.patch_embed.proj.weight"
NORM = "mask_decoder.transformer.norm_final_attn.weight"
MLP = "mask_decoder.transformer.layers.0.mlp.lin1.weight"
TOKENS = "mask_decoder.mask_tokens.weight"
DOWNSCALING = "prompt_encoder.mask_downscaling.3.weight"
QUALITY = "mask_decoder.iou_prediction_head.layers.0.weight"
BROKEN = [
    pytest.param("w.safetensors", lambda p: p.write_bytes(b"no weights"), "read", id="garbage"),
    pytest.param("w.pth", lambda p: p.write_bytes(b"no weights"), "read", id="garbage pickle"),
    pytest.param("w.pth", lambda p: p.write_bytes(b""), "read", id="empty"),
    pytest.param("w.safetensors", cut, "read", id="cut off"),
    pytest.param("w.pth", cut_zip, "read", id="zip cut off"),
    pytest.param("w.pth", lambda p: p.write_bytes(pickle.dumps(Bomb())), "read", id="bomb"),
    pytest.param("w.pth", lambda p: torch.save({"a": Bomb()}, p), "read", id="bomb in a zip"),
    pytest.param("w.pth", lambda p: torch.save([1], p), "not Segment Anything's", id="a list"),
    pytest.param("w.pth", nested, "more than plain tensors", id="nested"),
    pytest.param("w.pth", changed("extra", 3), "more than plain tensors", id="a number"),
    pytest.param("w.pth", changed(3, torch.zeros(1)), "more than plain", id="a key that is none"),
    pytest.param(
        "w.pth", changed(NORM, torch.zeros(1).expand(10**12)), "more than plain", id="stretched"
    ),
    pytest.param("w.pth", changed(NORM, torch.zeros(9, dtype=int)), "plain", id="of integers"),
    pytest.param("w.pth", changed(NORM, torch.eye(9).to_sparse()), "read|plain", id="sparse"),
    pytest.param("w.pth", changed(NORM, None), "do not make", id="one missing"),
    pytest.param("w.pth", changed(NORM, torch.zeros(9)), "do not make", id="another shape"),
    pytest.param("w.pth", changed("extra", torch.zeros(1)), "do not make", id="one too many"),
    pytest.param("w.pth", changed(WIDTH, None), "not Segment Anything's", id="no patches"),
    pytest.param("w.pth", changed(WIDTH, torch.zeros(9)), "not Segment", id="patches of no shape"),
    pytest.param(
        "w.pth", changed(WIDTH, torch.zeros(1, 1, 4096, 1)), "as large", id="huge patches"
    ),
    pytest.param(
        "w.pth", changed(MLP, torch.zeros(9000, 32)), "as large", id="wide layers of the decoder"
    ),
    pytest.param("w.pth", changed(TOKENS, torch.zeros(200, 32)), "as large", id="many masks"),
    pytest.param(
        "w.pth", changed(DOWNSCALING, torch.zeros(9000, 4, 2, 2)), "as large", id="mask channels"
    ),
    pytest.param("w.pth", changed(QUALITY, torch.zeros(9000, 32)), "as large", id="wide quality"),
    pytest.param("w.pth", changed(NORM, torch.zeros(0)), "of no size.*norm_final", id="of no size"),
    pytest.param(
        "w.safetensors",
        lambda p: as_safetensors(small_sam().state_dict() | {WIDTH: torch.zeros(0, 3, 16, 16)}, p),
        "of no size.*patch_embed",
        id="no width",
    ),
    pytest.param("w.pth", changed("extra", torch.zeros(0, 3)), "of no size", id="nothing too many"),
    pytest.param(
        "w.pth", changed("mask_decoder.hf_token.weight", torch.zeros(1)), "another", id="SAM-HQ"
    ),
    pytest.param("w.ckpt", lambda p: p.write_bytes(b"x"), "cannot be such a file", id="suffix"),
    pytest.param("w.pth", lambda p: None, "no such file", id="no file"),
    pytest.param("w.pth", lambda p: p.mkdir(), "no such file", id="a folder"),
]


@pytest.mark.parametrize(("name", "save", "said"), BROKEN)
def test_what_are_no_weights_is_refused_and_nothing_is_run(tmp_path, monkeypatch, name, save, said):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / name)
    with pytest.raises(InvalidInput, match=said):
        load_sam(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("vision_encoder.patch_embed.projection.weight", "as transformers stores it"),
        ("image_encoder.trunk.patch_embed.proj.weight", "SAM 2 as its authors store it"),
        ("image_encoder.patch_embed.seq.0.c.weight", "MobileSAM"),
        ("vision_encoder.backbone.patch_embed.projection.weight", "SAM 2 as transformers"),
    ],
)
def test_relatives_are_named(key, said):
    with pytest.raises(InvalidInput, match=said):
        architecture_of({key: (1,)})


def test_a_sam_2_in_one_file_is_sent_to_its_folder(tmp_path):
    as_safetensors(small_sam2().state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(InvalidInput, match="SAM 2 as transformers stores it"):
        load_sam(tmp_path / "w.safetensors")


def test_colours_that_some_files_hold_are_passed_over(model, tmp_path):
    colours = {"pixel_mean": torch.zeros(3, 1, 1), "pixel_std": torch.ones(3, 1, 1)}
    as_safetensors(model.state_dict() | colours, tmp_path / "w.safetensors")
    loaded = load_sam(tmp_path / "w.safetensors").model
    np.testing.assert_allclose(loaded.pixel_mean.flatten(), model.pixel_mean.flatten())
    assert set(read_tensors(tmp_path / "w.safetensors")) == set(model.state_dict())
