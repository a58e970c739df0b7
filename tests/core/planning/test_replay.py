"""Plans made before: found again by hash, checked, and carried out as they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.errors import IncompatibleAdapter, MaskRequired, PictureRequired, UnknownModel
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.plan import ModelPick
from polaris_core.planning.planner import make_plan
from polaris_core.planning.replay import locate, replay
from polaris_core.planning.serialize import plan_from_json, plan_to_json

SHA = "ab" * 32


class Shelf:
    """A few entries, found by any of their names."""

    def __init__(self, *entries):
        self.entries = entries

    def resolve(self, text, /, *, kind=None):
        return [
            e
            for e in self.entries
            if text in (e.sha256, e.autov3, e.file, e.name) and kind in (None, e.kind)
        ]


@pytest.fixture
def entry(zoo):
    return zoo.hit("Foxes", sha256=SHA, autov3="0123456789ab", size_bytes=10, id=3).entry


@pytest.fixture
def plan(zoo):
    shortlist = zoo.shortlist(style=[zoo.hit("Aquarelle", sha256=SHA)])
    intent = parse_instruction("Replace the cat with a watercolor fox")
    return make_plan(intent, shortlist, has_picture=True, has_mask=True)


@pytest.mark.parametrize(
    "pick",
    [
        ModelPick("Other", "other.safetensors", BaseModel.SD15, sha256=SHA),
        ModelPick("Other", "other.safetensors", BaseModel.SD15, autov3="0123456789ab"),
        ModelPick("Other", "Foxes.safetensors", BaseModel.SD15, size_bytes=10),
        ModelPick("Foxes", "other.safetensors", BaseModel.SD15, size_bytes=10),
        ModelPick("Foxes", "Foxes.safetensors", BaseModel.SD15),
    ],
    ids=["sha256", "autov3", "file and size", "name and size", "file alone"],
)
def test_a_file_is_found_by_what_is_known_of_it(pick, entry):
    assert locate(pick, Shelf(entry)) == entry


def test_a_hash_outweighs_the_name(zoo, entry):
    namesake = zoo.hit("Other", sha256="cd" * 32).entry
    pick = ModelPick("Other", "Other.safetensors", BaseModel.SD15, sha256=SHA)
    assert locate(pick, Shelf(namesake, entry)) == entry


@pytest.mark.parametrize(
    "change", [{"sha256": "cd" * 32}, {"size_bytes": 11, "sha256": ""}, {"file": ""}], ids=str
)
def test_another_file_of_the_same_name_is_not_taken_for_it(entry, change):
    pick = ModelPick(
        "Foxes",
        "Foxes.safetensors",
        BaseModel.SD15,
        sha256=SHA,
        size_bytes=10,
        source="https://example.org/fox",
    )
    other = replace(entry, **{"autov3": "", **change})
    with pytest.raises(UnknownModel) as missing:
        locate(pick, Shelf(other))
    for told in ("Foxes.safetensors", SHA, "https://example.org/fox"):
        assert told in str(missing.value)


def test_a_checkpoint_is_not_taken_for_a_lora(entry):
    pick = ModelPick("Foxes", "Foxes.safetensors", BaseModel.SD15)
    checkpoint = replace(entry, kind=Kind.CHECKPOINT)
    with pytest.raises(UnknownModel):
        locate(pick, Shelf(checkpoint))
    assert locate(pick, Shelf(checkpoint), kind=Kind.CHECKPOINT) == checkpoint


def test_a_replayed_plan_is_the_same_plan(plan):
    again = plan_from_json(plan_to_json(plan))
    assert replay(again, base_model=BaseModel.SD15, has_picture=True, has_mask=True) == plan


def test_a_plan_for_another_family_is_refused_and_names_its_checkpoint(plan):
    with pytest.raises(IncompatibleAdapter, match=r"Inkwell\.safetensors"):
        replay(plan, base_model=BaseModel.SDXL, has_picture=True, has_mask=True)


def test_a_replayed_plan_needs_what_the_edit_needs(plan):
    with pytest.raises(MaskRequired):
        replay(plan, base_model=BaseModel.SD15, has_picture=True, has_mask=False)
    with pytest.raises(PictureRequired):
        replay(plan, base_model=BaseModel.SD15, has_picture=False, has_mask=True)
