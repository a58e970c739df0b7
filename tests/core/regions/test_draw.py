"""Previews: numbers and outlines where the candidates are, bounded in size and count."""

from __future__ import annotations

import numpy as np
import pytest

from polaris_core.errors import InvalidInput
from polaris_core.regions.draw import draw_candidates
from polaris_core.regions.grounding import ground
from polaris_core.regions.proposal import Proposal
from tests.core.regions.painted import ColourEncoder, intent, paint, scaled

THINGS = [
    ("red", (20, 120, 80, 200)),
    ("blue", (120, 120, 200, 200)),
    ("white", (240, 20, 340, 90)),
]
PICTURE, PROPOSALS = paint(THINGS, (240, 360))
REGION = ground(PICTURE, intent("remove", "cat"), PROPOSALS, ColourEncoder())


def changed(preview, other):
    """Where two previews differ."""
    return np.abs(preview.astype(int) - other).max(2) > 40


def test_a_preview_is_a_picture_of_the_same_proportions():
    preview = draw_candidates(PICTURE, REGION)
    assert preview.shape == PICTURE.shape
    assert preview.dtype == np.uint8
    small = draw_candidates(PICTURE, REGION, longest_px=90)
    assert small.shape == (60, 90, 3)
    picture, proposals = scaled(PICTURE, PROPOSALS, 8)
    large = ground(picture, intent("remove", "cat"), proposals, ColourEncoder())
    assert draw_candidates(picture, large).shape == (683, 1024, 3)


def test_the_chosen_region_is_tinted_and_the_rest_is_dimmed():
    bare = draw_candidates(PICTURE, REGION, most=0)
    inside = bare[125:130, 125:130].reshape(-1, 3).mean(0)
    assert inside[0] > 100 > inside[1]
    outside = bare[5:10, 5:10].mean()
    assert outside < PICTURE[5:10, 5:10].mean() * 0.8


def test_candidates_are_outlined_within_their_regions_and_numbered():
    bare, preview = draw_candidates(PICTURE, REGION, most=0), draw_candidates(PICTURE, REGION)
    difference = changed(preview, bare)
    for _, (left, top, right, bottom) in THINGS:
        rim = difference[top:bottom, left:right]
        for line in (rim[0], rim[-1], rim[:, 0], rim[:, -1]):
            assert line.mean() > 0.9
        assert difference[
            (top + bottom) // 2, (left + right) // 2 - 9 : (left + right) // 2 + 9
        ].any()
    assert not difference[100:115, 20:200].any()


def test_never_more_than_so_many_are_drawn_and_the_chosen_ones_always():
    region = ground(PICTURE, intent("remove", "cat"), PROPOSALS, ColourEncoder(), choice=4)
    one = draw_candidates(PICTURE, region, most=1)
    difference = changed(one, draw_candidates(PICTURE, region, most=0))
    chosen = region.candidates[3].proposal.mask
    assert difference[chosen].any()
    assert not difference[~chosen].any()


def test_the_same_is_drawn_the_same():
    assert (draw_candidates(PICTURE, REGION) == draw_candidates(PICTURE, REGION)).all()


def test_a_hundred_nested_candidates_are_drawn_without_their_numbers_lying_on_each_other():
    masks = [np.zeros((240, 360), np.bool_) for _ in range(100)]
    for i, mask in enumerate(masks):
        mask[i : 240 - i, i : 360 - i] = True
    region = ground(PICTURE, intent("remove", "dog"), [Proposal.of(m, 0.5) for m in masks])
    preview = draw_candidates(PICTURE, region, most=12)
    assert preview.shape == PICTURE.shape


@pytest.mark.parametrize(
    ("options", "said"),
    [({"most": -1}, "-1 candidates"), ({"longest_px": 0}, "0 px")],
)
def test_sizes_that_make_no_sense_are_refused(options, said):
    with pytest.raises(InvalidInput, match=said):
        draw_candidates(PICTURE, REGION, **options)


def test_another_picture_is_refused():
    with pytest.raises(InvalidInput, match="not as large as the picture"):
        draw_candidates(PICTURE[:100], REGION)
    with pytest.raises(InvalidInput, match="h × w × 3"):
        draw_candidates(np.zeros((240, 360, 4), np.uint8), REGION)
