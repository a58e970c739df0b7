from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.architectures import base_model_from_name, detect, refine
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind

GOLDEN = sorted((Path(__file__).parents[2] / "golden" / "headers").glob("*.json"))
PARTS = st.sampled_from(
    [
        *(
            "lora_unet",
            "unet",
            "transformer",
            "down_blocks",
            "0",
            "1",
            "attn2",
            "to_k",
            "input_blocks",
        ),
        *("double_blocks", "single_blocks", "19", "999999999", "lora_down", "lora_A", "weight"),
        *("lokr_w1", "lokr_w2", "hada_w1_b", "joint_blocks", "x_block", "lora_te", "proj_in"),
        *("transformer_blocks", "attn", "to_q", "model", "diffusion_model", "linear1", "alpha"),
    ]
)
KEYS = st.lists(PARTS, max_size=9).flatmap(
    lambda parts: st.sampled_from([".", "_", "\n"]).map(lambda sign: sign.join(parts))
)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOLDEN])
def test_a_header_is_told(path, header_of):
    case = json.loads(path.read_text("utf-8"))
    expected = case["expected"]
    found = detect(header_of(case["tensors"], case.get("metadata")))

    assert found.kind is Kind(expected["kind"])
    assert found.base_model is BaseModel(expected["base_model"])
    adapter_type = expected["adapter_type"]
    assert found.adapter_type is (AdapterType(adapter_type) if adapter_type else None)
    assert found.note == expected.get("note", "")


@given(st.dictionaries(KEYS | st.text(), st.lists(st.integers(0, 4096), max_size=4), max_size=12))
def test_any_header_is_told_somehow(header_of, shapes):
    found = detect(header_of(shapes))
    assert found.base_model.family is found.base_model
    assert (found.kind is Kind.LORA) or found.adapter_type is None


def test_a_key_with_a_line_end_inside_is_no_trap(header_of):
    key = "x\ndown_blocks_0_attentions_0_proj_in.lora_down.weight"
    assert detect(header_of({key: (4, 320, 1, 1)})).base_model is BaseModel.UNKNOWN


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in GOLDEN])
def test_the_order_of_keys_does_not_matter(path, header_of):
    shapes = json.loads(path.read_text("utf-8"))["tensors"]
    backwards = dict(reversed(shapes.items()))
    assert detect(header_of(backwards)) == detect(header_of(shapes))


