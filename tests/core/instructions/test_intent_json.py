"""Intents as JSON: the round trip, and what is refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import InvalidIntent
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.serialize import intent_from_json, intent_to_json

GOOD = json.loads(intent_to_json(parse_instruction("Replace the cat with a watercolor fox")))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.from_type(EditIntent))
def test_an_intent_comes_back_as_it_was(intent):
    assert intent_from_json(intent_to_json(intent)) == intent


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_refused_with_our_error(text):
    with pytest.raises(InvalidIntent):
        intent_from_json(text)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(GOOD)), JSON)
def test_any_value_in_any_field_is_read_or_refused(field, value):
    try:
        intent = intent_from_json(json.dumps({**GOOD, field: value}))
    except InvalidIntent:
        return
    if field not in ("version", "topics"):
        assert json.loads(intent_to_json(intent))[field] == {**GOOD, field: value}[field]


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=40), st.text(max_size=3))
def test_any_cut_or_change_in_the_text_is_read_or_refused(start, length, instead):
    text = json.dumps(GOOD)
    start %= len(text)
    damaged = text[:start] + instead + text[start + length :]
    with contextlib.suppress(InvalidIntent):
        assert isinstance(intent_from_json(damaged), EditIntent)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"instruction_type": "teleport"}, ["instruction_type", "teleport", "category_change"]),
        ({"style_transformation": 1}, ["style_transformation", "1", "boolean"]),
        ({"subject": None}, ["subject", "string"]),
        ({"topics": {"style": "", "objects": "fox"}}, ["topics.objects", "fox"]),
        ({"topics": {"style": "", "more": 1}}, ["topics.more"]),
        ({"mood": "sad"}, ["no field 'mood'", "sad"]),
        ({"version": 2}, ["newer", "2", "update"]),
        ({"version": "1"}, ["version", "'1'"]),
        ({"version": True}, ["version"]),
    ],
    ids=str,
)
def test_a_wrong_field_is_named_with_its_value_and_what_is_accepted(change, says):
    with pytest.raises(InvalidIntent) as refused:
        intent_from_json(json.dumps({**GOOD, **change}))
    assert all(part in str(refused.value) for part in says), str(refused.value)


@pytest.mark.parametrize("field", ["version", "instruction", "instruction_type"])
def test_a_missing_field_is_named(field):
    with pytest.raises(InvalidIntent, match=field):
        intent_from_json(json.dumps({k: v for k, v in GOOD.items() if k != field}))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"version": 1, "instruction": NaN, "instruction_type": "add"}',
        '{"version": 1, "instruction": "a", "instruction": "b", "instruction_type": "add"}',
        '{"version": 1, "instruction": "\\ud800", "instruction_type": "add"}',
        '{"version": 1' + "0" * 10_000 + "}",
        '{"version": 1, "instruction": "' + "a" * 3_000_000 + '", "instruction_type": "add"}',
        "\ud800",
        "﻿{}",
        "null",
        "",
    ],
    ids=lambda t: ascii(t[:40]),
)
def test_hostile_json_is_refused_with_our_error(text):
    with pytest.raises(InvalidIntent):
        intent_from_json(text)


def test_fields_with_a_default_may_be_left_out():
    intent = intent_from_json('{"version": 1, "instruction": "a", "instruction_type": "remove"}')
    assert intent.contour_compatible
    assert intent.topics.objects == ()
