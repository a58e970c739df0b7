"""What an edit needs: a readable request, a picture, a mask, and something to be seen."""

from __future__ import annotations

import dataclasses

import pytest

from polaris_core.errors import InvalidIntent, MaskRequired, PictureRequired
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.planning.needs import check_needs

ASKING = [k for k in InstructionType if k not in (InstructionType.OTHER, InstructionType.REMOVE)]


@pytest.mark.parametrize("kind", ASKING)
@pytest.mark.parametrize("prompt", ["", "  "])
def test_an_intent_that_shows_nothing_is_refused_with_a_hint(kind, prompt):
    intent = EditIntent("Do it", kind, subject="cat", generation_prompt=prompt)
    with pytest.raises(InvalidIntent, match="generation_prompt"):
        check_needs(intent, has_picture=True, has_mask=True)


@pytest.mark.parametrize("kind", ASKING)
def test_an_intent_with_all_it_needs_passes(kind):
    intent = EditIntent("Do it", kind, subject="cat", generation_prompt="a fox")
    check_needs(intent, has_picture=True, has_mask=True)


def test_a_removal_needs_no_prompt():
    removal = dataclasses.replace(parse_instruction("Remove the cat"), generation_prompt="")
    check_needs(removal, has_picture=True, has_mask=True)


def test_what_is_no_edit_passes_its_explanation_on():
    with pytest.raises(InvalidIntent, match="question"):
        check_needs(parse_instruction("What are you doing"), has_picture=True, has_mask=True)


@pytest.mark.parametrize(("picture", "error"), [(False, PictureRequired), (True, MaskRequired)])
def test_a_missing_picture_or_mask_is_named(picture, error):
    with pytest.raises(error):
        check_needs(parse_instruction("Remove the cat"), has_picture=picture, has_mask=False)
