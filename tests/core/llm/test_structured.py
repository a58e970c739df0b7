"""One object out of any reply. What whole replies mean is in tests/golden/replies."""

from __future__ import annotations

import json
import random
import sys
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polaris_core.errors import MissingDependency, UnreadableReply
from polaris_core.llm.structured import fold_name, read_object
from polaris_core.llm.thinking import part_thinking

WANTED = ["instruction_type", "subject", "score"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=8), VALUES, min_size=1)


@given(OBJECTS)
def test_strict_json_is_read_as_it_stands(found):
    assert read_object(json.dumps(found)) == found


@given(OBJECTS, st.text(alphabet=st.characters(exclude_characters="{｛<[")))
def test_prose_without_braces_around_changes_nothing(found, prose):
    assume("<" not in json.dumps(found))  # "<think>" begins thinking wherever it stands
    assert read_object(f"Well: {prose}\n{json.dumps(found)}\n{prose}") == found


@settings(max_examples=300)
@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_text_gives_an_object_or_our_error(reply, wanted):
    try:
        found = read_object(reply, wanted)
    except UnreadableReply as refused:
        whole = refused.reply
    else:
        whole = reply
        assert found
        assert all(isinstance(key, str) for key in found)
    assert whole == reply


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        pytest.param('{"subject": "a",}', {"subject": "a"}, id="trailing comma"),
        pytest.param("{'subject': True}", {"subject": True}, id="Python literal"),
        pytest.param('{"subject": """a"""}', {"subject": "a"}, id="three quotes"),
        pytest.param('{"subject": "a", "b": ["c', {"subject": "a", "b": ["c"]}, id="cut off"),
        pytest.param('"subject": "a"}', {"subject": "a"}, id="first brace missing"),
        pytest.param('{"subject": 1, "subject": 2}', {"subject": 2}, id="key twice, strict"),
        pytest.param("{'subject': 1, 'subject': 2}", {"subject": 2}, id="key twice, repaired"),
        pytest.param('{"subject": 1} or {"subject": 2}', {"subject": 2}, id="last of several"),
        pytest.param('{"subject": 1},\n{"subject": 2}', {"subject": 1}, id="first of a list"),
        pytest.param('{"subject": 1} {"a": 2}', {"subject": 1}, id="not an unwanted one"),
        pytest.param('[[], 3, {"subject": 1}]', {"subject": 1}, id="in a mixed list"),
        pytest.param(
            '{"subject": 1, "score": 2, "instruction_type": {"subject": 5}}',
            {"subject": 1, "score": 2, "instruction_type": {"subject": 5}},
            id="the outer one where it says enough",
        ),
        pytest.param(
            '{"a": {"subject": "{\\"subject\\": 7}"}}',
            {"a": {"subject": '{"subject": 7}'}, "subject": '{"subject": 7}'},
            id="text within an answer is no answer",
        ),
    ],
)
def test_of_a_reply_the_object_that_answers_is_taken(reply, found):
    assert read_object(reply, WANTED) == found


def test_keys_are_wanted_in_any_spelling():
    assert fold_name("Instruction-Type ") == fold_name("instructionType") == "instructiontype"
    reply = '{"a": 1, "b": 2} so {"Instruction Type": 3} or {"c": 4, "d": 5}'
    assert read_object(reply, WANTED) == {"Instruction Type": 3}


def test_lines_are_read_only_if_they_name_what_is_wanted():
    lines = "Subject: a kettle\nScore: 3"
    assert read_object(lines, WANTED) == {"Subject": "a kettle", "Score": "3"}
    for wanted in ([], ["subject"]):
        with pytest.raises(UnreadableReply, match="no JSON object"):
            read_object(lines, wanted)


@pytest.mark.parametrize(
    ("reply", "thoughts", "answer"),
    [
        ("a", "", "a"),
        ("<think>a</think>b", "<think>a", "b"),
        ("a</think>b", "a", "b"),
        ("<think>a", "a", ""),
        ("<Thinking>a</Thinking> b", "<Thinking>a", "b"),
        ("<seed:think>a</seed:think>b", "<seed:think>a", "b"),
        ("b<think>c", "c", "b"),
        ("<think>a</think>b<think>c</think>d", "<think>a</think>b<think>c", "d"),
        ("<|channel|>analysis<|message|>a", "<|message|>a", ""),
        ("I think [think] twice", "", "I think [think] twice"),
    ],
)
def test_thoughts_are_parted_from_the_answer(reply, thoughts, answer):
    assert part_thinking(reply) == (thoughts, answer)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("", "is empty"),
        ("<think>hm", "thought aloud"),
        ("<HTML><p>502", "web page"),
        ("Sorry, no.", "refused"),
        ("Sorry, no: {}", "no object with the fields"),
        ("a kettle", "no JSON object"),
    ],
)
def test_the_error_says_what_the_reply_is_instead(reply, says):
    with pytest.raises(UnreadableReply, match=says) as refused:
        read_object(reply, WANTED)
    assert refused.value.reply == reply
    assert refused.value.hint


def test_the_answer_is_found_at_either_end_of_a_reply_too_long_to_be_read():
    answer = '{"subject": "a"}'
    noise = "Let me see. " * 50_000
    assert read_object(noise + answer, WANTED) == {"subject": "a"}
    assert read_object(answer + noise, WANTED) == {"subject": "a"}


# What json_repair alone takes long for: 2 s for the first of these at 8,000 characters.
SLOW = ["”'", '-","', ".'", '":"“":"1', '"#', "{'", '["', "{a:b,", "{1", "[", '{"a":', "\\", '"']


@pytest.mark.parametrize("unit", SLOW)
def test_hostile_text_is_read_in_a_moment(unit):
    rng = random.Random(1)
    start = time.process_time()
    for before in ("", "{", '{"a": [', '{"subject": "'):
        after = "".join(rng.choices([*SLOW, "}", "a"], k=20))
        reply = before + unit * (60_000 // len(unit)) + after
        try:
            read_object(reply, WANTED)
        except UnreadableReply as refused:
            assert refused.reply == reply  # noqa: PT017  either outcome will do
    assert time.process_time() - start < 20  # 2 s for the slowest where this was written


def test_strict_json_needs_no_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "json_repair", None)
    assert read_object('So: {"subject": "a"}', WANTED) == {"subject": "a"}
    with pytest.raises(MissingDependency, match="json_repair") as refused:
        read_object("{'subject': 'a'}", WANTED)
    assert "pip install" in refused.value.hint
