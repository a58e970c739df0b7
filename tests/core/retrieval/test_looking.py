"""Who is read and judged, and who is passed over because the judgement is known."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind, Role
from polaris_core.index.base import Hits
from polaris_core.retrieval.about import Verdict, bounds, judge
from polaris_core.retrieval.evidence import Evidence
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.looking import Search
from polaris_core.retrieval.reasons import Asked
from polaris_core.retrieval.shortlist import SlotName

WORDS = ["fox", "cat", "castle", "watercolor", "ink", "red", "night", "dancing", "girl", "crown"]
WORDS += ["1girl", "dragonSlayer"]
SAID = st.lists(st.sampled_from([*WORDS, "in", "the", ",", "foxes"]), min_size=1).map(" ".join)


@pytest.fixture
def crowd(make_entry, make_zoo):
    """A zoo of entries that say at random what others say, too."""
    rng = random.Random(3)

    def some(most):
        return tuple(rng.choice(WORDS) for _ in range(rng.randint(0, most)))

    return make_zoo(
        [
            make_entry(
                " ".join(some(2)) or f"model {number}",
                role=rng.choice(list(Role)),
                tags=some(2),
                trigger_words=some(2),
                training_tags=some(2),
                description=" ".join(some(3)) if number % 3 else "",
            )
            for number in range(80)
        ]
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    slot=st.sampled_from([SlotName.STYLE, SlotName.OBJECT]),
    text=SAID,
    things=st.booleans(),
    seed=st.integers(0, 99),
    unrelated=st.floats(-0.9, 0.9),
)
def test_who_is_not_read_is_judged_as_if_he_were(crowd, slot, text, things, seed, unrelated):
    look = Search(crowd, crowd.state(), Kind.LORA, Filters(), 20)
    ids, rng = look.index.ids, np.random.default_rng(seed)
    known = np.sort(rng.permutation(ids)[: len(ids) // 2])
    hits = Hits(known, rng.uniform(-1, 1, len(known)).astype(np.float32))
    evidence, asked = Evidence({"dense": hits}, (hits,)), Asked(text, things=things)
    read, near = look.outlook(ids, evidence, asked, bounds(slot, unrelated))
    everybody = look.read(ids, np.ones(len(ids)), evidence, asked)
    for candidate, is_read, is_near in zip(everybody, read.tolist(), near.tolist(), strict=True):
        verdict = judge(slot, candidate.entry, candidate.match, candidate.cosine, unrelated)
        assert is_read or verdict is (Verdict.NEAR if is_near else Verdict.FAR)
    assert not (read & near).any()


@given(
    lists=st.lists(st.dictionaries(st.integers(1, 20), st.floats(-1, 1, width=32)), max_size=3),
    sought=st.lists(st.integers(1, 25)),
)
def test_a_cosine_is_the_largest_that_any_phrase_has_found(lists, sought):
    asked = [
        Hits(np.array(list(found), np.int64), np.array(list(found.values()), np.float32))
        for found in lists
    ]
    wanted = [max((found[id] for found in lists if id in found), default=-1.0) for id in sought]
    assert Evidence({}, asked).cosines(np.array(sought, np.int64)).tolist() == wanted
