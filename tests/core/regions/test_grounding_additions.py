"""Where new things go: by the words, by a landmark, and by what InstructPix2Pix looks at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.regions.grounding import ground
from polaris_core.regions.place import read_place
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.spots import plain_spots, spots_by, within_picture
from polaris_core.regions.usual import Known, body_span
from tests.core.regions.painted import ColourEncoder, box_of_mask, intent, paint, scaled

TENT, MAN, HOUSE = (40, 50, 70, 70), (90, 30, 100, 70), (5, 40, 35, 70)
PICTURE, PROPOSALS = paint([("green", TENT), ("yellow", MAN), ("white", HOUSE)], (100, 160))
SIZE = (100, 160)


def added(subject, anchor, **options):
    options.setdefault("encoder", ColourEncoder())
    options.setdefault("proposals", PROPOSALS)
    return ground(PICTURE, intent("add", subject, anchor=anchor), **options)


def middle(mask):
    left, top, right, bottom = box_of_mask(mask)
    return (left + right) / 2, (top + bottom) / 2


@pytest.mark.parametrize(
    ("anchor", "where"),
    [
        ("to the left of the tent", lambda x, y: x < 40 and 40 < y < 75),
        ("to the right of the tent", lambda x, y: x > 70 and 40 < y < 75),
        ("above the tent", lambda x, y: 45 < x < 65 and y < 50),
        ("below the tent", lambda x, y: 45 < x < 65 and y > 70),
        ("on top of the tent", lambda x, y: 45 < x < 65 and y < 56),
        ("in front of the tent", lambda x, y: 45 < x < 65 and 55 < y < 90),
        ("between the tent and the man", lambda x, y: 68 < x < 92 and y < 70),
        ("next to the man", lambda x, y: x < 90 or x > 100),
    ],
)
def test_a_new_thing_goes_where_the_landmark_says(anchor, where):
    region = added("dog", anchor)
    assert where(*middle(region.mask))
    assert region.is_sure
    assert any("placed" in note and "“" in note for note in region.notes)


@pytest.mark.parametrize(
    "anchor",
    ["next to the tent", "behind the tent", "around the tent", "to the left of the tent"],
)
def test_the_landmark_itself_is_left_alone(anchor):
    mask = added("tree", anchor).mask
    assert mask.any()
    assert not mask[PROPOSALS[0].mask].any()


def test_what_is_in_a_landmark_stays_within_it():
    mask = added("cat", "in the house").mask
    assert mask.any()
    assert not mask[~PROPOSALS[2].mask].any()


@pytest.mark.parametrize(
    ("subject", "above", "below"),
    [
        ("hat", 26, 36),
        ("sunglasses", 30, 36),
        ("beard", 30, 40),
        ("necktie", 34, 50),
        ("shoes", 64, 72),
    ],
)
def test_clothes_go_where_they_are_worn(subject, above, below):
    left, top, right, bottom = box_of_mask(added(subject, "on the man").mask)
    assert above <= top < bottom <= below
    assert 86 <= left < right <= 104


def test_a_head_is_found_with_the_person_it_belongs_to():
    _, top, _, bottom = box_of_mask(added("crown", "on the head of the man").mask)
    assert 26 <= top < bottom <= 36
    person = Known((0, 0, 100, 280), "man")
    assert body_span("head", person) == (25, 0, 75, 42)
    assert body_span("head", Known((0, 0, 100, 280), "man", top_x=60)) == (35, 0, 85, 42)
    assert body_span("foot", person)[3] == 280
    assert body_span("tail", person) is None


def test_a_hat_follows_a_head_that_leans():
    leaning = np.zeros(SIZE, np.bool_)
    leaning[30:40, 110:116] = leaning[40:90, 90:116] = True
    picture = np.full((*SIZE, 3), 128, np.uint8)
    wanted = intent("add", "hat", anchor="on the man")
    x, _ = middle(ground(picture, wanted, [], anchor_region=leaning).mask)
    assert x == pytest.approx(113, abs=1)


@pytest.mark.parametrize(
    ("anchor", "corner"),
    [
        ("in the upper left corner", (0, 0)),
        ("at the top right of the picture", (160, 0)),
        ("at the bottom left", (0, 100)),
        ("in the lower right corner", (160, 100)),
        ("in the middle", (80, 50)),
    ],
)
@pytest.mark.parametrize("encoder", [None, ColourEncoder()], ids=["blind", "seeing"])
def test_places_of_the_picture_need_no_landmark(anchor, corner, encoder):
    region = added("bird", anchor, encoder=encoder)
    x, y = middle(region.mask)
    assert abs(x - corner[0]) < 30
    assert abs(y - corner[1]) < 30
    assert region.is_sure


def test_things_that_fly_go_up_and_others_down_where_nothing_is_told():
    bird, dog = added("bird", ""), added("dog", "")
    assert middle(bird.mask)[1] < 50 < middle(dog.mask)[1]
    assert not bird.is_sure
    assert any("does not say where" in note for note in bird.notes)
    kite = added("kite", "in the sky", encoder=None)
    assert middle(kite.mask)[1] < 40


def test_what_is_in_the_background_is_smaller_and_higher():
    near, far = added("dog", "in the foreground"), added("dog", "in the background")
    assert far.mask.sum() < near.mask.sum()
    assert middle(far.mask)[1] < middle(near.mask)[1]


def test_a_new_thing_is_as_large_as_such_things_are_beside_the_landmark():
    small, large = added("apple", "next to the man"), added("car", "next to the man")
    assert small.mask.sum() < large.mask.sum() / 3


def test_without_an_encoder_the_landmark_is_not_sought_and_that_is_said():
    region = added("campfire", "next to the tent", encoder=None)
    assert region.mask.any()
    assert not region.is_sure
    assert any("“tent” was not sought" in note for note in region.notes)
    assert any("placed by the sentence alone" in note for note in region.notes)


def test_without_proposals_the_words_place_it():
    region = added("bird", "in the upper left corner", proposals=[])
    assert middle(region.mask)[0] < 40
    assert region.candidates == ()
    doubtful = added("campfire", "next to the tent", proposals=[])
    assert not doubtful.is_sure
    assert any("no regions were proposed" in note for note in doubtful.notes)


def test_a_region_given_for_the_landmark_is_taken():
    rock = np.zeros(SIZE, np.float32)
    rock[60:90, 110:150] = 1
    for encoder in (None, ColourEncoder()):
        region = added("cat", "on top of the rock", encoder=encoder, anchor_region=rock)
        x, y = middle(region.mask)
        assert 120 < x < 140
        assert 50 < y < 70
        assert region.is_sure


def heat(box, size=SIZE, floor=0.1):
    """An attention map: warm everywhere, hot in a box."""
    attention = np.full(size, floor, np.float32)
    attention[box[1] : box[3], box[0] : box[2]] = 1
    return attention


def test_attention_places_the_new_thing():
    region = added("bird", "", attention=heat((100, 10, 130, 30)))
    assert box_of_mask(region.mask) == (100, 10, 130, 30)
    assert region.is_sure
    assert any("where InstructPix2Pix looks" in note for note in region.notes)


def test_attention_is_cut_to_the_proposal_it_fits():
    region = added("moss", "", attention=heat((36, 46, 74, 72)))
    assert (region.mask == PROPOSALS[0].mask).all()
    assert region.candidates[0].proposal == PROPOSALS[0]
    assert any("within a proposed region" in note for note in region.notes)


def test_words_and_attention_decide_together():
    both = np.maximum(heat((5, 5, 30, 25)), 0.9 * heat((130, 5, 155, 25)))
    assert middle(added("kite", "", attention=both).mask)[0] < 80
    region = added("kite", "in the upper right corner", attention=both)
    assert middle(region.mask)[0] > 80


def test_a_guess_about_a_landmark_takes_nothing_from_the_attention():
    attention = np.maximum(heat((5, 5, 30, 25)), 0.9 * heat((130, 70, 155, 90)))
    region = added("dog", "next to the tent", encoder=None, attention=attention)
    assert middle(region.mask)[0] < 40


def test_a_landmark_that_is_given_and_not_named_is_where_it_goes():
    rock = np.zeros(SIZE, np.bool_)
    rock[60:90, 110:150] = True
    x, _ = middle(added("cat", "", encoder=None, anchor_region=rock).mask)
    assert 120 < x < 140


def test_attention_that_is_the_same_everywhere_makes_nothing_sure():
    for level in (0.0, 0.5, 1.0):
        flat = np.full(SIZE, level, np.float32)
        region = added("dog", "", attention=flat)
        assert region.mask.any()
        assert not region.is_sure
    assert any("looked nowhere" in n for n in added("dog", "", attention=0 * flat).notes)


def test_a_spot_too_small_for_the_thing_is_widened():
    region = added("dog", "", attention=heat((80, 50, 82, 52)))
    assert region.mask.sum() > 100
    assert any("room" in note for note in region.notes)


def test_a_choice_puts_it_into_that_region():
    plain = added("dog", "next to the tent")
    region = added("dog", "next to the tent", choice=2)
    assert (region.mask == plain.candidates[1].proposal.mask).all()
    assert region.chosen == (2,)


ANCHORS = [
    "",
    "next to the tent",
    "on the tent",
    "on his head",
    "in the tent",
    "behind the tent",
    "between the tent and the man",
    "around the tent",
    "above the tent",
    "below the tent",
    "in the upper left corner",
    "in the corner",
    "in the foreground",
    "to the left of the tent",
]
SIZES = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
EDGES = st.tuples(*(st.floats(0, 1) for _ in range(4)))


@settings(max_examples=300)
@given(
    st.sampled_from(ANCHORS),
    st.sampled_from(["dog", "hat", "skyscraper", "ant", "frobnicator", ""]),
    st.sampled_from(["tent", "man", "lake", "ant", ""]),
    SIZES,
    EDGES,
)
def test_every_new_thing_stays_in_the_picture(anchor, noun, landmark, size, edges):
    xs = sorted(round(e * (size[1] - 1)) for e in edges[:2])
    ys = sorted(round(e * (size[0] - 1)) for e in edges[2:])
    known = Known((xs[0], ys[0], xs[1] + 1, ys[1] + 1), landmark)
    place = read_place(anchor)
    spots = plain_spots(noun, place, size)
    if place.relation:
        spots += spots_by(noun, place, [known, known], known, size)
    assert spots
    for spot in spots:
        left, top, right, bottom = within_picture(spot, size)
        assert 0 <= left < right <= size[1]
        assert 0 <= top < bottom <= size[0]


@pytest.mark.parametrize("anchor", ANCHORS)
def test_scaling_the_picture_scales_the_place(anchor):
    picture, proposals = scaled(PICTURE, PROPOSALS, 3)
    wanted = intent("add", "dog", anchor=anchor)
    small = ground(PICTURE, wanted, PROPOSALS, ColourEncoder()).mask
    large = ground(picture, wanted, proposals, ColourEncoder()).mask
    enlarged = small.repeat(3, 0).repeat(3, 1)
    common = np.minimum(large, enlarged).sum() / np.maximum(large, enlarged).sum()
    assert common > 0.8


def test_a_plural_landmark_is_the_two_of_them():
    picture, proposals = paint([("yellow", (10, 30, 20, 70)), ("yellow", (120, 30, 130, 70))], SIZE)
    between = intent("add", "dog", anchor="between the two people")
    x, _ = middle(ground(picture, between, proposals, ColourEncoder()).mask)
    assert 60 < x < 80


def test_a_doubtful_landmark_is_named():
    picture, proposals = paint([("green", TENT), ("green", HOUSE)], SIZE)
    wanted = intent("add", "dog", anchor="next to the tent")
    region = ground(picture, wanted, proposals, ColourEncoder())
    assert not region.is_sure
    assert any("doubtful where “tent” is" in note for note in region.notes)


def test_parts_of_proposals_do_not_matter_to_a_corner():
    whole = Proposal.of(np.ones(SIZE, np.bool_), 0.5)
    region = added("bird", "in the upper left corner", proposals=[whole])
    assert box_of_mask(region.mask)[:2] == (0, 0)
