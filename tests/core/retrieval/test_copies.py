"""Models under other names do not crowd a list."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.index.base import Hits
from polaris_core.retrieval.copies import firsts_of, groups_of, ranks_of, repeats_last, uncrowded
from polaris_core.retrieval.documents import copy_term
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.two_level import search

marks = st.lists(st.integers(0, 4), max_size=20).map(lambda m: np.array(m, np.uint64))
ANYTHING = Filters(on_disk_only=False)


def model(name, about, triggers=("inkfox style",)):
    return Entry(name, Kind.LORA, description=f"{about} " * 12, trigger_words=triggers)


def test_a_list_names_every_model_before_it_names_a_copy(make_zoo):
    copies = [model(f"Ink Fox upload {n}", "an ink fox") for n in range(400)]
    kinds = [3 * letter for letter in "bcdfghjklmnp"]
    others = [model(f"Other Fox {kind}", f"a fox of kind {kind}", (kind,)) for kind in kinds]
    hits = search(make_zoo([*copies, *others]), "ink fox", Kind.LORA, ANYTHING, k=20)
    names = [hit.entry.name for hit in hits]
    assert sum(name.startswith("Ink Fox") for name in names[:13]) == 1
    assert all(name.startswith("Ink Fox") for name in names[13:])
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_what_an_author_writes_under_every_model_makes_no_copy():
    said = "thanks to all who support me, see my page for more of these, do not sell it please"
    anya, lucy = (Entry(n, Kind.LORA, description=said) for n in ("Anya", "Lucy"))
    assert copy_term(anya) == copy_term(lucy) == ""
    anya, lucy = model("Anya", said, ("anya",)), model("Lucy", said, ("lucy",))
    assert copy_term(anya) != copy_term(lucy)
    assert copy_term(anya) == copy_term(model("Anya v2", said, ("anya",))) != ""


@given(marks)
def test_copies_share_a_rank_and_what_has_none_keeps_its_own(copies):
    ranks = ranks_of(copies)
    seen: list[int] = []
    for mark, rank in zip(copies.tolist(), ranks.tolist(), strict=True):
        if mark == 0 or mark not in seen:
            seen.append(mark if mark else -len(seen) - 1)
        wanted = len(seen) if mark == 0 else seen.index(mark) + 1
        assert abs(rank - wanted) < 1e-3


@given(marks)
def test_all_are_listed_once_and_scores_fall(copies):
    ids, scores = np.arange(len(copies)), 1.0 / np.arange(1, len(copies) + 1)
    listed, found = repeats_last(ids, scores, copies)
    assert sorted(listed.tolist()) == ids.tolist()
    assert (np.diff(found) <= 0).all()
    different = len({m for m in copies.tolist() if m}) + int((copies == 0).sum())
    firsts = copies[listed[:different]]
    assert len({m for m in firsts.tolist() if m}) + int((firsts == 0).sum()) == different


@given(st.lists(st.integers(0, 4), max_size=20), st.data())
def test_one_of_each_is_the_first_allowed_of_every_model(marks, data):
    size = {"min_size": len(marks), "max_size": len(marks)}
    allowed = data.draw(st.none() | st.lists(st.booleans(), **size))
    groups = groups_of(np.array(marks, np.uint64))
    seen: set[int] = set()
    wanted = []
    for at, mark in enumerate(marks):
        may = allowed is None or allowed[at]
        wanted.append(may and (mark == 0 or mark not in seen))
        seen.update([mark] if may else [])
    found = firsts_of(groups, None if allowed is None else np.array(allowed, np.bool_))
    assert found.tolist() == wanted


@given(crowd=st.sampled_from([1, 2, 3, 20, 5000]), seed=st.none() | st.integers(0, 99))
def test_where_copies_crowd_a_search_one_of_each_model_is_found_as_well(crowd, seed):
    """Entries score less the larger their ids, and `crowd` neighbours are one model."""
    depth, count = 100, 5000
    flags = None if seed is None else np.random.default_rng(seed).random(count) < 0.5
    asked: list[object] = []

    def search(may):
        asked.append(may)
        ids = np.flatnonzero(np.ones(count, np.bool_) if may is None else may)[:depth]
        return Hits(ids, 1.0 / (ids.astype(np.float32) + 1))

    groups = np.arange(count) // crowd
    hits = uncrowded(
        search,
        depth,
        lambda ids: (groups[ids] + 1).astype(np.uint64),
        flags,
        lambda: firsts_of(groups, flags),
    )
    again = len(asked) == 2
    plain = search(flags)
    assert again == (len(set(groups[plain.ids])) < depth // 2)
    assert set(plain.ids) <= set(hits.ids)
    models = len(set(groups[np.flatnonzero(flags)] if flags is not None else groups))
    assert len(set(groups[hits.ids])) >= min(depth // 2, models)
    assert hits.ids.tolist() == sorted(set(hits.ids.tolist()))
    assert (np.diff(hits.scores) <= 0).all()
