"""A server on the loopback that speaks like ComfyUI, as well or as badly as a test wants."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, web

PNG = b"\x89PNG\r\n\x1a\n not really a picture"


@dataclass
class Script:
    """What the server does; a test changes what it wants otherwise."""

    seconds: float = 0.05
    """How long a workflow takes; infinite ones never end."""
    ends_with: str = "success"
    """`success`, `error`, `interrupted`, or `forgotten`: the server loses it."""
    events: bool = True
    """Whether the websocket tells anything."""
    drop_socket: bool = False
    """Whether the websocket is closed right after it was opened, each time."""
    outputs: dict = field(
        default_factory=lambda: {
            "9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]},
            "10": {"images": [{"filename": "b.png", "subfolder": "s", "type": "temp"}]},
            "11": {"text": ["a plan"]},
        }
    )
    states: dict = field(default_factory=dict)
    """What is told of all nodes when the last has begun."""
    answers: dict = field(default_factory=dict)
    """Answers of other routes, by path: (status, body)."""
    seen: list = field(default_factory=list)
    """The requests that came: (method, path, decoded body or query)."""


class FakeComfy:
    def __init__(self) -> None:
        self.script = Script()
        self.address = ""
        self.history: dict = {}
        self.running: list[str] = []
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FakeComfy:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        self.tasks: set[asyncio.Task] = set()
        app = web.Application(middlewares=[self._scripted])
        app.router.add_get("/ws", self._ws)
        app.router.add_post("/prompt", self._prompt)
        app.router.add_get("/history/{id}", self._history)
        app.router.add_get("/queue", self._queue)
        app.router.add_post("/queue", self._delete)
        app.router.add_post("/interrupt", self._interrupt)
        app.router.add_get("/view", self._view)
        app.router.add_post("/upload/image", self._upload)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await runner.cleanup()

    @web.middleware
    async def _scripted(self, request: web.Request, handler):
        if request.path in self.script.answers:
            status, body = self.script.answers[request.path]
            return web.Response(status=status, body=body)
        return await handler(request)

    async def _ws(self, request: web.Request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query["clientId"]
        self.script.seen.append(("WS", "/ws", client))
        if self.script.drop_socket:
            await socket.close()
            return socket
        self.sockets[client] = socket
        await socket.send_json({"type": "status", "data": {"sid": client}})
        await socket.send_bytes(b"\0\0\0\1 a preview")
        await socket.send_str("{half a")
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket

    async def _prompt(self, request: web.Request):
        body = await request.json()
        self.script.seen.append(("POST", "/prompt", body))
        prompt_id = body["prompt_id"]
        self.running.append(prompt_id)
        task = asyncio.create_task(self._execute(prompt_id, body))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return web.json_response({"prompt_id": prompt_id, "number": 1, "node_errors": {}})

    async def _tell(self, client: str, kind: str, **data) -> None:
        socket = self.sockets.get(client)
        if self.script.events and socket is not None and not socket.closed:
            await socket.send_json({"type": kind, "data": data})

    async def _execute(self, prompt_id: str, body: dict) -> None:
        client = body["client_id"]
        await self._tell(client, "executing", node=None, prompt_id="someone else's")
        await self._tell(client, "execution_cached", nodes=["1", 7], prompt_id=prompt_id)
        for node in body["prompt"]:
            await self._tell(client, "executing", node=node, prompt_id=prompt_id)
            await self._tell(client, "progress", node=node, value=1, max=2, prompt_id=prompt_id)
        await self._tell(client, "progress_state", nodes=self.script.states, prompt_id=prompt_id)
        await asyncio.sleep(self.script.seconds)
        if prompt_id not in self.running:
            return
        self.running.remove(prompt_id)
        if self.script.ends_with == "forgotten":
            return
        messages = [["execution_cached", {"nodes": ["1"]}], "nonsense"]
        status = "success" if self.script.ends_with == "success" else "error"
        failed = {
            "node_id": "4",
            "node_type": "KSampler",
            "exception_type": "ValueError",
            "exception_message": "the seed is odd\n",
        }
        if self.script.ends_with == "error":
            messages.append(["execution_error", failed])
            await self._tell(client, "execution_error", **failed, prompt_id=prompt_id)
        if self.script.ends_with == "interrupted":
            messages.append(["execution_interrupted", {}])
        self.history[prompt_id] = {
            "outputs": self.script.outputs,
            "status": {"status_str": status, "completed": True, "messages": messages},
        }
        await self._tell(client, "executing", node=None, prompt_id=prompt_id)

    async def _history(self, request: web.Request):
        prompt_id = request.match_info["id"]
        found = {prompt_id: self.history[prompt_id]} if prompt_id in self.history else {}
        return web.json_response(found)

    async def _queue(self, request: web.Request):
        running = [[0, prompt_id, {}] for prompt_id in self.running]
        return web.json_response({"queue_running": running, "queue_pending": []})

    async def _delete(self, request: web.Request):
        self.script.seen.append(("POST", "/queue", await request.json()))
        return web.Response()

    async def _interrupt(self, request: web.Request):
        body = await request.json()
        self.script.seen.append(("POST", "/interrupt", body))
        self.running.remove(body["prompt_id"])
        return web.Response()

    async def _view(self, request: web.Request):
        self.script.seen.append(("GET", "/view", dict(request.query)))
        return web.Response(body=PNG + request.query["filename"].encode())

    async def _upload(self, request: web.Request):
        form = await request.post()
        self.script.seen.append(("POST", "/upload/image", form["image"].filename))
        return web.json_response({"name": form["image"].filename, "subfolder": "", "type": "input"})


@pytest.fixture
def comfy():
    with FakeComfy() as server:
        yield server


@pytest.fixture
def workflow() -> dict:
    return {
        "4": {"class_type": "KSampler", "inputs": {"seed": 1}, "_meta": {"title": "Sampler"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["4", 0]}},
    }
