"""Trained weights as the repository keeps them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from polaris_core.errors import InvalidInput
from polaris_core.miniature.store import load_compact, quantise, read_card, save_compact

RNG = np.random.default_rng(0)
TENSORS = {
    "conv.weight": RNG.standard_normal((24, 8, 3, 3)).astype(np.float32),
    "conv.bias": RNG.standard_normal(24).astype(np.float32),
    "small.weight": RNG.standard_normal((2, 2)).astype(np.float32),
    "empty.weight": np.zeros((32, 32), np.float32),
}


def test_weights_come_back_within_half_a_step_of_their_row(tmp_path):
    save_compact(tmp_path / "a.safetensors", TENSORS, {"name": "A"})
    back = load_compact(tmp_path / "a.safetensors")
    assert back.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert back[name].dtype == np.float32
        step = np.abs(tensor.reshape(len(tensor), -1)).max(axis=1) / 127
        wrong = np.abs(back[name] - tensor).reshape(len(tensor), -1).max(axis=1)
        assert (wrong <= 0.6 * step + 1e-7).all()


def test_large_tensors_take_a_byte_a_number(tmp_path):
    save_compact(tmp_path / "a.safetensors", TENSORS, {})
    numbers = sum(tensor.size for tensor in TENSORS.values())
    assert (tmp_path / "a.safetensors").stat().st_size < numbers + 1000


def test_the_card_keeps_what_was_said_and_the_hash(tmp_path):
    save_compact(tmp_path / "a.safetensors", TENSORS, {"name": "A", "tags": ["x"]})
    card = read_card(tmp_path / "a.safetensors")
    assert card["name"] == "A"
    assert card["tags"] == ["x"]
    assert len(card["sha256"]) == 64


def test_a_file_that_is_not_the_cards_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_compact(path, TENSORS, {})
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="card"):
        load_compact(path)


def test_missing_weights_and_broken_cards_are_named(tmp_path):
    path = tmp_path / "a.safetensors"
    with pytest.raises(InvalidInput, match="card cannot be read"):
        load_compact(path)
    path.with_suffix(".json").write_text("[]")
    with pytest.raises(InvalidInput, match="no JSON object"):
        load_compact(path)
    path.with_suffix(".json").write_text(json.dumps({"sha256": ""}))
    with pytest.raises(InvalidInput, match="no stored weights"):
        load_compact(path)


@pytest.mark.parametrize(
    ("name", "value"), [("a.scale", 1.0), ("a", np.nan)], ids=["name", "not finite"]
)
def test_what_cannot_be_stored_is_refused(tmp_path, name, value):
    with pytest.raises(InvalidInput):
        save_compact(tmp_path / "a.safetensors", {name: np.array([value])}, {})


def test_rows_of_zeros_stay_zeros():
    values, scale = quantise(np.zeros((3, 100)))
    assert not values.any()
    assert np.isfinite(scale).all()
