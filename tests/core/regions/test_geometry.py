"""What is meant by words of place, and how proposals and boxes stand to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.regions.geometry import (
    inside_share,
    overlap,
    place_weight,
    prominence,
    rank_order,
    shape_of,
)
from polaris_core.regions.place import read_place
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.relations import relation_weight
from polaris_core.regions.sizes import size_of
from polaris_core.regions.targets import Rank

PLACES = [
    "on the left",
    "on the right side",
    "at the top",
    "at the bottom of the picture",
    "in the middle",
    "in the upper left corner",
    "in the lower right",
    "in the background",
    "in the left foreground",
    "in the corner",
]
BOXES = st.tuples(st.integers(0, 18), st.integers(0, 18), st.integers(1, 9), st.integers(1, 9)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def boxed(left, top, right, bottom, size_hw=(60, 90)):
    mask = np.zeros(size_hw, np.bool_)
    mask[top:bottom, left:right] = True
    return Proposal.of(mask, 0.9)


def weight(box, phrase, size_hw=(60, 90)):
    return place_weight(shape_of(boxed(*box, size_hw)), read_place(phrase))


def mirrored(box, width=90):
    return (width - box[2], box[1], width - box[0], box[3])


@given(BOXES, st.integers(1, 4))
def test_shapes_are_shares_of_the_picture_whatever_its_size(box, factor):
    one = shape_of(boxed(*box, (30, 30)))
    large = shape_of(boxed(*(edge * factor for edge in box), (30 * factor, 30 * factor)))
    for name in one.__slots__:
        assert getattr(one, name) == pytest.approx(getattr(large, name), abs=1e-9)
        assert 0 <= getattr(one, name) <= 1


def test_a_shape_tells_centre_size_and_how_much_of_the_border_it_covers():
    shape = shape_of(boxed(0, 30, 45, 60))
    assert (shape.x, shape.y) == (0.25, 0.75)
    assert (shape.bottom, shape.height, shape.area) == (1, 0.5, 0.25)
    assert shape.frame == pytest.approx((45 + 30) / (2 * (60 + 90)))
    everything = shape_of(boxed(0, 0, 90, 60))
    assert everything.frame == 1


@given(BOXES)
@pytest.mark.parametrize("phrase", PLACES)
def test_a_place_weighs_between_0_and_1(phrase, box):
    assert 0 < weight(box, phrase) <= 1


@given(BOXES)
def test_nothing_told_weighs_nothing(box):
    assert weight(box, "") == weight(box, "wearing a hat") == 1


@given(BOXES, st.integers(1, 40))
def test_the_left_one_weighs_more_on_the_left_and_less_on_the_right(box, shift):
    moved = (box[0] + shift, box[1], box[2] + shift, box[3])
    assert weight(box, "on the left") > weight(moved, "on the left")
    assert weight(box, "on the right") <= weight(moved, "on the right")


@given(BOXES)
def test_left_and_right_are_mirror_pictures(box):
    for left, right in [("on the left", "on the right"), ("in the top left", "at the upper right")]:
        assert weight(box, left) == pytest.approx(weight(mirrored(box), right))


@pytest.mark.parametrize(
    ("phrase", "best"),
    [
        ("on the left", "west northwest"),
        ("on the left-hand side of the image", "west northwest"),
        ("on the right", "east southeast"),
        ("at the top", "north northwest"),
        ("at the bottom", "south southeast"),
        ("below", "south southeast"),
        ("above", "north northwest"),
        ("in the middle", "centre"),
        ("in the centre of the picture", "centre"),
        ("in the upper left corner", "northwest"),
        ("in the bottom right corner", "southeast"),
        ("in the corner", "northwest southeast"),
        ("in the foreground", "southeast south"),
        ("in the background", "northwest north"),
    ],
)
def test_the_place_that_is_told_weighs_most(phrase, best):
    places = {
        "west": (0, 25, 10, 35),
        "east": (80, 25, 90, 35),
        "north": (40, 0, 50, 10),
        "south": (40, 50, 50, 60),
        "centre": (40, 25, 50, 35),
        "northwest": (0, 0, 10, 10),
        "southeast": (80, 50, 90, 60),
    }
    weights = {name: weight(box, phrase) for name, box in places.items()}
    most = max(weights.values())
    assert {name for name, w in weights.items() if w > most - 1e-9} == set(best.split())


def test_what_is_large_and_low_is_nearer():
    small_far, large_near = (40, 10, 48, 18), (30, 20, 70, 60)
    assert weight(large_near, "in the foreground") > 5 * weight(small_far, "in the foreground")
    assert weight(small_far, "in the distance") > 2 * weight(large_near, "in the distance")


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("left", [0, 1, 2]),
        ("right", [2, 1, 0]),
        ("top", [2, 0, 1]),
        ("bottom", [1, 0, 2]),
        ("large", [1, 0, 2]),
        ("small", [2, 0, 1]),
        ("tall", [1, 0, 2]),
        ("short", [2, 0, 1]),
        ("near", [1, 0, 2]),
        ("far", [2, 0, 1]),
    ],
)
def test_things_are_counted_from_where_one_says(key, order):
    boxes = [(0, 20, 15, 35), (20, 30, 50, 60), (60, 0, 65, 5)]
    assert rank_order([shape_of(boxed(*box)) for box in boxes], Rank(key)) == order


def test_what_is_in_the_middle_and_neither_tiny_nor_everything_is_prominent():
    middle = prominence(shape_of(boxed(30, 15, 60, 45)))
    others = [(40, 25, 44, 29), (0, 0, 30, 30), (0, 0, 90, 60), (0, 0, 90, 58)]
    assert all(middle > prominence(shape_of(boxed(*box))) for box in others)
    assert prominence(shape_of(boxed(0, 0, 90, 60))) == 0


@given(BOXES, BOXES)
def test_overlap_is_the_common_share_of_the_smaller_one(one, other):
    first, second = boxed(*one), boxed(*other)
    both = int(np.count_nonzero(first.mask & second.mask))
    wanted = both / min(first.area_px, second.area_px)
    assert overlap(first, second) == pytest.approx(wanted)
    assert overlap(second, first) == pytest.approx(wanted)


def test_a_share_of_a_map_is_its_mean_over_the_pixels():
    slope = np.linspace(0, 1, 90, dtype=np.float32)[None].repeat(60, 0)
    assert inside_share(boxed(10, 5, 30, 20), slope) == pytest.approx(slope[0, 10:30].mean())


LANDMARK = (100, 100, 200, 180)


@pytest.mark.parametrize(
    ("phrase", "better", "worse"),
    [
        ("left of the bed", (40, 110, 90, 170), (210, 110, 260, 170)),
        ("to the right of the bed", (210, 110, 260, 170), (40, 110, 90, 170)),
        ("next to the bed", (210, 110, 260, 170), (400, 110, 450, 170)),
        ("above the bed", (120, 30, 170, 80), (120, 190, 170, 240)),
        ("under the bed", (120, 190, 170, 240), (120, 30, 170, 80)),
        ("on the bed", (120, 70, 170, 120), (120, 190, 170, 240)),
        ("on top of the bed", (120, 60, 170, 110), (250, 60, 300, 110)),
        ("in the bed", (120, 110, 170, 160), (190, 110, 240, 160)),
        ("behind the bed", (120, 60, 170, 140), (120, 140, 170, 220)),
        ("in front of the bed", (120, 140, 170, 220), (120, 60, 170, 140)),
        ("around the bed", (90, 90, 210, 190), (400, 90, 520, 190)),
    ],
)
@pytest.mark.parametrize("factor", [1, 7])
def test_of_two_things_the_one_that_stands_as_told_weighs_more(phrase, better, worse, factor):
    relation = read_place(phrase).relation
    assert relation is not None

    def stands(box):
        box, landmark = ([edge * factor for edge in b] for b in (box, LANDMARK))
        return relation_weight(tuple(box), relation, tuple(landmark))

    assert 1 >= stands(better) > 1.5 * stands(worse) > 0


def test_between_two_things_is_the_middle():
    relation = read_place("between the house and the barn").relation
    one, other = (0, 100, 50, 150), (300, 100, 350, 150)
    weights = [
        relation_weight((x, 110, x + 30, 140), relation, one, other) for x in (60, 100, 160, 250)
    ]
    assert max(weights) == weights[2]


@given(BOXES, BOXES)
def test_every_relation_of_any_two_boxes_weighs_between_0_and_1(one, other):
    for word in ("on", "in", "to", "near", "above", "below", "behind", "around", "between"):
        relation = read_place(f"{word} the bed").relation
        assert 0 < relation_weight(one, relation, other) <= 1


@pytest.mark.parametrize(
    ("taller", "wider"),
    [("giraffe", "dog"), ("tower", "car"), ("man", "sofa"), ("bottle", "plate"), ("tree", "train")],
)
def test_usual_proportions_are_those_of_the_things(taller, wider):
    assert size_of(taller).aspect > size_of(wider).aspect


def test_things_without_a_size_of_their_own_have_none():
    assert size_of("lake") is None
    assert size_of("frobnicator") is None
    assert size_of("") is None
