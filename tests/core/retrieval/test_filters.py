from __future__ import annotations

import pytest

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role, Terms
from polaris_core.errors import InvalidInput
from polaris_core.retrieval.filters import Filters, in_folders
from polaris_core.retrieval.two_level import search

ALL = Filters(max_maturity=Maturity.BLOCKED, on_disk_only=False, include_unsafe=True)


@pytest.fixture
def zoo(make_entry, make_zoo):
    return make_zoo(
        [
            make_entry("fox plain"),
            make_entry("fox silent", maturity=Maturity.UNKNOWN),
            make_entry("fox mature", maturity=Maturity.R),
            make_entry("fox pickled", unsafe=True),
            make_entry("fox away", file=""),
            make_entry("fox big", base_model=BaseModel.PONY, role=Role.TOOL),
            make_entry("fox deep", file="animals/wild/fox.safetensors"),
        ]
    )


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param(Filters(), "plain silent big deep", id="usual"),
        pytest.param(ALL, "plain silent mature pickled away big deep", id="all"),
        pytest.param(Filters(max_maturity=4), "plain silent mature big deep", id="maturity"),
        pytest.param(Filters(families=frozenset({BaseModel.SDXL})), "big", id="family"),
        pytest.param(Filters(families=frozenset()), "", id="no family"),
        pytest.param(Filters(roles=frozenset({Role.TOOL})), "big", id="role"),
        pytest.param(Filters(ids=frozenset({1, 2, 3})), "plain silent", id="ids"),
        pytest.param(Filters(folders=("animals",)), "deep", id="folder"),
        pytest.param(Filters(folders=("animal",)), "", id="part of a folder's name"),
    ],
)
def test_only_who_passes_is_found(zoo, filters, names):
    found = {hit.entry.name.removeprefix("fox ") for hit in search(zoo, "fox", Kind.LORA, filters)}
    assert found == set(names.split())


def test_a_subfolder_is_a_whole_name():
    assert in_folders("a/b/c.safetensors", ["a/b/"])
    assert not in_folders("a/bc.safetensors", ["a/b"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"file": "", "source": "https://example.org/1"}, "https://example.org/1"),
        ({"unsafe": True}, "pickled"),
        ({"maturity": Maturity.R}, "rated R"),
    ],
)
def test_a_named_model_that_may_not_be_used_says_why(make_entry, fields, words):
    with pytest.raises(InvalidInput, match=words):
        Filters().check(make_entry("fox", **fields))


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(families=frozenset({BaseModel.FLUX})), r"families \(flux\).*sd15"),
        (Filters(families=frozenset()), "families"),
        (Filters(folders=("a", "b")), r"folders \(a, b\)"),
    ],
)
def test_a_filter_that_excludes_a_named_model_is_named(make_entry, filters, words):
    with pytest.raises(InvalidInput, match=words):
        filters.check(make_entry("fox"))


def test_a_named_model_within_the_filters_passes(make_entry):
    filters = Filters(families=frozenset({BaseModel.SDXL}), folders=("animals",))
    filters.check(make_entry("fox", base_model=BaseModel.PONY, file="animals/fox.safetensors"))


@pytest.fixture
def licensed(make_entry, make_zoo):
    return make_zoo(
        [
            make_entry("fox silent"),
            make_entry("fox free", terms=Terms(commercial=True, credit=False, derivatives=True)),
            make_entry("fox named", terms=Terms(commercial=True, credit=True, derivatives=False)),
            make_entry("fox private", terms=Terms(commercial=False, credit=False)),
            make_entry("fox hunter", real_person=True),
        ]
    )


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param(Filters(), "silent free named private hunter", id="all"),
        pytest.param(Filters(commercial=True), "free named", id="sale"),
        pytest.param(Filters(no_credit=True), "free private", id="no credit"),
        pytest.param(Filters(derivatives=True), "free", id="derivatives"),
        pytest.param(Filters(commercial=True, no_credit=True), "free", id="sale without credit"),
        pytest.param(Filters(people=False), "silent free named private", id="no people"),
    ],
)
def test_only_whose_licence_is_known_to_allow_it_is_found(licensed, filters, names):
    hits = search(licensed, "fox", Kind.LORA, filters)
    assert {hit.entry.name.removeprefix("fox ") for hit in hits} == set(names.split())


@pytest.mark.parametrize(
    ("filters", "fields", "words"),
    [
        (Filters(commercial=True), {"licence": "cc-by-nc"}, "sale of pictures.*cc-by-nc"),
        (Filters(no_credit=True), {"terms": Terms(credit=True)}, "ask for no credit"),
        (Filters(derivatives=True), {}, "allow derivatives"),
        (Filters(people=False), {"real_person": True}, "real person"),
    ],
)
def test_a_named_model_whose_licence_forbids_it_says_why(make_entry, filters, fields, words):
    with pytest.raises(InvalidInput, match=words):
        filters.check(make_entry("fox", **fields))


@pytest.mark.parametrize("commercial", [None, True, False])
@pytest.mark.parametrize("credit", [None, True, False])
@pytest.mark.parametrize("derivatives", [None, True, False])
def test_columns_and_entries_agree_on_every_licence(
    make_entry, make_zoo, commercial, credit, derivatives
):
    terms = Terms(commercial, credit, derivatives)
    zoo = make_zoo([make_entry("fox", terms=terms, real_person=bool(commercial))])
    [entry] = zoo.store.all()
    assert (entry.terms, entry.real_person) == (terms, bool(commercial))
    columns = zoo.store.columns()
    assert columns.allows_business().tolist() == [commercial is True]
    assert columns.needs_no_credit().tolist() == [credit is False]
    assert columns.allows_derivatives().tolist() == [derivatives is True]
    assert columns.shows_person().tolist() == [bool(commercial)]
