from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.retrieval.words import MAX_PHRASES, STOP_WORDS, phrases, stem, stems


@given(st.text())
def test_any_text_has_words_without_blanks_or_stop_words(text):
    for word in stems(text):
        assert word
        assert not any(character.isspace() for character in word)
        assert word == word.lower()


@given(st.text())
def test_any_text_has_few_phrases_and_each_stands_in_it(text):
    found = phrases(text)
    assert len(found) <= MAX_PHRASES
    assert len(set(found)) == len(found)
    assert not {phrase.lower() for phrase in found} & STOP_WORDS


@pytest.mark.parametrize(
    "forms",
    [
        ("painting", "paintings", "painted", "paint", "paints"),
        ("fox", "foxes"),
        ("dress", "dresses"),
        ("puppy", "puppies"),
        ("running", "run", "runs"),
        ("style", "styles", "styled"),
        ("glass", "glasses"),
    ],
)
def test_forms_of_one_word_have_one_stem(forms):
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("GhibliStyle_v2", ["ghibli", "styl"], id="case, underscores, lone letters"),
        pytest.param("HTMLPage", ["html", "page"], id="capitals before a word"),
        pytest.param("Pokémon’s café", ["pokemon", "cafe"], id="accents and possessives"),
        pytest.param("水彩 art", ["水", "彩", "水彩", "art"], id="characters and pairs"),
        pytest.param("the style of 1girl and 90s", ["styl", "girl", "90"], id="stop words"),
    ],
)
def test_names_are_divided_into_words(name, words):
    assert stems(name) == words


def test_a_sentence_is_divided_at_stop_words_and_signs():
    text = "A red fox in the snow, watercolor style"
    assert phrases(text) == ["red fox", "snow", "watercolor style"]


def test_a_word_alone_is_its_own_phrase():
    assert phrases("watercolor") == ["watercolor"]
    assert phrases("of the") == []
