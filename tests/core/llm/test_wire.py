from __future__ import annotations

import base64
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from polaris_core.errors import LanguageServerProblem, UnreadableReply
from polaris_core.llm.base import Message, Question
from polaris_core.llm.dialect import Dialect, easier
from polaris_core.llm.faults import fault_in
from polaris_core.llm.transport import Answer
from polaris_core.llm.wire import (
    complaint_in,
    model_names,
    reply_from,
    request_for,
    spent_on_thoughts,
)

FIELDS = [
    "choices", "message", "content", "text", "type", "error", "code", "detail", "msg", "refusal",
    "reasoning", "reasoning_content", "finish_reason", "object", "metadata", "raw", "data", "id",
]  # fmt: skip
TEXTS = [
    "length", "content_filter", "stop", "error", "<think>", "</think>", "{}", '{"a": 1}', "{",
    "\ud800", "thinking", "",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(TEXTS)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)


@st.composite
def almost_answers(draw):
    """Answers of the right outline, in which any value may be anything."""

    def either(right):
        return draw(ANYTHING) if draw(st.integers(0, 5)) == 0 else right

    part = either({"type": "text", "text": draw(st.sampled_from(TEXTS) | st.text(max_size=9))})
    content = draw(st.sampled_from(TEXTS)) if draw(st.booleans()) else either([part])
    message = {name: draw(ANYTHING) for name in draw(st.sets(st.sampled_from(FIELDS), max_size=3))}
    message["content"] = either(content)
    choice = {"message": either(message), "finish_reason": draw(st.sampled_from(TEXTS))}
    return either({"choices": either([either(choice)])})


def total(answer) -> None:
    spent_on_thoughts(answer)
    complaint_in(answer)
    assert all(name.isprintable() for name in model_names(answer))
    try:
        reply = reply_from(answer)
    except UnreadableReply as problem:
        problem.reply.encode("utf-8")
        str(problem).encode("utf-8")
    except LanguageServerProblem as problem:
        str(problem).encode("utf-8")
    else:
        assert reply.strip()
        reply.encode("utf-8")


@settings(max_examples=1500)
@given(almost_answers())
def test_whatever_almost_an_answer_holds_there_is_a_reply_or_one_of_two_errors(answer):
    total(answer)


@settings(max_examples=1500)
@given(ANYTHING)
def test_whatever_an_answer_is_there_is_a_reply_or_one_of_two_errors(answer):
    total(answer)


@settings(max_examples=500)
@given(
    st.integers(100, 599),
    st.binary(max_size=60) | almost_answers().map(lambda a: json.dumps(a).encode()),
    st.text(max_size=20),
)
def test_any_http_answer_is_data_or_a_fault_that_can_be_shown(status, content, header):
    data, fault = fault_in(Answer(status, content, header, header, header))
    assert (fault is None) != (data is None)
    if fault:
        assert fault.problem.isprintable()
        assert len(fault.said) <= 1000
        easier(Dialect(), fault.status, fault.raw)


def choice(message, **more):
    return {"choices": [{"message": message, "finish_reason": "stop", **more}]}


REPLIES = {
    "a string": (choice({"content": " two\n"}), "two"),
    "parts": (choice({"content": [{"type": "text", "text": "t"}, {"text": "w"}, "o"]}), "two"),
    "parts with a thought": (
        choice({"content": [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "two"}]}),
        "two",
    ),
    "the older form": ({"choices": [{"text": "two"}]}, "two"),
    "thoughts beside it": (choice({"content": "two", "reasoning_content": "1 and 1"}), "two"),
    "thoughts before it": (choice({"content": "<think>1 and 1</think>\n\ntwo"}), "two"),
    "thoughts opened by the template": (choice({"content": "1 and 1</think>two"}), "two"),
    "marks of thought within JSON": (
        choice({"content": '{"a": "x</think>y"}'}),
        '{"a": "x</think>y"}',
    ),
    "the reply as a thought": (
        choice({"content": None, "reasoning_content": ' {"n": 2}'}),
        '{"n": 2}',
    ),
    "whole, though at the limit": (
        choice({"content": '{"n": 2}\n\n\n'}, finish_reason="length"),
        '{"n": 2}',
    ),
    "a refusal field that is empty": (choice({"content": "two", "refusal": None}), "two"),
    "an error field that is empty": ({**choice({"content": "two"}), "error": None}, "two"),
    "half a surrogate pair": (choice({"content": "two \ud83d"}), "two ?"),
}


@pytest.mark.parametrize(("answer", "reply"), REPLIES.values(), ids=REPLIES)
def test_the_reply_is_found_in_every_usual_form(answer, reply):
    assert reply_from(answer) == reply


NO_REPLIES = {
    "a refusal": (choice({"content": None, "refusal": "No."}), UnreadableReply, "refused", "No."),
    "a refusal as a part": (
        choice({"content": [{"type": "refusal", "refusal": "No."}]}),
        UnreadableReply,
        "refused",
        "No.",
    ),
    "null": (choice({"content": None}), UnreadableReply, "empty", ""),
    "only thoughts": (
        choice({"content": "<think>well", "reasoning": "x"}),
        UnreadableReply,
        "thought aloud",
        "<think>well",
    ),
    "broken off": (
        choice({"content": '{"n": '}, finish_reason="length"),
        UnreadableReply,
        "broke off",
        '{"n":',
    ),
    "filtered": (
        choice({"content": "par"}, finish_reason="content_filter"),
        LanguageServerProblem,
        "filter",
        "par",
    ),
    "no choices": ({"choices": []}, LanguageServerProblem, "no reply", "it has choices"),
    "no object": ([1, 2], LanguageServerProblem, "no reply", "it has no fields"),
    "an error": ({"error": {"message": "dead"}}, LanguageServerProblem, "error", "dead"),
    "an error as text": ({"error": "dead"}, LanguageServerProblem, "error", "dead"),
    "an error of vLLM": (
        {"object": "error", "message": "dead", "code": 400},
        LanguageServerProblem,
        "error",
        "dead",
    ),
    "an error in a choice": (
        {"choices": [{"error": {"message": "dead"}, "finish_reason": "error"}]},
        LanguageServerProblem,
        "error",
        "dead",
    ),
    "an error that says nothing": ({"error": 1}, LanguageServerProblem, "error", "does not say"),
    "FastAPI's": ({"detail": [{"msg": "dead"}]}, LanguageServerProblem, "error", "dead"),
}


