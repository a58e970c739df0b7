from __future__ import annotations

import json
import os
import shutil
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from polaris_core.catalogue import reading
from polaris_core.catalogue.companions import companions, stem_of
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind, Maturity, Role
from polaris_core.catalogue.reading import read_entry
from polaris_core.errors import (
    BrokenHeader,
    BrokenPreview,
    BrokenSidecar,
    FileProblem,
    PolarisError,
)

UNET = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
SDXL = {
    f"{UNET}.alpha": (),
    f"{UNET}.lora_down.weight": (4, 2048),
    f"{UNET}.lora_up.weight": (8, 4),
}
TRAINED = {
    "ss_base_model_version": "sdxl_base_v1-0",
    "ss_sd_model_name": "illustriousXL_v01.safetensors",
    "ss_output_name": "ink",
    "ss_network_dim": "4",
    "ss_clip_skip": "None",
    "ss_tag_frequency": json.dumps({"10_ink": {"ink wash": 40, "fox": 9}, "5_more": {"fox": 9}}),
    "sshs_model_hash": "AB" * 32,
    "modelspec.title": "Ink Wash",
    "modelspec.license": "CC0",
    "modelspec.author": "brush",
    "modelspec.trigger_phrase": "ink wash",
    "modelspec.usage_hint": "strength 0.8",
    "modelspec.description": "<p>Ink &amp; water.</p>",
}


@pytest.fixture
def ink(tmp_path, write_model):
    write_model(tmp_path / "ink.safetensors", SDXL, TRAINED)
    return tmp_path


def test_a_header_alone_makes_an_entry(ink):
    entry = read_entry(ink, "ink.safetensors").entry
    assert entry.name == "Ink Wash"
    assert (entry.kind, entry.adapter_type) == (Kind.LORA, AdapterType.LORA)
    assert entry.base_model is BaseModel.ILLUSTRIOUS
    assert entry.trigger_words == ("ink wash",)
    assert entry.strength == 0.8
    assert entry.training_tags == ("ink wash", "fox")
    assert entry.description == "Ink & water."
    assert (entry.licence, entry.creator) == ("CC0", "brush")
    assert entry.autov3 == "ab" * 6
    assert entry.sha256 == ""
    assert entry.extra["network_dim"] == "4"
    assert "clip_skip" not in entry.extra
    assert (entry.root, entry.file) == (str(ink), "ink.safetensors")
    status = (ink / "ink.safetensors").stat()
    assert (entry.size_bytes, entry.modified_ns) == (status.st_size, status.st_mtime_ns)
    assert entry.maturity is Maturity.UNKNOWN


def test_a_title_that_the_trainer_made_up_is_no_name(tmp_path, write_model):
    write_model(tmp_path / "fox_v2.safetensors", SDXL, {**TRAINED, "modelspec.title": "ink"})
    assert read_entry(tmp_path, "fox_v2.safetensors").entry.name == "fox_v2"


def test_sidecars_come_before_the_header_and_the_users_own_words_first(
    tmp_path, golden, write_model
):
    for path in (golden / "sidecars").glob("inkfox*"):
        shutil.copyfile(path, tmp_path / path.name)
    write_model(tmp_path / "inkfox.safetensors", SDXL, TRAINED)
    Image.new("RGB", (2, 2)).save(tmp_path / "inkfox.preview.png")

    entry, problems = (r := read_entry(tmp_path, "inkfox.safetensors")).entry, r.problems

    assert problems == ()
    assert entry.name == "Ink Fox (mine)"
    assert entry.description == "Foxes in ink"
    assert entry.strength == 0.65
    assert entry.negative == "blurry, colour"
    assert entry.base_model is BaseModel.PONY
    assert entry.trigger_words == (
        *("inkfox, ink wash", "brush strokes", "my fox", "brush strokes, wash"),
    )
    assert entry.tags == ("Style", "ink", "animal")
    assert entry.role is Role.OBJECT
    assert entry.creator == "brush"
    assert entry.maturity is Maturity.PG
    assert entry.previews[0].path == str(tmp_path / "inkfox.preview.png")
    assert entry.previews[0].maturity is Maturity.PG13
    assert entry.previews[1].url.startswith("https://")
    assert entry.source == "https://civitai.com/models/10101?modelVersionId=20202"
    assert entry.autov3 == "abcdef012345"


