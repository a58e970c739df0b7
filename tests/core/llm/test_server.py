from __future__ import annotations

import asyncio
import base64
import io
import threading
import time

import pytest
from PIL import Image

from polaris_core.errors import Cancelled, InvalidInput, LanguageServerProblem, UnreadableReply
from polaris_core.llm.base import Message, Question
from polaris_core.llm.server import ServerModel

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
QUESTION = Question((Message("system", "Be brief."), Message("user", "How many?")), SCHEMA, 50)
PLAIN = Question((Message("user", "How many?"),))

pytestmark = pytest.mark.timeout(20)


def test_a_question_is_asked_in_the_protocol_and_the_reply_comes_back(chat, http):
    chat.turns = [http.good('{"n": 3}')]
    assert chat.model(key="sk-secret-1234").reply(QUESTION) == '{"n": 3}'
    (request,) = chat.seen
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-secret-1234"
    assert request.headers["content-type"] == "application/json"
    assert request.json == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How many?"},
        ],
        "max_tokens": 50,
        "stream": False,
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
        },
    }


def test_without_a_key_none_is_sent(chat):
    chat.model().reply(PLAIN)
    assert "authorization" not in chat.seen[0].headers


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/chat/completions", "//v1//"])
def test_the_address_may_end_in_many_ways(chat, end):
    address = f"http://127.0.0.1:{chat.port}{end}"
    assert ServerModel(address, "tiny").reply(PLAIN) == "hello"
    assert chat.chats