@pytest.mark.parametrize(
    ("name", "base_model"),
    [
        ("SD 1.5", BaseModel.SD15),
        ("SD 1.4", BaseModel.SD15),
        ("SD 1.5 LCM", BaseModel.SD15),
        ("SD1", BaseModel.SD15),
        ("SD1.x", BaseModel.SD15),
        ("sd_v1", BaseModel.SD15),
        ("sd_1.5", BaseModel.SD15),
        ("stable-diffusion-v1/lora", BaseModel.SD15),
        ("v1-5-pruned-emaonly.safetensors", BaseModel.SD15),
        ("runwayml/stable-diffusion-v1-5", BaseModel.SD15),
        ("SD 2.1 768", BaseModel.SD2),
        ("SD2", BaseModel.SD2),
        ("sd_v2_768_v", BaseModel.SD2),
        ("v2-1_768-ema-pruned.ckpt", BaseModel.SD2),
        ("stable-diffusion-v2-768-v/lora", BaseModel.SD2),
        ("SDXL 1.0", BaseModel.SDXL),
        ("SDXL", BaseModel.SDXL),
        ("SDXL Lightning", BaseModel.SDXL),
        ("sdxl_base_v1-0", BaseModel.SDXL),
        ("stable-diffusion-xl-v1-base/lora", BaseModel.SDXL),
        ("Pony", BaseModel.PONY),
        ("ponyDiffusionV6XL_v6StartWithThisOne.safetensors", BaseModel.PONY),
        ("Illustrious", BaseModel.ILLUSTRIOUS),
        ("Illustrious-XL-v0.1", BaseModel.ILLUSTRIOUS),
        ("NoobAI", BaseModel.NOOBAI),
        ("SD 3", BaseModel.SD3),
        ("SD3", BaseModel.SD3),
        ("SD 3.5 Large Turbo", BaseModel.SD3),
        ("stable-diffusion-3-medium/lora", BaseModel.SD3),
        ("Flux.1 D", BaseModel.FLUX),
        ("Flux.1 S", BaseModel.FLUX),
        ("Flux.1 Krea", BaseModel.FLUX),
        ("FLUX.1", BaseModel.FLUX),
        ("flux1", BaseModel.FLUX),
        ("flux-1-dev/lora", BaseModel.FLUX),
        ("black-forest-labs/FLUX.1-dev", BaseModel.FLUX),
        *((name, BaseModel.UNKNOWN) for name in ("", "Other", "Unknown", "Wan Video 14B t2v")),
        *((name, BaseModel.UNKNOWN) for name in ("Flux.2 D", "Flux.2 Klein 9B", "Chroma")),
        *((name, BaseModel.UNKNOWN) for name in ("Pony V7", "AuraFlow", "Kolors", "Qwen", "SVD")),
        *((name, BaseModel.UNKNOWN) for name in ("Hunyuan Video", "ZImageTurbo", "Lumina")),
        *((name, BaseModel.UNKNOWN) for name in ("PixArt a", "Stable Cascade", "Krea 2", "Anima")),
    ],
)
def test_a_base_model_is_known_by_its_names(name, base_model):
    assert base_model_from_name(name) is base_model


TOLD = st.lists(
    st.sampled_from(
        ["", "?", "SD 1.5", "SD3", "Pony", "Illustrious", "SDXL 1.0", "Flux.1 D", "Chroma", "SVD"]
    )
    | st.text(),
    max_size=4,
)


@given(st.sampled_from(BaseModel), TOLD)
def test_metadata_never_contradicts_the_header(base, told):
    result = refine(base, *told)
    assert (
        base is BaseModel.UNKNOWN
        or result in (BaseModel.UNKNOWN, base)
        or (base is BaseModel.SDXL and result.family is base)
    )


@given(st.sampled_from(BaseModel))
def test_metadata_that_says_nothing_changes_nothing(base):
    assert refine(base, "", "Other", "my own model") is base


@pytest.mark.parametrize(
    ("base", "told", "result"),
    [
        (BaseModel.SDXL, ["Pony"], BaseModel.PONY),
        (BaseModel.SDXL, ["SDXL 1.0", "Illustrious", "Pony"], BaseModel.ILLUSTRIOUS),
        (BaseModel.SDXL, ["SD 1.5"], BaseModel.SDXL),
        (BaseModel.SD15, ["Pony"], BaseModel.SD15),
        (BaseModel.UNKNOWN, ["", "Flux.1 D"], BaseModel.FLUX),
        (BaseModel.UNKNOWN, ["SDXL 1.0", "NoobAI"], BaseModel.NOOBAI),
        (BaseModel.UNKNOWN, ["Chroma", "flux1"], BaseModel.UNKNOWN),
        (BaseModel.FLUX, ["Chroma"], BaseModel.UNKNOWN),
        (BaseModel.FLUX, ["Flux.2 Klein 4B"], BaseModel.UNKNOWN),
        (BaseModel.FLUX, ["Flux.1 D", "Chroma"], BaseModel.FLUX),
        (BaseModel.FLUX, ["Kolors"], BaseModel.FLUX),
        (BaseModel.SDXL, ["Kolors"], BaseModel.UNKNOWN),
        (BaseModel.SDXL, ["Chroma"], BaseModel.SDXL),
    ],
)
def test_metadata_refines(base, told, result):
    assert refine(base, *told) is result
