from __future__ import annotations

import pytest

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity
from polaris_core.errors import IncompatibleAdapter, InvalidInput, NothingFits, UnknownModel
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras

STYLED = EditIntent(
    "Replace the cat with a watercolor fox",
    InstructionType.CATEGORY_CHANGE,
    style_transformation=True,
    generation_prompt="a watercolor fox",
    topics=Topics("watercolor", ("red fox",)),
)


def names(slot):
    return [hit.entry.name for hit in slot.hits]


def slots(zoo, intent, **options):
    found = retrieve_loras(zoo, intent, **{"base": BaseModel.SD15, **options})
    return found.slot(SlotName.STYLE), found.slot(SlotName.OBJECT)


def test_pins_come_first_in_their_slots(small_zoo):
    pins = Pins.parse("Photo Look @ 0.4\nCastle\nRealistic Photo")
    [checkpoint] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
    style, thing = slots(small_zoo, STYLED, pins=pins)
    firsts = [slot.hits[0] for slot in (checkpoint, style, thing)]
    assert [hit.entry.name for hit in firsts] == ["Realistic Photo", "Photo Look", "Castle"]
    assert all(hit.pinned for hit in firsts)
    assert not any(hit.pinned for hit in style.hits[1:])
    assert {s.source: s.score for s in style.hits[0].sources} == {"pin": 1.0, "strength": 0.4}
    assert names(style).count("Photo Look") == 1


def test_a_pin_may_name_its_slot(small_zoo):
    style, _ = slots(small_zoo, STYLED, pins=Pins.parse("style: Detail Slider"))
    assert names(style)[0] == "Detail Slider"


def test_a_pin_fills_a_slot_that_nothing_asks_for(small_zoo):
    intent = EditIntent("x", InstructionType.REMOVE, subject="dog")
    style, _ = slots(small_zoo, intent, pins=Pins.parse("Photo Look"))
    assert names(style) == ["Photo Look"]


def test_bans_are_nowhere(small_zoo):
    pins = Pins.parse("-Watercolor Wash\n-Red Fox\n-Watercolor Dreams")
    [checkpoint] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
    for slot in (checkpoint, *slots(small_zoo, STYLED, pins=pins)):
        assert not {"Watercolor Wash", "Red Fox", "Watercolor Dreams"} & set(names(slot))


def test_a_ban_of_nothing_is_noted(small_zoo):
    [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse("-nobody")).slots
    assert "the banned “nobody” is not in the zoo" in slot.note


def test_hashes_and_files_are_names_too(make_entry, make_zoo):
    sha256 = "ab" * 32
    zoo = make_zoo(
        [
            make_entry("A", kind=Kind.CHECKPOINT),
            make_entry("B", kind=Kind.CHECKPOINT, sha256=sha256, file="x/b.safetensors"),
        ]
    )
    for name in (sha256, sha256[:10], "x/b.safetensors", "b", "B"):
        [slot] = retrieve_checkpoints(zoo, STYLED, pins=Pins.parse(name)).slots
        assert names(slot)[0] == "B"


def test_an_unknown_pin_names_what_is_close(small_zoo):
    with pytest.raises(UnknownModel, match="Watercolor Wash"):
        slots(small_zoo, STYLED, pins=Pins.parse("Watercolour Wash"))
    with pytest.raises(UnknownModel, match="cannot fill the slot"):
        slots(small_zoo, STYLED, pins=Pins.parse("checkpoint: Red Fox"))


def test_a_pin_of_another_family_is_refused(small_zoo):
    with pytest.raises(IncompatibleAdapter, match="sdxl"):
        slots(small_zoo, STYLED, pins=Pins.parse("Watercolor XL"))
    unknown = Pins.parse("Watercolor Unknown")
    with pytest.raises(IncompatibleAdapter, match="unknown"):
        slots(small_zoo, STYLED, pins=unknown)
    style, _ = slots(small_zoo, STYLED, pins=unknown, allow_unknown_base=True)
    assert names(style)[0] == "Watercolor Unknown"


def test_a_hash_that_is_not_known_says_how_hashes_become_known(small_zoo):
    for name in ("ab" * 5, "AB" * 6, "ab" * 32):
        with pytest.raises(UnknownModel, match="polaris scan --hash"):
            slots(small_zoo, STYLED, pins=Pins.parse(name))
    with pytest.raises(UnknownModel) as raised:
        slots(small_zoo, STYLED, pins=Pins.parse("abcdefghijkl"))
    assert "--hash" not in str(raised.value)


def test_pinned_loras_choose_the_family_of_the_checkpoint(small_zoo):
    [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse("Watercolor Pony")).slots
    assert names(slot) == ["XL Anime"]
    assert "only sdxl checkpoints" in slot.note
    pins = Pins.parse("Watercolor Pony\nRealistic Photo")
    [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
    assert names(slot)[0] == "Realistic Photo", "who pins a checkpoint has chosen"
    pins = Pins.parse("Watercolor Unknown")
    assert len(retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots[0].hits) == 3


def test_pinned_loras_of_two_families_are_refused(small_zoo):
    pins = Pins.parse("Watercolor Wash\nRed Fox XL")
    with pytest.raises(InvalidInput, match=r"sd15.*sdxl"):
        retrieve_checkpoints(small_zoo, STYLED, pins=pins)


def test_a_family_without_a_checkpoint_is_named(make_entry, make_zoo):
    zoo = make_zoo(
        [make_entry("C", kind=Kind.CHECKPOINT), make_entry("F", base_model=BaseModel.FLUX)]
    )
    with pytest.raises(NothingFits, match="flux, as the pinned LoRAs are"):
        retrieve_checkpoints(zoo, STYLED, pins=Pins.parse("F"))


def test_a_checkpoint_has_no_strength(small_zoo):
    for line in ("Realistic Photo @ 0.5", "checkpoint: Realistic Photo @ 1"):
        with pytest.raises(InvalidInput, match="no strength"):
            retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse(line))


def test_of_two_pinned_checkpoints_it_is_said_which_counts(small_zoo):
    pins = Pins.parse("Realistic Photo\nWatercolor Dreams")
    [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
    assert names(slot)[0] == "Realistic Photo"
    assert "only the first, Realistic Photo, counts" in slot.note


def test_pinned_and_banned_at_once_is_refused(small_zoo):
    with pytest.raises(InvalidInput, match="both"):
        slots(small_zoo, STYLED, pins=Pins.parse("Red Fox\n-Red Fox"))


def test_a_pin_does_not_pass_the_filters_unseen(make_entry, make_zoo):
    zoo = make_zoo([make_entry("M", maturity=Maturity.X), make_entry("U", unsafe=True)])
    for name in "MU":
        with pytest.raises(InvalidInput):
            slots(zoo, STYLED, pins=Pins.parse(name))
    style, _ = slots(zoo, STYLED, pins=Pins.parse("M"), filters=Filters(max_maturity=Maturity.X))
    assert names(style) == ["M"]
