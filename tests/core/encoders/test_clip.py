"""CLIP through open_clip, with a real and very small model."""

from __future__ import annotations

import socket
import sys
import time

import numpy as np
import pytest

from polaris_core.encoders import factory
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.errors import Cancelled, InvalidInput, MissingDependency, MissingWeights

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 70, 3), np.uint8)


@pytest.fixture(scope="module")
def encoder(tiny_clip):
    name, weights, _ = tiny_clip
    return ClipEncoder(name, str(weights), device="cpu", batch_size=3)


def test_texts_are_embedded_as_open_clip_does_it(encoder, tiny_clip):
    import open_clip
    import torch

    texts = ["a watercolor fox", "", "ein Fuchs, 狐, лиса"]
    with torch.inference_mode():
        wanted = tiny_clip[2].encode_text(open_clip.get_tokenizer(tiny_clip[0])(texts), True)
    np.testing.assert_allclose(encoder.encode_texts(texts), wanted.numpy(), atol=1e-5)


def test_pictures_are_embedded_as_open_clip_does_it(encoder, tiny_clip):
    import open_clip
    import torch
    from PIL import Image

    model = tiny_clip[2]
    prepare = open_clip.image_transform(32, False, model.visual.image_mean, model.visual.image_std)
    with torch.inference_mode():
        wanted = model.encode_image(prepare(Image.fromarray(PHOTO))[None], True)
    np.testing.assert_allclose(encoder.encode_images([PHOTO]), wanted.numpy(), atol=1e-5)


def test_what_stands_after_77_tokens_is_not_read_and_takes_no_time(encoder):
    start = time.perf_counter()
    long = "fox " * 100
    a, b, c = encoder.encode_texts([long, long + "car " * 10**6, "x" * 10**7])
    assert a.tolist() == pytest.approx(b.tolist(), abs=1e-6)
    assert np.isfinite(c).all()
    assert time.perf_counter() - start < 5


def test_the_name_tells_weights_and_model_apart_and_not_places(encoder, tiny_clip, tmp_path):
    name, weights, _ = tiny_clip
    copy = tmp_path / "elsewhere.safetensors"
    copy.write_bytes(weights.read_bytes())
    assert ClipEncoder(name, str(copy)).name == encoder.name
    changed = bytearray(copy.read_bytes())
    changed[-2000:] = bytes(2000)
    copy.write_bytes(changed)
    assert ClipEncoder(name, str(copy)).name != encoder.name


def test_nothing_is_loaded_before_it_is_used(tiny_clip, tmp_path):
    name, weights, _ = tiny_clip
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(weights.read_bytes())
    lazy = ClipEncoder(name, str(copy))
    assert lazy.dim == 24
    assert lazy.encode_texts([]).shape == (0, 24)
    copy.write_bytes(b"not weights any more")
    with pytest.raises(InvalidInput, match="do not make"):
        lazy.encode_texts(["x"])


def test_weights_of_another_model_are_refused(tiny_clip):
    with pytest.raises(InvalidInput, match="do not make a RN50"):
        ClipEncoder("RN50", str(tiny_clip[1]), device="cpu").encode_texts(["x"])


@pytest.mark.parametrize("name", ["weights.pt", "weights.bin", "weights.pth", "weights"])
def test_files_that_may_hold_programs_are_never_opened(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InvalidInput, match="safetensors only"):
        ClipEncoder("ViT-B-32", str(file))


def test_an_unknown_model_gets_the_nearest_names():
    with pytest.raises(InvalidInput, match=r"ViT-L14.*ViT-L-14"):
        ClipEncoder("ViT-L14")


def test_an_unknown_tag_gets_the_known_ones():
    with pytest.raises(InvalidInput, match="laion2b_s34b_b79k"):
        ClipEncoder("ViT-B-32", "laion9b")


@pytest.mark.parametrize(
    ("model", "tag", "said"),
    [
        (
            "ViT-L-14",
            "openai",
            "hf download timm/vit_large_patch14_clip_224.openai open_clip_model",
        ),
        ("ViT-B-32", "laion2b_s34b_b79k", "hf download laion/CLIP-ViT-B-32-laion2B-s34B-b79K "),
        ("ViT-L-14", "openai", "1.7 GB"),
    ],
)
def test_absent_weights_are_an_error_that_says_how_to_get_them(empty_hub, model, tag, said):
    start = time.perf_counter()
    with pytest.raises(MissingWeights, match=said):
        ClipEncoder(model, tag)
    assert time.perf_counter() - start < 5


def test_weights_by_tag_are_found_in_the_hubs_cache(empty_hub, tiny_clip, monkeypatch):
    from open_clip import pretrained

    name, weights, _ = tiny_clip
    monkeypatch.setitem(
        pretrained._PRETRAINED, name, {"tiny": {"hf_hub": "polaris/tiny/", "quick_gelu": True}}
    )
    with pytest.raises(MissingWeights, match="hf download polaris/tiny open_clip_model"):
        ClipEncoder(name, "tiny")
    empty_hub("polaris/tiny", {"open_clip_model.safetensors": weights.read_bytes()})
    found = ClipEncoder(name, "tiny", device="cpu")
    plain = ClipEncoder(name, str(weights), device="cpu")
    assert found.name != plain.name  # the tag says that it was trained with QuickGELU
    assert abs(found.encode_texts(["x"]) - plain.encode_texts(["x"])).max() > 1e-4


def test_cancelling_stops_between_batches(encoder):
    seen = []

    def stop(done, total, what):
        seen.append((done, total))
        if done >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        encoder.encode_texts(["x"] * 9, stop)
    assert seen == [(0, 9), (3, 9)]


def test_the_factory_reads_both_forms_and_makes_each_once(tiny_clip, empty_hub):
    name, weights, _ = tiny_clip
    spec = f"clip:{name}/{weights}"
    assert "//" in spec
    assert factory.text_encoder(spec) is factory.image_encoder(spec)
    for spec in ("clip", "clip:ViT-L-14/openai"):
        with pytest.raises(MissingWeights, match="ViT-L-14/openai"):
            factory.image_encoder(spec)


def test_without_open_clip_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(MissingDependency, match="pip install open_clip_torch"):
        ClipEncoder()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("an encoder must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