def test_a_picture_travels_as_a_small_jpeg(chat):
    picture = Image.new("RGB", (3000, 1500), "red")
    chat.model().reply(Question((Message("user", "What is this?", (picture,)),)))
    shown, text = chat.seen[0].json["messages"][0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    kind, _, data = shown["image_url"]["url"].partition(",")
    assert kind == "data:image/jpeg;base64"
    received = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (received.format, received.size) == ("JPEG", (1024, 512))


def test_a_model_without_vision_is_sent_no_picture(chat):
    blind = chat.model(sees_pictures=False)
    assert not blind.sees_pictures
    blind.reply(Question((Message("user", "Hi", (Image.new("RGB", (8, 8)),)),)))
    assert chat.seen[0].json["messages"][0]["content"] == "Hi"


REFUSALS = {
    "OpenAI's form": (400, {"error": {"message": "response_format is not supported"}}),
    "LM Studio": (400, {"error": "'response_format.type' must be 'text'"}),
    "with status 500": (500, {"error": {"code": 500, "message": "must not be: json_schema"}}),
    "FastAPI": (422, {"detail": [{"loc": ["body", "response_format"], "msg": "?"}]}),
    "in a 200": (200, {"error": {"code": 400, "message": "json mode is unavailable"}}),
}


@pytest.mark.parametrize(("status", "refusal"), REFUSALS.values(), ids=REFUSALS)
def test_where_schemas_are_refused_the_schema_stands_in_the_prompt(chat, http, status, refusal):
    no = http.answer(refusal, status)
    chat.turns = [no, no, http.good('{"n": 1}'), http.good('{"n": 2}')]
    asked = chat.model()
    assert asked.reply(QUESTION) == '{"n": 1}'
    forms = [r.json.get("response_format", {}).get("type") for r in chat.seen]
    assert forms == ["json_schema", "json_object", None]
    for request in chat.seen[1:]:
        assert '"additionalProperties": false' in request.json["messages"][-1]["content"]
    assert asked.reply(QUESTION) == '{"n": 2}'
    assert len(chat.seen) == 4
    assert "response_format" not in chat.seen[3].json


def test_nothing_is_learnt_from_a_question_that_failed(chat, http):
    no = http.answer({"error": {"message": "the json_schema is bad luck"}}, 400)
    chat.turns = [no, no, no, http.good('{"n": 1}')]
    asked = chat.model()
    with pytest.raises(LanguageServerProblem, match="bad luck"):
        asked.reply(QUESTION)
    asked.reply(QUESTION)
    assert chat.seen[-1].json["response_format"]["type"] == "json_schema"


def test_newer_models_of_openai_are_asked_as_they_want_it(chat, http):
    tokens = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    heat = "Unsupported value: 'temperature' does not support 0 with this model."
    chat.turns = [
        http.answer({"error": {"message": tokens}}, 400),
        http.answer({"error": {"message": heat}}, 400),
        http.good('{"n": 1}'),
    ]
    chat.model().reply(QUESTION)
    last = chat.seen[-1].json
    assert last["max_completion_tokens"] == 50
    assert "max_tokens" not in last
    assert "temperature" not in last
    assert last["response_format"]["type"] == "json_schema"


def test_where_there_is_no_system_role_the_user_says_it(chat, http):
    chat.turns = [
        http.answer({"error": {"message": "System role not supported"}}, 400),
        http.good('{"n": 1}'),
    ]
    chat.model().reply(QUESTION)
    assert chat.seen[-1].json["messages"] == [{"role": "user", "content": "Be brief.\n\nHow many?"}]


def test_a_model_that_spent_its_tokens_on_thoughts_gets_room_for_them(chat, http):
    spent = {"role": "assistant", "content": "", "reasoning_content": "Let me see, 1 and 1"}
    chat.turns = [
        http.answer({"choices": [{"message": spent, "finish_reason": "length"}]}),
        http.good("<think>1 and 1 is 2</think>two"),
    ]
    asked = chat.model()
    assert asked.reply(PLAIN) == "two"
    assert [r.json["max_tokens"] for r in chat.seen] == [700, 6700]
    asked.reply(PLAIN)
    assert chat.seen[-1].json["max_tokens"] == 6700


def test_a_model_that_thinks_for_ever_is_an_unreadable_reply(chat, http):
    chat.turns = [http.good("<think>well, well", finish_reason="length")]
    with pytest.raises(UnreadableReply, match="thought aloud"):
        chat.model().reply(PLAIN)
    assert len(chat.seen) == 2


def test_reply_works_within_a_running_loop(chat):
    async def node() -> str:
        return chat.model().reply(PLAIN)

    assert asyncio.run(node()) == "hello"


def test_many_threads_share_one_model(chat):
    asked, replies = chat.model(), []
    threads = [
        threading.Thread(target=lambda: replies.append(asked.reply(PLAIN))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == ["hello"] * 8


class InterruptedByHost(BaseException):
    """As ComfyUI's own: no PolarisError, and perhaps no Exception."""


@pytest.mark.parametrize("kind", [Cancelled, InterruptedByHost])
@pytest.mark.parametrize("within_loop", [False, True])
def test_the_user_stops_a_request_at_once(chat, kind, within_loop):
    async def never(writer):
        await asyncio.sleep(60)

    chat.turns = [never]
    pressed: list[float] = []
    timer = threading.Timer(0.25, lambda: pressed.append(time.monotonic()))

    def look_at_the_button(done, total, what):
        if pressed:
            raise kind
        if chat.seen and timer.ident is None:
            timer.start()

    async def node():
        chat.model().reply(PLAIN, look_at_the_button)

    with pytest.raises(kind):
        asyncio.run(node()) if within_loop else chat.model().reply(PLAIN, look_at_the_button)
    assert time.monotonic() - pressed[0] < 0.3
    until = time.monotonic() + 1
    while not chat.hung_up_at and time.monotonic() < until:
        time.sleep(0.01)
    assert 0 < chat.hung_up_at - pressed[0] < 0.3


def test_the_user_stops_a_pause_at_once(chat, http):
    chat.turns = [http.answer({"error": "busy"}, 503)]
    told = []

    def stop_in_the_pause(done, total, what):
        told.append((time.monotonic(), what))
        if "again in" in what:
            raise Cancelled

    with pytest.raises(Cancelled):
        chat.model(backoff_s=4, timeout_s=60).reply(PLAIN, stop_in_the_pause)
    assert time.monotonic() - told[-1][0] < 0.3
    assert told[0][1] == "waiting for tiny"


def test_whoever_stops_before_the_start_sends_nothing(chat):
    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        chat.model().reply(PLAIN, stop)
    time.sleep(0.2)
    assert not chat.chats


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 501])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InvalidInput, match="name of a model"):
        ServerModel("http://127.0.0.1:1/v1", name)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(timeout):
    with pytest.raises(InvalidInput, match="timeout"):
        ServerModel("http://127.0.0.1:1/v1", "tiny", timeout_s=timeout)
