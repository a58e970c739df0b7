"""Pieces of pictures, edited and stitched back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.engine.crop import Crop, choose_crop, start_piece
from polaris_core.engine.start import CELL_PX
from polaris_core.errors import InvalidInput
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.planning.plan import EditPlan, MaskMode, MaskPlan

SIZE_PX = 64


@st.composite
def scenes(draw):
    """Pictures with a rectangle marked in each."""
    high, wide, count = (
        draw(st.integers(8, 160)),
        draw(st.integers(8, 160)),
        draw(st.integers(1, 2)),
    )
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    image = torch.rand(count, high, wide, 3, generator=generator)
    mask = torch.zeros(count, high, wide)
    for each in mask:
        top, left = draw(st.integers(0, high - 1)), draw(st.integers(0, wide - 1))
        each[top : draw(st.integers(top + 1, high)), left : draw(st.integers(left + 1, wide))] = 1
    return image, mask


contexts = st.floats(1, 4)


@given(scenes(), contexts)
def test_the_piece_holds_the_region_and_lies_in_the_picture(scene, context):
    image, mask = scene
    crop = choose_crop(image, mask, size_px=SIZE_PX, context=context)
    assert 0 <= crop.left <= crop.left + crop.width <= image.shape[2]
    assert 0 <= crop.top <= crop.top + crop.height <= image.shape[1]
    inside = torch.zeros_like(mask)
    inside[:, crop.top : crop.top + crop.height, crop.left : crop.left + crop.width] = 1
    assert (mask <= inside).all()


@given(scenes(), contexts)
def test_a_piece_is_whole_cells_never_shrunk_and_large_enough(scene, context):
    image, mask = scene
    crop = choose_crop(image, mask, size_px=SIZE_PX, context=context)
    if crop.is_whole:
        assert crop.image(image) is image
        assert crop.mask(mask) is mask
        return
    piece, part = crop.image(image), crop.mask(mask)
    assert piece.shape == (*part.shape, 3) == (len(image), *crop.size_wh[::-1], 3)
    assert all(edge % CELL_PX == 0 for edge in crop.size_wh)
    assert max(crop.size_wh) >= SIZE_PX
    for edge, cut in zip(crop.size_wh, (crop.width, crop.height), strict=True):
        assert edge > cut - CELL_PX
    assert 0 <= piece.min() <= piece.max() <= 1
    assert part.flatten(1).any(1).all()


@given(scenes(), contexts)
def test_outside_of_what_may_change_nothing_does(scene, context):
    image, mask = scene
    crop = choose_crop(image, mask, size_px=SIZE_PX, context=context)
    part = crop.mask(mask)
    stitched = crop.stitch(image, torch.rand_like(crop.image(image)), part)
    left = crop.region(part) == 0
    assert torch.equal(stitched[left], image[left])
    assert torch.equal(crop.stitch(image, crop.image(image), torch.zeros_like(part)), image)


@given(scenes())
def test_what_is_not_cut_is_laid_over_pixel_by_pixel(scene):
    image, mask = scene
    crop = Crop.none((image.shape[2], image.shape[1]))
    new = torch.rand_like(image)
    expected = torch.where(mask[..., None] == 1, new, image)
    assert torch.allclose(crop.stitch(image, new, mask), expected, atol=1e-6)


def test_a_smooth_piece_comes_back_as_it_was():
    across = torch.linspace(0, 1, 96).expand(96, 96)
    image = torch.stack([across, across.T, across], dim=-1)[None]
    mask = torch.zeros(1, 96, 96)
    mask[:, 30:50, 40:60] = 1
    crop = choose_crop(image, mask, size_px=SIZE_PX, context=1.5)
    assert not crop.is_whole
    again = crop.stitch(image, crop.image(image), torch.ones_like(crop.mask(mask)))
    assert (again - image).abs().max() < 0.01


def test_a_tiny_region_gets_more_of_its_surroundings():
    image, mask = torch.rand(1, 1000, 1000, 3), torch.zeros(1, 1000, 1000)
    mask[:, 500:504, 500:504] = 1
    crop = choose_crop(image, mask, size_px=512)
    assert (crop.width, crop.height) == (128, 128)
    assert crop.size_wh == (512, 512)


def test_decoded_whole_cells_are_taken_where_the_picture_has_none():
    image, mask = torch.rand(1, 61, 75, 3), torch.ones(1, 61, 75)
    crop = choose_crop(image, mask, size_px=SIZE_PX)
    assert crop.is_whole
    decoded = torch.rand(1, 64, 80, 3)
    padded = torch.nn.functional.pad(mask, (0, 5, 0, 3))
    assert torch.allclose(crop.stitch(image, decoded, padded), decoded[:, :61, :75])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"size_px": 32}, "64 to 8192"),
        ({"size_px": 10**9}, "64 to 8192"),
        ({"context": 0.5}, "1 to 16"),
        ({"context": float("nan")}, "1 to 16"),
        ({"mask": torch.zeros(1, 90, 80)}, "empty"),
        ({"mask": torch.ones(1, 64, 64)}, "not as large"),
        ({"mask": torch.ones(3, 90, 80)}, "one per picture"),
        ({"image": torch.full((1, 90, 80, 3), torch.nan)}, "NaN"),
        ({"image": "a picture"}, "IMAGE"),
    ],
)
def test_what_cannot_be_cut_is_refused(change, told):
    given = {"image": torch.rand(1, 90, 80, 3), "mask": torch.ones(1, 90, 80), "size_px": 64}
    with pytest.raises(InvalidInput, match=told):
        choose_crop(**(given | change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image": torch.rand(1, 91, 80, 3)}, "the picture is not as large"),
        ({"piece": torch.rand(1, 56, 64, 3)}, "the edited piece is not as large"),
        ({"mask": torch.ones(1, 90, 80)}, "the mask of the piece is not as large"),
        ({"piece": torch.rand(3, 64, 64, 3), "mask": torch.ones(2, 64, 64)}, "one per picture"),
        ({"piece": torch.full((1, 64, 64, 3), torch.inf)}, "infinity"),
    ],
)
def test_what_does_not_belong_together_is_not_stitched(change, told):
    crop = Crop((80, 90), 10, 20, 40, 40, (64, 64))
    given = {
        "image": torch.rand(1, 90, 80, 3),
        "piece": torch.rand(1, 64, 64, 3),
        "mask": torch.ones(1, 64, 64),
    }
    with pytest.raises(InvalidInput, match=told):
        crop.stitch(**(given | change))


@pytest.mark.parametrize("mode", MaskMode)
def test_only_a_plan_with_a_mask_is_cut(mode):
    intent = EditIntent("make it red", InstructionType.LOCAL_STYLE, subject="cat")
    plan = EditPlan(intent, "a red cat", "", 0.7, MaskPlan(mode, grow_px=4))
    image, mask = torch.rand(1, 120, 120, 3), torch.zeros(1, 120, 120)
    mask[:, 50:70, 50:70] = 1
    begin, crop = start_piece(plan, image, mask, SIZE_PX)
    assert crop.is_whole == (mode is MaskMode.NONE)
    assert begin.is_masked == (mode is MaskMode.INSIDE)
    assert start_piece(plan, image, mask, 0)[1].is_whole
    assert start_piece(plan, None, None, SIZE_PX)[0] is None
    if mode is MaskMode.INSIDE:
        changed = np.flatnonzero(crop.region(begin.region)[0].any(1))
        assert changed[0] < 50
        assert changed[-1] > 69
