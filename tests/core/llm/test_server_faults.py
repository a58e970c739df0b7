"""What a server refuses, now or always: asked again where that helps, with a remedy where not."""

from __future__ import annotations

import socket
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from polaris_core.errors import LanguageServerProblem, UnreadableReply
from polaris_core.llm.base import Message, Question
from polaris_core.llm.faults import asked_pause_s
from polaris_core.llm.server import ServerModel

QUESTION = Question((Message("user", "How many?"),))

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_fault_that_passes_is_waited_for(chat, http, status):
    chat.turns = [http.answer(b"busy", status), http.answer(b"", status), http.good("two")]
    assert chat.ask() == "two"
    assert len(chat.seen) == 3


def test_a_fault_that_does_not_pass_is_given_up(chat, http):
    chat.turns = [http.answer({"error": {"message": "out of memory"}}, 500)]
    fault = chat.problem(retries=2)
    assert "answered 500" in fault.problem
    assert fault.value == "out of memory"
    assert len(chat.seen) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 451])
def test_a_refusal_is_not_repeated(chat, http, status):
    chat.turns = [http.answer({"error": {"message": "no, thanks"}}, status)]
    fault = chat.problem()
    assert f"answered {status}" in fault.problem
    assert fault.value == "no, thanks"
    assert len(chat.chats) == 1


def test_retry_after_is_obeyed(chat, http):
    chat.turns = [http.answer({"error": "slow down"}, 429, "Retry-After: 0.4"), http.good("two")]
    began = time.monotonic()
    assert chat.ask() == "two"
    assert 0.4 <= time.monotonic() - began < 2


def test_nobody_waits_longer_than_the_timeout(chat, http):
    chat.turns = [http.answer({"error": "slow down"}, 429, "Retry-After: 86400")]
    began = time.monotonic()
    assert "It asks to wait 86400 s" in chat.problem().hint
    assert time.monotonic() - began < 1


def test_a_server_that_loads_its_model_is_waited_for_beyond_the_retries(chat, http):
    loading = http.answer({"error": {"code": 503, "message": "Loading model"}}, 503)
    chat.turns = [*[loading] * 6, http.good("two")]
    assert chat.ask(retries=1) == "two"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 1.5 ", 1.5),
        ("", None),
        ("-3", None),
        ("nan", None),
        ("soon", None),
        ("9" * 400, None),
        ("Fri, 99 Foo 2026 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2026 07:28:10", 10),
        ("Wed, 21 Oct 2026 07:27:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    now = datetime(2026, 10, 21, 7, 28, tzinfo=timezone.utc)
    assert asked_pause_s(text, now) == seconds


def test_retry_after_as_a_date_is_read_by_the_clock():
    later = datetime.now(timezone.utc) + timedelta(seconds=90)
    assert 80 < asked_pause_s(format_datetime(later, usegmt=True)) <= 90


def test_an_unknown_model_is_told_with_those_the_server_knows(chat, http):
    missing = {"error": {"message": "model 'tiny' not found"}}
    chat.turns = [http.answer(missing, 404)]
    assert chat.problem().hint == "It knows the models tiny, tiny-vision"
    assert [(r.method, r.path) for r in chat.seen[1:]] == [("GET", "/v1/models")]
    chat.turns = [http.answer({"error": {"message": "The model tiny does not exist"}}, 400)]
    assert "tiny-vision" in chat.problem().hint


@pytest.mark.parametrize("listing", [b"", b"nonsense", b"[1, {}]", b'{"data": [{"id": 3}, null]}'])
def test_a_server_that_lists_no_models_is_told_about_the_address(chat, http, listing):
    chat.turns = [http.answer(b"404 page not found", 404)]
    chat.models = http.answer(listing)
    assert "/v1" in chat.problem().hint


def test_a_key_that_is_missing_is_told_with_where_keys_come_from(chat, http):
    chat.turns = [http.answer({"error": {"message": "no key"}}, 401)]
    assert "POLARIS_LLM_KEY" in chat.problem().hint


def test_a_model_without_vision_is_told_so(chat, http):
    said = "image input is not supported - hint: you may need to provide the mmproj"
    chat.turns = [http.answer({"error": {"message": said}}, 500)]
    assert "vision" in chat.problem(retries=0).hint


def test_nobody_there_is_told_after_the_retries():
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(LanguageServerProblem, match="cannot be reached") as caught:
        ServerModel(f"http://127.0.0.1:{port}", "tiny", backoff_s=0.01).reply(QUESTION)
    assert "running" in caught.value.hint
    assert time.monotonic() - began < 2


def test_a_name_that_nobody_knows_is_told():
    with pytest.raises(LanguageServerProblem, match="cannot be reached"):
        ServerModel("http://no-such-host.localhost.invalid.local:1", "tiny", retries=0).reply(
            QUESTION
        )


def test_a_refusal_and_a_filter_are_told_apart(chat, http):
    chat.turns = [http.answer({"choices": [{"message": {"refusal": "I will not"}}]})]
    with pytest.raises(UnreadableReply, match="refused") as caught:
        chat.ask()
    assert caught.value.reply == "I will not"
    chat.turns = [http.good("par", finish_reason="content_filter")]
    assert "filter" in chat.problem().problem


def test_an_error_in_a_200_counts_as_the_status_it_means(chat, http):
    chat.turns = [http.answer({"error": {"code": 502, "message": "upstream"}}), http.good("two")]
    assert chat.ask() == "two"
    chat.turns = [http.answer({"error": {"code": 502, "message": "who are you"}}, 401)]
    assert "answered 401" in chat.problem().problem
