"""Sentences that only look like edits, and half requests: never an edit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import InstructionType
from polaris_core.instructions.lexicon import ADD, NEW, REMOVE, SWAP

EMPTY = ["", "the", "a", "an", "it", "them", "something", "one", "the one", "him", "you", "all"]
BEFORE = st.sampled_from(["", "please ", "Can you ", "I want you to "])


@settings(max_examples=200, deadline=None)
@given(BEFORE, st.sampled_from(sorted(ADD | REMOVE | NEW)), st.sampled_from(EMPTY))
def test_a_verb_without_a_thing_is_no_edit(before, verb, nothing):
    intent = parse_instruction(f"{before}{verb} {nothing}")
    assert intent.instruction_type is InstructionType.OTHER
    assert intent.explanation


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SWAP)), st.sampled_from(EMPTY))
def test_a_swap_for_nothing_is_no_edit(verb, nothing):
    intent = parse_instruction(f"{verb} the cat with {nothing}")
    assert intent.instruction_type is InstructionType.OTHER


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*EMPTY, "add", "remove", "make", "with", "to", "fox", "red"])))
def test_every_edit_says_what_is_to_be_seen(pieces):
    intent = parse_instruction(" ".join(["please", *pieces, "now"]))
    if intent.instruction_type is not InstructionType.OTHER:
        assert intent.generation_prompt.strip()
        assert intent.subject.strip()


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("hello world how are you", "question"),
        ("What are you doing", "question"),
        ("Why is the sky blue?", "question"),
        ("is the cat red", "question"),
        ("people are walking", "states"),
        ("The cats are cute", "states"),
        ("a dog that is red", "states"),
        ("The sky is getting dark", "states"),
        ("The cat should be sleeping", "pose"),
        ("Add", "what to add"),
        ("add it", "what to add"),
        ("Remove the", "what to remove"),
        ("Remove the one on the left", "what to remove"),
        ("Replace the with a dog", "what to change"),
        ("Replace the cat with it", "what it is to become"),
        ("Paint the cat in this style", "which look"),
        ("in this style", "which look"),
        ("Generate an image", "what to draw"),
        ("Replace the text SALE with CLOSED", "text"),
        ("Change the word SALE to CLOSED", "text"),
    ],
)
def test_what_asks_for_no_edit_is_explained(sentence, says):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.OTHER
    assert says in intent.explanation


@pytest.mark.parametrize(
    ("sentence", "subject", "prompt"),
    [
        ("the car should be red", "car", "red car"),
        ("the sky is purple", "sky", "purple sky"),
        ("The walls are bright red and gold", "walls", "bright red and gold walls"),
        ("The spoon is made of wood", "spoon", "wood spoon"),
    ],
)
def test_a_wish_and_a_stated_colour_or_material_are_edits(sentence, subject, prompt):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.LOCAL_STYLE
    assert (intent.subject, intent.generation_prompt) == (subject, prompt)


@pytest.mark.parametrize(
    ("sentence", "prompt"),
    [
        ("a fox in this style", "a fox"),
        ("a fox, same style", "a fox"),
        ("a cat with the same style", "a cat"),
        ("two foxes in this artistic style", "two foxes"),
        ("a castle in the style of the reference", "a castle"),
        ("Paint a fox like this picture", "a fox"),
        ("Draw an owl matching the reference image", "an owl"),
    ],
)
def test_a_thing_in_the_style_of_the_reference_is_a_new_picture(sentence, prompt):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.NEW_PICTURE
    assert intent.generation_prompt == prompt
    assert intent.subject == intent.object_words == intent.topics.objects[0] == prompt.split()[-1]
    assert intent.style_words == intent.topics.style == ""


@pytest.mark.parametrize("sentence", ["Turn him into a zombie", "Make them look older"])
def test_a_pronoun_may_point_at_somebody_who_changes(sentence):
    assert parse_instruction(sentence).instruction_type.is_local
