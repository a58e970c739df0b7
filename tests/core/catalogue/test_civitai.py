from __future__ import annotations

import gzip
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.civitai import entries_from_model, version_facts
from polaris_core.catalogue.entry import AdapterType, BaseModel, Kind, Maturity, Role, Terms
from polaris_core.catalogue.own_sidecar import own_facts, own_sidecar
from polaris_core.errors import BrokenSidecar

RECORD = {
    "id": 77,
    "name": "Paper Cranes",
    "description": "<p>Folded paper.</p><p>Use weight 0.6 - 0.8</p>",
    "type": "LoCon",
    "nsfw": False,
    "allowNoCredit": True,
    "allowCommercialUse": "{Image,RentCivit}",
    "tags": ["objects", "paper"],
    "creator": {"username": "folder"},
    "modelVersions": [
        {
            "id": 702,
            "name": "v2",
            "baseModel": "SD 1.5",
            "trainedWords": ["papercrane"],
            "files": [
                {"name": "crane.safetensors", "type": "Model", "sizeKB": 10.5, "hashes": {}},
                {
                    "name": "crane_full.safetensors",
                    "type": "Model",
                    "sizeKB": 20,
                    "primary": True,
                    "hashes": {"SHA256": "AB" * 32},
                },
            ],
            "images": [
                {"url": "https://pictures.example/1.png", "nsfw": "Soft", "meta": {"prompt": "a"}},
                {"url": "https://pictures.example/2.png", "nsfw": "None", "meta": None},
                {"url": "javascript:alert(1)", "nsfw": "None"},
            ],
        },
        {"id": 701, "name": "v1", "baseModel": "SD 2.1"},
    ],
}


def test_a_record_becomes_an_entry_that_is_not_on_disk():
    [entry] = entries_from_model(RECORD)
    assert entry.name == "Paper Cranes"
    assert (entry.kind, entry.adapter_type) == (Kind.LORA, AdapterType.LOCON)
    assert entry.base_model is BaseModel.SD15
    assert entry.role is Role.OBJECT
    assert entry.trigger_words == ("papercrane",)
    assert entry.strength == pytest.approx(0.7)
    assert entry.description == "Folded paper.\nUse weight 0.6 - 0.8"
    assert entry.maturity is Maturity.PG
    assert entry.licence == "no credit needed; commercial use: Image, RentCivit"
    assert entry.creator == "folder"
    assert entry.source == "https://civitai.com/models/77?modelVersionId=702"
    assert entry.sha256 == "ab" * 32
    assert entry.size_bytes == 20 * 1024
    assert not entry.on_disk
    assert (entry.extra["model_id"], entry.extra["version_id"]) == ("77", "702")
    assert [(p.url[-5:], p.maturity) for p in entry.previews] == [
        ("1.png", Maturity.PG13),
        ("2.png", Maturity.PG),
    ]


def test_all_versions_are_given_on_request():
    entries = entries_from_model(RECORD, versions="all")
    assert [entry.extra["version_id"] for entry in entries] == ["702", "701"]
    assert [entry.base_model for entry in entries] == [BaseModel.SD15, BaseModel.SD2]


def test_the_hash_is_that_of_the_file_on_disk():
    version = RECORD["modelVersions"][0]
    assert version_facts(version, size_bytes=20 * 1024).sha256 == "ab" * 32
    assert version_facts(version, size_bytes=10752).sha256 == ""


def test_what_fetching_needs_is_in_the_entry():
    version = {
        **RECORD["modelVersions"][0],
        "availability": "EarlyAccess",
        "earlyAccessEndsAt": "2024-02-01T00:00:00Z",
        "downloadUrl": "https://civitai.com/api/download/models/702",
        "files": [{"name": "a/crane.safetensors", "type": "Model", "hashes": {"AutoV2": "AB" * 5}}],
    }
    [entry] = entries_from_model({**RECORD, "modelVersions": [version]})
    assert entry.download == "https://civitai.com/api/download/models/702"
    assert entry.extra["filename"] == "crane.safetensors"
    assert entry.extra["autov2"] == "ab" * 5
    assert entry.extra["availability"] == "EarlyAccess"
    assert entry.extra["early_access_ends"] == "2024-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("told", "terms"),
    [
        ({"allowCommercialUse": ["Image", "Rent"]}, Terms(commercial=True)),
        ({"allowCommercialUse": ["RentCivit"]}, Terms(commercial=False)),
        ({"allowCommercialUse": "{RentCivit,Sell}"}, Terms(commercial=False)),
        ({"allowCommercialUse": "Sell"}, Terms(commercial=True)),
        ({"allowCommercialUse": "None"}, Terms(commercial=False)),
        ({"allowCommercialUse": []}, Terms()),
        ({"allowNoCredit": False, "allowDerivatives": False}, Terms(None, True, False)),
        ({"allowNoCredit": "no", "allowDerivatives": 1}, Terms()),
    ],
)
def test_permissions_become_terms(told, terms):
    assert version_facts({"id": 1}, model=told).terms == terms


