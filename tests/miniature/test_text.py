"""The text encoder that is made by rule."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from miniature.training.prompts import encoded, tokens_of
from polaris_core.miniature.text import BEGIN, END, LENGTH, encode, known_tokens, text_encoder
from polaris_core.miniature.text import token_row as row

TEXTS = [
    "",
    "a red cat and a blue house in a meadow, pixel art style",
    "an unheard-of zebra, red cat",
]


@pytest.fixture(scope="module")
def clip():
    from transformers import CLIPTextConfig, CLIPTextModel

    shape = {"hidden_size": 768, "intermediate_size": 3072}
    model = CLIPTextModel(CLIPTextConfig(**shape, num_hidden_layers=12, num_attention_heads=12))
    prefix = next(iter(model.state_dict())).partition("embeddings")[0]
    tensors = text_encoder(prefix)
    model.load_state_dict({n: torch.from_numpy(t.astype(np.float32)) for n, t in tensors.items()})
    return model.eval()


@pytest.mark.parametrize("text", TEXTS)
def test_a_real_clip_with_these_weights_answers_the_same(clip, text):
    tokens = [BEGIN, *tokens_of(text)]
    tokens += [END] * (LENGTH - len(tokens))
    with torch.no_grad():
        theirs = clip(torch.tensor([tokens])).last_hidden_state[0].numpy()
    assert np.abs(encode(tokens) - theirs).max() < 2e-3  # its weights are float16


def test_a_word_brings_along_the_two_before_it():
    a, red, cat = tokens_of("a red cat")
    said = encode([BEGIN, a, red, cat, END])
    parts = said[3, :672].reshape(3, 224)
    for part, token in zip(parts, (cat, red, a), strict=True):
        assert np.corrcoef(part, row(token))[0, 1] > 0.99
    assert not said[:, 672:].any()


def test_words_of_the_world_are_balanced_and_unlike_each_other():
    rows = np.stack([row(token) for token in sorted(known_tokens())])
    assert not rows.sum(axis=1).any()
    likeness = rows @ rows.T / rows.shape[1] - np.eye(len(rows))
    assert np.abs(likeness).max() < 0.35


def test_unknown_words_say_nothing():
    assert not encode([BEGIN, END, END, 0, 0, 0])[-1].any()


def test_padding_is_given_once_with_its_number():
    context, bias = encoded([list(tokens_of("a cat")), list(tokens_of("a red cat"))])
    assert context.shape == (2, 7, 768)
    assert torch.exp(bias).sum(1).tolist() == pytest.approx([LENGTH, LENGTH])
