from __future__ import annotations

import pytest

from polaris_core.catalogue.entry import Kind
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.sentence import SentenceEncoder
from polaris_core.errors import MissingWeights
from polaris_core.retrieval.two_level import search


def test_a_sentence_encoder_finds_what_is_meant_where_no_word_is_shared(make_entry, make_zoo):
    try:
        encoder = SentenceEncoder()
    except MissingWeights as error:
        pytest.skip(str(error))
    zoo = make_zoo(
        [
            make_entry("Puppy", description="A small dog that plays in the garden."),
            make_entry("Fortress", description="Medieval stone walls, towers and a moat."),
            make_entry("Locomotive", description="A steam engine on rails."),
        ],
        encoders=Encoders(encoder),
    )
    for phrase, name in (("castle", "Fortress"), ("railway train", "Locomotive")):
        assert search(zoo, phrase, Kind.LORA)[0].entry.name == name
    assert 0.2 < zoo.unrelated_cosine() < 0.45
