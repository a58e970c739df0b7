"""Encoders by a short text."""

from __future__ import annotations

import threading

import pytest

from polaris_core.encoders import factory
from polaris_core.errors import InvalidInput
from polaris_core.testing import HashingEncoder


@pytest.mark.parametrize(
    "spec",
    ["", "x", "hashing:9", "sentence", "sentence:", "clip:", "clip:ViT-B-32", "clip:/openai"],
)
def test_what_is_no_encoder_gets_the_accepted_forms(spec):
    for make in (factory.text_encoder, factory.image_encoder):
        with pytest.raises(InvalidInput, match=r"Accepted are sentence:.*clip:.*hashing"):
            make(spec)


def test_a_sentence_encoder_sees_no_pictures():
    with pytest.raises(InvalidInput, match="pictures"):
        factory.image_encoder("sentence:all-MiniLM-L6-v2")


def test_there_is_one_encoder_per_spec_even_when_threads_ask_at_once():
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(factory.text_encoder("hashing")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(encoder) for encoder in made}) == 1
    assert isinstance(made[0], HashingEncoder)
    assert factory.image_encoder("hashing") is made[0]
