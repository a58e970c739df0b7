"""Judge, encoder and language model: a few steps on little data, and what they are trained on."""

from __future__ import annotations

import operator
import random

import numpy as np
import pytest

from miniature.training.ahead import drawn as drawn_ahead
from miniature.training.reader_data import cached, draw_scenes
from miniature.training.reader_words import (
    HELD_OUT_NOUNS,
    HELD_OUT_STYLES,
    KIND_WORDS,
    NOUNS,
    STYLE_WORDS,
    STYLES,
)
from miniature.training.requests import Vocabulary, draw_question
from miniature.training.upload_prose import MATTER, QUALITIES
from miniature.training.uploads import Upload, describe
from miniature.world import ALL_KINDS, ALL_STYLES, draw, masks
from polaris_core.catalogue.entry import Role
from polaris_core.rerank.candidate_text import full_text
from polaris_core.retrieval.shortlist import SlotName

WORDS = Vocabulary(("fox", "teapot", "owl"), ("neon", "watercolor", "sea glass", "stained glass"))


@pytest.fixture(scope="module")
def drawn():
    return draw_scenes(64, seed=3)


@pytest.fixture(scope="module")
def tokenizer():
    pytest.importorskip("transformers")
    from miniature.train_language_model import texts
    from miniature.training.language_model import make_tokenizer

    return make_tokenizer(texts(questions=60, repeated=1))


def falls(losses):
    return np.mean(losses[-3:]) < 0.9 * np.mean(losses[:3])


def test_the_world_s_words_are_known_to_the_language_model():
    assert set(ALL_KINDS) == set(KIND_WORDS)
    assert set(ALL_STYLES) == set(STYLE_WORDS)
    assert len(set(NOUNS) | set(STYLES)) > 200 + len(ALL_KINDS) + len(ALL_STYLES)
    assert not set(HELD_OUT_NOUNS) & set(NOUNS)
    assert not set(HELD_OUT_STYLES) & set(STYLES)


def test_words_that_stand_for_nothing_are_never_sought():
    sought = {part for word in (*NOUNS, *STYLES) for part in word.split()}
    sought |= {*HELD_OUT_NOUNS, *HELD_OUT_STYLES}
    assert not sought & {*MATTER, *QUALITIES}
    assert len({*MATTER, *QUALITIES}) > 300


@pytest.mark.parametrize("role", [Role.STYLE, Role.OBJECT])
def test_a_description_says_somewhere_what_it_is_about(role):
    rng = np.random.default_rng(2)
    about = {Role.STYLE: "marquetry", Role.OBJECT: "raccoon"}[role]
    entries = [describe(rng, Upload(role, "raccoon", "marquetry")) for _ in range(200)]
    assert all(about in full_text(entry).lower() for entry in entries)
    assert len({len(entry.tags) for entry in entries}) > 5
    said_in_words = [about in entry.description.lower() for entry in entries]
    assert 0.5 < np.mean(said_in_words) < 0.95


def test_batches_drawn_ahead_are_the_same():
    draw = operator.methodcaller("random")
    ahead = list(drawn_ahead(draw, 7, range(2, 7), workers=1))
    assert ahead == list(drawn_ahead(draw, 7, range(2, 7)))
    assert len(set(ahead)) == 5


def test_the_judge_learns(drawn):
    from miniature.train_judge import fit
    from miniature.training.judge import labelled, make_judge

    assert falls(fit(make_judge(), labelled(drawn), 12))


def test_the_encoder_learns(drawn):
    from miniature.train_encoder import fit
    from miniature.training.encoder import make_encoder

    model = make_encoder()
    before = model.token_embedding.weight.clone()
    losses = fit(model, drawn, 6)
    assert losses[-1] < losses[0]
    assert (model.token_embedding.weight == before).all()


