"""From replies to intents: golden replies, then any reply at all."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import UnreadableReply
from polaris_core.instructions.examples import EXAMPLES
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.instructions.reply import intent_from_reply
from polaris_core.instructions.serialize import intent_from_json, intent_to_json

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "replies"
REPLIES = sorted(GOLDEN.glob("*.txt"))
SENTENCE = "Replace the kettle with a copper lantern"


def read(reply: str, instruction: str = SENTENCE, *, has_picture: bool = True) -> EditIntent:
    return intent_from_reply(reply, instruction, has_picture=has_picture, parser="a model")


@pytest.mark.parametrize("file", REPLIES, ids=lambda file: file.stem)
def test_a_golden_reply_gives_what_stands_beside_it(file):
    reply = file.read_bytes().decode("utf-8")
    expected = json.loads(file.with_suffix(".json").read_text("utf-8"))
    sentence = expected.get("instruction", SENTENCE)
    has_picture = expected.get("has_picture", True)
    if "error" in expected:
        with pytest.raises(UnreadableReply) as refused:
            read(reply, sentence, has_picture=has_picture)
        assert refused.value.reply == reply
        assert refused.value.hint
        assert all(word in str(refused.value) for word in expected["error"]), refused.value
        return
    intent = read(reply, sentence, has_picture=has_picture)
    written = json.loads(intent_to_json(intent))
    assert {field: written[field] for field in expected["intent"]} == expected["intent"]
    assert intent.instruction == sentence
    assert intent_from_json(intent_to_json(intent)) == intent


def test_there_are_many_golden_replies_and_each_has_its_answer():
    assert len(REPLIES) >= 60
    assert {file.stem for file in REPLIES} == {file.stem for file in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.instruction)
def test_the_answers_that_a_model_is_shown_are_read_as_they_stand(example):
    intent = read(example.answer, example.instruction, has_picture=example.has_picture)
    answer = json.loads(example.answer)
    written = json.loads(intent_to_json(intent))
    assert {field: written[field] for field in answer} == answer


def outcome(reply: str, instruction: str = SENTENCE) -> EditIntent | None:
    """The intent, or None for our error; whatever else happens is a failure."""
    try:
        intent = read(reply, instruction)
    except UnreadableReply:
        return None
    assert intent_from_json(intent_to_json(intent)) == intent
    return intent


GOOD = EXAMPLES[1].answer
TEXTS = [file.read_bytes().decode("utf-8") for file in REPLIES if file.stat().st_size < 4000]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.text())
def test_any_text_is_read_or_refused(reply):
    outcome(reply)


@settings(max_examples=500)
@given(st.sampled_from(TEXTS), st.integers(min_value=0), st.integers(0, 40), st.text(max_size=3))
def test_any_cut_or_change_in_a_reply_is_read_or_refused(reply, start, length, instead):
    start %= len(reply) + 1
    outcome(reply[:start] + instead + reply[start + length :])


@settings(max_examples=300)
@given(
    st.sampled_from(list(InstructionType)),
    st.dictionaries(st.sampled_from(sorted(json.loads(GOOD))[1:]), VALUES),
    st.text(),
)
def test_any_value_in_any_field_is_read_or_refused(kind, fields, instruction):
    reply = json.dumps({**json.loads(GOOD), **fields, "instruction_type": kind.value})
    intent = outcome(reply, instruction)
    assert intent is not None
    assert intent.style_transformation or not intent.topics.style
    assert intent.anchor == "" or intent.instruction_type is InstructionType.ADD
    assert bool(intent.explanation) == (intent.instruction_type is InstructionType.OTHER)


@settings(max_examples=200)
@given(st.text(), st.integers(0, 12))
def test_no_mark_of_a_chat_template_stays_in_a_text(noise, at):
    marks = ["<|im_end|>", "</s>", "[INST]", "<|im_<|im_end|>end|>", "<image>", "\x00", "\u202e"]
    prompt = f"a heron {noise[:at]}{marks[at % len(marks)]}{noise[at:]} by a pier"
    intent = outcome(json.dumps({**json.loads(GOOD), "generation_prompt": prompt}))
    assert intent is not None
    assert not set("<>\x00\u202e\n") & set(intent.generation_prompt)


def test_a_sentence_too_long_to_be_shown_is_kept_in_what_remains():
    sentence = "Add a heron. " + "And a boat. " * 8000
    intent = outcome(GOOD, sentence)
    assert intent is not None
    assert intent.instruction == sentence
    assert intent.remaining == (sentence[2000:].strip(),)


def test_a_sentence_with_lone_surrogates_is_kept_readable():
    intent = outcome(GOOD, "Add a heron \ud800")
    assert intent is not None
    assert intent.instruction == "Add a heron ?"


ALPHABET = [*"{}[]:,\"'\\ \n\t", "```", "<think>", "</think>", "<|im_end|>", "“", "：", "null", "–"]
HOSTILE = ["[", "{", '{"a":', '"', "\\", '{"a":"', "{'", "{a:b,", '"type":', "<think>", "//", "："]


def any_reply(rng: random.Random) -> str:
    """A reply of any sort: good ones damaged, pieces of JSON, any Unicode, now and then huge."""
    sort = rng.random()
    if sort < 0.5:
        reply = rng.choice(TEXTS)
        for _ in range(rng.randint(0, 2)):
            at, end = sorted(rng.randint(0, len(reply)) for _ in range(2))
            end = min(end, at + rng.randint(0, 30))
            piece = rng.choice([*ALPHABET, "", chr(rng.randint(0, 0x10FFFF))])
            reply = reply[:at] + piece + reply[end:]
        return reply if rng.random() < 0.7 else reply[: rng.randint(0, len(reply))]
    if sort < 0.8:
        return "".join(rng.choices([*ALPHABET, *HOSTILE, "add", "1"], k=rng.randint(0, 60)))
    if sort < 0.995:
        return "".join(chr(rng.randint(0, 0x10FFFF)) for _ in range(rng.randint(0, 80)))
    unit = "".join(rng.choices([*HOSTILE, *ALPHABET], k=rng.randint(1, 3)))
    return rng.choice(["", GOOD, GOOD[:90]]) + unit * (100_000 // len(unit))


def test_ten_thousand_replies_of_any_sort_are_read_or_refused_in_a_moment():
    rng = random.Random(3)
    start = time.process_time()
    intents = sum(outcome(any_reply(rng)) is not None for _ in range(10_000))
    assert 1000 < intents < 9000
    assert time.process_time() - start < 60  # 9 s where this was written


@pytest.mark.parametrize("unit", [*HOSTILE, '":"', '”"', "{1", GOOD, "\x00", "𝕏", '{"topics":{'])
@pytest.mark.parametrize("before", ["", '{"instruction_type": "add", "object_words": "'])
def test_hostile_replies_take_little_time_and_memory(before, unit):
    reply = before + unit * (100_000 // len(unit))
    tracemalloc.start()
    start = time.process_time()
    outcome(reply)
    seconds = time.process_time() - start
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 20  # 3 s where this was written, most of it for tracemalloc
    assert peak_bytes < 16e6
