from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.demo.zoo import make_demo_zoo
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.sentence import SentenceEncoder
from polaris_core.errors import MissingWeights
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.retrieval.about import Verdict, judge
from polaris_core.retrieval.reasons import Asked, Match
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.two_level import retrieve_loras
from polaris_core.retrieval.zoo import Zoo

LORA_SLOTS = st.sampled_from([SlotName.STYLE, SlotName.OBJECT])
COSINES = st.floats(-1, 1)
CAT = Entry("Kitchen Cat", Kind.LORA, role=Role.OBJECT, trigger_words=("tabby",))
RANK = {Verdict.FAR: 0, Verdict.NEAR: 1, Verdict.FITS: 2}


@given(LORA_SLOTS, COSINES, COSINES, st.floats(-1, 0.99))
def test_a_larger_cosine_never_speaks_against_a_candidate(slot, one, other, unrelated):
    low, high = (
        RANK[judge(slot, CAT, Match(), cosine, unrelated)] for cosine in sorted((one, other))
    )
    assert low <= high


@given(COSINES, st.floats(-1, 0.99))
def test_a_thing_must_be_nearer_than_a_style_and_a_style_than_a_checkpoint(cosine, unrelated):
    order = (SlotName.OBJECT, SlotName.STYLE, SlotName.CHECKPOINT)
    ranks = [RANK[judge(slot, CAT, Match(), cosine, unrelated)] for slot in order]
    assert ranks == sorted(ranks)


@given(LORA_SLOTS, COSINES)
def test_who_bears_the_word_fits_whatever_the_cosine(slot, cosine):
    match = Match.of(Asked("cats"), CAT)
    assert judge(slot, CAT, match, cosine, 0.3, frozenset({"cat"})) is Verdict.FITS


def test_a_model_that_nobody_describes_is_about_what_it_was_trained_on_most():
    silent = Entry("my_lora_FINAL2", Kind.LORA, training_tags=("solo", "crown", "king"))
    assert Match.of(Asked("blue crown"), silent).of_head
    assert not Match.of(Asked("king"), silent).of_head
    assert not Match.of(Asked("solo"), silent).of_head
    described = replace(silent, description="A throne room")
    assert not Match.of(Asked("blue crown"), described).of_head


@pytest.mark.parametrize("gone", ["cat", "tabby"])
def test_what_is_to_go_is_not_put_in_its_own_place(gone):
    assert judge(SlotName.OBJECT, CAT, Match(), 0.9, 0.3) is Verdict.FITS
    gone = Asked(f"the {gone} on the sofa", things=True).heads
    assert judge(SlotName.OBJECT, CAT, Match(), 0.9, 0.3, gone) is Verdict.NEAR


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("red fox", {"fox"}),
        ("a dog in the snow", {"dog"}),
        ("red fox, stone castle", {"fox", "castl"}),
        ("a pair of foxes", {"pair", "fox"}),
        ("in the snow", {"snow"}),
    ],
)
def test_a_thing_is_not_what_it_stands_in(text, heads):
    assert Asked(text, things=True).heads == heads


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    try:
        encoder = SentenceEncoder()
    except MissingWeights as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("demo")
    make_demo_zoo(home / "models", runnable=False)
    with Zoo.open(home / "zoo", Encoders(encoder)) as zoo:
        zoo.update([ModelFolder(home / "models" / "loras", Kind.LORA)])
        yield zoo


def found(demo, sentence):
    shortlist = retrieve_loras(demo, parse_instruction(sentence), base=BaseModel.SD15)
    return [([hit.entry.name for hit in slot.hits], slot.note) for slot in shortlist.slots]


@pytest.mark.parametrize(
    ("sentence", "nearest"),
    [
        ("Replace the cat with a dog", "Kitchen Cat and"),
        ("Replace the man with a bear", "Timber Wolf and"),
        ("Replace the apple with a banana", "Bamboo Red Panda and"),
    ],
)
def test_something_similar_is_not_the_thing(demo, sentence, nearest):
    _, (names, note) = found(demo, sentence)
    assert names == []
    assert f"left out for being only near to “{sentence.split()[-1]}”: {nearest}" in note


def test_the_thing_itself_and_the_look_are_found(demo):
    (styles, _), (things, _) = found(demo, "Replace the cat with a watercolor fox")
    assert styles[0] == "Wet Edge Watercolor"
    assert things == ["Ember Fox", "Snow Fox"]


def test_a_look_that_is_not_there_takes_no_other(demo):
    (styles, note), _ = found(demo, "Make it cubist")
    assert styles == []
    assert "nothing that may be used here is about “cubist”" in note