def test_the_language_model_learns(tokenizer):
    from miniature.train_language_model import fit
    from miniature.training.language_model import make_model

    losses = fit(make_model(tokenizer), tokenizer, 8)
    assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_a_training_that_was_interrupted_ends_as_one_that_was_not(drawn, tmp_path):
    from miniature.train_judge import fit
    from miniature.training.judge import labelled, make_judge

    data = labelled(drawn)
    whole = fit(make_judge(), data, 4, tmp_path / "whole.pt")
    again = tmp_path / "again.pt"
    fit(make_judge(), data, 2, again)  # its rates are those of a shorter training
    assert fit(make_judge(), data, 2, again) == []
    gone_on = fit(make_judge(), data, 4, again)
    assert len(whole) == 4
    assert len(gone_on) == 2


def test_a_tree_with_gradients_says_what_transformers_says(tokenizer):
    import torch

    from miniature.training.language_model import encode, log_odds, make_model

    model = make_model(tokenizer, seed=4)
    rng = np.random.default_rng(0)
    batch = encode(tokenizer, [draw_question(rng, WORDS, 3, SlotName.STYLE) for _ in range(2)], rng)
    with torch.no_grad():
        odds, *_ = log_odds(model, batch)
        for prefix, branches, row in zip(batch.prefixes, batch.branches, odds, strict=True):
            for branch, found in zip(branches, row, strict=True):
                yes, no = model(torch.tensor([prefix + branch])).logits[0, -1, list(batch.answers)]
                assert float(found) == pytest.approx(float(yes - no), abs=1e-4)


def test_tokens_of_words_do_not_depend_on_what_stands_before(tokenizer):
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in ('"fox"', "a Fox")]
    assert ids[0][1] == ids[1][1]
    assert [len(tokenizer(w, add_special_tokens=False)["input_ids"]) for w in ("yes", "no")] == [
        1,
        1,
    ]
    assert tokenizer.decode(tokenizer("a red fox")["input_ids"]).split() == ["a", "red", "fox"]


def test_the_tokenizer_leaves_no_letter_out(tokenizer):
    for text in ("zürich über 狐 лиса 🦊 ~ ¿qué?", "{x} \\ `y` | ^"):
        read = tokenizer.decode(tokenizer(text)["input_ids"])
        assert "".join(read.split()) == "".join(text.split())


def test_squares_of_the_encoder_are_the_masker_s_views():
    from PIL import Image

    from miniature.training.crops import EDGE_PX, views
    from polaris_core.regions.proposal import Proposal
    from polaris_core.regions.views import Views

    scene = draw_scenes(1, seed=8).scenes[0]
    picture, mask = draw(scene), masks(scene)[0]
    for mine, theirs in zip(
        views(picture, mask), Views(picture).of(Proposal.of(mask, 1.0)), strict=True
    ):
        small = Image.fromarray(theirs).resize((EDGE_PX, EDGE_PX), Image.Resampling.BOX)
        assert np.abs(mine.astype(int) - np.asarray(small)).mean() < 12


def test_drawn_scenes_are_kept(tmp_path):
    one, again = cached(tmp_path, 3, 1), cached(tmp_path, 3, 1)
    assert one.scenes == again.scenes
    assert (one.views == again.views).all()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_question_has_candidates_that_fit_and_others():
    rng = np.random.default_rng(1)
    for _ in range(40):
        question = draw_question(rng, WORDS, 8)
        assert question.topic.phrase
        assert any(question.fits)
        assert not all(question.fits)
        wanted = Role.OBJECT if question.topic.slot is SlotName.OBJECT else Role.STYLE
        for entry, fits in zip(question.entries, question.fits, strict=True):
            if fits:
                assert entry.role in (wanted, Role.UNKNOWN)
                last = question.topic.phrase.split()[-1]
                assert last[:4] in full_text(entry).lower()


def test_what_is_said_of_a_thing_is_true(drawn):
    from miniature.training.phrases import ANY, of_ground, of_thing

    rng = random.Random(0)
    for at, which in drawn.owners:
        for said in (of_thing(drawn.scenes[at], which, rng), of_ground(drawn.scenes[at], rng)):
            pairs = zip(said.meant, said.shown, strict=True)
            assert all(meant in (ANY, shown) for meant, shown in pairs)
