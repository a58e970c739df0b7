from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind, Role
from polaris_core.catalogue.roles import role_of

TEXTS = st.lists(st.text() | st.sampled_from(["style", "character", "Slider", "1girl"]))


@given(
    kind=st.sampled_from(Kind),
    tags=TEXTS,
    name=st.text(),
    captions=st.lists(st.tuples(st.text(), st.floats(0, 1))),
)
def test_every_model_has_one_role(kind, tags, name, captions):
    role = role_of(kind, tags=tags, name=name, captions=captions)
    assert isinstance(role, Role)
    assert (role is Role.STYLE) if kind is Kind.CHECKPOINT else True
    assert (role is Role.UNKNOWN) if kind is Kind.OTHER else True


@given(st.permutations(["anime", "style", "character", "woman", "game"]))
def test_the_order_of_tags_does_not_matter(tags):
    assert role_of(Kind.LORA, tags=tags) is Role.CHARACTER


@pytest.mark.parametrize(
    ("tags", "name", "role"),
    [
        (["style"], "", Role.STYLE),
        (["Style", "anime"], "", Role.STYLE),
        (["anime", "character"], "", Role.CHARACTER),
        (["clothing"], "", Role.CLOTHING),
        (["poses"], "", Role.POSE),
        (["action"], "", Role.POSE),
        (["concept"], "", Role.CONCEPT),
        (["objects"], "", Role.OBJECT),
        (["vehicle"], "", Role.OBJECT),
        (["buildings"], "", Role.OBJECT),
        (["animal"], "", Role.OBJECT),
        (["background"], "", Role.BACKGROUND),
        (["tool"], "", Role.TOOL),
        (["celebrity", "style"], "", Role.PERSON),
        (["concept"], "Age Slider XL", Role.TOOL),
        (["style"], "LCM_LoRA_Weights", Role.TOOL),
        ([], "Watercolor_style-v2", Role.STYLE),
        ([], "ghibli_background", Role.BACKGROUND),
        ([], "maid outfit", Role.CLOTHING),
        (["game character"], "Aria", Role.CHARACTER),
        (["woman"], "Aria", Role.UNKNOWN),
        ([], "", Role.UNKNOWN),
    ],
)
def test_tags_and_names_tell_the_role(tags, name, role):
    assert role_of(Kind.LORA, tags=tags, name=name) is role


def test_a_real_person_is_a_person_whatever_the_tags():
    assert role_of(Kind.LORA, tags=["style"], real_person=True) is Role.PERSON


def test_captions_that_always_show_the_same_hair_tell_a_character():
    captions = [("1girl", 1.0), ("silver hair", 0.98), ("red eyes", 0.9), ("smile", 0.3)]
    assert role_of(Kind.LORA, captions=captions) is Role.CHARACTER


def test_captions_with_changing_hair_tell_a_style():
    hair = [(f"{colour} hair", 0.2) for colour in ("black", "brown", "blonde", "red", "white")]
    assert role_of(Kind.LORA, captions=[("1girl", 1.0), *hair]) is Role.STYLE


def test_captions_without_people_tell_nothing():
    assert role_of(Kind.LORA, captions=[("tree", 1.0), ("sky", 0.8)]) is Role.UNKNOWN