@pytest.mark.parametrize("record", [{}, {"id": 1, "name": "x"}, {"name": "x", "modelVersions": []}])
def test_what_is_no_record_is_refused(record):
    with pytest.raises(BrokenSidecar, match="not a model record"):
        entries_from_model(record)


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        (["Image", "Rent"], "commercial use: Image, Rent"),
        ("Sell", "commercial use: Sell"),
        ("{Image,RentCivit}", "commercial use: Image, RentCivit"),
        ("None", "no commercial use"),
        (["None"], "no commercial use"),
        (5, ""),
    ],
)
def test_commercial_use_comes_in_several_forms(uses, words):
    assert version_facts({"id": 1}, model={"allowCommercialUse": uses}).licence == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
VERSION = st.fixed_dictionaries(
    {}, optional=dict.fromkeys([*RECORD["modelVersions"][0], "nsfwLevel", "model"], JSON)
)

NEEDED = {"id", "name", "modelVersions"}


@given(
    st.fixed_dictionaries(
        {"id": st.integers(), "name": st.text(), "modelVersions": st.lists(VERSION | JSON)},
        optional={key: JSON for key in (*RECORD, "nsfwLevel", "poi") if key not in NEEDED},
    )
)
def test_any_record_gives_entries_or_is_refused(record):
    with suppress(BrokenSidecar):
        for entry in entries_from_model(record, versions="all"):
            assert entry.name


@pytest.mark.data
@pytest.mark.parametrize("kind", ["lora", "checkpoint"])
def test_every_real_record_gives_entries(real_data, kind):
    count = 0
    file = real_data / "zoo" / f"civitai_2023-07_{kind}_clean.jsonl.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            entries = entries_from_model(record, versions="all")
            count += bool(entries)
            assert len(entries) == len(record["modelVersions"])
            for entry in entries:
                assert entry.kind.value == kind
                assert entry.maturity is Maturity.PG
                assert not set(entry.description) & {"\0", "\r"}
                assert "<p>" not in entry.description
                assert entry.source.startswith(f"https://civitai.com/models/{record['id']}?")
    assert count > 2_400


@pytest.mark.data
@pytest.mark.parametrize("kind", ["lora", "checkpoint"])
def test_our_own_sidecar_loses_nothing_of_any_real_record(real_data, kind):
    file = real_data / "zoo" / f"civitai_2023-07_{kind}_clean.jsonl.gz"
    count = 0
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for entry in (e for line in lines for e in entries_from_model(json.loads(line))):
            count += 1
            record = json.loads(json.dumps(own_sidecar(entry)))
            again = entry_from_facts(
                own_facts(record, entry.size_bytes),
                fallback_name="lost",
                kind=entry.kind,
                base_model=entry.base_model,
                adapter_type=entry.adapter_type,
                size_bytes=entry.size_bytes,
            )
            assert again == entry
    assert count > 2_400


@pytest.mark.data
def test_every_raw_record_gives_an_entry(real_data):
    paths = sorted((real_data / "zoo" / "raw_samples").glob("*.json"))
    assert len(paths) == 40
    for path in paths:
        [entry] = entries_from_model(json.loads(path.read_text("utf-8")))
        assert entry.kind.value == path.name.split("_")[0]
        assert entry.sha256
        assert entry.size_bytes
        assert entry.creator
        assert entry.previews
        assert entry.extra["model_id"] == path.stem.split("_")[1]
