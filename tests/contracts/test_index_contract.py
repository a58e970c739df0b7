"""Every index against a plain list, sorted by score and then by id."""

from __future__ import annotations

import hashlib
import math
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import InvalidInput
from polaris_core.index.exact import ExactIndex
from polaris_core.index.faiss_index import FastIndex, FlatIndex
from polaris_core.index.milvus import open_collection
from polaris_core.index.persist import save_index
from polaris_core.index.rows import Rows
from polaris_core.index.segments import Segment, SegmentedIndex
from polaris_core.index.served import ServedIndex
from polaris_core.index.service import Service
from tests.milvus_server import milvus


def in_segments(rows):
    """The rows in four segments: a third comes late, and some are said wrongly or too much first.

    Before that stand segments with another vector for a fifth of the ids, and with ids that are
    gone later.
    """
    none = np.empty(0, np.int64)
    vectors = rows.vectors_of(rows.ids)
    late = np.arange(len(rows.ids)) % 3 == 1
    wrong = np.arange(len(rows.ids)) % 5 == 2
    strangers = np.setdiff1d(rows.ids + 1, rows.ids)[:300]
    first = np.union1d(rows.ids[wrong], strangers)
    noise = np.full((len(first), rows.dim), 7, np.float32)
    return SegmentedIndex(
        [
            Segment(ExactIndex.of(first, noise), none),
            Segment(FastIndex.build(Rows.of(rows.ids[~late], vectors[~late])), strangers),
            Segment(ExactIndex.of(none, np.empty((0, rows.dim))), none),
            Segment(ExactIndex.of(rows.ids[late], vectors[late]), none),
        ]
    )


