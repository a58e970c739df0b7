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
        if text.strip() and text.strip() != "-":
            assert getattr(changed, name) == text.strip()
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
    ],
)
def test_what_cannot_be_used_is_refused_with_what_can(field, text, said):
    with pytest.raises(InvalidInput, match=said):
        override(FOX, {field: text})
