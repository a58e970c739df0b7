"""Pages of the catalogue against a plain list."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role
from polaris_core.catalogue.rows import key_of
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput
from polaris_core.page.browse import Browser, CardQuery
from polaris_core.page.fields import Fields

FAMILIES = [base for base in BaseModel if base.family is base]


def entries(count: int) -> list[Entry]:
    kinds, bases, roles = list(Kind), list(BaseModel), list(Role)
    levels = [Maturity.UNKNOWN, Maturity.PG, Maturity.R, Maturity.BLOCKED]
    return [
        Entry(
            ["Fox", "fox", "Écru", "Wolf", "zebra"][n % 5],
            kinds[n % 3],
            bases[n % 9],
            roles[n % 10],
            tags=("red",) if n % 4 else (),
            maturity=levels[n % 4],
            root="/models" if n % 7 else "",
            file=f"{n}.safetensors" if n % 7 else "",
            source="" if n % 7 else f"https://example.org/{n}",
            size_bytes=n * 7919 % 101,
            modified_ns=n * 104729 % 53,
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("browse") / "catalogue.sqlite") as store:
        store.add(entries(180))
        yield Browser(store)


def plainly(store: Store, query: CardQuery) -> list[int]:
    """The same, entry by entry."""
    kinds = query.kinds or {Kind.CHECKPOINT, Kind.LORA}
    found = [
        e
        for e in store.all()
        if e.kind in kinds
        and e.maturity <= query.maturity
        and (query.families is None or e.base_model.family in query.families)
        and (query.roles is None or e.role in query.roles)
        and (query.on_disk is None or e.on_disk is query.on_disk)
        and (query.ids is None or e.id in query.ids)
        and (not query.words or "red" in e.tags)
    ]
    keys = {
        "name": lambda e: (key_of(e.name), e.id),
        "newest": lambda e: (-e.modified_ns, e.id),
        "size": lambda e: (-e.size_bytes, e.id),
    }
    return [entry.id for entry in sorted(found, key=keys[query.order])]


def some_of(values):
    return st.none() | st.frozensets(st.sampled_from(list(values)), min_size=1)


QUERIES = st.builds(
    CardQuery,
    offset=st.integers(0, 200),
    limit=st.integers(1, 200),
    order=st.sampled_from(["name", "newest", "size"]),
    kinds=some_of([Kind.CHECKPOINT, Kind.LORA]),
    families=some_of(FAMILIES),
    roles=some_of(Role),
    maturity=st.sampled_from([Maturity.PG, Maturity.R, Maturity.XXX]),
    on_disk=st.none() | st.booleans(),
    words=st.sampled_from(["", "red", "RED "]),
    ids=st.none() | st.lists(st.integers(1, 200), max_size=9).map(tuple),
)


@given(QUERIES)
def test_a_page_is_a_slice_of_the_whole_list(browser, query):
    whole = plainly(browser._store, query)
    page = browser.page(query)
    assert page["total"] == len(whole)
    shown = [card["id"] for card in page["cards"]]
    assert shown == whole[query.offset : query.offset + query.limit]


def test_a_changed_catalogue_is_seen_at_once(browser):
    before = browser.page(CardQuery(limit=1))
    [id] = browser._store.add([replace(entries(2)[1], name="aaa", file="new.safetensors")])
    after = browser.page(CardQuery(limit=1, maturity=Maturity.XXX))
    assert after["key"] != before["key"]
    assert after["cards"][0]["id"] == id


def test_an_empty_catalogue_has_an_empty_page(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as store:
        page = Browser(store).page(CardQuery(words="fox"))
        assert (page["total"], page["cards"]) == (0, [])


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.lists(st.text(), max_size=3)))
def test_any_query_is_read_or_refused_in_plain_words(values):
    with suppress(InvalidInput):
        CardQuery.of(Fields(values))
