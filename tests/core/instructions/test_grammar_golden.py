"""Sentences that a person labelled: the type of each, and the other fields on the whole."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "instructions" / "sentences.jsonl"
ROWS = [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()]
FLOORS = {
    "type": 0.99,
    "style": 0.99,
    "subject": 0.98,
    "words_f1": 0.95,
    "anchor_f1": 0.97,
    "contour": 0.95,
}


@pytest.fixture(scope="module")
def quality():
    """The benchmark's own scoring."""
    path = ROOT / "benchmarks" / "parse_quality.py"
    spec = importlib.util.spec_from_file_location("parse_quality", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("row", [r for r in ROWS if r["sure"]], ids=lambda r: r["instruction"])
def test_a_sentence_whose_type_is_beyond_doubt_is_read_as_that(row, quality):
    assert quality.read(row).code == str(row["type"])


def test_the_other_fields_agree_on_the_whole(quality):
    found = quality.shares([quality.read(row) for row in ROWS if row["sure"]])
    below = {key: (found[key], floor) for key, floor in FLOORS.items() if found[key] < floor}
    assert not below


def test_the_benchmark_scores_as_it_says(quality):
    assert quality.f1("an old red boat", "red boat") == 2 * 2 / (3 + 2)
    assert quality.f1("", "") == 1
    assert quality.f1("black-and-white", "black and white") == 1
    assert quality.noun("family of ducks") == "family"
    assert quality.noun("Red Car") == "car"
