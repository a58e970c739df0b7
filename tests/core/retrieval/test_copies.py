"""Models under other names do not crowd a list."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.index.base import Hits
from polaris_core.retrieval.copies import deep_enough, ranks_of, repeats_last
from polaris_core.retrieval.documents import copy_term
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.two_level import search

marks = st.lists(st.integers(0, 4), max_size=20).map(lambda m: np.array(m, np.uint64))
ANYTHING = Filters(on_disk_only=False)


def model(name, about, triggers=("inkfox style",)):
    return Entry(name, Kind.LORA, description=f"{about} " * 12, trigger_words=triggers)


def test_a_list_names_every_model_before_it_names_a_copy(make_zoo):
    copies = [model(f"Ink Fox upload {n}", "an ink fox") for n in range(400)]
    others = [model(f"Other Fox {n}", f"a fox of kind {n}", (f"fox{n}",)) for n in range(12)]
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


def test_a_search_goes_deeper_only_where_copies_crowd_it():
    asked: list[int] = []

    def searching(crowd):
        def search(k):
            asked.append(k)
            ids = np.arange(min(k, 5000))
            return Hits(ids, np.zeros(len(ids), np.float32))

        asked.clear()
        return deep_enough(search, 100, lambda ids: (ids // crowd + 1).astype(np.uint64))

    assert len(searching(1).ids) == 100
    assert asked == [100]
    assert len(searching(20).ids) // 20 >= 50
    assert len(asked) <= 3
    searching(5000)
    assert max(asked) <= 3200
