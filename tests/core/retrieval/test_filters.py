from __future__ import annotations

import pytest

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Role
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
