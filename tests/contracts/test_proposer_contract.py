"""What every proposer of regions must do; models are small ones with random weights."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch

from polaris_core.errors import Cancelled, InvalidInput
from polaris_core.regions.grid import GridSettings
from polaris_core.regions.proposal import mask_iou
from polaris_core.regions.sam import SamProposer
from polaris_core.regions.sam2 import Sam2Proposer
from polaris_core.regions.select import Limits
from polaris_core.regions.superpixels import SuperpixelProposer
from tests.core.regions.small_models import small_sam, small_sam2

LIMITS = Limits(most=6, least_share=0.002, same_iou=0.8)
SETTINGS = GridSettings(6, least_quality=1e-9, least_stability=0.1, box_iou=0.9, crop_layers=1)
PROPOSERS = {
    "superpixels": lambda: SuperpixelProposer(LIMITS),
    "sam": lambda: SamProposer(small_sam(), "sam:small", SETTINGS, LIMITS),
    "sam2": lambda: Sam2Proposer(small_sam2(), "sam2:small", SETTINGS, LIMITS),
}
PHOTOGRAPH = skimage.data.astronaut()[:200, :300]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", params=PROPOSERS)
def proposer(request):
    return PROPOSERS[request.param]()


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(PHOTOGRAPH, id="photograph"),
        pytest.param(PHOTOGRAPH[::-1, ::2], id="with strides"),
        pytest.param(np.zeros((1, 1, 3), np.uint8), id="one pixel"),
        pytest.param(np.zeros((2, 2, 3), np.uint8), id="four pixels"),
        pytest.param(RNG.integers(0, 256, (1, 10_000, 3), np.uint8), id="1 × 10,000"),
        pytest.param(RNG.integers(0, 256, (10_000, 1, 3), np.uint8), id="10,000 × 1"),
        pytest.param(np.full((50, 70, 3), 99, np.uint8), id="constant"),
        pytest.param(RNG.integers(0, 256, (60, 90, 3), np.uint8), id="noise"),
    ],
)
def test_masks_are_of_the_picture_distinct_and_sorted(proposer, picture):
    proposals = proposer.propose(picture)
    assert len(proposals) <= LIMITS.most
    areas = [proposal.area_px for proposal in proposals]
    assert areas == sorted(areas, reverse=True)
    for i, proposal in enumerate(proposals):
        left, top, right, bottom = proposal.box_xyxy
        assert proposal.mask.shape == picture.shape[:2]
        assert proposal.mask.dtype == np.bool_
        assert proposal.mask.sum() == proposal.area_px >= LIMITS.least_share * picture[..., 0].size
        assert 0 <= left < right <= picture.shape[1]
        assert 0 <= top < bottom <= picture.shape[0]
        assert 0 <= proposal.score <= 1
        for other in proposals[i + 1 :]:
            assert mask_iou(proposal, other) <= LIMITS.same_iou


def test_a_photograph_gives_some_and_always_the_same(proposer):
    once = proposer.propose(PHOTOGRAPH)
    assert len(once) >= 2
    again = proposer.propose(PHOTOGRAPH.copy())
    assert [one.area_px for one in again] == pytest.approx([one.area_px for one in once], rel=0.01)


def test_it_works_where_the_host_has_switched_gradients_off_for_good(proposer):
    with torch.inference_mode():
        inside = proposer.propose(PHOTOGRAPH)
    outside = proposer.propose(PHOTOGRAPH)
    assert [p.area_px for p in inside] == pytest.approx([p.area_px for p in outside], rel=0.01)


def test_large_pictures_give_masks_as_distinct_as_small_ones(proposer):
    large = PHOTOGRAPH.repeat(4, 0).repeat(4, 1)
    proposals = proposer.propose(large)
    assert proposals
    for i, one in enumerate(proposals):
        assert one.mask.shape == large.shape[:2]
        assert all(mask_iou(one, other) <= LIMITS.same_iou for other in proposals[i + 1 :])


def test_the_picture_is_left_as_it_was(proposer):
    picture = PHOTOGRAPH.copy()
    picture.setflags(write=False)
    proposer.propose(picture)
    np.testing.assert_array_equal(picture, PHOTOGRAPH)


def test_it_says_what_it_is(proposer):
    assert proposer.name
    assert proposer.name == proposer.name.strip()
    assert len(proposer.describe()) > 40


def test_it_reports_and_stops(proposer):
    reports = []
    proposer.propose(PHOTOGRAPH, lambda *report: reports.append(report))
    assert len(reports) > 5
    assert all(0 <= done <= total and what for done, total, what in reports)

    def stop(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        proposer.propose(PHOTOGRAPH, stop)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((4, 4), np.uint8), id="grey"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="with alpha"),
        pytest.param(np.zeros((2, 4, 4, 3), np.uint8), id="a batch"),
        pytest.param(np.zeros((4, 4, 3), np.float32), id="of floats"),
        pytest.param(np.full((4, 4, 3), np.nan), id="NaN"),
        pytest.param(np.zeros((4, 4, 3), np.bool_), id="of booleans"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), id="without pixels"),
    ],
)
def test_what_is_no_picture_is_refused(proposer, picture):
    with pytest.raises(InvalidInput, match="h × w × 3 bytes"):
        proposer.propose(picture)
