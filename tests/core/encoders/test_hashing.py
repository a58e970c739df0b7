"""The encoder without weights knows spelling and colour."""

from __future__ import annotations

import numpy as np
import pytest

from polaris_core.errors import InvalidInput
from polaris_core.testing import HashingEncoder


def test_texts_that_share_words_are_nearer():
    fox, foxes, car = HashingEncoder().encode_texts(
        ["a watercolor fox", "foxes in watercolor", "sports car"]
    )
    assert fox @ foxes > fox @ car + 0.1


def test_pictures_that_share_colours_and_places_are_nearer():
    red = np.full((32, 32, 3), (200, 20, 20), np.uint8)
    darker = np.full((64, 48, 3), (180, 20, 20), np.uint8)
    blue = np.full((32, 32, 3), (20, 20, 200), np.uint8)
    a, b, c = HashingEncoder().encode_images([red, darker, blue])
    assert a @ b > a @ c + 0.1


def test_vectors_are_the_same_on_every_machine():
    rows = HashingEncoder(16).encode_texts(["a watercolor fox"])
    assert HashingEncoder(16).name == "hashing:16"
    assert rows[0, :3].tolist() == pytest.approx([0.24126, -0.24126, -0.17833], abs=1e-4)


def test_a_vector_of_no_values_is_refused():
    with pytest.raises(InvalidInput):
        HashingEncoder(0)
