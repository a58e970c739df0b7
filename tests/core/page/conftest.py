"""A page over a demonstration zoo on disk, and the same behind a real server on the loopback."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.scan import ModelFolder, scan
from polaris_core.catalogue.store import Store
from polaris_core.demo.zoo import make_demo_zoo
from polaris_core.encoders.base import Encoders
from polaris_core.errors import MissingWeights
from polaris_core.page.addresses import ADDRESSES
from polaris_core.page.http import handlers_of
from polaris_core.page.service import Page
from polaris_core.retrieval.zoo import CATALOGUE, Zoo
from polaris_core.testing import HashingEncoder


class FolderHost:
    """A host that is nothing but folders; what it is told to send stays in `sent`."""

    def __init__(self, home: Path, models: Path) -> None:
        self.home = home
        self.models = models
        self.sent: list[tuple[str, dict]] = []
        self._zoos: dict[tuple[str, str], Zoo] = {}

    def folders(self):
        return [
            ModelFolder(self.models / "checkpoints", Kind.CHECKPOINT),
            ModelFolder(self.models / "loras", Kind.LORA),
        ]

    def zoo(self, text_encoder, image_encoder):
        if text_encoder == "absent":
            raise MissingWeights("the weights are not here", value="absent", hint="Get them")
        key = (text_encoder, image_encoder)
        if key not in self._zoos:
            image = None if image_encoder == "none" else HashingEncoder(64)
            self._zoos[key] = Zoo.open(self.home, Encoders(HashingEncoder(64), image))
        return self._zoos[key]

    def opened_zoo(self, text_encoder, image_encoder):
        return self._zoos.get((text_encoder, image_encoder))

    def listed(self, kind, path):
        root = str(self.models / f"{kind.value}s")
        inside = path.startswith(root + os.sep) and os.path.isfile(path)
        return os.path.relpath(path, root) if inside else None

    def is_busy(self):
        return False

    def send(self, event, facts):
        self.sent.append((event, facts))

    def close(self):
        for zoo in self._zoos.values():
            zoo.close()


@pytest.fixture(scope="session")
def demo_models(tmp_path_factory) -> Path:
    """The demonstration zoo without weights; not to be written to."""
    models = tmp_path_factory.mktemp("demo") / "models"
    make_demo_zoo(models, runnable=False)
    return models


@pytest.fixture(scope="session")
def scanned(demo_models, tmp_path_factory) -> Path:
    """The catalogue of `demo_models`; to be copied."""
    home = tmp_path_factory.mktemp("home")
    with Store.open(home / CATALOGUE) as store:
        scan(store, FolderHost(home, demo_models).folders())
    return home


@pytest.fixture
def host(scanned, demo_models, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(scanned, home)
    made = FolderHost(home, demo_models)
    yield made
    made.close()


@pytest.fixture
def page(host):
    made = Page(host)
    yield made
    made.close()


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """The page's routes on a port of the loopback; paths are sent as they are, unnormalised."""

    def __init__(self, page: Page, settings: dict) -> None:
        self.page = page
        self.settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    async def _serve(self) -> int:
        from aiohttp import web

        app = web.Application()
        handlers = handlers_of(self.page, lambda request: self.settings)
        for address in ADDRESSES:
            app.router.add_route(address.method, address.path, handlers[address.name])
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return self._runner.addresses[0][1]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(self, method: str, path: str, body=None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body=None, **headers: str) -> Reply:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def finished(self, reply: Reply, timeout_s: float = 60.0) -> dict:
        """The job that a reply began, once it is over."""
        assert reply.status == 202, reply.body
        id = reply.json["job"]["id"]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            job = self.get(f"/polaris/jobs/{id}").json["job"]
            if job["state"] not in ("waiting", "running"):
                return job
            time.sleep(0.01)
        raise AssertionError("the job does not end")


@pytest.fixture
def server(page):
    made = Server(page, {"Polaris.TextEncoder": "hashing", "Polaris.ImageEncoder": "hashing"})
    yield made
    made.close()


@pytest.fixture(scope="session")
def refusing(scanned, demo_models, tmp_path_factory):
    """A server for requests that are to be refused: nothing may come of them."""
    home = tmp_path_factory.mktemp("refusing") / "home"
    shutil.copytree(scanned, home)
    host = FolderHost(home, demo_models)
    page = Page(host)
    made = Server(page, {"Polaris.TextEncoder": "hashing"})
    yield made
    assert page.jobs.newest() == []
    made.close()
    page.close()
    host.close()
