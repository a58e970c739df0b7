from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file

from polaris_core.catalogue.header import read_header
from polaris_core.demo.sparse import write_sparse

TENSORS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).filter("__metadata__".__ne__),
    hnp.arrays(
        st.sampled_from([np.float16, np.float32]),
        hnp.array_shapes(min_dims=0, max_side=4),
        elements=st.sampled_from([0.0, 0.0, 1.5, -2.0]),
    ),
    max_size=4,
)


@given(TENSORS, st.dictionaries(st.text("abc.é", min_size=1), st.text(max_size=9), max_size=3))
def test_the_safetensors_package_and_our_reader_read_what_was_written(
    tmp_path_factory, tensors, metadata
):
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    write_sparse(path, tensors, metadata)
    loaded = load_file(path)
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert np.array_equal(loaded[name], tensor)
    header = read_header(path)
    assert dict(header.metadata) == metadata


@pytest.mark.skipif(not hasattr(os.stat_result, "st_blocks"), reason="no way to see holes here")
def test_zeros_are_not_stored(tmp_path):
    path = tmp_path / "mostly.safetensors"
    tensor = np.zeros((5000, 1000), np.float32)
    tensor[-1] = 1
    write_sparse(path, {"t": tensor}, {})
    assert path.stat().st_size > tensor.nbytes
    if path.stat().st_blocks * 512 > tensor.nbytes / 2:
        pytest.skip("this file system has no holes")
    assert np.array_equal(load_file(path)["t"], tensor)


def test_a_file_whose_end_is_zero_is_whole(tmp_path):
    write_sparse(tmp_path / "z.safetensors", {"a": np.zeros(100_000, np.float16)}, {})
    assert not load_file(tmp_path / "z.safetensors")["a"].any()
    assert [path.name for path in tmp_path.iterdir()] == ["z.safetensors"]
