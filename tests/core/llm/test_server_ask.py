"""Asking once more where a reply cannot be read, with a real server behind it."""

from __future__ import annotations

import asyncio
import json

import pytest
from PIL import Image

from polaris_core.errors import Cancelled, LanguageServerProblem, UnreadableReply
from polaris_core.llm.ask import ask
from polaris_core.llm.base import Message, Question

PICTURE = Image.new("RGB", (8, 8))
QUESTION = Question(
    (Message("system", "Count."), Message("user", "How many?", (PICTURE,))), {"type": "object"}, 50
)

pytestmark = pytest.mark.timeout(20)


def number(reply: str) -> int:
    try:
        return json.loads(reply)["n"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableReply("there is no n", reply=reply) from error


def test_a_reply_that_can_be_read_is_asked_for_once(chat, http):
    chat.turns = [http.good('{"n": 2}')]
    assert ask(chat.model(), QUESTION, number) == 2
    assert len(chat.seen) == 1


def test_a_reply_that_cannot_be_read_is_asked_for_again_with_the_reason(chat, http):
    chat.turns = [http.good('{"m": 2}'), http.good('{"n": 2}')]
    assert ask(chat.model(), QUESTION, number) == 2
    first, second = (request.json for request in chat.seen)
    assert second["messages"][: len(first["messages"])] == first["messages"]
    reply, reproach = second["messages"][len(first["messages"]) :]
    assert reply == {"role": "assistant", "content": '{"m": 2}'}
    assert reproach["role"] == "user"
    assert "there is no n" in reproach["content"]
    assert {k: v for k, v in second.items() if k != "messages"} == {
        k: v for k, v in first.items() if k != "messages"
    }


def test_after_the_second_reply_it_is_an_error(chat, http):
    chat.turns = [http.good("one"), http.good("two"), http.good('{"n": 2}')]
    with pytest.raises(UnreadableReply, match="there is no n") as caught:
        ask(chat.model(), QUESTION, number)
    assert caught.value.reply == "two"
    assert len(chat.seen) == 2


def test_a_refusal_is_asked_about_once_more(chat, http):
    chat.turns = [
        http.answer({"choices": [{"message": {"content": None, "refusal": "No."}}]}),
        http.good('{"n": 2}'),
    ]
    assert ask(chat.model(), QUESTION, number) == 2
    assert chat.seen[1].json["messages"][2]["content"] == "No."


def test_an_endless_reply_is_told_back_in_part(chat, http):
    chat.turns = [http.good("x" * 1_000_000), http.good('{"n": 2}')]
    assert ask(chat.model(), QUESTION, number) == 2
    assert len(chat.seen[1].body) < 10_000


def test_an_empty_reply_still_takes_its_turn(chat, http):
    chat.turns = [http.good(""), http.good('{"n": 2}')]
    assert ask(chat.model(), QUESTION, number) == 2
    roles = [message["role"] for message in chat.seen[1].json["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert all(message["content"] for message in chat.seen[1].json["messages"])


def test_a_server_that_fails_is_not_asked_again_here(chat, http):
    chat.turns = [http.answer(b"no", 403)]
    with pytest.raises(LanguageServerProblem):
        ask(chat.model(), QUESTION, number)
    assert len(chat.seen) == 1


def test_the_second_question_can_be_stopped_as_well(chat, http):
    async def never(writer):
        await asyncio.sleep(60)

    chat.turns = [http.good("one"), never]

    def stop_at_the_second(done, total, what):
        if len(chat.seen) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask(chat.model(), QUESTION, number, stop_at_the_second)
