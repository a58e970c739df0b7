"""What a checkpoint consists of, read from its header."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.header import read_header
from polaris_core.demo.tiny_models import make_checkpoint
from polaris_core.engine.layout import read_layout
from polaris_core.errors import UnsupportedModel

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "headers").glob("*.json"))
UNET = "model.diffusion_model."


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> dict[str, tuple[int, ...]]:
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    make_checkpoint(path, 1)
    return read_header(path).tensors


def test_the_demonstrations_checkpoint_is_one_level_without_a_middle(shapes):
    layout = read_layout(shapes)
    assert layout.family is BaseModel.SD15
    assert layout.unet.widths == (320,)
    assert layout.unet.depth_middle is None
    assert layout.vae is None
    assert layout.texts[0].layers == 12


def test_the_files_that_diffusers_asks_for_are_json(shapes, tmp_path):
    read_layout(shapes).write(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert json.loads((tmp_path / "unet" / "config.json").read_text())["layers_per_block"] == 1
    assert index["vae"] == ["diffusers", "AutoencoderTiny"]


def test_a_middle_may_be_deeper_than_the_last_level_has_attention(shapes):
    middle = {
        f"{UNET}middle_block.0.in_layers.2.weight": (320, 320, 3, 3),
        **{
            f"{UNET}middle_block.1.transformer_blocks.{i}.attn2.to_k.weight": (320, 768)
            for i in range(2)
        },
    }
    with pytest.raises(UnsupportedModel, match="middle"):
        read_layout({**shapes, **middle})
    halved = {
        f"{UNET}input_blocks.2.0.op.weight": (320, 320, 3, 3),
        f"{UNET}input_blocks.3.0.out_layers.3.weight": (320, 320, 3, 3),
    }
    unet = read_layout({**shapes, **middle, **halved}).unet
    assert unet.depths_down == (1, 0)
    assert unet.config(heads=8)["transformer_layers_per_block"] == [1, 2]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({f"{UNET}input_blocks.0.0.weight": (320, 9, 3, 3)}, "inpainting", id="9"),
        pytest.param({f"{UNET}input_blocks.0.0.weight": (320, 8, 3, 3)}, "InstructPix", id="8"),
        pytest.param({f"{UNET}input_blocks.0.0.weight": None}, "no UNet", id="no UNet"),
        pytest.param({"first_stage_model.taesd_encoder.0.weight": None}, "no VAE", id="no VAE"),
        pytest.param({"v_pred": (0,)}, "velocity", id="velocity"),
        pytest.param({f"{UNET}label_emb.0.0.weight": (1280, 2816)}, "neither", id="label"),
        pytest.param(
            {"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": None},
            "text encoder",
            id="no text encoder",
        ),
    ],
)
def test_what_cannot_be_run_says_why(shapes, changed, words):
    other = {key: shape for key, shape in {**shapes, **changed}.items() if shape is not None}
    with pytest.raises(UnsupportedModel, match=words):
        read_layout(other)


@pytest.mark.parametrize("file", GOLDEN, ids=lambda f: f.stem)
def test_headers_of_all_families_are_refused_and_not_misread(file):
    """They hold a few telling keys only, so that none of them is a whole checkpoint."""
    tensors = json.loads(file.read_text("utf-8"))["tensors"]
    with pytest.raises(UnsupportedModel):
        read_layout({key: tuple(shape) for key, shape in tensors.items()})


@given(st.integers(0, 2**32 - 1))
def test_a_damaged_header_is_refused_or_read_and_nothing_else(shapes, seed):
    rng = random.Random(seed)
    keys = [key for key in shapes if "encoder.layers" not in key and "taesd" not in key]
    gone = set(rng.sample(keys, 3))
    damaged = {key: shape for key, shape in shapes.items() if key not in gone}
    for key in rng.sample(keys, 3):
        damaged[key] = tuple(rng.randrange(10) for _ in range(rng.randrange(5)))
    with suppress(UnsupportedModel):
        read_layout(damaged)
