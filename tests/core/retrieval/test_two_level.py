from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role
from polaris_core.encoders.base import Encoders
from polaris_core.errors import IncompatibleAdapter, InvalidInput, NothingFits, UnknownModel
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.shortlist import Half, SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras, search
from polaris_core.testing import HashingEncoder

STYLED = EditIntent(
    "Replace the cat with a watercolor fox",
    InstructionType.CATEGORY_CHANGE,
    style_transformation=True,
    generation_prompt="a watercolor fox",
    topics=Topics("watercolor", ("red fox",)),
)
PLAIN = EditIntent(
    "Replace the cat with a fox",
    InstructionType.CATEGORY_CHANGE,
    generation_prompt="a fox",
    topics=Topics("", ("fox",)),
)


def names(slot):
    return [hit.entry.name for hit in slot.hits]


def slots(zoo, intent, **options):
    options = {"base": BaseModel.SD15, **options}
    found = retrieve_loras(zoo, intent, **options)
    return found.slot(SlotName.STYLE), found.slot(SlotName.OBJECT)


@given(
    base=st.sampled_from(BaseModel),
    style=st.sampled_from(["watercolor", "photo", "fox", "slider"]),
    thing=st.sampled_from(["red fox", "inari fox girl", "castle", ""]),
    kind=st.sampled_from(InstructionType),
    seen=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
def test_no_lora_of_another_family_is_ever_returned(
    small_zoo, red_picture, base, style, thing, kind, seen
):
    intent = EditIntent("x", kind, topics=Topics(style, (thing,)))
    picture = red_picture if seen else None
    for slot in slots(small_zoo, intent, base=base, picture=picture):
        assert all(hit.entry.base_model.fits(base) for hit in slot.hits)
        assert all(hit.entry.kind is Kind.LORA for hit in slot.hits)


def test_with_a_style_the_text_asks_for_everything(small_zoo, red_picture):
    [checkpoint] = retrieve_checkpoints(small_zoo, STYLED, picture=red_picture).slots
    style, thing = slots(small_zoo, STYLED, picture=red_picture)
    assert [slot.asked_by for slot in (checkpoint, style, thing)] == [Half.TEXT] * 3
    assert names(checkpoint)[0] == "Watercolor Dreams"
    assert names(style)[0] == "Watercolor Wash"
    assert names(thing)[0] == "Red Fox"


def test_without_one_the_picture_asks_for_the_look(small_zoo, red_picture):
    [checkpoint] = retrieve_checkpoints(small_zoo, PLAIN, picture=red_picture).slots
    style, thing = slots(small_zoo, PLAIN, picture=red_picture)
    assert [s.asked_by for s in (checkpoint, style, thing)] == [
        Half.PICTURE,
        Half.PICTURE,
        Half.TEXT,
    ]
    assert names(checkpoint)[0] == "Realistic Photo"
    assert names(style) == ["Photo Look", "Watercolor Wash"], "only those with previews"
    assert (checkpoint.query, style.query) == ("", "")
    assert "looks like the picture" in style.hits[0].reason


def test_without_an_image_encoder_the_text_asks(make_zoo, small_zoo, red_picture):
    zoo = make_zoo(encoders=Encoders(HashingEncoder(64)))
    [checkpoint] = retrieve_checkpoints(zoo, PLAIN, picture=red_picture).slots
    assert checkpoint.asked_by is Half.TEXT
    assert "set one in the zoo" in checkpoint.note
    style, _ = slots(zoo, PLAIN, picture=red_picture)
    assert "no style was asked for" in style.note
    assert "set one in the zoo" in style.note
    [checkpoint] = retrieve_checkpoints(zoo, PLAIN).slots
    assert "encoder" not in checkpoint.note
    style, _ = slots(zoo, PLAIN)
    assert "there is no picture" in style.note


def test_without_previews_the_text_finds_a_checkpoint(make_entry, make_zoo, red_picture):
    zoo = make_zoo([make_entry("Photo", kind=Kind.CHECKPOINT), make_entry("Look")])
    [checkpoint] = retrieve_checkpoints(zoo, PLAIN, picture=red_picture).slots
    assert names(checkpoint) == ["Photo"]
    assert "preview" in checkpoint.note
    assert checkpoint.asked_by is Half.TEXT
    style, _ = slots(zoo, PLAIN, picture=red_picture)
    assert names(style) == []
    assert "preview" in style.note


def test_each_hit_says_why(small_zoo):
    checkpoint = retrieve_checkpoints(small_zoo, STYLED).slots[0].hits[0].entry
    style, thing = slots(small_zoo, STYLED, checkpoint=checkpoint)
    best = style.hits[0]
    assert best.matched_words == ("watercolor",)
    assert best.reason.startswith("named “watercolor”; description close to “watercolor” (0.")
    assert {source.source for source in best.sources} >= {"dense", "words", "neighbourhood", "role"}
    assert all(source.rank >= 1 for source in best.sources)
    assert thing.hits[0].matched_words == ("red", "fox")


def test_roles_decide_who_may_fill_a_slot(small_zoo):
    style, thing = slots(small_zoo, STYLED)
    assert "Detail Slider" not in names(style) + names(thing)
    assert "Red Fox" not in names(style)
    assert "Watercolor Wash" not in names(thing)


def test_a_character_is_only_used_when_called_by_name(small_zoo):
    assert "Fox Girl Inari" not in names(slots(small_zoo, STYLED)[1])
    intent = EditIntent("x", InstructionType.ADD, topics=Topics("", ("the fox girl inari",)))
    assert names(slots(small_zoo, intent)[1])[0] == "Fox Girl Inari"


def test_nothing_unrelated_is_offered(small_zoo):
    intent = EditIntent("x", InstructionType.ADD, topics=Topics("cubism", ("helicopter",)))
    for slot, phrase in zip(slots(small_zoo, intent), ("cubism", "helicopter"), strict=True):
        assert not slot.hits
        assert slot.note == f"nothing that may be used here is about “{phrase}”"


def test_some_checkpoint_is_always_offered(small_zoo):
    intent = EditIntent("x", InstructionType.ADD, topics=Topics("cubism"))
    [slot] = retrieve_checkpoints(small_zoo, intent).slots
    assert len(slot.hits) == 3
    assert slot.note == "none speaks of “cubism”; these come nearest"
    assert "Mystery" not in names(slot), "no LoRA could be applied to it"


def test_the_same_base_model_is_preferred_within_a_family(small_zoo):
    style, _ = slots(small_zoo, STYLED, base=BaseModel.PONY)
    assert names(style) == ["Watercolor Pony", "Watercolor XL"]
    assert "made for pony itself" in style.hits[0].reason
    style, _ = slots(small_zoo, STYLED, base=BaseModel.SDXL)
    assert names(style) == ["Watercolor XL", "Watercolor Pony"]


def test_known_company_is_preferred(make_entry, make_zoo):
    zoo = make_zoo(
        [
            make_entry("Dream Shaper", kind=Kind.CHECKPOINT),
            make_entry("Watercolor A"),
            make_entry("Watercolor B", description="Made to go with DreamShaper."),
        ]
    )
    checkpoint = retrieve_checkpoints(zoo, STYLED).slots[0].hits[0].entry
    style, _ = slots(zoo, STYLED, checkpoint=checkpoint)
    told = {hit.entry.name: hit.reason for hit in style.hits}
    assert "known to be used with Dream Shaper" in told["Watercolor B"]
    assert "known" not in told["Watercolor A"]


def test_unknown_base_models_only_when_allowed(small_zoo):
    assert "Watercolor Unknown" not in names(slots(small_zoo, STYLED)[0])
    allowed, _ = slots(small_zoo, STYLED, allow_unknown_base=True)
    assert "Watercolor Unknown" in names(allowed)
    assert {hit.entry.base_model for hit in allowed.hits} <= {BaseModel.SD15, BaseModel.UNKNOWN}


def test_the_same_question_has_the_same_answer(small_zoo, make_zoo, red_picture):
    again = make_zoo()
    for zoo in (small_zoo, again):
        assert retrieve_checkpoints(zoo, PLAIN, picture=red_picture) == retrieve_checkpoints(
            small_zoo, PLAIN, picture=red_picture
        )
        assert slots(zoo, STYLED) == slots(small_zoo, STYLED)


def test_no_more_hits_than_asked_for(small_zoo):
    assert len(retrieve_checkpoints(small_zoo, STYLED, k=1).slots[0].hits) == 1
    assert len(slots(small_zoo, STYLED, allow_unknown_base=True, k=1)[0].hits) == 1
    with pytest.raises(InvalidInput):
        retrieve_checkpoints(small_zoo, STYLED, k=0)


class TestPins:
    def test_pins_come_first_in_their_slots(self, small_zoo):
        pins = Pins.parse("Photo Look @ 0.4\nCastle\nRealistic Photo")
        [checkpoint] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
        style, thing = slots(small_zoo, STYLED, pins=pins)
        firsts = [slot.hits[0] for slot in (checkpoint, style, thing)]
        assert [hit.entry.name for hit in firsts] == ["Realistic Photo", "Photo Look", "Castle"]
        assert all(hit.pinned for hit in firsts)
        assert not any(hit.pinned for hit in style.hits[1:])
        assert {s.source: s.score for s in style.hits[0].sources} == {"pin": 1.0, "strength": 0.4}
        assert names(style).count("Photo Look") == 1

    def test_a_pin_may_name_its_slot(self, small_zoo):
        style, _ = slots(small_zoo, STYLED, pins=Pins.parse("style: Detail Slider"))
        assert names(style)[0] == "Detail Slider"

    def test_a_pin_fills_a_slot_that_nothing_asks_for(self, small_zoo):
        intent = EditIntent("x", InstructionType.REMOVE, subject="dog")
        style, _ = slots(small_zoo, intent, pins=Pins.parse("Photo Look"))
        assert names(style) == ["Photo Look"]

    def test_bans_are_nowhere(self, small_zoo):
        pins = Pins.parse("-Watercolor Wash\n-Red Fox\n-Watercolor Dreams")
        [checkpoint] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
        for slot in (checkpoint, *slots(small_zoo, STYLED, pins=pins)):
            assert not {"Watercolor Wash", "Red Fox", "Watercolor Dreams"} & set(names(slot))

    def test_a_ban_of_nothing_is_noted(self, small_zoo):
        [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse("-nobody")).slots
        assert "the banned “nobody” is not in the zoo" in slot.note

    def test_hashes_and_files_are_names_too(self, make_entry, make_zoo):
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

    def test_an_unknown_pin_names_what_is_close(self, small_zoo):
        with pytest.raises(UnknownModel, match="Watercolor Wash"):
            slots(small_zoo, STYLED, pins=Pins.parse("Watercolour Wash"))
        with pytest.raises(UnknownModel, match="cannot fill the slot"):
            slots(small_zoo, STYLED, pins=Pins.parse("checkpoint: Red Fox"))

    def test_a_pin_of_another_family_is_refused(self, small_zoo):
        with pytest.raises(IncompatibleAdapter, match="sdxl"):
            slots(small_zoo, STYLED, pins=Pins.parse("Watercolor XL"))
        unknown = Pins.parse("Watercolor Unknown")
        with pytest.raises(IncompatibleAdapter, match="unknown"):
            slots(small_zoo, STYLED, pins=unknown)
        style, _ = slots(small_zoo, STYLED, pins=unknown, allow_unknown_base=True)
        assert names(style)[0] == "Watercolor Unknown"

    def test_a_hash_that_is_not_known_says_how_hashes_become_known(self, small_zoo):
        for name in ("ab" * 5, "AB" * 6, "ab" * 32):
            with pytest.raises(UnknownModel, match="polaris scan --hash"):
                slots(small_zoo, STYLED, pins=Pins.parse(name))
        with pytest.raises(UnknownModel) as raised:
            slots(small_zoo, STYLED, pins=Pins.parse("abcdefghijkl"))
        assert "--hash" not in str(raised.value)

    def test_pinned_loras_choose_the_family_of_the_checkpoint(self, small_zoo):
        [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse("Watercolor Pony")).slots
        assert names(slot) == ["XL Anime"]
        assert "only sdxl checkpoints" in slot.note
        pins = Pins.parse("Watercolor Pony\nRealistic Photo")
        [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
        assert names(slot)[0] == "Realistic Photo", "who pins a checkpoint has chosen"
        pins = Pins.parse("Watercolor Unknown")
        assert len(retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots[0].hits) == 3

    def test_pinned_loras_of_two_families_are_refused(self, small_zoo):
        pins = Pins.parse("Watercolor Wash\nRed Fox XL")
        with pytest.raises(InvalidInput, match=r"sd15.*sdxl"):
            retrieve_checkpoints(small_zoo, STYLED, pins=pins)

    def test_a_family_without_a_checkpoint_is_named(self, make_entry, make_zoo):
        zoo = make_zoo(
            [make_entry("C", kind=Kind.CHECKPOINT), make_entry("F", base_model=BaseModel.FLUX)]
        )
        with pytest.raises(NothingFits, match="flux, as the pinned LoRAs are"):
            retrieve_checkpoints(zoo, STYLED, pins=Pins.parse("F"))

    def test_a_checkpoint_has_no_strength(self, small_zoo):
        for line in ("Realistic Photo @ 0.5", "checkpoint: Realistic Photo @ 1"):
            with pytest.raises(InvalidInput, match="no strength"):
                retrieve_checkpoints(small_zoo, STYLED, pins=Pins.parse(line))

    def test_of_two_pinned_checkpoints_it_is_said_which_counts(self, small_zoo):
        pins = Pins.parse("Realistic Photo\nWatercolor Dreams")
        [slot] = retrieve_checkpoints(small_zoo, STYLED, pins=pins).slots
        assert names(slot)[0] == "Realistic Photo"
        assert "only the first, Realistic Photo, counts" in slot.note

    def test_pinned_and_banned_at_once_is_refused(self, small_zoo):
        with pytest.raises(InvalidInput, match="both"):
            slots(small_zoo, STYLED, pins=Pins.parse("Red Fox\n-Red Fox"))

    def test_a_pin_does_not_pass_the_filters_unseen(self, make_entry, make_zoo):
        zoo = make_zoo([make_entry("M", maturity=Maturity.X), make_entry("U", unsafe=True)])
        for name in "MU":
            with pytest.raises(InvalidInput):
                slots(zoo, STYLED, pins=Pins.parse(name))
        style, _ = slots(
            zoo, STYLED, pins=Pins.parse("M"), filters=Filters(max_maturity=Maturity.X)
        )
        assert names(style) == ["M"]


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        (Filters(families=frozenset({BaseModel.FLUX})), "the filters let none of 4 pass"),
        (Filters(ids=frozenset({4})), "banned or of unknown base model"),
    ],
)
def test_where_no_checkpoint_fits_it_is_said_why(small_zoo, filters, why):
    with pytest.raises(NothingFits, match=why):
        retrieve_checkpoints(small_zoo, STYLED, filters=filters)


def test_an_empty_zoo_has_no_checkpoint_and_empty_slots(make_zoo):
    zoo = make_zoo()
    with pytest.raises(NothingFits, match="no checkpoint in the zoo"):
        retrieve_checkpoints(zoo, STYLED)
    assert all(slot.note and not slot.hits for slot in slots(zoo, STYLED))


def test_a_free_search_takes_any_role_and_family(small_zoo):
    found = [hit.entry.name for hit in search(small_zoo, "fox", Kind.LORA)]
    assert {"Red Fox", "Red Fox XL", "Fox Girl Inari", "Detail Slider"} <= set(found)
    with pytest.raises(InvalidInput):
        search(small_zoo, "  ", Kind.LORA)
    with pytest.raises(InvalidInput):
        search(small_zoo, "fox", Kind.OTHER)


@given(st.text(min_size=1).filter(str.strip))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_text_may_be_sought(small_zoo, text):
    hits = search(small_zoo, text, Kind.LORA, k=50)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.entry.id for hit in hits}) == len(hits)
    assert all(hit.entry.role is not Role.UNKNOWN or hit.reason for hit in hits)
