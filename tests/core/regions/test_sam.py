"""Our generator finds what segment-anything's own finds, with the same small random weights."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
from segment_anything import SamAutomaticMaskGenerator

from polaris_core.errors import Cancelled, InvalidInput
from polaris_core.regions.grid import GridSettings, crops
from polaris_core.regions.proposal import mask_iou
from polaris_core.regions.sam import SamProposer
from polaris_core.regions.sam_generator import generate
from polaris_core.regions.select import Limits
from tests.core.regions.small_models import small_sam

PICTURE = skimage.data.astronaut()[:256, :400]
FEW = GridSettings(points_per_side=8, least_quality=1e-9, least_stability=0.2)


@pytest.fixture(scope="module")
def model():
    return small_sam()


def answers(model, settings, picture=PICTURE, precision="float32", **options):
    """What the generator finds before anything is selected."""
    everything = Limits(most=10_000, least_share=0, same_iou=1)
    proposer = SamProposer(model, "small", settings, everything, precision)
    return proposer.propose(picture, **options)


def same_masks(ours, theirs):
    """Each of theirs has its match among ours, and there are as many."""
    assert len(ours) == len(theirs)
    left = list(ours)
    for mask in theirs:
        overlaps = [(one.mask & mask).sum() / (one.mask | mask).sum() for one in left]
        assert max(overlaps) >= 0.99
        left.pop(int(np.argmax(overlaps)))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(GridSettings(12, 64, 1e-9, 0.2), id="whole picture"),
        pytest.param(GridSettings(12, 20, 0.06, 0.3, 0.5, 0.95), id="stricter"),
        pytest.param(GridSettings(8, 64, 1e-9, 0.2, crop_layers=1), id="crops"),
        pytest.param(GridSettings(12, 64, 1e-9, 0.1, 1.0, 0.9, 1, 0.8, 0.2, 2), id="coarser crops"),
    ],
)
def test_the_same_masks_as_segment_anything_itself(model, settings):
    reference = SamAutomaticMaskGenerator(
        model,
        points_per_side=settings.points_per_side,
        points_per_batch=settings.points_per_batch,
        pred_iou_thresh=settings.least_quality,
        stability_score_thresh=settings.least_stability,
        stability_score_offset=settings.stability_offset,
        box_nms_thresh=settings.box_iou,
        crop_n_layers=settings.crop_layers,
        crop_nms_thresh=settings.crop_box_iou,
        crop_overlap_ratio=settings.crop_overlap,
        crop_n_points_downscale_factor=settings.crop_points_divisor,
    )
    theirs = [found["segmentation"] for found in reference.generate(PICTURE)]
    assert len(theirs) >= 10
    same_masks(answers(model, settings), theirs)


def test_batches_do_not_change_what_is_found(model):
    one = answers(model, FEW)
    for size in (7, 64):
        again = answers(model, GridSettings(8, size, 1e-9, 0.2))
        assert len(again) == len(one)
        assert all(mask_iou(a, b) > 0.99 for a, b in zip(one, again, strict=True))


def test_masks_enlarged_one_by_one_are_the_same(model, monkeypatch):
    one = answers(model, FEW)
    monkeypatch.setattr("polaris_core.regions.sam_generator._LOGITS_AT_ONCE", 1)
    again = answers(model, FEW)
    assert len(again) == len(one) > 3
    assert all(mask_iou(a, b) > 0.99 for a, b in zip(one, again, strict=True))


def test_half_precision_finds_nearly_the_same(model):
    exact, rough = (answers(model, FEW, precision=p) for p in ("float32", "bfloat16"))
    alike = sum(max(mask_iou(a, b) for b in rough) > 0.8 for a in exact)
    assert alike >= len(exact) / 2


def test_a_cancel_comes_between_layers_and_between_batches(model):
    reports = []

    def stop_at(count):
        def progress(done, total, what):
            reports.append((done, total))
            if len(reports) >= count:
                raise Cancelled

        return progress

    answers(model, GridSettings(8, 16, 1e-9, 0.2), progress=stop_at(1000))
    looking = [report for report in reports if report == (0, 64)]
    assert len(looking) == 2 + 1  # one for each layer of the encoder, one for the first batch
    assert [done for done, total in reports if total == 64][-4:] == [16, 32, 48, 64]
    for count in (1, 2, 3, 5):
        reports.clear()
        with pytest.raises(Cancelled):
            answers(model, GridSettings(8, 16, 1e-9, 0.2), progress=stop_at(count))
    assert not any(block._forward_pre_hooks for block in model.image_encoder.blocks)


def test_a_model_whose_answers_are_no_numbers_is_named():
    broken = small_sam()
    with torch.no_grad():
        broken.mask_decoder.iou_prediction_head.layers[0].weight[0, 0] = torch.nan
    with pytest.raises(InvalidInput, match="no numbers"):
        answers(broken, FEW)


def test_a_grid_lies_inside_its_crops_and_crops_inside_the_picture():
    for size in [(1, 1), (1, 10_000), (300, 7), (64, 64)]:
        for part in crops(size, GridSettings(4, crop_layers=3)):
            left, top, right, bottom = part.box_xyxy
            assert 0 <= left < right <= size[1]
            assert 0 <= top < bottom <= size[0]
            assert (part.points > 0).all()
            assert (part.points < (right - left, bottom - top)).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"points_per_side": 0},
        {"points_per_side": 10_000},
        {"points_per_batch": 0},
        {"least_stability": 1.5},
        {"crop_layers": 9},
        {"crop_overlap": -1},
        {"crop_points_divisor": 0},
        {"least_quality": float("nan")},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(InvalidInput):
        GridSettings(**settings)


def test_the_generator_gives_the_best_first(model):
    from polaris_core.regions.sam import _Answers

    scores = [found.score for found in generate(_Answers(model, "float32"), PICTURE, FEW)]
    assert scores == sorted(scores, reverse=True)
