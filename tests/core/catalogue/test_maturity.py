from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Maturity
from polaris_core.catalogue.maturity import level_of, maturity_of_model, maturity_of_tags


@given(st.integers(1, 63))
def test_a_mask_is_as_mature_as_its_mildest_picture(mask):
    level = level_of(mask)
    assert level & mask
    assert not any(mask & bit for bit in (1, 2, 4, 8, 16, 32) if bit < level)


@given(st.integers() | st.text() | st.booleans() | st.none() | st.floats() | st.lists(st.none()))
def test_any_value_is_a_level(value):
    assert level_of(value) in Maturity


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("None", Maturity.PG),
        ("Soft", Maturity.PG13),
        ("Mature", Maturity.R),
        ("X", Maturity.X),
        (0, Maturity.UNKNOWN),
        (-1, Maturity.UNKNOWN),
        (64, Maturity.UNKNOWN),
        (31, Maturity.PG),
        (28, Maturity.R),
        (32, Maturity.BLOCKED),
        (True, Maturity.X),
        (False, Maturity.UNKNOWN),
        (1.0, Maturity.UNKNOWN),
    ],
)
def test_levels(value, level):
    assert level_of(value) is level


@pytest.mark.parametrize(
    ("record", "model", "pictures", "level"),
    [
        ({"nsfwLevel": 4}, {"nsfwLevel": 1}, [], Maturity.R),
        ({}, {"nsfwLevel": 31}, [], Maturity.PG),
        ({}, {"nsfw": True}, [], Maturity.X),
        ({}, {"nsfw": True}, [Maturity.PG], Maturity.X),
        ({"nsfwLevel": 16}, {"nsfw": True}, [], Maturity.XXX),
        ({}, {"nsfw": False}, [Maturity.R, Maturity.PG13], Maturity.PG13),
        ({}, {"nsfw": False}, [Maturity.UNKNOWN], Maturity.PG),
        ({}, {"nsfw": False}, [], Maturity.PG),
        ({}, {}, [Maturity.XXX], Maturity.XXX),
        ({}, {}, [], Maturity.UNKNOWN),
        ({"nsfwLevel": "?"}, {"nsfw": "?"}, [], Maturity.UNKNOWN),
    ],
)
def test_a_models_own_level_counts_first(record, model, pictures, level):
    assert maturity_of_model(record, model, pictures=pictures) is level


def test_tags_are_the_last_resort():
    assert maturity_of_tags(["anime", "NSFW"]) is Maturity.X
    assert maturity_of_tags(["anime"]) is Maturity.UNKNOWN
