from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind, Role
from polaris_core.encoders.base import Encoders
from polaris_core.errors import InvalidInput, NothingFits
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.retrieval.filters import Filters
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
    assert slot.note == "none speaks of “cubism”; these come nearest, all-rounders first"
    assert "Mystery" not in names(slot), "no LoRA could be applied to it"


def test_an_all_rounder_comes_first_where_no_checkpoint_has_the_look(make_entry, make_zoo):
    told = "A versatile general-purpose model without an opinion of its own."
    zoo = make_zoo(
        [
            make_entry("Lines on Canvas", kind=Kind.CHECKPOINT, description="Draws painted lines."),
            make_entry("Toolbox", kind=Kind.CHECKPOINT, description=told),
        ]
    )

    def found(style: str) -> list[str]:
        intent = EditIntent("x", InstructionType.ADD, topics=Topics(style))
        return names(retrieve_checkpoints(zoo, intent).slots[0])

    assert found("cubism")[0] == "Toolbox"
    assert found("painted lines")[0] == "Lines on Canvas"


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
