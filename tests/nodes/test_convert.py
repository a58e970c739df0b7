"""Pictures on their way to the core."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

# Loaded by itself: the package around it belongs to ComfyUI, this file does not need it.
FILE = Path(__file__).resolve().parent.parent.parent / "nodes" / "_convert.py"
_spec = importlib.util.spec_from_file_location("polaris_convert", FILE)
convert = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(convert)


@given(st.integers(0, 255))
def test_a_picture_keeps_its_bytes(value):
    image = torch.full((1, 2, 3, 3), value / 255)
    assert (convert.first_picture(image) == value).all()


def test_no_picture_stays_none():
    assert convert.first_picture(None) is None


def test_an_alpha_channel_is_left_out():
    assert convert.first_picture(torch.zeros(1, 2, 3, 4)).shape == (2, 3, 3)
