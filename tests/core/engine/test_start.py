"""Pictures and masks on their way to the sampler."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from polaris_core.engine.start import blank, check_image, check_mask, grow, pad_to_cells
from polaris_core.errors import InvalidInput

sizes = st.integers(1, 40)


@st.composite
def masks(draw):
    height, width, count = draw(sizes), draw(sizes), draw(st.integers(1, 3))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, height, width, generator=generator) > 0.8).float()


@given(masks(), st.integers(0, 12))
def test_growing_equals_a_dilation_by_a_square(mask, by_px):
    side = 2 * by_px + 1
    expected = [ndimage.grey_dilation(m, (side, side), mode="constant") for m in mask.numpy()]
    assert np.array_equal(grow(mask, by_px).numpy(), np.stack(expected))


@given(masks(), st.integers(0, 12))
def test_growing_never_takes_anything_away(mask, by_px):
    assert (grow(mask, by_px) >= mask).all()


@given(sizes, sizes)
def test_padding_fills_whole_cells_and_moves_nothing(height, width):
    image = torch.rand(1, height, width, 3)
    mask = torch.ones(1, height, width)
    padded, region = pad_to_cells(image, mask)
    assert padded.shape[1] % 8 == padded.shape[2] % 8 == 0
    assert padded.shape[1:3] == region.shape[1:]
    assert padded.shape[1] - height < 8
    assert torch.equal(padded[:, :height, :width], image)
    assert region.sum() == height * width


def test_blanking_greys_the_mask_and_nothing_else():
    image, mask = torch.rand(1, 6, 5, 3), torch.zeros(1, 6, 5)
    mask[0, 2:4, 1:3] = 1
    blanked = blank(image, mask)
    assert (blanked[mask == 1] == 0.5).all()
    assert torch.equal(blanked[mask == 0], image[mask == 0])


def test_one_mask_serves_a_batch():
    image, mask = torch.zeros(3, 4, 5, 3), torch.ones(4, 5)
    assert check_mask(mask, image).shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        pytest.param(torch.zeros(1, 4, 5), "empty", id="nothing masked"),
        pytest.param(torch.ones(1, 5, 4), "4x5, picture 5x4", id="other size"),
        pytest.param(torch.ones(2, 4, 5), "2 masks, 3 pictures", id="other count"),
        pytest.param(torch.full((1, 4, 5), torch.nan), "NaN", id="NaN"),
        pytest.param(torch.full((1, 4, 5), -1.0), "empty", id="below zero"),
    ],
)
def test_a_mask_that_cannot_be_used_says_why(mask, words):
    with pytest.raises(InvalidInput, match=words):
        check_mask(mask, torch.zeros(3, 4, 5, 3))


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(torch.zeros(4, 5, 3), id="no batch"),
        pytest.param(torch.zeros(1, 4, 5, 1), id="one channel"),
        pytest.param(torch.zeros(1, 0, 5, 3), id="no rows"),
        pytest.param(torch.full((1, 4, 5, 3), torch.inf), id="infinity"),
    ],
)
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(InvalidInput):
        check_image(image)