def test_siblings_given_are_siblings_found(tmp_path, golden, write_model):
    for path in (golden / "sidecars").glob("inkfox*"):
        shutil.copyfile(path, tmp_path / path.name)
    write_model(tmp_path / "inkfox.safetensors", SDXL)
    groups = companions(os.listdir(tmp_path))
    given_them = read_entry(tmp_path, "inkfox.safetensors", siblings=groups["inkfox"])
    assert given_them == read_entry(tmp_path, "inkfox.safetensors")
    alone = read_entry(tmp_path, "inkfox.safetensors", siblings=[])
    assert alone.entry.name == "inkfox"


def test_a_broken_sidecar_and_preview_are_problems_and_the_rest_is_read(ink):
    (ink / "ink.civitai.info").write_text("{")
    (ink / "ink.json").write_text(json.dumps({"preferred weight": 0.5}))
    (ink / "ink.png").write_text("<html>")
    (ink / "ink.jpg").write_bytes(b"\xff\xd8\xff\xe0")

    found = read_entry(ink, "ink.safetensors")

    assert [type(problem) for problem in found.problems] == [BrokenSidecar, BrokenPreview]
    assert found.entry.strength == 0.5
    assert [preview.path for preview in found.entry.previews] == [str(ink / "ink.jpg")]


def test_a_sidecar_that_vanished_is_a_problem(ink):
    found = read_entry(ink, "ink.safetensors", siblings=["ink.json", "ink.png"])
    assert [type(problem) for problem in found.problems] == [BrokenSidecar, BrokenPreview]


def test_videos_are_listed_unopened(ink):
    (ink / "ink.mp4").write_bytes(b"")
    found = read_entry(ink, "ink.safetensors")
    assert found.problems == ()
    assert [preview.path for preview in found.entry.previews] == [str(ink / "ink.mp4")]