IMPLEMENTATIONS = {
    "exact": ExactIndex,
    "flat": FlatIndex,
    "fast": FastIndex.build,
    "segments": in_segments,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Puts all vectors of one length into one collection, as several catalogues would."""
    with (
        milvus(tmp_path_factory.mktemp("milvus")) as address,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("polaris_core.index.served._ALL_FETCHED", 2)  # few are asked for, too
        run, known = uuid4().hex[:8], set()

        def make(rows):
            collection = open_collection(Service(address), f"test_{run}_{rows.dim}", rows.dim)
            digests = [hashlib.blake2b(row.tobytes(), digest_size=8) for row in rows.vectors]
            keys = np.array([int.from_bytes(d.digest(), "big", signed=True) for d in digests], int)
            _, new = np.unique(keys, return_index=True)
            new = [row for row in new if (keys[row], rows.dim) not in known]
            collection.add(keys[new], rows.vectors[new])
            known.update((key, rows.dim) for key in keys[new])
            return ServedIndex(collection, rows.ids, rows.row_ids, keys, rows.longest)

        yield make


@pytest.fixture(params=[*sorted(IMPLEMENTATIONS), "served"], scope="module")
def build(request):
    if request.param == "served":
        make = request.getfixturevalue("served")
    else:
        make = IMPLEMENTATIONS[request.param]
    return lambda ids, vectors: make(Rows.of(ids, vectors))


@pytest.fixture
def law(build, request):
    """Runs what it decorates with many examples, with fewer where each asks a database."""
    most = {"served": 30}.get(request.node.callspec.params["build"], 100)

    def decorate(**strategies):
        return lambda check: settings(deadline=None, max_examples=most)(
            given(**strategies)(check)
        )()

    return decorate


def reference(ids, vectors, query, k, allowed=None):
    """(id, score) pairs, best first; whole numbers are summed without any rounding."""
    pairs = [
        (int(id_), math.fsum(a * b for a, b in zip(row, query, strict=True)))
        for id_, row in zip(ids, vectors.astype(float).tolist(), strict=True)
        if any(row) and (allowed is None or id_ in allowed)
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k]


def pairs(hits):
    return list(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))


@st.composite
def collections(draw):
    """Ids, and vectors of small whole numbers: full of equal rows, equal scores and empty rows."""
    dim = draw(st.integers(1, 6))
    count = draw(st.integers(0, 40))
    ids = sorted(draw(st.sets(st.integers(0, 10**12), min_size=count, max_size=count)))
    value = st.integers(-2, 2)
    row = st.lists(value, min_size=dim, max_size=dim)
    vectors = draw(st.lists(row, min_size=count, max_size=count))
    query = draw(row)
    return np.array(ids, np.int64), np.array(vectors, np.float32).reshape(count, dim), query


def test_it_finds_what_a_sorted_list_finds(build, law):
    @law(data=collections(), k=st.integers(1, 60))
    def check(data, k):
        ids, vectors, query = data
        hits = build(ids, vectors).search(np.array(query, np.float32), k)
        assert pairs(hits) == reference(ids, vectors, query, k)


def test_a_filter_finds_what_a_sorted_list_of_the_allowed_finds(build, law):
    @law(data=collections(), k=st.integers(1, 60), choice=st.data())
    def check(data, k, choice):
        ids, vectors, query = data
        held = choice.draw(st.sets(st.sampled_from(ids.tolist()))) if len(ids) else set()
        strangers = choice.draw(st.sets(st.integers(-5, 10**12), max_size=5))
        allowed = sorted(held | strangers)
        hits = build(ids, vectors).search(
            np.array(query, np.float32), k, np.array(allowed, np.int64)
        )
        assert pairs(hits) == reference(ids, vectors, query, k, set(allowed))


def test_ids_are_all_there_even_those_of_empty_rows(build, law):
    @law(data=collections())
    def check(data):
        ids, vectors, _ = data
        index = build(ids, vectors)
        assert index.ids.tolist() == ids.tolist()
        assert index.dim == vectors.shape[1]


def test_it_gives_the_vectors_of_any_ids_in_any_order(build, law):
    @law(data=collections(), choice=st.data())
    def check(data, choice):
        ids, vectors, _ = data
        known = dict(zip(ids.tolist(), vectors.tolist(), strict=True))
        asked = choice.draw(st.lists(st.sampled_from([*known, -3, 10**13]), max_size=9))
        found = build(ids, vectors).vectors_of(np.array(asked, np.int64))
        assert found.shape == (len(asked), vectors.shape[1])
        assert found.tolist() == [known.get(id_, [0.0] * vectors.shape[1]) for id_ in asked]


@pytest.fixture(scope="module")
def crowd():
    """More rows than the fast index scores one by one; whole numbers, so scores are exact."""
    rng = np.random.default_rng(7)
    centres = rng.integers(-8, 9, (60, 24))
    vectors = centres[rng.integers(0, 60, 9000)] + rng.integers(-1, 2, (9000, 24))
    vectors[::97] = 0
    return np.arange(9000, dtype=np.int64) * 3 + 5, vectors.astype(np.float32)


@pytest.mark.parametrize("share", [None, 0.02, 0.4, 0.9])
def test_a_crowd_is_searched_as_the_sorted_list_says(build, crowd, share):
    ids, vectors = crowd
    index, rng = build(ids, vectors), np.random.default_rng(1)
    allowed = None if share is None else ids[rng.random(len(ids)) < share]
    seen = total = 0
    for row in rng.integers(0, len(ids), 8 if isinstance(index, ServedIndex) else 20):
        query = vectors[row] + rng.integers(-1, 2, vectors.shape[1]).astype(np.float32)
        hits = pairs(index.search(query, 10, allowed))
        wanted = reference(
            ids, vectors, query.tolist(), 10, None if allowed is None else set(allowed)
        )
        assert hits == sorted(hits, key=lambda pair: (-pair[1], pair[0]))
        assert len(hits) == len(wanted)
        # the fast index may miss one of several equal scores, never a better one
        seen += sum(a[1] == b[1] for a, b in zip(hits, wanted, strict=True))
        total += len(wanted)
        if not isinstance(index, FastIndex | SegmentedIndex):
            assert hits == wanted
    assert seen >= 0.99 * total


def test_many_equal_vectors_come_in_the_order_of_their_ids(build):
    vectors = np.tile(np.array([[0.6, 0.8]], np.float32), (3000, 1))
    hits = build(np.arange(3000), vectors).search(np.array([0.3, 0.1], np.float32), 50)
    assert hits.ids.tolist() == list(range(50))
    assert len(set(hits.scores.tolist())) == 1


def test_the_score_of_a_row_does_not_depend_on_its_company(build):
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((301, 77)).astype(np.float32)
    query = rng.standard_normal(77).astype(np.float32)
    whole = dict(pairs(build(np.arange(301), vectors).search(query, 301)))
    index = build(np.arange(301), vectors)
    for id_ in (0, 150, 300):
        assert pairs(index.search(query, 1, np.array([id_]))) == [(id_, whole[id_])]


def test_a_query_of_any_length_is_fine(build):
    vectors = np.eye(3, dtype=np.float32)
    index = build(np.arange(3), vectors)
    assert index.search(np.array([0, 3e38, 0], np.float32), 1).ids.tolist() == [1]
    assert index.search(np.array([0, 0, 1e-42], np.float32), 1).ids.tolist() == [2]
    assert index.search(np.zeros(3, np.float32), 2).ids.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("query", "k"),
    [
        pytest.param([0.0, math.nan, 1.0], 1, id="NaN"),
        pytest.param([0.0, math.inf, 1.0], 1, id="infinity"),
        pytest.param([0.0, 1.0], 1, id="too short"),
        pytest.param([[0.0, 1.0, 0.0]], 1, id="a table"),
        pytest.param([0.0, 1.0, 0.0], 0, id="no hits asked for"),
        pytest.param([0.0, 1.0, 0.0], -3, id="fewer than none"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(build, query, k):
    index = build(np.arange(3), np.eye(3, dtype=np.float32))
    with pytest.raises(InvalidInput):
        index.search(np.array(query, np.float32), k)


def test_a_filter_of_something_else_than_ids_is_refused(build):
    index = build(np.arange(3), np.eye(3, dtype=np.float32))
    with pytest.raises(InvalidInput):
        index.search(np.ones(3, np.float32), 1, np.array([0.5]))


@pytest.mark.parametrize("kind", ["exact", "flat", "fast"])
def test_an_index_opened_from_disk_says_the_same_as_the_one_built(tmp_path, crowd, kind):
    ids, vectors = crowd
    built = IMPLEMENTATIONS[kind](Rows.of(ids, vectors))
    opened = save_index(tmp_path, ids, vectors, "some encoder", kind=kind)
    for query in vectors[1:2000:180]:
        if query.any():
            assert pairs(opened.search(query, 20)) == pairs(built.search(query, 20))
