from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Entry, Kind, Refined, Role
from polaris_core.retrieval.documents import (
    WORD_FIELDS,
    clean_name,
    exact_terms,
    short_names,
    text_fields,
    word_fields,
)

entries = st.builds(
    Entry,
    name=st.text(min_size=1),
    kind=st.just(Kind.LORA),
    tags=st.lists(st.text(), max_size=3).map(tuple),
    trigger_words=st.lists(st.text(), max_size=3).map(tuple),
    description=st.text(),
    example_prompts=st.lists(st.text(), max_size=3).map(tuple),
    training_tags=st.lists(st.text(), max_size=3).map(tuple),
    file=st.text(),
)


@given(entries)
def test_every_entry_can_be_read_whatever_it_says(entry):
    fields = text_fields(entry)
    assert fields
    assert all(field.texts and all(field.texts) for field in fields)
    assert all(len(text) <= 2000 for field in fields for text in field.texts)
    assert set(word_fields(entry)) == set(WORD_FIELDS)
    assert all(exact_terms(entry))


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Detail Tweaker LoRA (细节调整LoRA)", "Detail Tweaker"),
        ("GhibliStyle_v1.5", "Ghibli Style"),
        ("[SDXL] Watercolor | Painting v2", "Watercolor Painting"),
        ("水彩", "水彩"),
    ],
)
def test_a_clean_name_is_what_a_reader_would_say(name, clean):
    assert clean_name(name) == clean


def test_short_names_end_at_the_first_bracket_or_bar():
    assert short_names("Sivir (League of Legends) LoRA") == ("Sivir League of Legends", "Sivir")


def test_what_all_prompts_share_is_left_out():
    prompt = "masterpiece, best quality, (red fox:1.2), snow, <lora:fox:0.8>, 8k"
    entry = Entry("Fox", Kind.LORA, example_prompts=(prompt,))
    texts = [text for field in text_fields(entry) for text in field.texts]
    assert "red fox, snow" in texts


FOX = Entry("Fox LoRA", Kind.LORA, tags=("anime",), trigger_words=("rdfx",), description="Hello!")


def test_refined_words_are_read_beside_what_was_written():
    card = Refined(what="red fox", purpose="Draws foxes.", shows=("snow", "fur"), role=Role.OBJECT)
    texts = [text for field in text_fields(replace(FOX, refined=card)) for text in field.texts]
    assert {"red fox", "snow", "Draws foxes.", "Fox. snow, fur. Draws foxes."} <= set(texts)
    assert {text for field in text_fields(FOX) for text in field.texts} <= set(texts)
    words = word_fields(replace(FOX, refined=card))
    assert words["description"] == ["draw", "fox"]
    assert {"snow", "fur", "rdfx"} <= exact_terms(replace(FOX, refined=card))


def test_a_figure_that_was_refined_is_sought_by_its_name_alone():
    card = Refined(what="Rin, Blue Archive", role=Role.CHARACTER, trigger_words=("rinba",))
    rin = replace(FOX, name="Rin", trigger_words=("rinba, pink hair",), refined=card)
    assert [field.texts for field in text_fields(rin)] == [("Rin, anime character",)]
    assert "pink hair" not in exact_terms(rin)
    assert {"rin", "rinba", "rin blue archiv"} <= exact_terms(rin)
    assert not word_fields(rin)["description"]