@pytest.mark.parametrize(("answer", "kind", "says", "value"), NO_REPLIES.values(), ids=NO_REPLIES)
def test_an_answer_without_a_reply_says_why(answer, kind, says, value):
    with pytest.raises(kind, match=says) as caught:
        reply_from(answer)
    assert value in caught.value.value


def test_an_error_in_the_body_tells_the_status_it_means():
    error = {"error": {"message": "Provider failed", "code": 502, "metadata": {"raw": "json_mode"}}}
    assert complaint_in(error) == ("Provider failed json_mode", 502)
    assert complaint_in({"error": {"code": "invalid_api_key"}}) == ("it does not say which", 0)


def test_all_of_openrouters_errors_are_cured_by_an_easier_form():
    raw = "No endpoints found that can handle the requested parameters"
    assert easier(Dialect(), 404, raw) == Dialect(form="json_object")


COMPLAINTS = ["max_completion_tokens", "temperature", "no system role", "json_schema", "other"]


@given(st.lists(st.sampled_from(COMPLAINTS), min_size=12, max_size=12))
def test_easier_requests_come_to_an_end(complaints):
    dialect, steps = Dialect(), 0
    for complaint in [*complaints, *COMPLAINTS * 5]:
        found = easier(dialect, 400, complaint)
        steps += found is not None
        dialect = found or dialect
    assert steps == 5
    assert all(easier(dialect, 400, complaint) is None for complaint in COMPLAINTS)


def test_only_refusals_are_cured():
    assert easier(Dialect(), 429, "temperature") is None


def sent_pictures(*pictures) -> list[Image.Image]:
    request = request_for(Question((Message("user", "?", pictures),)), "tiny")
    urls = [part["image_url"]["url"] for part in request["messages"][0]["content"][:-1]]
    return [Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) for url in urls]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "I;16", "F"])
def test_pictures_of_any_mode_are_sent_as_rgb(mode):
    (sent,) = sent_pictures(Image.new(mode, (30, 20)))
    assert (sent.format, sent.mode, sent.size) == ("JPEG", "RGB", (30, 20))


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((1024, 10), (1024, 10)),
        ((4096, 2048), (1024, 512)),
        ((9000, 1), (1024, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_pictures_are_no_longer_than_1024_px(size, sent):
    assert sent_pictures(Image.new("RGB", size))[0].size == sent


def test_nothing_that_a_picture_says_about_itself_is_sent():
    info = PngInfo()
    info.add_text("prompt", "the user's workflow")
    file = io.BytesIO()
    picture = Image.new("RGB", (8, 8))
    exif = picture.getexif()
    exif[0x010E] = "the user's workflow"
    picture.save(file, "PNG", pnginfo=info, exif=exif)
    opened = Image.open(file)
    opened.info["comment"] = b"the user's workflow"
    (sent,) = sent_pictures(opened)
    assert b"workflow" not in sent.fp.getvalue()
    assert not sent.getexif()
    assert opened.info["prompt"] == "the user's workflow"


def test_what_cannot_be_written_is_replaced_before_it_is_sent():
    request = request_for(Question((Message("user", "two \ud83d\x00"),)), "tiny")
    assert request["messages"][0]["content"] == "two ?\x00"


@given(
    st.lists(
        st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text(max_size=5)), max_size=5
    ),
    st.sampled_from(["json_schema", "json_object", "none"]),
    st.booleans(),
)
def test_every_text_reaches_the_server_in_its_order(turns, form, system_role):
    question = Question(tuple(Message(role, text) for role, text in turns), {"type": "object"})
    request = request_for(question, "tiny", Dialect(form=form, system_role=system_role))
    json.dumps(request, allow_nan=False).encode("utf-8")
    sent = request["messages"]
    users = [m["content"] for m in sent if m["role"] == "user"]
    assert len(users) == sum(role == "user" for role, _ in turns)
    for said, (_, text) in zip(users, [t for t in turns if t[0] == "user"], strict=True):
        assert text.encode("utf-8", "replace").decode() in said
    if users and form != "json_schema":
        assert '{"type": "object"}' in users[-1]
    if not system_role:
        assert all(m["role"] != "system" for m in sent)


def test_no_schema_asks_for_no_form():
    request = request_for(Question((Message("user", "?"),)), "tiny", Dialect(form="json_object"))
    assert "response_format" not in request
    assert request["messages"] == [{"role": "user", "content": "?"}]


def test_the_first_dozen_names_of_models_are_told():
    assert model_names({"data": [{"id": f"m{i}\n" + "x" * 200} for i in range(99)]}) == [
        f"m{i}" + "x" * (79 - len(f"m{i}")) for i in range(12)
    ]
    assert model_names({"data": None}) == []
