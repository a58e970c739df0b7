"""Which index is chosen, with faiss and without."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from polaris_core.errors import MissingDependency
from polaris_core.index.exact import ExactIndex
from polaris_core.index.factory import build_index, choose
from polaris_core.index.faiss_index import FastIndex, FlatIndex, gpu_count
from polaris_core.index.persist import open_index, save_index
from polaris_core.index.rows import Rows


@pytest.fixture
def without_faiss(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)


@pytest.mark.parametrize(("count", "kind"), [(0, "exact"), (20_000, "exact"), (20_001, "fast")])
def test_above_20_000_vectors_the_fast_index_is_chosen(count, kind):
    if gpu_count():
        pytest.skip("with a GPU it is the flat index")
    assert choose(count) == kind


def test_without_faiss_it_is_always_the_exact_index(without_faiss):
    assert choose(10**6) == "exact"


def test_asking_for_faiss_without_it_says_how_to_get_it(without_faiss):
    rows = Rows.of(np.arange(2), np.eye(2))
    for kind in ("flat", "fast"):
        with pytest.raises(MissingDependency, match="pip install faiss-cpu"):
            build_index(rows, kind)


def test_a_fast_index_is_opened_as_an_exact_one_without_faiss(tmp_path, monkeypatch):
    vectors = np.random.default_rng(0).standard_normal((5000, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    built = save_index(tmp_path, np.arange(5000), vectors, "an encoder", kind="fast")
    assert isinstance(built, FastIndex)
    monkeypatch.setitem(sys.modules, "faiss", None)
    opened = open_index(tmp_path, "an encoder")
    assert isinstance(opened, ExactIndex)
    assert opened.search(vectors[7], 1).ids.tolist() == [7]


@pytest.mark.gpu
def test_on_a_gpu_the_flat_index_says_what_the_exact_one_says():
    if not gpu_count():
        pytest.skip("no GPU that faiss can use")
    vectors = np.random.default_rng(0).standard_normal((30_000, 64)).astype(np.float32)
    rows = Rows.of(np.arange(30_000), vectors)
    for query in vectors[:20]:
        a, b = FlatIndex(rows).search(query, 100), ExactIndex(rows).search(query, 100)
        assert a.ids.tolist() == b.ids.tolist()
