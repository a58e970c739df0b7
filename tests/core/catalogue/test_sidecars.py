from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.companions import SIDECAR_SUFFIXES
from polaris_core.catalogue.entry import Maturity
from polaris_core.catalogue.sidecars import SIDECAR_LIMIT_BYTES, read_sidecar
from polaris_core.errors import BrokenSidecar

SHA256 = "5f" * 32
NAMES = {
    ".json": "inkfox.json",
    ".metadata.json": "inkfox.metadata.json",
    ".cm-info.json": "inkfox.cm-info.json",
    ".civitai.info": "inkfox.civitai.info",
    ".rgthree-info.json": "inkfox.safetensors.rgthree-info.json",
    ".polaris.json": "inkfox.polaris.json",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("sidecars") / "sidecar"


@pytest.fixture
def read(golden):
    def read_golden(suffix, size_bytes=2048):
        return read_sidecar(golden / "sidecars" / NAMES[suffix], suffix, size_bytes=size_bytes)

    return read_golden


def test_what_the_user_typed_into_the_web_ui(read):
    facts = read(".json")
    assert facts.description == "Foxes in ink"
    assert facts.base_models == ("SDXL",)
    assert facts.trigger_words == ("inkfox, ink wash",)
    assert facts.strength == 0.65
    assert facts.negative == "blurry, colour"
    assert facts.notes == ("for the winter series",)


def test_lora_manager(read):
    facts = read(".metadata.json")
    assert facts.name == "Ink Fox (mine)"
    assert facts.base_models == ("Pony", "SDXL 1.0")
    assert facts.description == "A fox in ink."
    assert facts.trigger_words == ("inkfox", "brush strokes")
    assert facts.strength == pytest.approx(0.6)
    assert facts.tags == ("Style", "ink", "animal")
    assert facts.sha256 == SHA256
    assert facts.autov3 == "abcdef012345"
    assert facts.preview_maturity is Maturity.PG13
    assert facts.maturity is Maturity.PG
    assert facts.creator == "brush"
    assert facts.licence == (
        "credit required; commercial use: Image, RentCivit; derivatives allowed; "
        "same licence for derivatives"
    )
    assert facts.example_prompts[0] == "my own fox"
    assert facts.extra["clip_skip"] == "2"
    assert facts.extra["version_id"] == "20202"


def test_stability_matrix(read):
    facts = read(".cm-info.json")
    assert facts.name == "My ink fox"
    assert facts.base_models == ("Illustrious",)
    assert facts.trigger_words == ("inkfox",)
    assert facts.maturity is Maturity.PG
    assert facts.sha256 == SHA256
    assert facts.creator == "brush"
    assert facts.notes == ("Use a weight of 0.9.",)
    assert facts.source == "https://civitai.com/models/10101?modelVersionId=20202"
    assert [preview.url for preview in facts.previews] == ["https://pictures.example/1.jpeg"]


def test_civitai_info(read):
    facts = read(".civitai.info")
    assert facts.name == "Ink Fox"
    assert facts.base_models == ("SDXL 1.0",)
    assert facts.trigger_words == ("inkfox", "brush strokes")
    assert facts.sha256 == SHA256
    assert facts.autov3 == "abcdef012345"
    assert facts.maturity is Maturity.PG
    assert [preview.maturity for preview in facts.previews] == [Maturity.PG, Maturity.R]
    assert facts.preview_maturity is Maturity.R
    assert facts.example_prompts == ("inkfox, a fox in snow <lora:inkfox:0.7>", "inkfox running")
    assert facts.source == "https://civitai.com/models/10101?modelVersionId=20202"


def test_rgthree_tells_chosen_words_from_counted_ones(read):
    facts = read(".rgthree-info.json")
    assert facts.trigger_words[:2] == ("inkfox", "my fox")
    assert facts.training_tags == ("1girl",)
    assert facts.base_models[0] == "NoobAI"
    assert facts.strength == pytest.approx(0.75)
    assert facts.sha256 == SHA256


def test_our_own_says_everything(read):
    facts = read(".polaris.json")
    assert facts.name == "Ink Fox"
    assert facts.base_models == ("SDXL 1.0",)
    assert facts.description == "A fox in <b>ink</b> & water.\nFor winter."
    assert facts.trigger_words == ("inkfox", "brush strokes, wash")
    assert facts.strength == 0.65
    assert facts.tags == ("style", "ink")
    assert facts.training_tags == ("fox", "snow")
    assert facts.negative == "photo"
    assert facts.example_prompts == ("inkfox, a fox in snow <lora:inkfox:0.7>",)
    assert [(p.url, p.maturity, p.prompt) for p in facts.previews] == [
        ("https://pictures.example/1.jpeg", Maturity.PG, "inkfox")
    ]
    assert facts.maturity is Maturity.PG
    assert facts.licence == "credit required; no commercial use"
    assert (facts.creator, facts.source) == ("brush", "https://models.example/inkfox")
    assert (facts.sha256, facts.autov3) == (SHA256, "abcdef012345")
    assert facts.extra["clip_skip"] == "2"


@pytest.mark.parametrize("suffix", [".metadata.json", ".civitai.info", ".polaris.json"])
def test_the_hash_of_a_file_of_another_size_is_not_taken(read, suffix):
    assert read(suffix, size_bytes=7_000).sha256 == ""


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0.5", "https://x.example/y", "{}", '{"strength": 1e999}', "<p>weight 1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@st.composite
def spoiled(draw, record):
    """The record with some of its values, at any depth, replaced by anything."""
    if isinstance(record, dict) and draw(st.integers(0, 9)):
        return {
            key: draw(spoiled(value)) for key, value in record.items() if draw(st.integers(0, 19))
        }
    if isinstance(record, list) and draw(st.integers(0, 9)):
        return [draw(spoiled(value)) for value in record]
    return record if draw(st.integers(0, 3)) else draw(VALUES)


@pytest.mark.parametrize("suffix", SIDECAR_SUFFIXES)
@given(data=st.data())
def test_fields_of_any_type_are_read_or_passed_by(golden, place, suffix, data):
    record = json.loads((golden / "sidecars" / NAMES[suffix]).read_text("utf-8"))
    place.write_text(json.dumps(data.draw(spoiled(record))), "utf-8")
    with suppress(BrokenSidecar):
        read_sidecar(place, suffix, size_bytes=2048)


@pytest.mark.parametrize("suffix", SIDECAR_SUFFIXES)
@given(content=st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(place, suffix, content):
    place.write_bytes(content)
    with suppress(BrokenSidecar):
        read_sidecar(place, suffix)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>not found</html>", id="a web page"),
        pytest.param(b'{"name": "cut', id="truncated"),
        pytest.param(b'["a list"]', id="a list"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"id":' + b"9" * 5_000 + b"}", id="a number of 5,000 digits"),
    ],
)
@pytest.mark.parametrize("suffix", SIDECAR_SUFFIXES)
def test_a_file_that_is_no_object_is_broken(place, suffix, content):
    place.write_bytes(content)
    with pytest.raises(BrokenSidecar) as caught:
        read_sidecar(place, suffix)
    assert caught.value.path == str(place)


def test_a_file_that_is_too_large_is_refused_unread(place):
    with place.open("wb") as file:
        file.truncate(SIDECAR_LIMIT_BYTES + 1)
    with pytest.raises(BrokenSidecar, match="larger than"):
        read_sidecar(place, ".json")
    place.unlink()


def test_a_byte_order_mark_does_no_harm(place):
    place.write_bytes(b'\xef\xbb\xbf{"notes": "n"}')
    assert read_sidecar(place, ".json").notes == ("n",)


@pytest.mark.parametrize("weight", [0, 0.0, "", None, True, 99, -99, float("nan"), [1], 10**400])
def test_a_weight_that_is_none_is_unset(place, weight):
    place.write_text(json.dumps({"preferred weight": weight}), "utf-8")
    assert read_sidecar(place, ".json").strength is None


@pytest.mark.parametrize(
    ("tips", "strength"),
    [
        ({"strength": 0.7, "strength_min": 0.1}, 0.7),
        ({"strength_min": 0.4, "strength_max": 0.8}, 0.6),
        ({"strength_max": 0.8}, 0.8),
        ({"strength_range": "0.5-0.9"}, 0.7),
        ({"strength": "0.7"}, 0.7),
        ({}, None),
        ([], None),
    ],
)
def test_usage_tips(place, tips, strength):
    place.write_text(json.dumps({"usage_tips": json.dumps(tips)}), "utf-8")
    assert read_sidecar(place, ".metadata.json").strength == strength
