"""Plans as JSON: round trip, golden files, and what is refused."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.errors import InvalidPlan
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.explain import explain
from polaris_core.planning.plan import EditPlan, LoraStep, MaskPlan, ModelPick
from polaris_core.planning.planner import make_plan
from polaris_core.planning.serialize import plan_from_json, plan_to_json

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "plans"
NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z漆 ]{1,8})?\.safetensors", fullmatch=True)
PICKS = st.builds(ModelPick, file=NAMES | st.just(""), size_bytes=st.integers(0, 2**50))
STRENGTHS = st.floats(-10, 10)
STEPS = st.builds(LoraStep, pick=PICKS, strength_model=STRENGTHS, strength_clip=STRENGTHS)
PLANS = st.builds(
    EditPlan,
    denoise=st.floats(0, 1, exclude_min=True),
    mask=st.builds(MaskPlan, grow_px=st.integers(0, 4096)),
    checkpoint=st.none() | PICKS,
    loras=st.lists(STEPS, max_size=3).map(tuple),
    version=st.just(1),
)


@pytest.fixture(scope="module")
def plan(zoo):
    """A plan with everything in it."""
    shortlist = zoo.shortlist(
        zoo.hit(
            "Inkwell",
            kind=Kind.CHECKPOINT,
            id=1,
            sha256="1" * 64,
            size_bytes=2_000_000,
            source="https://example.org/inkwell",
            licence="CC-BY-4.0",
        ),
        style=[
            zoo.hit("Heavy", BaseModel.SDXL, id=2),
            zoo.hit("Aquarelle", id=3, trigger_words=("wtrclr",), autov3="0123456789ab"),
        ],
        objects=[zoo.hit("Foxes", id=4, strength=1.0, trigger_words=("vulpes", "fox"))],
    )
    intent = parse_instruction("Replace the cat on the sofa with a watercolor fox, and add a hat")
    return make_plan(intent, shortlist, has_picture=True, has_mask=True)


@settings(max_examples=150, deadline=None)
@given(PLANS)
def test_a_plan_comes_back_as_it_was(plan):
    assert plan_from_json(plan_to_json(plan)) == plan
    assert plan_from_json(plan_to_json(plan, indent=None)) == plan
    assert explain(plan)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_to_the_text_is_read_or_refused_with_our_error(plan, data):
    text = plan_to_json(plan)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    damaged = text[:start] + data.draw(st.text(max_size=4)) + text[end:]
    with contextlib.suppress(InvalidPlan):
        assert isinstance(plan_from_json(damaged), EditPlan)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.recursive(st.none() | st.floats(), st.lists).map(json.dumps))
def test_any_other_text_is_refused_with_our_error(text):
    with pytest.raises(InvalidPlan):
        plan_from_json(text)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["denoise"], 0, "denoise"),
        (["denoise"], 1.01, "denoise"),
        (["denoise"], "0.5", "denoise"),
        (["mask", "grow_px"], -1, "grow_px"),
        (["mask", "mode"], "everywhere", "inside"),
        (["loras", 0, "strength_model"], 1e300, "loras.0.strength_model"),
        (["loras", 1, "slot"], "colour", "style"),
        (["loras", 0, "pick", "file"], "../../etc/passwd", "model folder"),
        (["loras", 0, "pick", "file"], "/etc/passwd", "model folder"),
        (["loras", 0, "pick", "file"], "a\\..\\..\\b", "model folder"),
        (["loras", 0, "pick", "file"], "C:\\b.safetensors", "model folder"),
        (["checkpoint", "file"], "a/\x00", "model folder"),
        (["checkpoint", "colour"], "red", "no field 'checkpoint.colour'"),
        (["intent", "instruction_type"], 4, "intent.instruction_type"),
        (["version"], 7, "newer"),
        (["version"], None, "version"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(plan, path, value, says):
    fields = json.loads(plan_to_json(plan))
    inner = fields
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(InvalidPlan, match=says):
        plan_from_json(json.dumps(fields))


@pytest.mark.parametrize("field", ["prompt", "negative", "denoise", "mask", "intent", "loras"])
def test_a_missing_field_is_named(plan, field):
    fields = json.loads(plan_to_json(plan))
    del fields[field]
    with pytest.raises(InvalidPlan, match=field):
        plan_from_json(json.dumps(fields))


@pytest.mark.parametrize("hostile", ["1e999", "NaN", "-Infinity", "1" * 5000, "[" * 9999])
def test_hostile_numbers_are_refused(plan, hostile):
    text = plan_to_json(plan).replace('"denoise": 0.85', f'"denoise": {hostile}')
    with pytest.raises(InvalidPlan):
        plan_from_json(text)


def test_the_golden_plan_is_still_made_and_still_read(plan):
    golden = GOLDEN / "watercolor_fox.json"
    if os.environ.get("POLARIS_WRITE_GOLDEN"):
        golden.write_text(plan_to_json(plan) + "\n", "utf-8")
    text = golden.read_text("utf-8")
    assert plan_from_json(text) == plan
    assert plan_to_json(plan) + "\n" == text


def test_the_explanation_names_every_decision_and_stays_narrow(plan):
    text = explain(plan)
    for decision in plan.decisions:
        assert decision.what in text
    assert "Replace the cat" in text
    assert max(map(len, text.splitlines())) <= 100
