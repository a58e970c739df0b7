"""Phrases of place and subjects, as they stand in real sentences, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.regions.place import Depth, Relation, read_place
from polaris_core.regions.targets import Half, Rank, target_of, targets_of
from tests.core.regions.painted import intent

ON, IN, AT, BESIDE = Relation.ON, Relation.IN, Relation.AT, Relation.BESIDE


@pytest.mark.parametrize(
    ("phrase", "side", "level", "depth"),
    [
        ("on the left", 0, None, None),
        ("on the left-hand side", 0, None, None),
        ("on the far right of the photo", 1, None, None),
        ("to the left of the image", 0, None, None),
        ("in the upper left corner", 0, 0, None),
        ("at the bottom right", 1, 1, None),
        ("at the top of the picture", None, 0, None),
        ("on top", None, 0, None),
        ("below", None, 1, None),
        ("in the middle", 0.5, 0.5, None),
        ("in the top center", 0.5, 0, None),
        ("in the background", None, None, Depth.BACKGROUND),
        ("in the distance wearing red clothes", None, None, Depth.BACKGROUND),
        ("from the left foreground", 0, None, Depth.FOREGROUND),
        ("on the right side of the foreground", 1, None, Depth.FOREGROUND),
        ("wearing glasses", None, None, None),
        ("in a red suit", None, None, None),
        ("in white", None, None, None),
        ("", None, None, None),
    ],
)
def test_spots_of_the_picture(phrase, side, level, depth):
    place = read_place(phrase)
    assert (place.side, place.level, place.depth) == (side, level, depth)
    assert place.relation is None
    assert place.landmark is None


@pytest.mark.parametrize(
    ("phrase", "relation", "landmark", "owner"),
    [
        ("next to the tent", BESIDE, "tent", ""),
        ("near the train", BESIDE, "train", ""),
        ("on top of the rock", ON, "rock", ""),
        ("from the top of the boat cabin", ON, "boat cabin", ""),
        ("on the cutting board", ON, "cutting board", ""),
        ("on the back seat", ON, "back seat", ""),
        ("behind him", Relation.BEHIND, "him", ""),
        ("in front of the computer", Relation.FRONT, "computer", ""),
        ("to the left of the bed", Relation.LEFT, "bed", ""),
        ("on the right side of the sofa", Relation.RIGHT, "sofa", ""),
        ("above the trees", Relation.ABOVE, "trees", ""),
        ("beneath the bridge", Relation.BELOW, "bridge", ""),
        ("all around the house", Relation.AROUND, "house", ""),
        ("between the two people", Relation.BETWEEN, "people", ""),
        ("in the sky", IN, "sky", ""),
        ("in the middle of the lake", IN, "lake", ""),
        ("in the corner of the room", IN, "room", ""),
        ("in her left hand", IN, "left hand", ""),
        ("in the person's right hand", IN, "right hand", "person"),
        ("from the woman's hand", AT, "hand", "woman"),
        ("on the head of the woman", ON, "head", "woman"),
        ("standing next to the lady in white", BESIDE, "lady", ""),
        ("to the man", AT, "man", ""),
        ("on the screen", ON, "screen", ""),
    ],
)
def test_relations_to_landmarks(phrase, relation, landmark, owner):
    place = read_place(phrase)
    assert place.relation is relation
    assert place.landmark is not None
    assert (place.landmark.phrase, place.landmark.owner) == (landmark, owner)


def test_a_landmark_has_a_place_of_its_own():
    place = read_place("to the man on the left").landmark.place
    assert place.side == 0
    wall = read_place("on the left wall")
    assert wall.side is None
    assert wall.landmark.place.side == 0
    far = read_place("next to the tent behind the man on the right").landmark.place
    assert far.relation is Relation.BEHIND
    assert far.landmark.place.side == 1


def test_between_two_things_there_are_two_landmarks():
    place = read_place("between the house and the old barn")
    assert (place.landmark.noun, place.other.noun, place.other.phrase) == (
        "house",
        "barn",
        "old barn",
    )


def test_a_spot_of_a_landmark_stays_with_it():
    place = read_place("in the lower part of the window")
    assert (place.level, place.landmark.noun) == (1, "window")
    assert read_place("in the corner").corner
    assert not read_place("in the upper left corner").corner


SENTENCE = (
    "on in to of the left right top corner hand man's man wearing between and next picture "
    "background second a ' ” 3 behind"
)
WORDS = st.sampled_from(SENTENCE.split())


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=80))
def test_every_text_is_read(text):
    place = read_place(text)
    for value in (place.side, place.level):
        assert value in (None, 0, 0.5, 1)
    for landmark in filter(None, (place.landmark, place.other)):
        assert landmark.phrase
        assert target_of(landmark).phrase
    for target in targets_of(intent("remove", text or "x", place=text)):
        assert target.phrase
        assert target.count is None or target.count >= 1


def test_a_long_text_takes_no_time_and_no_depth():
    place = read_place("next to the man " * 100_000)
    assert place.landmark.phrase == "man"


@pytest.mark.parametrize(
    ("sentence", "subject", "phrase", "count"),
    [
        ("make the dog blue", "dog", "dog", 1),
        ("make the two dogs blue", "dogs", "dogs", 2),
        ("make the dogs blue", "dogs", "dogs", None),
        ("Remove both cups", "cups", "cups", 2),
        ("remove all of the cars", "cars", "cars", None),
        ("remove every car", "car", "car", None),
        ("Remove 3 people", "people", "people", 3),
        ("make one of the dogs blue", "dogs", "dogs", 1),
        ("remove the two small brown dogs", "small brown dogs", "small brown dogs", 2),
        ("remove her glasses", "glasses", "glasses", 1),
        ("make him a robot", "him", "man", 1),
        ("remove them", "them", "people", None),
        ("not in the sentence", "horses", "horses", None),
    ],
)
def test_how_many_are_meant(sentence, subject, phrase, count):
    (target,) = targets_of(intent("remove", subject, instruction=sentence))
    assert (target.phrase, target.count) == (phrase, count)


@pytest.mark.parametrize(
    ("sentence", "subject", "phrase", "rank"),
    [
        ("the second house from the left", "second house", "house", Rank("left", 2)),
        ("the third apple from the right", "third apple", "apple", Rank("right", 3)),
        ("the last cup", "last cup", "cup", Rank("left", -1)),
        ("the leftmost cup", "leftmost cup", "cup", Rank("left")),
        ("the largest boulder", "largest boulder", "boulder", Rank("large")),
        ("the second largest boulder", "second largest boulder", "boulder", Rank("large", 2)),
        ("the nearest tree", "nearest tree", "tree", Rank("near")),
    ],
)
def test_which_of_several_is_meant(sentence, subject, phrase, rank):
    (target,) = targets_of(intent("remove", subject, instruction=f"remove {sentence}"))
    assert (target.phrase, target.rank, target.count) == (phrase, rank, 1)


def test_sides_before_the_noun_are_places_except_of_the_body():
    (left,) = targets_of(intent("remove", "left dog"))
    assert (left.phrase, left.place.side) == ("dog", 0)
    (far,) = targets_of(intent("remove", "background plants"))
    assert (far.phrase, far.place.depth) == ("plants", Depth.BACKGROUND)
    (hand,) = targets_of(intent("remove", "left hand"))
    assert (hand.phrase, hand.place.side) == ("left hand", None)
    (hat,) = targets_of(intent("remove", "top hat"))
    assert (hat.phrase, hat.place.level) == ("top hat", None)


def test_half_a_body_is_sought_as_a_whole_person():
    (upper,) = targets_of(intent("local_style", "upper body"))
    assert (upper.phrase, upper.half) == ("person", Half(0, 0.55))
    (lower,) = targets_of(intent("local_style", "lower half", place="of the woman on the left"))
    assert (lower.phrase, lower.half, lower.place.side) == ("woman", Half(0.5, 1), 0)


def test_several_things_are_several_targets():
    both = targets_of(intent("remove", "beard and glasses"))
    assert [target.phrase for target in both] == ["beard", "glasses"]
    (one,) = targets_of(intent("remove", "black and white cat"))
    assert one.phrase == "black and white cat"


def test_a_place_that_tells_more_than_geometry_is_looked_for_too():
    (target,) = targets_of(intent("remove", "man", place="wearing a white robe"))
    assert target.phrases == ("man", "man wearing a white robe")
    (plain,) = targets_of(intent("remove", "man", place="on the left"))
    assert plain.phrases == ("man",)
