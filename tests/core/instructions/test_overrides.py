"""Fields corrected by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.errors import InvalidInput
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.instructions.overrides import override
from polaris_core.instructions.serialize import intent_from_json, intent_to_json

FOX = parse_instruction("Replace the cat with a watercolor fox")
POSE = parse_instruction("Let the man raise his left arm")
TEXTS = ("anchor", "generation_prompt", "object_words", "place", "style_words", "subject")


@given(st.from_type(EditIntent))
def test_nothing_given_changes_nothing(intent):
    assert override(intent, {}) == intent
    assert override(intent, dict.fromkeys((*TEXTS, "instruction_type"), "")) == intent


@given(st.from_type(EditIntent), st.dictionaries(st.sampled_from(TEXTS), st.text(min_size=1)))
def test_what_is_given_stands_there_and_the_rest_is_still_an_intent(intent, fields):
    changed = override(intent, fields)
    for name, text in fields.items():
        shown = "".join(c if c.isprintable() else " " for c in text.strip())
        if shown and shown != "-":
            assert getattr(changed, name) == shown
    assert intent_from_json(intent_to_json(changed)) == changed


def test_prompt_and_topics_follow_the_words():
    changed = override(FOX, {"object_words": "grey wolf"})
    assert changed.generation_prompt == "watercolor grey wolf"
    assert changed.topics == Topics("watercolor", ("grey wolf",))


def test_a_prompt_that_is_given_does_not_follow_the_words():
    given = {"object_words": "grey wolf", "generation_prompt": "a wolf at night"}
    assert override(FOX, given).generation_prompt == "a wolf at night"


def test_topics_that_are_given_do_not_follow_the_words():
    changed = override(FOX, {"object_words": "grey wolf", "object_topics": "wolf, moon"})
    assert changed.topics == Topics("watercolor", ("wolf", "moon"))


def test_a_dash_empties_a_field():
    changed = override(FOX, {"style_words": "-", "foreground": "-"})
    assert changed.style_words == ""
    assert changed.foreground == ()
    assert changed.generation_prompt == "fox"


def test_a_prompt_that_is_emptied_stays_empty():
    assert override(FOX, {"subject": "dog", "generation_prompt": "-"}).generation_prompt == ""


def test_a_style_that_is_given_is_asked_for_and_one_that_is_taken_away_is_not():
    plain = parse_instruction("Replace the cat with a dog")
    assert override(plain, {"style_words": "watercolor"}).style_transformation is True
    assert override(FOX, {"style_words": "-"}).style_transformation is False
    said = {"style_words": "watercolor", "style_transformation": "no"}
    assert override(plain, said).style_transformation is False


def test_shape_and_foreground_follow_the_things():
    plain = parse_instruction("Replace the cat with a dog")
    assert plain.contour_compatible
    changed = override(plain, {"subject": "red car", "object_words": "giraffe"})
    assert not changed.contour_compatible
    assert changed.foreground == ("car",)


@pytest.mark.parametrize("field", ["object_words", "subject"])
def test_of_an_added_thing_subject_and_object_are_one(field):
    hat = parse_instruction("Add a red hat to the snowman")
    changed = override(hat, {field: "blue scarf"})
    assert changed.subject == changed.object_words == changed.generation_prompt == "blue scarf"
    assert changed.topics.objects == ("blue scarf",)
    assert changed.anchor == "to the snowman"


def test_what_a_kind_of_edit_has_no_use_for_is_left_behind():
    gone = override(FOX, {"instruction_type": "remove"})
    assert (gone.object_words, gone.style_words, gone.topics) == ("", "", Topics())
    assert gone.subject == "cat"
    whole = override(FOX, {"instruction_type": "global_style"})
    assert (whole.subject, whole.object_words, whole.foreground) == ("image", "", ())
    assert whole.topics == Topics("watercolor")


def test_another_kind_of_edit_brings_what_belongs_to_it():
    assert POSE.instruction_type is InstructionType.OTHER
    changed = override(POSE, {"instruction_type": "global_style", "style_words": "oil painting"})
    assert changed.explanation == ""
    assert changed.style_transformation is True
    assert changed.subject == "image"
    assert changed.generation_prompt == "oil painting"


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        pytest.param("instruction_type", "paint", "category_change", id="no such type"),
        pytest.param("style_transformation", "perhaps", "yes or no", id="no flag"),
        pytest.param("colour", "red", "subject", id="no such field"),
        pytest.param("subject", "x" * 2001, "2000", id="too long"),
        pytest.param("subject", None, "text", id="no text"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(field, text, said):
    with pytest.raises(InvalidInput, match=said):
        override(FOX, {field: text})
