"""Proposals keep their masks, and what is selected of them obeys its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polaris_core.errors import InvalidInput
from polaris_core.regions.proposal import Proposal, mask_iou
from polaris_core.regions.select import (
    Limits,
    deduplicated,
    largest_first,
    selected,
    without_small,
)

SIZES = st.tuples(st.integers(1, 20), st.integers(1, 40))
SCORES = st.floats(0, 1)


@st.composite
def masks(draw, size=None):
    """One box or some scattered pixels, never empty."""
    height, width = size or draw(SIZES)
    mask = np.zeros((height, width), np.bool_)
    if draw(st.booleans()):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        mask[y : draw(st.integers(y + 1, height)), x : draw(st.integers(x + 1, width))] = True
    else:
        mask = draw(arrays(np.bool_, (height, width)))
        mask[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = True
    return mask


@st.composite
def several(draw):
    """Proposals of one picture, many of them nearly the same."""
    size = draw(SIZES)
    found = [Proposal.of(draw(masks(size)), draw(SCORES)) for _ in range(draw(st.integers(0, 6)))]
    for proposal in found[: draw(st.integers(0, 6))]:
        mask = proposal.mask
        mask[draw(st.integers(0, size[0] - 1))] ^= draw(st.booleans())
        if mask.any():
            found.append(Proposal.of(mask, draw(SCORES)))
    return found


LIMITS = st.builds(Limits, st.integers(1, 8), st.floats(0, 0.5), st.floats(0, 1))


@given(masks(), SCORES)
def test_a_proposal_gives_back_its_mask(mask, score):
    proposal = Proposal.of(mask, score)
    left, top, right, bottom = proposal.box_xyxy
    np.testing.assert_array_equal(proposal.mask, mask)
    np.testing.assert_array_equal(proposal.crop, mask[top:bottom, left:right])
    assert proposal.area_px == mask.sum()
    assert proposal.crop[0].any()
    assert proposal.crop[-1].any()
    assert proposal.crop[:, 0].any()
    assert proposal.crop[:, -1].any()


@given(masks(), SCORES, st.integers(0, 9), st.integers(0, 9))
def test_a_part_of_a_picture_is_put_in_its_place(mask, score, x, y):
    height, width = mask.shape[0] + y + 3, mask.shape[1] + x + 3
    whole = np.zeros((height, width), np.bool_)
    whole[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
    assert Proposal.of(mask, score, (height, width), x, y) == Proposal.of(whole, score)


@given(st.data(), SIZES)
def test_overlap_is_counted_in_pixels(data, size):
    one, other = data.draw(masks(size)), data.draw(masks(size))
    expected = (one & other).sum() / (one | other).sum()
    assert mask_iou(Proposal.of(one, 0), Proposal.of(other, 1)) == pytest.approx(expected)
    assert mask_iou(Proposal.of(other, 1), Proposal.of(one, 0)) == pytest.approx(expected)


@given(several(), LIMITS)
def test_what_is_kept_is_few_large_distinct_and_sorted(proposals, limits):
    kept = selected(proposals, limits)
    assert len(kept) <= limits.most
    assert set(kept) <= set(proposals)
    areas = [proposal.area_px for proposal in kept]
    assert areas == sorted(areas, reverse=True)
    for i, one in enumerate(kept):
        assert one.area_px >= limits.least_share * one.size_hw[0] * one.size_hw[1]
        for other in kept[i + 1 :]:
            assert mask_iou(one, other) <= limits.same_iou


@given(several(), LIMITS)
def test_selecting_again_changes_nothing(proposals, limits):
    once = selected(proposals, limits)
    assert selected(once, limits) == once


@given(several(), LIMITS, st.randoms())
def test_the_order_of_proposals_does_not_matter(proposals, limits, random):
    shuffled = list(proposals)
    random.shuffle(shuffled)
    assert selected(shuffled, limits) == selected(proposals, limits)


@given(several(), st.floats(0, 1))
def test_whatever_is_dropped_is_like_something_kept_that_is_no_worse(proposals, iou):
    kept = deduplicated(proposals, iou)
    for dropped in set(proposals) - set(kept):
        assert any(
            mask_iou(dropped, other) > iou and other.score >= dropped.score for other in kept
        )


@given(several())
def test_nothing_is_lost_where_nothing_is_the_same_or_small(proposals):
    assert set(selected(proposals, Limits(99, 0, 1))) == set(proposals)
    assert without_small(proposals, 0) == tuple(proposals)
    assert sorted(map(id, largest_first(proposals))) == sorted(map(id, proposals))


def test_a_large_mask_takes_little_memory():
    y, x = np.ogrid[:4096, :4096]
    disc = Proposal.of((y - 2000) ** 2 + (x - 2100) ** 2 < 1500**2, 1)
    assert len(disc.packed) < 2**16
    noise = np.random.default_rng(0).random((4096, 4096)) < 0.5
    assert len(Proposal.of(noise, 1).packed) < 2**21 + 2**12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((np.zeros((3, 4), np.bool_), 1), "at least one pixel", id="empty"),
        pytest.param((np.zeros((0, 4), np.bool_), 1), "at least one pixel", id="without pixels"),
        pytest.param((np.ones((3, 4)), 1), "h × w booleans", id="of floats"),
        pytest.param((np.ones((3, 4, 1), np.bool_), 1), "h × w booleans", id="of three axes"),
        pytest.param((np.ones((3, 4), np.bool_), np.nan), "must be a number", id="score NaN"),
        pytest.param((np.ones((3, 4), np.bool_), 1, (3, 3)), "leaves its picture", id="too wide"),
        pytest.param((np.ones((3, 4), np.bool_), 1, (9, 9), -1), "leaves", id="left of it"),
        pytest.param((np.ones((3, 4), np.bool_), 1, (9, 9), 0, 7), "leaves", id="below it"),
    ],
)
def test_what_is_no_mask_is_refused(arguments, said):
    with pytest.raises(InvalidInput, match=said):
        Proposal.of(*arguments)


@pytest.mark.parametrize(
    "limits", [{"most": 0}, {"least_share": -0.1}, {"same_iou": 1.1}, {"same_iou": np.nan}]
)
def test_limits_that_mean_nothing_are_refused(limits):
    with pytest.raises(InvalidInput):
        Limits(**limits)


def test_masks_of_different_pictures_are_not_compared():
    one, other = (Proposal.of(np.ones((3, w), np.bool_), 1) for w in (4, 5))
    with pytest.raises(InvalidInput, match="different pictures"):
        mask_iou(one, other)
    with pytest.raises(InvalidInput, match="different pictures"):
        selected([one, other])
