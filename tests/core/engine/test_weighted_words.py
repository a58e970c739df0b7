"""Weights in prompts, and prompts in pieces. `tests/host/test_engine.py` compares with ComfyUI."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.engine.vocabulary import clip_tokenizer
from polaris_core.engine.weighted_words import in_pieces, weighted_words

BEGIN, END = 1, 2


def pieces_of(words, pad=END):
    return in_pieces(words, lambda text: [ord(c) for c in text], begin=BEGIN, end=END, pad=pad)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        pytest.param("a fox", [("a fox", 1.0)], id="plain"),
        pytest.param("a (red) fox", [("a ", 1.0), ("red", 1.1), (" fox", 1.0)], id="a tenth more"),
        pytest.param("(red:0.4)", [("red", 0.4)], id="a number"),
        pytest.param("((red))", [("red", 1.1 * 1.1)], id="nested"),
        pytest.param("fox \\(animal\\)", [("fox (animal)", 1.0)], id="escaped"),
        pytest.param("(fox: red)", [("fox: red", 1.1)], id="an ordinary colon"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_weights_are_read_from_parentheses(prompt, expected):
    assert weighted_words(prompt) == [(text, pytest.approx(weight)) for text, weight in expected]


@given(st.text(alphabet="ab()\\:.1 ", max_size=40))
def test_no_prompt_is_too_odd(prompt):
    words = weighted_words(prompt)
    letters = "".join(text for text, _ in words)
    assert [c for c in letters if c in "ab"] == [c for c in prompt if c in "ab"]


@given(st.lists(st.tuples(st.text("abcdefgh", min_size=1, max_size=200), st.just(1.5)), max_size=6))
def test_pieces_are_full_and_hold_every_token_in_order(words):
    pieces = pieces_of(words)
    assert all(len(piece) == 77 for piece in pieces)
    assert all(piece[0] == (BEGIN, 1.0) and piece[-1][0] == END for piece in pieces)
    kept = [token for piece in pieces for token, weight in piece if weight == 1.5]
    assert kept == [ord(c) for text, _ in words for c in text]


def test_few_tokens_of_one_weight_are_kept_together():
    pieces = pieces_of([("x" * 72, 1.0), ("abcde", 1.2)])
    assert [len([t for t, w in piece if w == 1.2]) for piece in pieces] == [0, 5]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A PHOTO  of a Cat", [320, 1125, 539, 320, 2368]),
        ("", []),
    ],
)
def test_the_vocabulary_is_clips(text, ids):
    assert clip_tokenizer()(text)["input_ids"] == [49406, *ids, 49407]


def test_what_fills_a_text_up_can_be_chosen():
    assert clip_tokenizer("!").pad_token_id == 0
    assert clip_tokenizer().pad_token_id == 49407
