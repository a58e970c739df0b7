"""What is said in a roundabout way is read as it is meant, or refused."""

from __future__ import annotations

import time

import pytest

from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import InstructionType


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Make the kitchen not so gloomy", "shall not look"),
        ("make the wall not striped", "shall not look"),
        ("Make the wall not striped but the door brown", "shall not look"),
        ("The lake shouldn't look so green", "shall not look"),
        ("Make the coat no longer blue", "shall not look"),
        ("Make the picture less like a cartoon", "shall not look"),
        ("Turn the mug into a bowl, no wait, a plate", "corrects itself"),
        ("Remove the boat. Scratch that, remove the pier", "corrects itself"),
        ("Add a lamp unless there is one already", "condition"),
        ("Give the girl a scarf if she is cold", "condition"),
        ("If the grass is dry, make it green", "condition"),
        ("Save it, convert to JPEG", "file format"),
        ("Turn the picture into a TIFF file", "file format"),
        ("Set the clock to 7 o'clock", "time on a clock"),
        ("Make the watch show 10:15", "time on a clock"),
        ("Place the vase on the shelf", "place"),
        ("put my bike behind the shed", "place"),
        ("Erase the pier " * 900, "no single thing"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused_and_told_why(sentence, why):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.OTHER
    assert why in intent.explanation


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("Make the coat not blue but green", "Make the coat green"),
        ("Paint the boat white, not grey", "Paint the boat white"),
        ("Turn the mug not into a cup but into a bowl", "Turn the mug into a bowl"),
        ("Replace the mug, not the plate, with a bowl", "Replace the mug with a bowl"),
        ("Throw out the carpet", "Remove the carpet"),
        ("Without the pole I would like it better", "Remove the pole"),
        ("Without the pole the street would look nicer", "Remove the pole"),
        ("Swap the 'horse' for a \"dog\"", "Swap the horse for a dog"),
        ("Make the coat green if you can", "Make the coat green"),
        ("Without a doubt the coat should be green", "Make the coat green"),
        ("Make the aunt look as if she were young", "Make the aunt look young"),
    ],
)
def test_a_roundabout_way_of_saying_it_means_the_same(sentence, plain):
    said, meant = parse_instruction(sentence), parse_instruction(plain)
    assert said.instruction_type is meant.instruction_type
    assert said.generation_prompt == meant.generation_prompt
    assert (said.subject, said.place) == (meant.subject, meant.place)
    assert not said.remaining


@pytest.mark.parametrize(
    ("sentence", "subject", "place", "prompt"),
    [
        ("Color the third door from the left green", "third door", "from the left", "green"),
        ("Make the first boat from the right red", "first boat", "from the right", "red"),
    ],
)
def test_counting_from_a_side_tells_which_thing_is_meant(sentence, subject, place, prompt):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.LOCAL_STYLE
    assert (intent.subject, intent.place) == (subject, place)
    assert intent.style_words == prompt


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("Throw out the carpet and bring in three chairs", "bring in three chairs"),
        ("Take out the bus and put in a tram", "put in a tram"),
        ("Get the poles out of the photo and put in some flowers", "put in some flowers"),
    ],
)
def test_a_verb_with_its_particle_begins_another_request(sentence, left):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.REMOVE
    assert intent.remaining == (left,)


@pytest.mark.parametrize("thing", ["a vase", "some vases", "the moon", "the Colosseum"])
def test_only_what_is_not_there_yet_is_put_somewhere(thing):
    intent = parse_instruction(f"Place {thing} behind the shelf")
    assert intent.instruction_type is InstructionType.ADD


def test_who_is_meant_may_be_told_by_what_he_does_not_do():
    intent = parse_instruction("Remove the runners who are not smiling")
    assert intent.instruction_type is InstructionType.REMOVE


@pytest.mark.parametrize(
    "sentence", [("Make the photo " + "oil " * 600)[:2000], "a\u0301\u0301" * 700]
)
def test_two_thousand_characters_that_hint_at_a_style_take_no_time(sentence):
    parse_instruction("Make it red")
    start = time.process_time()
    parse_instruction(sentence)
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("Don't remove the boat, just make it white", "Make the boat white"),
        ("Please do not delete the boat but paint it white", "Paint the boat white"),
        ("Don't erase the boat. Paint it white instead.", "Paint the boat white"),
        ("Don't paint the boat grey, paint it white", "Paint the boat white"),
        ("Don't swap the mug for a bowl, turn it into a vase", "Turn the mug into a vase"),
        ("Rather than deleting the poster, color it pink", "Color the poster pink"),
        ("Instead of painting the door brown, paint it pink", "Paint the door pink"),
        ("Instead of deleting the poster, make it pink", "Make the poster pink"),
        ("Make it pink instead of deleting the poster", "Make the poster pink"),
        ("Paint the door pink rather than painting it brown", "Paint the door pink"),
        ("Instead of deleting the poster, add a cat to the sofa", "Add a cat to the sofa"),
        ("Don't remove the woman, put a scarf on her", "Put a scarf on her"),
        ("Don't remove the boy, put a scarf on him", "Put a scarf on the boy"),
    ],
)
def test_what_is_rejected_is_not_done_and_names_what_it_means(sentence, plain):
    said, meant = parse_instruction(sentence), parse_instruction(plain)
    assert said.instruction_type is meant.instruction_type
    assert said.generation_prompt == meant.generation_prompt
    assert (said.subject, said.place, said.anchor) == (meant.subject, meant.place, meant.anchor)
    assert not said.remaining


@pytest.mark.parametrize(
    "sentence",
    [
        "Don't change the people, just make it an oil painting",
        "Without changing the people, make it an oil painting",
        "Don't turn it into a sketch, make it an oil painting",
    ],
)
def test_it_is_the_picture_where_the_rest_is_to_stay(sentence):
    intent = parse_instruction(sentence)
    assert intent.instruction_type is InstructionType.GLOBAL_STYLE
    assert intent.style_words == "oil painting"


def test_a_request_that_only_rejects_is_no_edit():
    assert parse_instruction("Don't remove the boat").instruction_type is InstructionType.OTHER
