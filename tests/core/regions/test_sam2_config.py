"""What a SAM 2's folder may say: all real ones load, nothing runs, is fetched or swells."""

from __future__ import annotations

import copy
import json
import socket

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from polaris_core.errors import InvalidInput
from polaris_core.regions.sam2 import load_sam2
from polaris_core.regions.sam2_config import plain_config
from tests.core.regions.small_models import small_sam2

# As SAM 2.1 was published: the encoder's numbers, and the millions of parameters of the whole.
# fmt: off
PUBLISHED = {
    "tiny": (96, [1, 2, 7, 2], 1, [8, 4, 14, 7], [5, 7, 9], [7, 7], 38.9),
    "small": (96, [1, 2, 11, 2], 1, [8, 4, 14, 7], [7, 10, 13], [7, 7], 46.0),
    "base-plus": (112, [2, 3, 16, 3], 2, [8, 4, 14, 7], [12, 16, 20], [14, 14], 80.8),
    "large": (144, [2, 6, 36, 4], 2, [8, 4, 16, 8], [23, 33, 43], [7, 7], 224.4),
}
# fmt: on


def published(name):
    """The config of transformers with these numbers."""
    width, blocks, heads, windows, everywhere, ground, _ = PUBLISHED[name]
    widths = [width * 2**i for i in range(4)]
    backbone = transformers.Sam2HieraDetConfig(
        hidden_size=width,
        num_attention_heads=heads,
        blocks_per_stage=blocks,
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[heads * 2**i for i in range(4)],
        window_size_per_stage=windows,
        global_attention_blocks=everywhere,
        window_positional_embedding_background_size=ground,
    )
    vision = {"backbone_config": backbone, "backbone_channel_list": widths[::-1]}
    return transformers.Sam2VideoConfig(vision_config=transformers.Sam2VisionConfig(**vision))


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("kind", ["pictures", "videos"])
def test_every_published_model_is_built_as_it_is(name, kind):
    config = published(name)
    if kind == "pictures":
        parts = config.vision_config, config.prompt_encoder_config, config.mask_decoder_config
        vision, prompts, masks = (part.to_dict() for part in parts)
        config = transformers.Sam2Config(
            vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=masks
        )
    wanted = transformers.Sam2VideoModel if kind == "videos" else transformers.Sam2Model
    read = json.loads(json.dumps(config.to_dict() | {"dtype": "float32"}))
    with torch.device("meta"):
        official = wanted(config)
        ours = transformers.Sam2Model(transformers.Sam2Config.from_dict(plain_config(read)))
    millions = sum(weights.numel() for weights in official.parameters()) / 1e6
    if kind == "videos":
        assert millions == pytest.approx(PUBLISHED[name][-1], abs=0.1)
    shapes = {key: tensor.shape for key, tensor in official.state_dict().items()}
    for key, tensor in ours.state_dict().items():
        assert tensor.shape == shapes[key]


@pytest.fixture(scope="module")
def model():
    return small_sam2()


@pytest.fixture
def folder(model, tmp_path):
    model.save_pretrained(tmp_path)
    return tmp_path


def changed(folder, part="", **fields):
    """Writes other values into a part of the config."""
    file = folder / "config.json"
    config = json.loads(file.read_text("utf-8"))
    inner = config
    for name in filter(None, part.split(".")):
        inner = inner[name]
    inner.update(fields)
    file.write_text(json.dumps(config), "utf-8")


BACKBONE = "vision_config.backbone_config"
DECODER = "mask_decoder_config"


@pytest.mark.parametrize("part", ["", "vision_config", BACKBONE, DECODER])
@pytest.mark.parametrize(
    "fields",
    [
        {"auto_map": {"AutoConfig": "x/y--own.C", "AutoModel": "x/y--own.M"}},
        {"_attn_implementation": "x/kernel"},
        {"attn_implementation": "x/kernel"},
        {"kernel_config": {"kernel_mapping": {"LayerNorm": "x/kernel:LayerNorm"}}},
        {"dtype": "float16"},
        {"torch_dtype": "bfloat16"},
        {"quantization_config": None},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_would_run_or_fetch_something_is_left_out(folder, model, monkeypatch, part, fields):
    changed(folder, part, **fields)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something is fetched"))
    loaded = load_sam2(folder).model
    assert type(loaded) is transformers.Sam2Model
    assert loaded.config._attn_implementation == "sdpa"
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], tensor, rtol=0, atol=0)


