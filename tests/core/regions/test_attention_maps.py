"""Laws of averaging attention maps, and what a bad map does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polaris_core.errors import InvalidInput
from polaris_core.regions.attention_maps import MapSum

GRIDS = st.tuples(st.integers(1, 9), st.integers(1, 9))
PROBABILITIES = st.integers(0, 64).map(lambda i: i / 64)
MAPS = st.lists(
    GRIDS.flatmap(lambda grid: arrays(np.float16, grid, elements=PROBABILITIES)), max_size=6
)
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def combined(maps, size):
    total = MapSum()
    for layer_map in maps:
        total.add(layer_map)
    return total.combined(*size)


def ramp(height: int, width: int) -> np.ndarray:
    return np.linspace(0.1, 0.3, width)[None] + np.linspace(0, 0.2, height)[:, None]


@given(MAPS, SIZES)
def test_a_map_reaches_from_0_to_1_in_the_pictures_size_or_there_is_none(maps, size):
    result = combined(maps, size)
    if result is not None:
        assert result.shape == size
        assert result.dtype == np.float32
        assert (result.min(), result.max()) == (0, 1)


@given(MAPS, SIZES, st.randoms())
def test_the_order_of_the_layers_does_not_matter(maps, size, random):
    shuffled = random.sample(maps, len(maps))
    check_same(combined(maps, size), combined(shuffled, size))


@given(MAPS, SIZES, st.sampled_from([0.25, 8.0]), st.sampled_from([0.0, 0.5]))
def test_a_factor_or_an_offset_for_all_layers_does_not_matter(maps, size, factor, offset):
    changed = [layer_map.astype(float) * factor + offset for layer_map in maps]
    check_same(combined(maps, size), combined(changed, size))


@given(MAPS, SIZES)
def test_turning_every_layer_turns_the_map(maps, size):
    turned = combined([layer_map[::-1, ::-1] for layer_map in maps], size)
    one = combined(maps, size)
    check_same(one, None if turned is None else turned[::-1, ::-1])


@given(MAPS, SIZES, st.sampled_from([np.nan, np.inf, -np.inf]))
def test_a_layer_with_nan_is_as_if_it_were_not_there(maps, size, value):
    broken = ramp(5, 7)
    broken[2, 3] = value
    total = MapSum()
    for layer_map in [broken, *maps, broken]:
        total.add(layer_map)
    assert (total.added, total.dropped) == (len(maps), 2)
    np.testing.assert_array_equal(total.combined(*size), combined(maps, size))


def check_same(one, other) -> None:
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_each_layer_counts_the_same_whatever_its_grid():
    left, right = np.zeros((4, 8)), np.zeros((8, 32))
    left[:, :2], right[:, 24:] = 1, 1
    balanced = combined([left, right], (8, 32))
    np.testing.assert_allclose(balanced[:, [0, 16, -1]], [[1, 0, 1]] * 8, atol=1e-5)
    outweighed = combined([left, left, right], (8, 32))
    np.testing.assert_allclose(outweighed[:, [0, 16, -1]], [[1, 0, 0.5]] * 8, atol=1e-5)


def test_a_grid_is_stretched_over_the_picture_linearly_and_unmoved():
    total = MapSum()
    total.add(ramp(16, 16))
    result = total.combined(512, 512)
    expected = np.clip((np.arange(512) + 0.5) / 32 - 0.5, 0, 15) / 15
    np.testing.assert_allclose(result[0], expected / 2, atol=1e-5)
    np.testing.assert_allclose(result[:, -1], 0.5 + expected / 2, atol=1e-5)


def test_small_contrast_on_a_high_level_is_kept():
    quiet = combined([1 + 1e-4 * ramp(9, 9)], (9, 9))
    np.testing.assert_allclose(quiet, combined([ramp(9, 9)], (9, 9)), atol=1e-5)


@pytest.mark.parametrize(
    "maps",
    [
        pytest.param([], id="none added"),
        pytest.param([np.full((4, 5), 0.3)], id="the same everywhere"),
        pytest.param([np.zeros((4, 5))], id="nothing anywhere"),
        pytest.param([np.full((2, 2), np.nan)], id="nothing but NaN"),
        pytest.param([0.3 + 1e-8 * ramp(4, 4)], id="rounding"),
        pytest.param([ramp(4, 4), ramp(4, 4)[::-1, ::-1]], id="two that cancel out"),
    ],
)
def test_maps_that_say_nothing_give_none(maps):
    assert combined(maps, (8, 8)) is None


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_pictures_of_odd_sizes_are_met(size):
    result = combined([ramp(16, 16)], size)
    assert result is None if size == (1, 1) else result.shape == size


@pytest.mark.parametrize("shape", [(4,), (0, 4), (1, 4, 4), ()])
def test_what_is_no_map_is_refused(shape):
    with pytest.raises(InvalidInput, match=r"\[h, w\]"):
        MapSum().add(np.zeros(shape))


@pytest.mark.parametrize("size", [(0, 4), (4, -1)])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(InvalidInput, match="size"):
        MapSum().combined(*size)
