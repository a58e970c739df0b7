"""What every encoder must do; the weights of some are absent on some machines."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from polaris_core.encoders.base import ImageEncoder, TextEncoder
from polaris_core.encoders.cache import CachedImageEncoder, CachedTextEncoder, EmbeddingCache
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.encoders.sentence import SentenceEncoder
from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.testing import HashingEncoder

TEXTS = ["a watercolor fox", "", "Füchse 狐 \ud800 🦊", "fox " * 999, "a watercolor fox", "a\0b"]
RNG = np.random.default_rng(0)
PICTURES = [
    RNG.integers(0, 256, (40, 30, 3), np.uint8),
    np.zeros((1, 1, 3), np.uint8),
    RNG.integers(0, 256, (30, 400, 3), np.uint8)[:, ::-2],
]


def sentence(_):
    try:
        return SentenceEncoder(device="cpu")
    except MissingWeights as error:
        pytest.skip(str(error))


def clip(folder):
    import open_clip
    from safetensors.torch import save_file

    small = {"layers": 1, "width": 32}
    config = {
        "embed_dim": 16,
        "vision_cfg": {**small, "image_size": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {**small, "context_length": 77, "vocab_size": 49408, "heads": 2},
    }
    (folder / "polaris-contract-clip.json").write_text(json.dumps(config), "utf-8")
    open_clip.add_model_config(folder / "polaris-contract-clip.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = open_clip.create_model("polaris-contract-clip")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "w.safetensors")
    return ClipEncoder("polaris-contract-clip", str(folder / "w.safetensors"), "cpu", 2)


TEXT = {
    "hashing": lambda _: HashingEncoder(),
    "sentence": sentence,
    "clip": clip,
    "cached": lambda f: CachedTextEncoder(HashingEncoder(), EmbeddingCache(f / "cache.db")),
}
IMAGE = {
    "hashing": lambda _: HashingEncoder(),
    "clip": clip,
    "cached": lambda f: CachedImageEncoder(HashingEncoder(), EmbeddingCache(f / "cache.db")),
}


@pytest.fixture(scope="module", params=sorted(TEXT))
def text(request, tmp_path_factory):
    return TEXT[request.param](tmp_path_factory.mktemp("text"))


@pytest.fixture(scope="module", params=sorted(IMAGE))
def image(request, tmp_path_factory):
    return IMAGE[request.param](tmp_path_factory.mktemp("image"))


def check_rows(rows, count, dim):
    assert rows.dtype == np.float32
    assert rows.shape == (count, dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


def test_texts_become_unit_vectors_and_equal_ones_are_equal(text):
    rows = text.encode_texts(TEXTS)
    check_rows(rows, len(TEXTS), text.dim)
    np.testing.assert_allclose(rows[0], rows[4], atol=1e-5)
    assert abs(rows[0] - rows[1]).max() > 1e-3


def test_pictures_become_unit_vectors_and_other_pictures_other_ones(image):
    rows = image.encode_images(PICTURES)
    check_rows(rows, len(PICTURES), image.dim)
    assert abs(rows[0] - rows[1]).max() > 1e-3


def test_a_vector_does_not_depend_on_its_company_or_order(text, image):
    np.testing.assert_allclose(
        text.encode_texts(TEXTS)[::-1], text.encode_texts(TEXTS[::-1]), atol=1e-5
    )
    np.testing.assert_allclose(
        image.encode_images(PICTURES)[2:], image.encode_images(PICTURES[2:]), atol=1e-5
    )


def test_nothing_becomes_no_rows(text, image):
    assert text.encode_texts([]).shape == (0, text.dim)
    assert image.encode_images([]).shape == (0, image.dim)


def test_names_are_said_and_stay(text, image):
    for encoder in (text, image):
        assert encoder.name
        assert encoder.name == encoder.name.strip()
    assert isinstance(text, TextEncoder)
    assert isinstance(image, ImageEncoder)


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((4, 4), np.uint8), id="grey"),
        pytest.param(np.zeros((4, 4, 4), np.uint8), id="with alpha"),
        pytest.param(np.zeros((4, 4, 3), np.float32), id="of floats"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), id="without pixels"),
    ],
)
def test_what_is_no_picture_is_refused(image, picture):
    with pytest.raises(InvalidInput):
        image.encode_images([picture])
