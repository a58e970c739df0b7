from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.errors import InvalidInput
from polaris_core.retrieval.fuse import fuse

rankings = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.integers(1, 30), unique=True, max_size=12).map(lambda ids: np.array(ids, np.int64)),
    max_size=4,
)
weights = st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 5))


@given(rankings, weights, st.randoms())
def test_the_order_of_the_sources_does_not_matter(ranked, weighted, random):
    names = list(ranked)
    random.shuffle(names)
    ids, scores = fuse(ranked, weighted)
    again, same = fuse({name: ranked[name] for name in names}, weighted)
    assert ids.tolist() == again.tolist()
    assert scores.tolist() == same.tolist()


@given(rankings, weights)
def test_every_candidate_comes_once_and_scores_fall(ranked, weighted):
    ids, scores = fuse(ranked, weighted)
    everyone = {id for order in ranked.values() for id in order.tolist()}
    assert sorted(ids.tolist()) == sorted(everyone)
    pairs = list(zip(-scores, ids, strict=True))
    assert pairs == sorted(pairs), "falling scores, ties by id"


@given(rankings, weights, st.integers(1, 30))
def test_who_is_first_everywhere_is_first(ranked, weighted, winner):
    ranked = {n: np.array([winner, *(i for i in r if i != winner)]) for n, r in ranked.items()}
    ids, _ = fuse(ranked, weighted)
    assert not ranked or ids[0] == winner


@given(rankings, weights, st.data())
def test_a_better_rank_is_never_a_worse_place(ranked, weighted, data):
    source = data.draw(st.sampled_from(sorted(ranked) or ["a"]))
    order = ranked.get(source, np.empty(0, np.int64)).tolist()
    if len(order) < 2:
        return
    at = data.draw(st.integers(1, len(order) - 1))
    risen = [*order[: at - 1], order[at], order[at - 1], *order[at + 1 :]]
    before = fuse(ranked, weighted)[0].tolist().index(order[at])
    after = fuse({**ranked, source: np.array(risen)}, weighted)[0].tolist().index(order[at])
    assert after <= before


@given(rankings, weights, st.permutations(range(1, 31)))
def test_ids_are_names_and_nothing_more(ranked, weighted, names):
    _, scores = fuse(ranked, weighted)
    named = {s: np.array([names[i - 1] for i in r], np.int64) for s, r in ranked.items()}
    assert np.allclose(fuse(named, weighted)[1], scores)


def test_nothing_ranked_is_nothing_fused():
    ids, scores = fuse({}, {})
    assert len(ids) == len(scores) == 0


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_weights_that_make_no_sense_are_refused(wrong):
    ranked = {"a": np.array([1])}
    with pytest.raises(InvalidInput):
        fuse(ranked, {"a": wrong})
    with pytest.raises(InvalidInput):
        fuse(ranked, {}, damping=wrong)
