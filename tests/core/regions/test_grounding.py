"""From an intent to a mask: the right region, several, half of one, what is behind them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import Cancelled
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.regions.algebra import soft
from polaris_core.regions.explain import explain, region_to_json
from polaris_core.regions.grounding import ground
from polaris_core.regions.proposal import Proposal
from tests.core.regions.painted import ColourEncoder, box_of_mask, intent, paint, scaled

LEFT, RIGHT = (5, 30, 20, 50), (70, 32, 86, 52)
CAT, MAN = (30, 30, 50, 50), (55, 5, 65, 45)
THINGS = [("red", LEFT), ("blue", CAT), ("red", RIGHT)]
PICTURE, PROPOSALS = paint(THINGS)
CROWD, CROWD_PROPOSALS = paint([*THINGS, ("yellow", MAN)])


def grounded(wanted, picture=PICTURE, proposals=PROPOSALS, **options):
    return ground(picture, wanted, proposals, ColourEncoder(), **options)


def boxes(region):
    chosen = [c for c in region.candidates if c.number in region.chosen]
    return sorted(c.proposal.box_xyxy for c in chosen)


def test_the_mask_is_the_region_that_looks_like_the_subject():
    region = grounded(intent("remove", "cat"))
    assert region.mask.dtype == np.float32
    assert box_of_mask(region.mask) == CAT
    assert set(np.unique(region.mask)) == {0, 1}
    assert region.is_sure
    assert region.chosen == (1,)
    assert region.sought == "cat"
    assert [c.number for c in region.candidates] == [1, 2, 3, 4]
    assert region.candidates[0].score == max(c.score for c in region.candidates)


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ("on the left", LEFT),
        ("on the right", RIGHT),
        ("on the left side of the picture", LEFT),
        ("to the right of the cat", RIGHT),
        ("to the left of the cat", LEFT),
        ("in the lower right corner", RIGHT),
        ("next to the man", RIGHT),
    ],
)
def test_place_words_break_ties_the_right_way(place, box):
    region = grounded(intent("local_style", "dog", place=place), CROWD, CROWD_PROPOSALS)
    assert box_of_mask(region.mask) == box


@pytest.mark.parametrize(
    ("sentence", "subject", "box"),
    [
        ("remove the leftmost dog", "leftmost dog", LEFT),
        ("remove the rightmost dog", "rightmost dog", RIGHT),
        ("remove the second dog from the left", "second dog", RIGHT),
        ("remove the second dog from the right", "second dog", LEFT),
        ("remove the last dog", "last dog", RIGHT),
        ("remove the largest dog", "largest dog", RIGHT),
        ("remove the smallest dog", "smallest dog", LEFT),
        ("remove the left dog", "left dog", LEFT),
    ],
)
def test_one_of_several_is_counted_out(sentence, subject, box):
    region = grounded(intent("remove", subject, instruction=sentence))
    assert box_of_mask(region.mask) == box
    assert region.is_sure


def test_one_of_several_that_is_not_told_apart_is_doubtful():
    region = grounded(intent("remove", "dog"))
    assert not region.is_sure
    assert region.notes[0].startswith("not sure: confidence 0.0")
    assert "the next best are 2 (" in region.notes[0]
    assert "not sure" in explain(region)


@pytest.mark.parametrize("sentence", ["remove the two dogs", "remove all dogs", "remove the dogs"])
def test_several_are_united(sentence):
    region = grounded(intent("remove", "dogs", instruction=sentence))
    assert boxes(region) == [LEFT, RIGHT]
    assert (region.mask == (PROPOSALS[0].mask | PROPOSALS[2].mask)).all()
    assert region.is_sure


def test_more_than_there_are_is_told():
    region = grounded(intent("remove", "dogs", instruction="remove the five dogs"))
    assert boxes(region) == [LEFT, RIGHT]
    assert not region.is_sure
    assert any("3 of 5 were not found" in note for note in region.notes)
    third = intent("remove", "third dog", instruction="remove the third dog from the left")
    assert any("only 2 alike" in note for note in grounded(third).notes)


def test_two_things_of_one_sentence_are_united():
    region = grounded(intent("remove", "cat and man"), CROWD, CROWD_PROPOSALS)
    assert boxes(region) == sorted([CAT, MAN])


def test_a_part_is_not_a_second_thing():
    part = Proposal.of(np.pad(np.ones((10, 11), np.bool_), ((33, 17), (7, 72))), 0.9)
    whole = Proposal.of(PROPOSALS[0].mask | PROPOSALS[2].mask, 0.9)
    region = grounded(intent("remove", "dogs"), proposals=[*PROPOSALS, part, whole])
    assert box_of_mask(region.mask) == (5, 30, 86, 52)
    assert region.mask.sum() == PROPOSALS[0].area_px + PROPOSALS[2].area_px


def test_the_upper_body_is_the_upper_half_of_the_person():
    body = intent("local_style", "upper body", foreground=("body",))
    region = grounded(body, CROWD, CROWD_PROPOSALS)
    assert box_of_mask(region.mask) == (55, 5, 65, 27)


def test_a_background_is_what_the_foreground_leaves():
    named = intent("local_style", "background", foreground=("dog", "cat"))
    region = grounded(named)
    assert (region.mask == PROPOSALS[3].mask).all()
    assert boxes(region) == sorted([LEFT, CAT, RIGHT])
    assert "the foreground is: dog, cat" in region.notes
    guessed = grounded(intent("local_style", "background"))
    assert (guessed.mask == PROPOSALS[3].mask).all()
    assert not guessed.is_sure
    assert any("guess" in note for note in guessed.notes)


def test_all_but_one_thing_is_what_that_thing_leaves():
    region = grounded(intent("remove", "everything except", place="the cat"))
    assert (region.mask == ~PROPOSALS[1].mask).all()


def test_the_foreground_is_what_the_background_leaves():
    region = grounded(intent("local_style", "foreground", foreground=("cat",)))
    assert box_of_mask(region.mask) == CAT


@pytest.mark.parametrize(
    "wanted",
    [
        intent("global_style", "image"),
        intent("new_picture", "fox"),
        intent("local_style", "image"),
        intent("global_style", ""),
    ],
    ids=lambda wanted: f"{wanted.instruction_type.value} {wanted.subject}",
)
@pytest.mark.parametrize("proposals", [PROPOSALS, []], ids=["some", "none"])
def test_edits_of_the_whole_picture_get_all_of_it(wanted, proposals):
    region = grounded(wanted, proposals=proposals)
    assert region.mask.all()
    assert region.confidence == 1
    assert "whole picture" in region.notes[0]


def test_a_choice_by_number_overrides_the_best():
    plain = grounded(intent("remove", "dog"))
    second = plain.candidates[1].proposal
    region = grounded(intent("remove", "dog"), choice=2)
    assert (region.mask == second.mask).all()
    assert region.chosen == (2,)
    assert region.confidence == 1
    assert "chosen by you: 2" in region.notes
    assert [c.proposal for c in region.candidates] == [c.proposal for c in plain.candidates]
    both = grounded(intent("remove", "dog"), choice=[1, 2, 1])
    assert boxes(both) == [LEFT, RIGHT]
    for nothing in (None, 0, [], ()):
        assert grounded(intent("remove", "dog"), choice=nothing).chosen == plain.chosen


def test_a_choice_of_a_background_is_what_stands_before_it():
    region = grounded(intent("local_style", "background"), choice=[1])
    before = region.candidates[0].proposal
    assert (region.mask == ~before.mask).all()


def test_a_new_outline_gets_room_and_an_old_one_does_not():
    fits = intent("category_change", "cat", object_words="tabby", contour_compatible=True)
    assert box_of_mask(grounded(fits).mask) == CAT
    giraffe = intent(
        "category_change", "cat", object_words="giraffe wearing a hat", contour_compatible=False
    )
    region = grounded(giraffe)
    left, top, right, bottom = box_of_mask(region.mask)
    assert top < CAT[1]
    assert bottom <= CAT[3] + 4
    assert (left + right) / 2 == pytest.approx(40, abs=1)
    assert region.mask[PROPOSALS[1].mask].all()
    assert any("another outline" in note for note in region.notes)
    unknown = intent("category_change", "cat", object_words="frobnicator", contour_compatible=False)
    assert box_of_mask(grounded(unknown).mask) == (27, 27, 53, 53)
    longer = intent("local_style", "cat", style_words="bigger", contour_compatible=False)
    assert box_of_mask(grounded(longer).mask) == (27, 27, 53, 53)


def test_each_of_several_gets_its_own_room():
    trains = intent(
        "category_change",
        "dogs",
        instruction="turn the two dogs into trains",
        object_words="trains",
        contour_compatible=False,
    )
    region = grounded(trains)
    assert region.mask[40, 45] == 0
    left, _, right, _ = box_of_mask(region.mask)
    assert left < LEFT[0]
    assert right > RIGHT[2]


def test_the_edge_is_grown_and_feathered_last():
    sharp = grounded(intent("remove", "cat"), grow_px=3)
    assert box_of_mask(sharp.mask) == (27, 27, 53, 53)
    narrow = grounded(intent("remove", "cat"), grow_px=-3)
    assert box_of_mask(narrow.mask) == (33, 33, 47, 47)
    feathered = grounded(intent("remove", "cat"), feather_px=4)
    assert 0 < feathered.mask[40, 28] < 0.5 < feathered.mask[40, 32] < 1
    assert feathered.mask[40, 24] == 0


def test_specks_and_small_holes_of_a_region_go():
    ragged = PROPOSALS[1].mask
    ragged[40, 40] = False
    ragged[2, 2] = True
    region = grounded(intent("remove", "cat"), proposals=[Proposal.of(ragged, 0.9)])
    assert (region.mask == PROPOSALS[1].mask).all()


def test_a_small_thing_beside_a_large_one_is_no_speck():
    picture, proposals = paint([("red", (5, 5, 60, 55)), ("red", (80, 30, 83, 33))])
    region = grounded(intent("remove", "dogs"), picture, proposals)
    assert (region.mask == (proposals[0].mask | proposals[1].mask)).all()


def test_without_an_encoder_place_and_size_decide_and_that_is_said():
    region = ground(PICTURE, intent("remove", "cat", place="on the right"), PROPOSALS)
    assert box_of_mask(region.mask) == RIGHT
    assert not region.is_sure
    assert "without an encoder regions are judged by place and size alone" in region.notes
    assert dict(region.candidates[0].parts).keys() == {"prominence", "place"}
    related = ground(PICTURE, intent("remove", "dog", place="next to the cat"), PROPOSALS)
    assert any("could not be judged" in note for note in related.notes)


@settings(max_examples=15)
@given(st.permutations(range(4)))
@pytest.mark.parametrize("subject", ["cat", "dogs", "background"])
def test_the_order_of_proposals_changes_nothing(subject, order):
    wanted = intent("local_style", subject, foreground=("cat",))
    one = grounded(wanted)
    other = grounded(wanted, proposals=[PROPOSALS[i] for i in order])
    assert (one.mask == other.mask).all()
    assert region_to_json(one) == region_to_json(other)


@pytest.mark.parametrize("factor", [2, 5])
def test_scaling_the_picture_scales_the_mask(factor):
    picture, proposals = scaled(PICTURE, PROPOSALS, factor)
    for wanted in (intent("remove", "cat"), intent("remove", "dog", place="on the left")):
        small = grounded(wanted).mask
        large = grounded(wanted, picture, proposals).mask
        assert (large == small.repeat(factor, 0).repeat(factor, 1)).all()


def test_scores_are_told_as_json():
    region = grounded(intent("remove", "cat", place="on the left"))
    told = json.loads(region_to_json(region))
    assert told["chosen"] == [1]
    assert told["sure"] is region.is_sure
    assert (told["width"], told["height"]) == (90, 60)
    first = told["candidates"][0]
    assert first["box_xyxy"] == list(CAT)
    assert first["area_px"] == PROPOSALS[1].area_px
    assert first["parts"].keys() == {"likeness", "contrast", "standing", "place"}
    assert len(told["candidates"]) == len(PROPOSALS)


def test_the_explanation_names_the_chosen_and_the_best():
    text = explain(grounded(intent("remove", "cat")))
    assert text.splitlines()[0] == "sought: cat"
    assert "*  1  1.000" in text


def test_a_cancel_stops_it():
    def cancel(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        grounded(intent("remove", "cat"), progress=cancel)


def test_nothing_that_is_given_is_changed():
    picture = PICTURE.copy()
    attention = soft(PROPOSALS[1].mask)
    given_before = picture.copy(), attention.copy()
    grounded(intent("add", "bird", anchor="above the cat"), picture, attention=attention)
    assert (picture == given_before[0]).all()
    assert (attention == given_before[1]).all()


@pytest.mark.parametrize("all_but", ["everything except", "everything but", "all but"])
def test_what_a_sentence_excepts_is_left_alone(all_but):
    region = grounded(parse_instruction(f"Remove {all_but} the cat"))
    assert (region.mask == ~PROPOSALS[1].mask).all()


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("Replace the picture on the wall with a mirror", id="picture"),
        pytest.param("Remove the photo on the desk", id="photo"),
        pytest.param("Remove everything on the table", id="everything there"),
    ],
)
def test_with_a_place_a_picture_or_everything_is_not_the_whole(sentence):
    assert grounded(parse_instruction(sentence)).mask.mean() < 0.9


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("Remove all the people except the man", id="people"),
        pytest.param("Remove everyone but the bride", id="everyone"),
        pytest.param("Remove everything on the table", id="everything there"),
    ],
)
def test_words_that_leave_the_region_open_are_never_sure(sentence):
    region = grounded(parse_instruction(sentence))
    assert not region.is_sure
    assert any("look at it" in note for note in region.notes)
