"""What is stored of the readers, and that users' loaders make the same models of it again.

The weights here are random: this is about files and formats.
"""

from __future__ import annotations

import numpy as np
import pytest

from miniature.training import measures
from miniature.training.judge import labelled
from miniature.training.reader_data import draw_scenes
from miniature.training.zoo_questions import zoo_questions
from polaris_core.encoders import factory
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.miniature.readers import write_encoder, write_language_model

TEXTS = ["a red cat", "neon style", "a photo of the teapot"]


@pytest.fixture(scope="module")
def drawn():
    return draw_scenes(4, seed=12)


def test_the_judge_comes_back(drawn, tmp_path):
    import torch

    from miniature.train_judge import store
    from miniature.training.judge import make_judge

    judge = make_judge(seed=2).eval()
    store(judge, "none", tmp_path)
    again = measures.load_judge(tmp_path / "judge.safetensors")
    seen = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        assert (judge(seen) - again(seen)).abs().max() < 0.05
    assert measures.judged_rightly(again, labelled(drawn)).shape[1] == 3


def test_the_encoder_comes_back_as_a_folder_of_open_clip(drawn, tmp_path):
    pytest.importorskip("open_clip")
    import open_clip
    import torch

    from miniature.train_encoder import store
    from miniature.training.encoder import encode_pictures, encode_texts, make_encoder

    model = make_encoder(seed=2).eval()
    store(model, "none", tmp_path)
    folder = tmp_path / "encoder"
    write_encoder(tmp_path / "encoder.safetensors", folder)
    encoder = factory.image_encoder(f"clip:{folder}")
    assert isinstance(encoder, ClipEncoder)
    with torch.no_grad():
        texts = encode_texts(model, open_clip.get_tokenizer("ViT-B-32")(TEXTS)).numpy()
        seen = torch.from_numpy(drawn.wholes.copy()).permute(0, 3, 1, 2).float() / 255
        pictures = encode_pictures(model, seen).numpy()
    assert (encoder.encode_texts(TEXTS) * texts).sum(1).min() > 0.999
    assert (encoder.encode_images(list(drawn.wholes)) * pictures).sum(1).min() > 0.995
    assert 0 <= measures.captions_found(encoder, 6)[0] <= 1
    assert 0 <= measures.masks_chosen(encoder, 2) <= 1


def test_the_language_model_comes_back_and_reads_a_tree(tmp_path):
    pytest.importorskip("llguidance")
    import torch

    from miniature.train_language_model import store, texts
    from miniature.training.language_model import make_model, make_tokenizer
    from polaris_core.llm.transformers_model import TransformersModel

    tokenizer = make_tokenizer(texts(questions=30, repeated=1))
    model = make_model(tokenizer, seed=2).eval()
    store(model, tokenizer, "none", tmp_path)
    folder = tmp_path / "language_model"
    write_language_model(tmp_path / "language_model.safetensors", folder)
    loaded = TransformersModel.load(str(folder), device="cpu")
    assert loaded.tokenizer.chat_template == tokenizer.chat_template
    ids = loaded.tokenizer("A watercolor fox? yes")["input_ids"]
    assert ids == tokenizer("A watercolor fox? yes")["input_ids"]
    with torch.no_grad():
        one, other = (m(torch.tensor([ids])).logits[0] for m in (model, loaded.model))
    assert torch.nn.functional.cosine_similarity(one, other).min() > 0.99
    intent, topic, entries, right = next(zoo_questions())
    assert right <= {entry.name for entry in entries}
    kept = measures.topic_kept(loaded, intent, topic, entries)
    assert set(kept) <= {entry.name for entry in entries}


def test_there_is_a_question_for_every_new_kind_and_style():
    from miniature.world import NEW_KINDS, NEW_STYLES

    asked = list(zoo_questions())
    assert len(asked) >= 2.5 * (len(NEW_KINDS) + len(NEW_STYLES))
    assert all(len(right) < len(entries) / 2 for _, _, entries, right in asked)


def test_the_area_under_the_curve_counts_pairs():
    scores = [np.array([0.9, 0.1]), np.array([0.5, 0.4])]
    assert measures.auc(scores, [(True, False), (False, True)]) == 0.75
