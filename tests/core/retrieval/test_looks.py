"""The look of a picture that is to be kept: models that look like it, and what it is called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.encoders.base import PictureTextEncoder
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.retrieval import look_names
from polaris_core.retrieval.about import Verdict, judge_look
from polaris_core.retrieval.look_names import LookNames
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras
from polaris_core.testing import HashingEncoder

NAMES = look_names._NAMES
DIM = len(NAMES)


class AxisEncoder:
    """Gives each name an axis of its own; pictures are never asked of it."""

    name, dim = "axes", DIM
    asked = 0

    def encode_texts(self, texts, progress=None):
        self.asked += 1
        found = [next(i for i, name in enumerate(NAMES) if t == f"{name} style") for t in texts]
        return np.eye(DIM, dtype=np.float32)[found]

    def encode_images(self, images, progress=None):
        raise AssertionError


def unit(values):
    vector = np.asarray(values, np.float32)
    return vector / np.linalg.norm(vector)


@given(st.integers(0, DIM - 1), st.floats(0, 0.5))
def test_the_nearest_name_is_told(place, noise):
    values = np.full(DIM, noise)
    values[place] = 1.0
    told = LookNames(AxisEncoder()).of(unit(values))
    assert told == ("photo" if NAMES[place] == "photo" else f"{NAMES[place]} style")


@given(st.integers(0, DIM - 1), st.integers(0, DIM - 1))
def test_between_two_nothing_is_told(one, other):
    values = np.full(DIM, 0.1)
    values[[one, other]] = 1.0
    told = LookNames(AxisEncoder()).of(unit(values))
    assert bool(told) == (one == other)


def test_names_are_read_once_and_only_by_an_encoder_of_both():
    assert isinstance(AxisEncoder(), PictureTextEncoder)
    encoder = AxisEncoder()
    looks = LookNames(encoder)
    for _ in range(3):
        looks.of(unit(np.arange(1, DIM + 1)))
    assert encoder.asked == 1
    vector = unit(np.ones(16))
    assert LookNames(None).of(vector) == ""
    assert LookNames(HashingEncoder(16)).of(vector) == "", "its texts are like no picture"


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-0.9, 0.9))
def test_more_alike_is_never_judged_worse(one, other, usual):
    low, high = sorted((one, other))
    if judge_look(low, usual) is Verdict.FITS:
        assert judge_look(high, usual) is Verdict.FITS
    assert judge_look(1.0, usual) is Verdict.FITS
    assert judge_look(usual, usual) is Verdict.NEAR


@pytest.fixture
def colourful(make_entry, make_zoo):
    """Looks of many colours, each a checkpoint and a LoRA; a tenth checkpoint has none."""
    rng = np.random.default_rng(0)
    colours = [tuple(map(int, rng.integers(0, 256, 3))) for _ in range(9)]
    checkpoint = Kind.CHECKPOINT
    looks = [make_entry(f"Look {i}", colour=colour) for i, colour in enumerate(colours)]
    bases = [make_entry(f"Base {i}", colour=c, kind=checkpoint) for i, c in enumerate(colours)]
    bases.append(make_entry("Any", kind=checkpoint, colour=colours[0], tags=("all-rounder",)))
    return make_zoo([*looks, *bases]), colours


def found(zoo, colour, kind=InstructionType.CATEGORY_CHANGE):
    picture = np.full((32, 32, 3), colour, np.uint8)
    intent = EditIntent("replace it", kind, generation_prompt="a fox", topics=Topics("", ("fox",)))
    [checkpoints] = retrieve_checkpoints(zoo, intent, picture=picture).slots
    loras = retrieve_loras(zoo, intent, base=BaseModel.SD15, picture=picture)
    return checkpoints, loras.slot(SlotName.STYLE)


def test_models_that_look_like_the_picture_keep_its_look(colourful):
    zoo, colours = colourful
    usual = zoo.state().usual_look
    assert -1 <= usual < 1
    checkpoints, style = found(zoo, colours[4])
    assert (checkpoints.hits[0].entry.name, style.hits[0].entry.name) == ("Base 4", "Look 4")
    for hit in style.hits:
        assert judge_look(hit.sources[0].score, usual) is Verdict.FITS


def test_a_look_that_no_model_has_is_left_alone(colourful):
    zoo, _ = colourful
    checkerboard = np.indices((32, 32)).sum(0) % 2 * 255
    picture = np.repeat(checkerboard[..., None], 3, axis=2).astype(np.uint8)
    intent = EditIntent("replace it", InstructionType.ADD, subject="fox")
    loras = retrieve_loras(zoo, intent, base=BaseModel.SD15, picture=picture)
    [checkpoints] = retrieve_checkpoints(zoo, intent, picture=picture).slots
    assert loras.slot(SlotName.STYLE).hits == ()
    assert "none looks clearly like the picture" in loras.slot(SlotName.STYLE).note
    assert checkpoints.hits[0].entry.name == "Any"
    assert "all-rounders first" in checkpoints.note


def test_a_reference_takes_the_nearest_however_far(colourful):
    zoo, _ = colourful
    _, style = found(zoo, (128, 128, 128), InstructionType.NEW_PICTURE)
    assert style.hits


def test_few_previews_do_not_tell_what_is_usual(small_zoo):
    assert small_zoo.state().usual_look is None
