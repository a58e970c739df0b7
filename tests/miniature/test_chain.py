"""What counts as right when the chain is measured, on drawn pictures whose truth is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from miniature.chain import held_out_edits, judge_edit, overlap, wanted
from miniature.judging import Judge
from miniature.world import NEW_KINDS, NEW_STYLES, draw, masks
from miniature.world.sampling import is_held_out
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.miniature.stored import FOLDER
from polaris_core.retrieval.shortlist import SlotName

EDITS = list(held_out_edits(120, seed=8))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(FOLDER)


def test_edits_are_held_out_varied_and_the_same_each_time():
    again = list(held_out_edits(120, seed=8))
    assert [e.instruction for e in again] == [e.instruction for e in EDITS]
    assert len(Counter(edit.type for edit in EDITS)) == 6
    for edit in EDITS:
        if edit.index is not None and edit.type in ("add", "replace", "recolour"):
            thing = edit.after.things[edit.index]
            assert is_held_out(thing.kind, thing.colour, edit.after.style_of(thing))


def test_what_is_wanted_is_what_the_base_does_not_know():
    for edit in EDITS:
        sought = wanted(edit)
        assert sought.get(SlotName.OBJECT, NEW_KINDS[0]) in NEW_KINDS
        assert sought.get(SlotName.STYLE, NEW_STYLES[0]) in NEW_STYLES
        for phrase in sought.values():
            assert phrase in edit.instruction.lower(), edit.instruction
    assert sum(bool(wanted(edit)) for edit in EDITS) > 30


def test_the_grammar_understands_nearly_all():
    read = [parse_instruction(edit.instruction, has_picture=True) for edit in EDITS]
    assert np.mean([intent.instruction_type.edits_picture for intent in read]) > 0.97


def test_the_true_result_is_judged_right_and_the_old_picture_wrong(judge):
    right = [judge_edit(judge, edit, draw(edit.after)).right for edit in EDITS]
    assert np.mean(right) > 0.93
    changed = [edit for edit in EDITS if edit.type != "recolour"]
    assert np.mean([judge_edit(judge, edit, draw(edit.before)).right for edit in changed]) < 0.1
    recoloured = [edit for edit in EDITS if edit.type == "recolour"]
    colours = [judge_edit(judge, edit, draw(edit.before)).colour for edit in recoloured]
    assert np.mean(colours) < 0.15


def test_the_true_mask_holds_what_is_to_be_found():
    for edit in EDITS:
        if edit.type == "add" or edit.subject == "image":
            assert overlap(edit, edit.mask) is None
            continue
        true = edit.mask if edit.index is None else masks(edit.before)[edit.index]
        assert overlap(edit, true) == 1
        assert edit.mask[true].all()
        assert overlap(edit, ~edit.mask) == 0
