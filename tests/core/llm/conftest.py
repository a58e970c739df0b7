"""A chat server on the loopback that answers as well, or as badly, as a test wants."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass

import pytest

from polaris_core.errors import LanguageServerProblem
from polaris_core.llm.base import Message, Question
from polaris_core.llm.server import ServerModel

PLAIN = Question((Message("user", "How many?"),))


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class ChatServer:
    """Raw HTTP, so that it can also be wrong. `turns` are what it does with one request each.

    A turn is bytes to send, or a coroutine function of the stream writer; the last one is repeated.
    """

    def __init__(self) -> None:
        self.turns: list = [good("hello")]
        self.models = answer({"object": "list", "data": [{"id": "tiny"}, {"id": "tiny-vision"}]})
        self.seen: list[Request] = []
        self.hung_up_at = 0.0
        """When a client closed its end of a connection before it was answered."""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def model(self, **options) -> ServerModel:
        """A model behind this server, less patient than usual."""
        return ServerModel(self.url, "tiny", **{"timeout_s": 5, "backoff_s": 0.01, **options})

    def ask(self, **options) -> str:
        return self.model(**options).reply(PLAIN)

    def problem(self, **options) -> LanguageServerProblem:
        with pytest.raises(LanguageServerProblem) as caught:
            self.ask(**options)
        assert self.url in str(caught.value)
        return caught.value

    @property
    def chats(self) -> list[Request]:
        return [r for r in self.seen if r.path == "/v1/chat/completions"]

    def __enter__(self) -> ChatServer:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._run())
        self._loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ValueError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        lines = [line.partition(": ") for line in head[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.seen.append(Request(method, path, headers, body))
        turn = self.models
        if path == "/v1/chat/completions":
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        watch = asyncio.create_task(self._watch(reader))
        try:
            if isinstance(turn, bytes):
                writer.write(turn)
                await writer.drain()
            else:
                await turn(writer)
        finally:
            watch.cancel()

    async def _watch(self, reader: asyncio.StreamReader) -> None:
        await reader.read(1)
        self.hung_up_at = time.monotonic()


def answer(body, status: int = 200, *headers: str, kind: str = "application/json") -> bytes:
    """A whole HTTP answer; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", *headers]
    lines += [f"Content-Length: {len(content)}", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def good(text, **choice) -> bytes:
    """A whole HTTP answer with a reply, as servers should send it."""
    message = {"role": "assistant", "content": text}
    return answer({"choices": [{"message": message, "finish_reason": "stop", **choice}]})


def cut(content: bytes):
    """A turn that sends this much and closes the connection."""

    async def turn(writer):
        writer.write(content)
        await writer.drain()

    return turn


@pytest.fixture
def chat():
    with ChatServer() as server:
        yield server


@pytest.fixture
def http():
    """Makers of turns: `http.answer(body, status, …)`, `http.good(text)`, `http.cut(content)`."""

    class Http:
        answer = staticmethod(answer)
        good = staticmethod(good)
        cut = staticmethod(cut)

    return Http
