"""Segments on disk: one joined of several says what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import IndexMismatch, IndexProblem
from polaris_core.index.persist import join_segments, open_segment, save_segment
from polaris_core.index.segments import SegmentedIndex

DIM = 3
ids = st.lists(st.integers(0, 30), unique=True, max_size=12).map(sorted)


def found(index, query):
    hits = index.search(query, 50)
    return index.ids.tolist(), hits.ids.tolist(), hits.scores.tolist()


@given(st.lists(st.tuples(ids, ids), min_size=1, max_size=4), st.integers(0, 3), st.data())
@settings(max_examples=40, deadline=None)
def test_joined_segments_say_what_they_said(tmp_path_factory, told, first, data):
    folder, rng = tmp_path_factory.mktemp("index"), np.random.default_rng(7)
    first = min(first, len(told) - 1)
    segments, plain = [], {}
    for number, (held, gone) in enumerate(told):
        vectors = rng.integers(-2, 3, (len(held), DIM)).astype(np.float32)
        removed = np.array(sorted(set(gone) - set(held)), np.int64)
        save_segment(folder / str(number), held, vectors, removed, "an encoder")
        segments.append(open_segment(folder / str(number), "an encoder"))
        plain |= dict(zip(held, vectors, strict=True))
        plain = {id_: row for id_, row in plain.items() if id_ not in removed}
    join_segments(folder / "joined", segments[first:], "an encoder", are_all=first == 0)
    joined = open_segment(folder / "joined", "an encoder")
    query = rng.integers(-2, 3, DIM).astype(np.float32)
    order = sorted((-float(row @ query), id_) for id_, row in plain.items() if row.any())
    wanted = (sorted(plain), [id_ for _, id_ in order], [-score for score, _ in order])
    assert found(SegmentedIndex(segments), query) == wanted
    assert found(SegmentedIndex([*segments[:first], joined]), query) == wanted
    assert not list(folder.rglob("*.tmp"))
    assert first or not len(joined.gone)


def test_a_plain_index_and_another_encoder_s_segment_are_refused(tmp_path):
    save_segment(tmp_path, [1], [[1.0]], np.empty(0, np.int64), "an encoder")
    with pytest.raises(IndexMismatch):
        open_segment(tmp_path, "another one")
    with pytest.raises(IndexProblem):
        open_segment(tmp_path / "nowhere", "an encoder")