def test_a_broken_model_is_an_error(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(BrokenHeader):
        read_entry(tmp_path, "bad.safetensors")


@pytest.mark.parametrize("file", ["gone.safetensors", "gone.ckpt", "none/gone.ckpt", "a.txt", ""])
def test_what_is_not_there_is_a_file_problem(tmp_path, file):
    with pytest.raises(FileProblem):
        read_entry(tmp_path, file)


def test_a_pickled_file_is_listed_and_never_opened(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old.ckpt").write_bytes(b"cos\nsystem\n(S'echo hacked'\ntR.")
    (tmp_path / "sub" / "old.ckpt").chmod(0)
    (tmp_path / "sub" / "old.json").write_text(json.dumps({"sd version": "SD1"}))
    monkeypatch.setattr(reading, "read_header", None)

    entry = read_entry(tmp_path, "sub/old.ckpt", expected=Kind.CHECKPOINT).entry

    assert entry.unsafe
    assert entry.kind is Kind.CHECKPOINT
    assert entry.base_model is BaseModel.SD15
    assert (entry.name, entry.file) == ("old", "sub/old.ckpt")
    assert read_entry(tmp_path, "sub/old.ckpt").entry.kind is Kind.OTHER


def test_a_known_stranger_stays_unknown_whatever_metadata_says(tmp_path, write_model):
    shapes = {"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (4, 5120)}
    write_model(tmp_path / "wan.safetensors", shapes, {"ss_base_model_version": "flux1"})
    assert read_entry(tmp_path, "wan.safetensors").entry.base_model is BaseModel.UNKNOWN


def test_a_generator_alone_says_what_it_lacks(tmp_path, write_model):
    shapes = {"double_blocks.0.img_attn.qkv.weight": (9216, 3072)}
    write_model(tmp_path / "unet.safetensors", shapes)
    entry = read_entry(tmp_path, "unet.safetensors", expected=Kind.CHECKPOINT).entry
    assert entry.kind is Kind.OTHER
    assert "without text encoder and VAE" in entry.extra["note"]


def test_a_name_of_thousands_of_characters_is_kept(ink):
    name = "狐" * 4_000
    (ink / "ink.civitai.info").write_text(json.dumps({"id": 1, "model": {"name": name}}), "utf-8")
    assert read_entry(ink, "ink.safetensors").entry.name == name


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_a_file_name_that_is_no_unicode_is_read(tmp_path, write_model):
    name = os.fsdecode(b"f\xf6x.safetensors")
    try:
        write_model(tmp_path / name, SDXL)
    except OSError:
        pytest.skip("this file system allows Unicode names only")
    (tmp_path / f"{stem_of(name)}.json").write_text("{")
    found = read_entry(tmp_path, name)
    assert found.entry.file == name
    assert found.entry.name == "fx"
    found.entry.name.encode("utf-8")
    assert found.problems[0].path.endswith(".json")


@given(st.dictionaries(st.sampled_from(sorted(TRAINED)), st.text() | st.sampled_from(["{", "[1]"])))
def test_any_metadata_of_a_header_is_read(tmp_path_factory, write_model, metadata):
    folder = tmp_path_factory.getbasetemp()
    write_model(folder / "any.safetensors", SDXL, metadata)
    entry = read_entry(folder, "any.safetensors", siblings=[]).entry
    assert entry.name
    assert len(entry.training_tags) <= 64


@given(st.text(max_size=30), st.none() | st.lists(st.text(max_size=30), max_size=3))
def test_any_name_is_read_or_refused(tmp_path_factory, file, siblings):
    with pytest.raises(PolarisError):
        read_entry(tmp_path_factory.getbasetemp() / "no such folder", file, siblings=siblings)


@pytest.mark.data
@pytest.mark.parametrize(
    ("stem", "base_model", "strength"),
    [
        ("DetailAmplifier wan480p v1.0", BaseModel.UNKNOWN, 0.5),
        ("illustriousXLv01_stabilizer_v1.198", BaseModel.ILLUSTRIOUS, None),
    ],
)
def test_real_sidecars_of_lora_manager(
    tmp_path, real_data, write_model, stem, base_model, strength
):
    source = real_data / "sidecars" / "lora_manager" / f"{stem}.metadata.json"
    shutil.copyfile(source, tmp_path / source.name)
    record = json.loads(source.read_text("utf-8"))
    wan = {"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (4, 5120)}
    shapes = SDXL if base_model is BaseModel.ILLUSTRIOUS else wan
    write_model(tmp_path / f"{stem}.safetensors", shapes, size_bytes=record["size"])

    found = read_entry(tmp_path, f"{stem}.safetensors")

    assert found.problems == ()
    entry = found.entry
    assert entry.name == record["model_name"]
    assert entry.base_model is base_model
    assert entry.role in (Role.TOOL, Role.STYLE)
    assert entry.description
    assert "<" not in entry.description.replace("<lora:", "")
    assert entry.maturity is Maturity.PG
    assert entry.tags == tuple(record["tags"])
    assert entry.creator == record["civitai"]["creator"]["username"]
    assert entry.example_prompts
    assert entry.extra["version_id"] == str(record["civitai"]["id"])
    assert strength is None or entry.strength == strength
    assert entry.sha256 == record["sha256"]
    assert entry.autov3 == record["civitai"]["files"][0]["hashes"]["AutoV3"].lower()
    write_model(tmp_path / f"{stem}.safetensors", shapes)
    assert read_entry(tmp_path, f"{stem}.safetensors").entry.sha256 == "", "another file by now"
