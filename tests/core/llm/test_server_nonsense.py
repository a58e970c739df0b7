"""Answers that are slow, endless, broken off or not JSON: each ends soon and says what it was."""

from __future__ import annotations

import asyncio
import gzip
import time

import pytest

pytestmark = pytest.mark.timeout(20)


async def silence(writer):
    await asyncio.sleep(60)


async def drip(writer):
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"choices": [')
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_of_the_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def flood_of_chunks(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


async def endless_head(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while True:
        writer.write(b"a" * 65536)
        await writer.drain()


@pytest.mark.parametrize("turn", [silence, drip, drip_of_the_head])
def test_a_slow_answer_ends_at_the_timeout(chat, turn):
    chat.turns = [turn]
    began = time.monotonic()
    fault = chat.problem(timeout_s=0.6)
    assert 0.5 < time.monotonic() - began < 1.5
    assert "did not answer within 0.6 s" in fault.problem
    assert "more time" in fault.hint


def test_the_timeout_counts_retries_and_pauses_too(chat, http):
    async def slow_refusal(writer):
        await asyncio.sleep(0.3)
        writer.write(http.answer(b"busy", 503))

    chat.turns = [slow_refusal]
    began = time.monotonic()
    assert "503" in str(chat.problem(timeout_s=1, retries=99, backoff_s=0.05))
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("turn", [flood, flood_of_chunks])
def test_an_endless_answer_ends_at_4_mib(chat, turn):
    chat.turns = [turn]
    assert "more than 4 MiB" in chat.problem(timeout_s=15).problem
    assert len(chat.seen) == 1


def test_an_endless_head_is_no_http(chat):
    chat.turns = [endless_head]
    assert "as it should" in chat.problem().problem


HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [{"message": {"content": "tw'


@pytest.mark.parametrize("half", [HALF, b"HTTP/1.1 200 O", b""])
def test_a_connection_that_is_cut_is_tried_again(chat, http, half):
    chat.turns = [http.cut(half), http.good("two")]
    assert chat.ask() == "two"
    chat.turns = [http.cut(half)]
    assert "broke off" in chat.problem(retries=1).problem


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><html><body>Welcome</body></html>", "text/html"),
        (b"<html>\x00\xff</html>", "text/html"),
        (b"", "application/json"),
        (b"null", "application/json"),
        (b'{"choices": [{"message": {"content": "tw', "application/json"),
        (b'data: {"choices": []}\n\n', "text/event-stream"),
        (b'{"choices": [{"message": {"content": "caf\xe9"}}]}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"n": ' + b"9" * 100_000 + b"}", "application/json"),
    ],
    ids=[
        "HTML",
        "HTML with odd bytes",
        "empty",
        "null",
        "half",
        "stream",
        "Latin-1",
        "deep",
        "big",
    ],
)
def test_what_is_not_json_is_told_with_its_kind_and_beginning(chat, http, body, kind):
    chat.turns = [http.answer(body, kind=kind)]
    fault = chat.problem()
    assert f"did not answer in JSON (200, {kind})" in fault.problem
    assert fault.value[:6] == body.decode("utf-8", "replace")[:6] or fault.value == "an empty body"
    assert "/v1" in fault.hint
    assert str(fault).isprintable()
    assert len(str(fault)) < 600


def test_the_declared_kind_of_json_does_not_matter(chat, http):
    body = b'\xef\xbb\xbf \n{"choices": [{"message": {"content": "two"}}]}'
    chat.turns = [http.answer(body, kind="text/plain; charset=ascii")]
    assert chat.ask() == "two"


def test_http_1_0_without_a_length_is_read_to_its_end(chat, http):
    body = b'{"choices": [{"message": {"content": "two"}}]}'
    chat.turns = [http.cut(b"HTTP/1.0 200 OK\r\n\r\n" + body)]
    assert chat.ask() == "two"


def test_a_gzip_bomb_is_never_unpacked(chat, http):
    bomb = gzip.compress(b" " * (64 << 20))
    chat.turns = [http.answer(bomb, 200, "Content-Encoding: gzip")]
    assert "compressed" in chat.problem().problem
    assert chat.seen[0].headers["accept-encoding"] == "identity"
