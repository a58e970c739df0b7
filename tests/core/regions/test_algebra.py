"""Laws of masks: growing, feathering, holes, parts, sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polaris_core.errors import InvalidInput
from polaris_core.regions.algebra import (
    box_mask,
    box_of,
    complement,
    feather,
    fill_holes,
    grow,
    hard,
    largest_parts,
    resized,
    soft,
    union,
    within,
)

SIZES = st.tuples(st.integers(1, 24), st.integers(1, 24))
MASKS = SIZES.flatmap(lambda size: arrays(np.bool_, size))
PAIRS = SIZES.flatmap(lambda size: st.tuples(arrays(np.bool_, size), arrays(np.bool_, size)))
STEPS = st.integers(0, 7)
SHARES = st.integers(0, 64).map(lambda i: i / 64)
SOFT = SIZES.flatmap(lambda size: arrays(np.float32, size, elements=SHARES))


def contains(large, small) -> bool:
    return bool((large >= small).all())


@given(MASKS, STEPS)
def test_growing_takes_exactly_what_is_near_enough(mask, by):
    ys, xs = np.nonzero(mask)
    wanted = np.zeros_like(mask)
    for y, x in np.ndindex(mask.shape):
        wanted[y, x] = any((ys - y) ** 2 + (xs - x) ** 2 <= by**2)
    assert (grow(mask, by) == wanted).all()


@given(PAIRS, st.integers(-7, 7))
def test_a_larger_mask_grows_to_a_larger_one(pair, by):
    small, large = pair[0] & pair[1], pair[1]
    assert contains(grow(large, by), grow(small, by))


@given(MASKS, STEPS, STEPS)
def test_growing_twice_is_growing_by_the_sum_but_for_the_corners_of_pixels(mask, a, b):
    twice, once = grow(grow(mask, a), b), grow(mask, a + b)
    assert contains(once, twice)
    assert contains(grow(twice, 2), once)


@given(MASKS, STEPS)
def test_shrinking_is_growing_of_the_outside(mask, by):
    assert (grow(mask, -by) == ~grow(~mask, by)).all()


def test_a_thing_at_the_border_does_not_shrink_from_there():
    mask = np.zeros((9, 9), np.bool_)
    mask[:, :5] = True
    assert (grow(mask, -2) == np.pad(np.ones((9, 3), np.bool_), ((0, 0), (0, 6)))).all()


@given(MASKS, STEPS)
def test_a_feathered_edge_stays_in_range_and_far_from_it_nothing_changes(mask, by):
    edge = feather(mask, by)
    assert edge.dtype == np.float32
    assert edge.min() >= 0
    assert edge.max() <= 1
    square = np.ones((2 * by + 1, 2 * by + 1))
    padded = np.pad(mask, by, mode="edge")
    for y, x in np.ndindex(mask.shape):
        around = padded[y : y + len(square), x : x + len(square)]
        if around.all() or not around.any():
            assert edge[y, x] == mask[y, x]


@given(MASKS, STEPS)
def test_a_feathered_outside_is_the_outside_of_the_feathered(mask, by):
    np.testing.assert_allclose(feather(~mask, by), 1 - feather(mask, by), atol=3e-5)


@pytest.mark.parametrize("by", [1, 2, 3, 4, 9])
def test_a_feathered_edge_falls_evenly_and_half_of_it_is_outside(by):
    mask = np.zeros((3, 40), np.bool_)
    mask[:, :20] = True
    line = feather(mask, by)[1]
    assert (np.diff(line) <= 0).all()
    assert line[19] + line[20] == pytest.approx(1, abs=1e-4)
    assert line[20 - by - 1] == 1
    assert line[20 + by] == 0
    assert 0 < line[20] < 0.5 < line[19] < 1


@given(MASKS, st.none() | st.integers(0, 20))
def test_filled_masks_have_no_more_holes_to_fill(mask, most):
    filled = fill_holes(mask, most)
    assert contains(filled, mask)
    assert (fill_holes(filled, most) == filled).all()


def test_a_hole_is_filled_and_a_bay_at_the_border_is_not():
    ring = np.ones((7, 9), np.bool_)
    ring[2:5, 2:4] = False
    ring[:3, 6] = False
    filled = ring.copy()
    filled[2:5, 2:4] = True
    assert (fill_holes(ring) == filled).all()
    assert (fill_holes(ring, 6) == filled).all()
    assert (fill_holes(ring, 5) == ring).all()


@given(MASKS, st.floats(0, 1), st.none() | st.integers(1, 4))
def test_keeping_the_largest_parts_only_takes_away_and_once_is_enough(mask, share, most):
    kept = largest_parts(mask, share, most)
    assert contains(mask, kept)
    assert kept.any() == mask.any()
    assert (largest_parts(kept, share, most) == kept).all()


def test_small_parts_go_and_those_nearly_as_large_as_the_largest_stay():
    mask = np.zeros((10, 20), np.bool_)
    mask[1:4, 1:5] = mask[6:9, 8:11] = mask[5, 17] = True
    assert largest_parts(mask, 0.5).sum() == 12 + 9
    assert largest_parts(mask).sum() == 12
    assert largest_parts(mask, 0.0).sum() == 12 + 9 + 1
    assert largest_parts(mask, 0.0, most=2).sum() == 12 + 9


def test_parts_count_by_weight_where_there_is_one():
    mask = np.zeros((5, 12), np.bool_)
    mask[1:4, 1:5] = mask[1:3, 8:10] = True
    weights = np.where(np.arange(12) < 6, 0.1, 1).astype(np.float32)[None].repeat(5, 0)
    assert largest_parts(mask).sum() == 12
    assert largest_parts(mask, weights=weights).sum() == 4


@given(PAIRS)
def test_union_within_and_complement_are_or_and_not(pair):
    one, other = (soft(mask) for mask in pair)
    assert (hard(union([one, other])) == pair[0] | pair[1]).all()
    assert (hard(within(one, other)) == pair[0] & pair[1]).all()
    assert (complement(within(one, other)) == union([complement(one), complement(other)])).all()
    assert (complement(complement(one)) == one).all()


@given(SOFT, SIZES)
def test_another_size_keeps_the_range_and_the_same_size_keeps_everything(mask, size):
    other = resized(mask, size)
    assert other.shape == size
    assert other.dtype == np.float32
    assert mask.min() - 1e-5 <= other.min()
    assert other.max() <= mask.max() + 1e-5
    assert (resized(mask, mask.shape) == mask).all()


@given(MASKS, st.integers(1, 4))
def test_a_mask_enlarged_by_a_whole_factor_and_shrunk_again_is_the_same(mask, factor):
    large = soft(np.kron(mask, np.ones((factor, factor), np.bool_)))
    assert (hard(resized(large, mask.shape)) == mask).all()


@given(MASKS)
def test_the_box_of_a_mask_is_the_smallest_that_holds_it(mask):
    box = box_of(mask)
    if box is None:
        assert not mask.any()
        return
    inside = box_mask(box, mask.shape)
    assert contains(inside, mask)
    left, top, right, bottom = box
    crop = mask[top:bottom, left:right]
    assert crop[0].any()
    assert crop[-1].any()
    assert crop[:, 0].any()
    assert crop[:, -1].any()


def test_a_box_that_leaves_the_picture_is_cut_off():
    assert box_mask((-3, -2, 2, 9), (4, 5)).sum() == 8
    assert not box_mask((7, 1, 9, 3), (4, 5)).any()


@pytest.mark.parametrize("full", [False, True], ids=["empty", "full"])
@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (9, 9)], ids=str)
def test_empty_masks_stay_empty_and_full_ones_full(size, full):
    mask = np.full(size, full)
    for by in (0, 1, 5, -1, -5, 10**9):
        assert (grow(mask, by) == full).all()
        assert (feather(mask, by) == full).all()
    assert (fill_holes(mask) == full).all()
    assert (largest_parts(mask, 0.5) == full).all()
    assert (resized(soft(mask), (3, 5)) == full).all()
    assert (box_of(mask) is not None) == full


@given(MASKS)
def test_nothing_changes_the_mask_it_is_given(mask):
    mask.flags.writeable = False
    before = mask.copy()
    values = soft(mask)
    values.flags.writeable = False
    results = [grow(mask, 0), grow(mask, 2), feather(mask, 0), fill_holes(mask)]
    results += [largest_parts(mask), union([values]), resized(values, mask.shape)]
    for result in results:
        result[...] = 0
    assert (mask == before).all()
    assert (values == before).all()


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        pytest.param(np.full((2, 3), np.nan), "values from 0 to 1.*nan", id="nan"),
        pytest.param(np.full((2, 3), np.inf), "values from 0 to 1.*inf", id="infinity"),
        pytest.param(np.full((2, 3), 255, np.uint8), "values from 0 to 1.*255", id="bytes"),
        pytest.param(np.full((2, 3), -0.5), "values from 0 to 1.*-0.5", id="negative"),
        pytest.param(np.zeros((2, 3, 1)), r"h × w.*\(2, 3, 1\)", id="three axes"),
        pytest.param(np.zeros((0, 3)), "h × w", id="no pixels"),
        pytest.param(np.zeros((2, 3), complex), "h × w", id="complex"),
        pytest.param(np.zeros((3, 2)), "2x3, picture 3x2", id="another size"),
    ],
)
def test_what_is_no_mask_of_this_picture_is_refused(mask, said):
    with pytest.raises(InvalidInput, match=said):
        soft(mask, (2, 3))


def test_masks_of_different_size_are_not_combined():
    one, other = np.zeros((2, 3), np.float32), np.zeros((3, 2), np.float32)
    with pytest.raises(InvalidInput, match="one size"):
        union([one, other])
    with pytest.raises(InvalidInput, match="one size"):
        within(one, other)
    with pytest.raises(InvalidInput, match="none"):
        union([])
    with pytest.raises(InvalidInput, match="0x3"):
        resized(one, (3, 0))