MANY = [200] * 4
REFUSED = [
    pytest.param("", {"model_type": "edgetam"}, "another model: edgetam", id="another model"),
    pytest.param("", {"model_type": ["sam2"]}, "another model", id="kind that is no name"),
    pytest.param("", {"vision_config": [1]}, "not built of a sam2_vision_model", id="a list"),
    pytest.param(
        "vision_config",
        {"model_type": "siglip_vision_model"},
        "a sam2_vision_model: siglip",
        id="other",
    ),
    pytest.param(
        BACKBONE,
        {"model_type": "timm_backbone", "backbone": "hf_hub:x/y", "use_pretrained_backbone": True},
        "a sam2_hiera_det_model: timm_backbone",
        id="backbone that is fetched",
    ),
    pytest.param("", {"quantization_config": {"quant_method": "gptq"}}, "quantised", id="gptq"),
    pytest.param(
        "vision_config", {"quantization_config": {"a": 1}}, "quantised", id="quantised part"
    ),
    pytest.param(DECODER, {"num_hidden_layers": 10**9}, "num_hidden_layers: 1000", id="layers"),
    pytest.param(DECODER, {"mlp_dim": 10**12}, "mlp_dim: 1000", id="width"),
    pytest.param(DECODER, {"mlp_dim": -(10**12)}, "mlp_dim: -1000", id="less than nothing"),
    pytest.param(BACKBONE, {"mlp_ratio": 1e9}, "mlp_ratio: 1000", id="ratio"),
    pytest.param(BACKBONE, {"mlp_ratio": float("nan")}, "mlp_ratio: nan", id="no number"),
    pytest.param(BACKBONE, {"blocks_per_stage": [257] * 4}, "per_stage: 257", id="blocks"),
    pytest.param(BACKBONE, {"blocks_per_stage": [1] * 65}, "is built like this", id="stages"),
    pytest.param("prompt_encoder_config", {"image_size": 60_000}, "image_size: 6", id="picture"),
    pytest.param(DECODER, {"mlp_dim": 65_000, "hidden_size": 65_000}, "larger", id="wide"),
    pytest.param(
        BACKBONE,
        {"blocks_per_stage": MANY, "embed_dim_per_stage": [8192] * 4},
        "larger model: 64",
        id="wide and deep",
    ),
    pytest.param(DECODER, {"mlp_dim": 0}, "be loaded", id="no width"),
    pytest.param(DECODER, {"mlp_dim": "64"}, "be loaded", id="a word for a number"),
]


@pytest.mark.parametrize(("part", "fields", "said"), REFUSED)
def test_what_no_sam_2_says_is_refused_before_anything_is_made(
    folder, monkeypatch, part, fields, said
):
    changed(folder, part, **fields)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("something is fetched"))
    with pytest.raises(InvalidInput, match=said):
        load_sam2(folder)


def test_a_config_nested_without_end_is_refused(folder):
    nested: dict = {}
    for _ in range(50):
        nested = {"a": nested}
    changed(folder, DECODER, a=nested)
    with pytest.raises(InvalidInput, match="is built like this"):
        load_sam2(folder)


def test_the_config_that_was_read_is_left_as_it_was(folder):
    config = json.loads((folder / "config.json").read_text("utf-8"))
    before = copy.deepcopy(config)
    plain_config(config)
    assert config == before


@pytest.mark.parametrize("adapter", ["{}", "", '{"base_model_name_or_path": "x/y"}'])
def test_a_folder_with_an_adapter_is_refused(folder, adapter):
    (folder / "adapter_config.json").write_text(adapter, "utf-8")
    with pytest.raises(InvalidInput, match="holds an adapter, no SAM 2"):
        load_sam2(folder)


def rewritten(folder, key, tensor):
    file = folder / "model.safetensors"
    save_file(load_file(file) | {key: tensor}, file, {"format": "pt"})


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        pytest.param(torch.zeros(1, 32, dtype=torch.int8), "quantised.*I8", id="whole numbers"),
        pytest.param(torch.zeros(0, 32), "cannot be loaded", id="no size"),
        pytest.param(torch.zeros(2, 32), "cannot be loaded", id="another size"),
    ],
)
def test_tensors_that_cannot_be_a_sam_2s_are_refused(folder, tensor, said):
    rewritten(folder, "mask_decoder.iou_token.weight", tensor)
    with pytest.raises(InvalidInput, match=said):
        load_sam2(folder)


def test_weights_of_half_precision_are_used_as_whole_ones(folder):
    file = folder / "model.safetensors"
    save_file({key: t.half() for key, t in load_file(file).items()}, file, {"format": "pt"})
    assert {weights.dtype for weights in load_sam2(folder).model.parameters()} == {torch.float32}
