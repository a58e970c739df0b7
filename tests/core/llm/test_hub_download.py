"""A model is fetched from a hub, here one of our own on loopback, into the hub's cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
LARGE = 30_000_000
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "model.safetensors": bytes(LARGE),
    "pytorch_model.bin": b"pickled",
    "README.md": b"# A model",
}
FETCH = """
import sys, threading
from polaris_core.llm.weights import find_on_hub

class Stopped(BaseException): ...

seen = []
def progress(done, total, what, /):
    assert threading.current_thread() is threading.main_thread()
    seen.append((done, total, what))
    if "stop" in sys.argv and done:
        raise Stopped

try:
    print(find_on_hub(sys.argv[1], download=True, progress=progress))
except Stopped:
    print("stopped")
except Exception as error:
    print(type(error).__name__, error)
print(max(seen, default=None))
"""


class Hub(BaseHTTPRequestHandler):
    """The little of a hub's protocol that a download asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/models/someone/model/tree/"):
            self.answer(
                [
                    {"type": "file", "path": n, "size": len(b), "oid": n.encode().hex()}
                    for n, b in FILES.items()
                ]
            )
        elif path.startswith("/api/models/someone/model"):
            siblings = [{"rfilename": name} for name in FILES]
            self.answer({"id": "someone/model", "sha": COMMIT, "siblings": siblings})
        elif path.startswith("/someone/model/resolve/") and path.split("/")[-1] in FILES:
            name = path.split("/")[-1]
            self.send(FILES[name], name.encode().hex())
        else:
            self.send(b"", "none", 404)

    do_HEAD = do_GET

    def answer(self, value: object) -> None:
        self.send(json.dumps(value).encode(), "none")

    def send(self, content: bytes, etag: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        for at in range(0, len(content) if self.command == "GET" else 0, LARGE // 10):
            if at:
                time.sleep(0.1)  # so that a download can be watched
            self.wfile.write(content[at : at + LARGE // 10])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fetch(tmp_path):
    """Fetch a model in a process of its own: the hub's address is read when it is imported."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    known = {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_address[1]}",
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }

    def run(*arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", FETCH, *arguments],
            cwd=ROOT,
            env=os.environ | known,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.splitlines()

    yield run
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_is_fetched_without_what_is_pickled(fetch, tmp_path):
    folder, told = fetch("someone/model")
    assert Path(folder).is_relative_to(tmp_path / "hub")
    wanted = {"config.json", "tokenizer.json", "model.safetensors"}
    assert {file.name for file in Path(folder).iterdir()} == wanted
    assert "fetching someone/model" in told
    assert f"{LARGE + 4}" in told  # bytes in all
    assert fetch("someone/model") == [folder, "None"]  # nothing is fetched again


def test_the_user_can_stop_it(fetch):
    assert fetch("someone/model", "stop")[0] == "stopped"


def test_a_model_that_the_hub_does_not_have_is_told(fetch):
    told = fetch("someone/other")
    assert told[0].startswith(
        "MissingWeights the language model someone/other could not be fetched"
    )
