from __future__ import annotations

import itertools

import pytest

from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.retrieval.query import Sight, slot_queries
from polaris_core.retrieval.shortlist import Half, SlotName

T, P = Half.TEXT, Half.PICTURE
C, A, L, G, N, R, X = (
    InstructionType.CATEGORY_CHANGE,
    InstructionType.ADD,
    InstructionType.LOCAL_STYLE,
    InstructionType.GLOBAL_STYLE,
    InstructionType.NEW_PICTURE,
    InstructionType.REMOVE,
    InstructionType.OTHER,
)

# type, style transformation, picture: half of checkpoint and style
TABLE = {
    (C, False, True): P,
    (C, True, True): T,
    (A, False, True): P,
    (A, True, True): T,
    (L, False, True): T,  # these two always transform the style
    (L, True, True): T,
    (G, False, True): T,
    (G, True, True): T,
    (N, False, True): P,
    (N, True, True): P,
    (R, False, True): P,
    (R, True, True): T,
    (X, False, True): P,
    (X, True, True): T,
    **{(kind, styled, False): T for kind in InstructionType for styled in (False, True)},
}


@pytest.mark.parametrize(
    ("kind", "styled", "picture"),
    list(itertools.product(InstructionType, (False, True), (False, True))),
)
def test_the_rule_of_which_half_asks(kind, styled, picture):
    topics = Topics("watercolor", ("red fox",))
    intent = EditIntent("make it so", kind, style_transformation=styled, topics=topics)
    queries = slot_queries(intent, Sight.SEEN if picture else Sight.NO_PICTURE)
    half = TABLE[kind, styled, picture]
    assert queries[SlotName.CHECKPOINT].half is half
    assert queries[SlotName.STYLE].half is half
    assert queries[SlotName.OBJECT].half is T
    if half is T:
        assert queries[SlotName.STYLE].phrase == "watercolor"
        assert queries[SlotName.CHECKPOINT].phrase == "watercolor"


def test_without_a_style_and_a_picture_there_is_nothing_to_seek_a_style_by():
    intent = EditIntent("add a fox", A, subject="fox", generation_prompt="a fox")
    queries = slot_queries(intent, Sight.NO_PICTURE)
    assert "no style was asked for" in queries[SlotName.STYLE].nothing
    assert queries[SlotName.CHECKPOINT].phrase == "a fox"
    assert queries[SlotName.OBJECT].phrase == "fox"


def test_several_objects_are_one_query():
    intent = EditIntent("x", N, topics=Topics("", ("red fox", "castle")))
    assert slot_queries(intent, Sight.NO_PICTURE)[SlotName.OBJECT].phrase == "red fox, castle"


def test_who_takes_a_thing_away_seeks_none():
    intent = EditIntent("remove the dog", R, subject="dog", topics=Topics("", ("dog",)))
    assert "taken away" in slot_queries(intent, Sight.SEEN)[SlotName.OBJECT].nothing


def test_a_new_look_alone_seeks_no_thing():
    intent = EditIntent("make it watercolor", G, style_words="watercolor", subject="image")
    queries = slot_queries(intent, Sight.SEEN)
    assert queries[SlotName.OBJECT].nothing == "no new thing was asked for"
    assert queries[SlotName.STYLE].phrase == "watercolor"


@pytest.mark.parametrize("kind", [C, N])
def test_a_picture_that_nothing_can_look_at_is_not_called_missing(kind):
    intent = EditIntent("x", kind, generation_prompt="a fox", topics=Topics("", ("fox",)))
    queries = slot_queries(intent, Sight.NO_ENCODER)
    assert "image encoder" in queries[SlotName.STYLE].nothing
    assert "there is no picture" not in queries[SlotName.STYLE].nothing
    assert "image encoder" in queries[SlotName.CHECKPOINT].note


def test_where_words_ask_anyway_no_image_encoder_is_missed():
    intent = EditIntent("make it watercolor", G, True, style_words="watercolor")
    for query in slot_queries(intent, Sight.NO_ENCODER).values():
        assert "encoder" not in query.note + query.nothing


def test_only_a_change_of_category_makes_a_thing_go():
    for kind in (C, A):
        intent = EditIntent("x", kind, subject="cat", topics=Topics("", ("dog",)))
        gone = slot_queries(intent, Sight.NO_PICTURE)[SlotName.OBJECT].gone
        assert gone == ("cat" if kind is C else "")
