"""The stored readers: their hashes, the loaders that users have, and how often they are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miniature.training import measures
from miniature.training.judge import labelled
from miniature.training.reader_data import draw_scenes
from miniature.training.reader_words import HELD_OUT_NOUNS, HELD_OUT_STYLES
from miniature.training.requests import Vocabulary, draw_question
from miniature.training.zoo_questions import zoo_questions
from polaris_core.encoders import factory
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.errors import InvalidInput
from polaris_core.llm.transformers_model import TransformersModel
from polaris_core.miniature.readers import token_table, write_encoder, write_language_model

MODELS = Path(__file__).parents[2] / "miniature" / "models"


def stored(name):
    return MODELS / f"{name}.safetensors"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    pytest.importorskip("open_clip")
    folder = tmp_path_factory.mktemp("encoder")
    write_encoder(stored("encoder"), folder)
    return ClipEncoder(str(folder), device="cpu")


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    pytest.importorskip("llguidance")
    folder = tmp_path_factory.mktemp("language_model")
    write_language_model(stored("language_model"), folder)
    return TransformersModel.load(str(folder), device="cpu")


@pytest.mark.parametrize("name", ["judge", "encoder", "language_model"])
def test_changed_weights_are_refused(name, tmp_path):
    file = stored(name)
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 1
    (tmp_path / file.name).write_bytes(changed)
    (tmp_path / f"{name}.json").write_bytes(file.with_suffix(".json").read_bytes())
    load = {
        "judge": measures.load_judge,
        "encoder": lambda path: write_encoder(path, tmp_path / "out"),
        "language_model": lambda path: write_language_model(path, tmp_path / "out"),
    }[name]
    with pytest.raises(InvalidInput, match="not those that the card"):
        load(tmp_path / file.name)


def test_the_table_of_tokens_is_the_same_everywhere():
    table = token_table()
    assert table.shape == (49408, 128)
    assert table[0, :2].tolist() == pytest.approx([0.12883268, 0.14732659], abs=1e-7)


def test_the_judge_is_right_about_combinations_that_it_never_saw():
    judge = measures.load_judge(stored("judge"))
    right = measures.judged_rightly(judge, labelled(draw_scenes(70, 21, "held_out")))
    assert (right.mean(0) >= 0.95).all()


def test_the_encoder_finds_pictures_by_captions(encoder):
    by_text, by_picture = measures.captions_found(encoder, 100)
    assert min(by_text, by_picture) >= 0.6


def test_the_encoder_chooses_the_mask_of_the_thing_that_is_named(encoder):
    assert measures.masks_chosen(encoder, 25) >= 0.85


def test_the_encoder_is_given_as_a_folder(encoder, tmp_path):
    write_encoder(stored("encoder"), tmp_path)
    assert factory.image_encoder(f"clip:{tmp_path}").name == encoder.name


def test_the_language_model_compares_words_that_it_never_saw(language_model):
    rng = np.random.default_rng(5)
    words = Vocabulary(HELD_OUT_NOUNS, HELD_OUT_STYLES)
    asked = [draw_question(rng, words, 8) for _ in range(15)]
    scores = measures.scores_of(language_model, asked)
    assert measures.auc(scores, [question.fits for question in asked]) >= 0.85


def test_tree_rerank_puts_the_right_cards_of_the_zoo_first(language_model):
    kept = [
        measures.topic_kept(language_model, intent, topic, entries)[:1]
        for intent, topic, entries, _ in zoo_questions()
    ]
    right = [names for *_, names in zoo_questions()]
    first = [bool(k) and k[0] in names for k, names in zip(kept, right, strict=True)]
    assert np.mean(first) >= 0.9
