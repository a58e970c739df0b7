"""What is proposed without weights: the laws of its tree, and things found in photographs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from polaris_core.errors import Cancelled, MissingDependency
from polaris_core.regions.enlarge import enlarge_labels
from polaris_core.regions.merge_tree import merge_tree, superpixels
from polaris_core.regions.select import Limits
from polaris_core.regions.superpixels import SuperpixelProposer
from tests.core.regions.drawn import THINGS, box_iou

PICTURES = arrays(
    np.uint8,
    st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)),
    elements=st.sampled_from([0, 20, 128, 255]),
)
SCALES = st.sampled_from([1.0, 50.0, 300.0])


@pytest.fixture(scope="module")
def proposed():
    return {name: SuperpixelProposer().propose(thing.picture) for name, thing in THINGS.items()}


def test_boxes_of_three_of_four_things_in_photographs_are_found(proposed):
    found = {name: thing.best_box_iou(proposed[name]) for name, thing in THINGS.items()}
    assert sum(overlap >= 0.6 for overlap in found.values()) >= 3, found


def test_outlines_of_three_of_four_things_in_photographs_are_found(proposed):
    found = {name: thing.best_outline_iou(proposed[name]) for name, thing in THINGS.items()}
    assert sum(overlap >= 0.6 for overlap in found.values()) >= 3, found


@given(PICTURES, SCALES)
def test_superpixels_cover_the_picture_and_their_numbers_have_no_gaps(picture, scale):
    labels = superpixels(picture, scale)
    assert labels.shape == picture.shape[:2]
    np.testing.assert_array_equal(np.unique(labels), np.arange(labels.max() + 1))


def test_noise_gives_no_more_superpixels_than_can_be_merged_in_time():
    noise = np.random.default_rng(0).integers(0, 256, (400, 512, 3), np.uint8)
    assert superpixels(noise, 1.0).max() < 1000


@given(PICTURES, SCALES)
def test_every_region_of_the_tree_is_made_of_two_others(picture, scale):
    tree = merge_tree(picture, superpixels(picture, scale))
    count = len(tree.order)
    assert len(tree.parents) == 2 * count - 1
    masks = [tree.members(region)[tree.labels] for region in range(len(tree.parents))]
    assert masks[-1].all()
    for region, mask in enumerate(masks):
        assert tree.areas_px[region] == mask.sum()
        if region < count:
            np.testing.assert_array_equal(mask, tree.labels == region)
        else:
            one, other = (masks[part] for part in np.flatnonzero(tree.parents[:-1] == region))
            assert not (one & other).any()
            np.testing.assert_array_equal(one | other, mask)
    assert (tree.distinctness >= 0).all()
    assert (tree.distinctness <= 1).all()


@given(PICTURES, st.integers(1, 5), st.integers(1, 5))
def test_enlarged_labels_stand_around_their_place(small, down, across):
    labels = superpixels(small, 1.0)
    large = np.repeat(np.repeat(small, down, 0), across, 1)
    enlarged = enlarge_labels(labels, small, large)
    padded = np.pad(labels, 1, mode="edge")
    for y in range(large.shape[0]):
        for x in range(large.shape[1]):
            around = padded[y // down : y // down + 3, x // across : x // across + 3]
            assert enlarged[y, x] in around


def test_borders_follow_the_large_picture():
    y, x = np.ogrid[:1024, :1024]
    disc = (y - 500) ** 2 + (x - 530) ** 2 < 300**2
    noise = np.random.default_rng(0).integers(0, 30, (1024, 1024, 3), np.uint8)
    picture = np.where(disc[..., None], np.uint8([180, 60, 40]), np.uint8([40, 90, 160])) + noise
    small = np.array(Image.fromarray(picture).resize((64, 64), Image.Resampling.LANCZOS))
    labels = (small[..., 0] > 110).astype(np.int32)
    enlarged = enlarge_labels(labels, small, picture)
    blocks = np.repeat(np.repeat(labels, 16, 0), 16, 1)
    ours, crude = ((result == 1) ^ disc for result in (enlarged, blocks))
    assert ours.sum() < crude.sum() / 10
    assert ours.mean() < 0.002


@settings(max_examples=25)
@given(PICTURES)
def test_masks_are_of_the_picture_and_the_whole_is_proposed_only_alone(picture):
    proposals = SuperpixelProposer(Limits(most=8, least_share=0)).propose(picture)
    assert 1 <= len(proposals) <= 8
    for proposal in proposals:
        assert proposal.mask.shape == picture.shape[:2]
        if proposal.area_px == picture.shape[0] * picture.shape[1]:
            assert len(proposals) == 1


def test_at_full_size_the_same_things_are_found():
    photograph = THINGS["face"].picture
    large = np.array(Image.fromarray(photograph).resize((1500, 1500), Image.Resampling.BICUBIC))
    proposals = SuperpixelProposer().propose(large)
    box = tuple(edge * 1500 / 512 for edge in THINGS["face"].box_xyxy)
    assert max(box_iou(proposal.box_xyxy, box) for proposal in proposals) >= 0.6
    assert all(proposal.size_hw == (1500, 1500) for proposal in proposals)


def test_a_cancel_stops_it_wherever_it_is():
    reports = []
    picture = THINGS["cup"].picture
    SuperpixelProposer().propose(picture, lambda *report: reports.append(report))
    assert {what for _, _, what in reports} == {
        "dividing the picture",
        "merging superpixels",
        "choosing regions",
        "comparing regions",
        "following edges",
        "drawing masks",
    }
    assert all(0 <= done <= total for done, total, _ in reports)

    def stop(done, total, what):
        if what == "following edges":
            raise Cancelled

    with pytest.raises(Cancelled):
        SuperpixelProposer().propose(picture, stop)


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(MissingDependency, match="pip install scikit-image"):
        SuperpixelProposer()
