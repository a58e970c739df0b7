from __future__ import annotations

import numpy as np
import pytest
import torch

from polaris_core.errors import InvalidInput
from polaris_core.rerank import Tree


def test_a_tree_is_made_of_lists_arrays_or_tensors_alike():
    trees = [
        Tree.of([1, 2], [[[3], [4, 5]]], (6, 7)),
        Tree.of(np.array([1, 2]), [[np.array([3]), np.array([4, 5])]], np.array([6, 7])),
        Tree.of(torch.tensor([1, 2]), [[torch.tensor([3]), torch.tensor([4, 5])]], [6, 7]),
    ]
    assert trees[0] == trees[1] == trees[2]
    assert trees[0].rounds == (((3,), (4, 5)),)
    assert (trees[0].candidates, trees[0].longest, trees[0].largest_id) == (2, 4, 7)


@pytest.mark.parametrize(
    ("prefix", "rounds", "answers", "said"),
    [
        pytest.param([], [[[1]]], (5, 9), "the prefix has no token", id="no prefix"),
        pytest.param([1], [], (5, 9), "needs a round", id="no round"),
        pytest.param([1], [[]], (5, 9), "needs a round", id="no candidate"),
        pytest.param([1], [[[1], []]], (5, 9), "branch 1 of round 1 has no", id="an empty branch"),
        pytest.param([1], [[[1]], [[1], [2]]], (5, 9), "round 2 has 2 branches for 1", id="rounds"),
        pytest.param([1], [[[-4]]], (5, 9), "negative token id: -4", id="a negative id"),
        pytest.param([1], [["ab"]], (5, 9), "branch 0 of round 1 must be token ids", id="a text"),
        pytest.param([0.5], [[[1]]], (5, 9), "the prefix must be token ids", id="a fraction"),
        pytest.param([1], [[[1]]], (5, 5), "the same token: 5", id="one answer twice"),
        pytest.param([1], [[[1]]], (5, 6, 7), "two tokens", id="three answers"),
    ],
)
def test_what_is_no_tree_is_refused(prefix, rounds, answers, said):
    with pytest.raises(InvalidInput, match=said):
        Tree.of(prefix, rounds, answers)
