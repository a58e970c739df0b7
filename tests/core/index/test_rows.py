"""What can be indexed, and the law of the two halves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import IndexProblem, InvalidInput
from polaris_core.index.exact import ExactIndex
from polaris_core.index.rows import Rows


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    text_dim=st.integers(1, 9),
    image_dim=st.integers(1, 9),
    k=st.integers(1, 70),
)
def test_searching_one_half_is_searching_the_whole_with_a_padded_query(
    seed, count, text_dim, image_dim, k
):
    rng = np.random.default_rng(seed)
    text = rng.integers(-3, 4, (count, text_dim)).astype(np.float32)
    image = rng.integers(-3, 4, (count, image_dim)).astype(np.float32)
    image[rng.random(count) < 0.3] = 0  # no preview
    ids = np.arange(count) * 2
    whole = ExactIndex.of(ids, np.hstack([text, image]))
    for half, query, padded in (
        (text, text[0] + 1, lambda q: np.concatenate([q, np.zeros(image_dim, np.float32)])),
        (image, image[0] + 1, lambda q: np.concatenate([np.zeros(text_dim, np.float32), q])),
    ):
        has_half = ids[half.any(axis=1)]  # in the whole, an entry without this half scores 0
        alone = ExactIndex.of(ids, half).search(query, k)
        together = whole.search(padded(query), k, has_half)
        assert alone.ids.tolist() == together.ids.tolist()
        assert alone.scores.tolist() == together.scores.tolist()


@pytest.mark.parametrize(
    ("ids", "vectors"),
    [
        pytest.param([1, 2], [[1.0, 0.0]], id="more ids than vectors"),
        pytest.param([1], [1.0], id="a vector instead of a table"),
        pytest.param([], np.empty((0, 0)), id="vectors of no values"),
        pytest.param([2, 1], np.eye(2), id="falling ids"),
        pytest.param([1, 1], np.eye(2), id="an id twice"),
        pytest.param([0.5, 1.5], np.eye(2), id="ids that are not whole"),
        pytest.param([1, 2], [[0, math.nan], [1, 0]], id="NaN"),
        pytest.param([1, 2], [[0, 1], [math.inf, 0]], id="infinity"),
        pytest.param([1, 2], [[0, 1], [1e300, 0]], id="too large for single precision"),
    ],
)
def test_what_cannot_be_indexed_is_refused(ids, vectors):
    with pytest.raises(InvalidInput):
        Rows.of(ids, vectors)


def test_no_entries_make_an_index_that_finds_nothing():
    index = ExactIndex.of(np.empty(0, np.int64), np.empty((0, 4), np.float32))
    assert index.search(np.ones(4, np.float32), 5).ids.tolist() == []
    assert index.search(np.ones(4, np.float32), 5, np.array([3])).ids.tolist() == []


def test_a_vector_damaged_on_disk_is_noticed():
    vectors = np.eye(3, dtype=np.float32)
    rows = Rows.of(np.arange(3), vectors)
    rows.vectors[1, 1] = math.nan
    with pytest.raises(IndexProblem):
        ExactIndex(rows).search(np.ones(3, np.float32), 1)


@settings(deadline=None)
@given(
    held=st.sets(st.integers(-300, 300)),
    wanted=st.lists(st.integers(-400, 400), max_size=40),
    stretch=st.sampled_from([1, 1000]),
)
def test_positions_are_those_of_the_wanted_ids(held, wanted, stretch):
    ids = np.array(sorted(held), np.int64) * stretch
    rows = Rows.of(ids, np.ones((len(ids), 2)))
    sought = np.array(wanted, np.int64) * stretch
    found = rows.positions(sought)
    assert found.tolist() == [
        at for at, id in enumerate(ids.tolist()) if id in set(sought.tolist())
    ]
