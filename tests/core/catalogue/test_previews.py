from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from polaris_core.catalogue.companions import (
    PREVIEW_SUFFIXES,
    SIDECAR_SUFFIXES,
    companions,
    is_model,
    stem_of,
)
from polaris_core.catalogue.previews import check_picture, is_picture, preview_names
from polaris_core.errors import BrokenPreview

STEMS = st.text("ab.é", min_size=1, max_size=6)


@given(st.lists(st.text() | STEMS.map(lambda stem: f"{stem}.png")))
def test_a_name_belongs_to_one_model_at_most(names):
    groups = companions(names)
    grouped = [name for group in groups.values() for name in group]
    assert sorted(grouped) == sorted(name for name in names if name in grouped)
    assert all(name.startswith(stem) for stem, group in groups.items() for name in group)


@given(STEMS, st.sampled_from([".safetensors", ".SFT", ".ckpt"]))
def test_a_model_finds_what_stands_beside_it(stem, suffix):
    beside = [
        *(stem + end for end in SIDECAR_SUFFIXES if end != ".rgthree-info.json"),
        *(stem + end for end in PREVIEW_SUFFIXES),
        stem + suffix + ".rgthree-info.json",
    ]
    others = ["c.png", "c.safetensors", stem + suffix, "notes.txt", f"x{stem}.json"]
    found = companions([*beside, *others])[stem_of(stem + suffix)]
    assert found == sorted(beside)


def test_a_longer_name_is_another_models():
    groups = companions(["fox.png", "fox.v2.png", "fox.v2.civitai.info", "fox2.json"])
    assert groups == {
        "fox": ["fox.png"],
        "fox.v2": ["fox.v2.civitai.info", "fox.v2.png"],
        "fox2": ["fox2.json"],
    }


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.safetensors", "a"), ("a.b.SFT", "a.b"), ("a.ckpt", "a"), ("a.png", None), ("a", None)],
)
def test_models_are_told_by_their_suffix(name, stem):
    assert is_model(name) is (stem is not None)
    assert stem_of(name) == (stem or name)


def test_previews_come_best_first():
    names = ["fox.jpg", "fox.mp4", "fox.preview.png", "fox.thumb.jpg", "fox.json", "fox.PNG"]
    assert preview_names(names, "fox") == [
        "fox.preview.png",
        "fox.PNG",
        "fox.jpg",
        "fox.mp4",
        "fox.thumb.jpg",
    ]
    assert [name for name in names if is_picture(name)] == [
        "fox.jpg",
        "fox.preview.png",
        "fox.thumb.jpg",
        "fox.PNG",
    ]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_a_picture_whatever_its_suffix(tmp_path, kind):
    Image.new("RGB", (3, 3)).save(tmp_path / "fox.png", format=kind)
    check_picture(tmp_path / "fox.png")


@given(st.binary(max_size=40))
def test_any_bytes_are_a_picture_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.png"
    path.write_bytes(content)
    with suppress(BrokenPreview):
        check_picture(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\0" * 100, b"RIFF1234AVI "])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "fox.png").write_bytes(content)
    with pytest.raises(BrokenPreview, match="not a picture"):
        check_picture(tmp_path / "fox.png")


def test_a_picture_that_vanished_is_refused(tmp_path):
    with pytest.raises(BrokenPreview, match="cannot be read"):
        check_picture(tmp_path / "gone.png")
