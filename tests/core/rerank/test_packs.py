from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polaris_core.rerank.packs import groups, in_reading_order, next_pack

lengths = st.lists(st.integers(1, 400), min_size=1, max_size=60)


def branches_of(sizes):
    return {i: (7,) * size for i, size in enumerate(sizes)}


@given(sizes=lengths, budget=st.integers(1, 1000))
def test_packs_hold_everyone_once_and_no_more_than_the_budget(sizes, budget):
    branches = branches_of(sizes)
    queue, seen = in_reading_order(branches), []
    while queue:
        pack = next_pack(queue, branches, budget)
        assert pack
        assert len(pack) == 1 or sum(sizes[i] for i in pack) <= budget
        seen += pack
        queue = queue[len(pack) :]
    assert sorted(seen) == list(range(len(sizes)))
    assert [sizes[i] for i in seen] == sorted(sizes, reverse=True)


@given(sizes=lengths)
def test_groups_follow_each_other_and_are_padded_only_a_little(sizes):
    sizes = sorted(sizes, reverse=True)
    found = list(groups(sizes))
    assert [n for group in found for n in group.lengths] == sizes
    at = 0
    for group in found:
        assert group.start == at
        assert group.longest == max(group.lengths)
        assert group.is_even == (len(set(group.lengths)) == 1)
        assert group.longest * len(group.lengths) <= 1.3 * group.tokens + 64
        at += group.tokens


@given(sizes=lengths, turn=st.randoms())
def test_the_order_of_reading_depends_on_the_branches_alone(sizes, turn):
    branches = {i: (i % 5,) * size for i, size in enumerate(sizes)}
    places = list(branches)
    turn.shuffle(places)
    turned = {new: branches[old] for new, old in enumerate(places)}

    def read(of):
        return [of[i] for i in in_reading_order(of)]

    assert read(turned) == read(branches)
