"""Plans made before: found again by hash, checked, and carried out as they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.errors import IncompatibleAdapter, MaskRequired, PictureRequired, UnknownModel
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.plan import ModelPick
from polaris_core.planning.planner import make_plan
from polaris_core.planning.replay import locate, replay, sign
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

    def of_size(self, size_bytes, /, *, kind):
        return [
            e for e in self.entries if (e.size_bytes, e.kind, e.sha256) == (size_bytes, kind, "")
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


def test_a_pickled_file_is_never_taken(entry):
    pick = ModelPick("Foxes", "Foxes.safetensors", BaseModel.SD15)
    with pytest.raises(UnknownModel):
        locate(pick, Shelf(replace(entry, unsafe=True)))


def test_a_file_of_the_same_name_and_size_is_hashed_before_it_is_taken(entry):
    pick = ModelPick("Foxes", "Foxes.safetensors", BaseModel.SD15, sha256=SHA, size_bytes=10)
    unknown = replace(entry, sha256="", autov3="")
    right, wrong = ({"sha256": digits * 32} for digits in ("ab", "cd"))
    assert locate(pick, Shelf(unknown), hashed=lambda e: replace(e, **right)).sha256 == SHA
    with pytest.raises(UnknownModel):
        locate(pick, Shelf(unknown), hashed=lambda e: replace(e, **wrong))


def test_a_signed_plan_names_every_file_by_its_hash(zoo):
    shortlist = zoo.shortlist(style=[zoo.hit("Aquarelle")], objects=[zoo.hit("Foxes", sha256=SHA)])
    intent = parse_instruction("Replace the cat with a watercolor fox")
    plan = make_plan(intent, shortlist, has_picture=True, has_mask=True)
    shelf = Shelf(*(hit.entry for slot in shortlist.slots for hit in slot.hits))
    signed = sign(plan, shelf, lambda entry: replace(entry, sha256="cd" * 32))
    assert signed.checkpoint.sha256 == "cd" * 32
    assert [step.pick.sha256 for step in signed.loras] == ["cd" * 32, SHA]
    assert sign(signed, shelf, None) == signed


class TestReplay:
    """With the picture, the mask and the zoo the plan was made with, but for what is told."""

    @pytest.fixture
    def style(self, zoo):
        return zoo.hit("Aquarelle", sha256=SHA).entry

    @pytest.fixture
    def replayed(self, plan, style):
        def call(*entries, **changes):
            told = {"base_model": BaseModel.SD15, "has_picture": True, "has_mask": True}
            again = plan_from_json(plan_to_json(changes.pop("plan", plan)))
            return replay(again, Shelf(*(entries or [style])), **told | changes)

        return call

    def test_it_finds_the_files_in_their_order(self, replayed, style):
        assert replayed() == (style,)

    def test_another_family_is_refused_and_the_checkpoint_named(self, replayed):
        with pytest.raises(IncompatibleAdapter, match=r"Inkwell\.safetensors"):
            replayed(base_model=BaseModel.SDXL)

    def test_what_the_file_is_counts_and_not_what_the_plan_says(self, replayed, style):
        with pytest.raises(IncompatibleAdapter, match="sdxl"):
            replayed(replace(style, base_model=BaseModel.SDXL))

    def test_an_unknown_base_needs_leave(self, replayed, style):
        unknown = replace(style, base_model=BaseModel.UNKNOWN)
        with pytest.raises(IncompatibleAdapter, match="unknown"):
            replayed(unknown)
        assert replayed(unknown, allow_unknown_base=True) == (unknown,)

    def test_another_checkpoint_is_told(self, replayed, plan, zoo):
        wanted = zoo.shortlist().slots[0].hits[0].entry
        assert replayed(checkpoint=wanted)
        other = replace(wanted, file="other.safetensors", size_bytes=7, sha256="cd" * 32)
        pick = replace(plan.checkpoint, sha256=SHA)
        with pytest.raises(UnknownModel, match="another checkpoint"):
            replayed(checkpoint=other, plan=replace(plan, checkpoint=pick))

    def test_it_needs_what_the_edit_needs(self, replayed):
        with pytest.raises(MaskRequired):
            replayed(has_mask=False)
        with pytest.raises(PictureRequired):
            replayed(has_picture=False)
