"""Sites on the loopback that serve made-up models as Civitai and the hub do, well or badly."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from polaris_core.importing.http import Patience

HURRIED = Patience(pause_s=0.0, attempts=4, first_backoff_s=0.01, longest_backoff_s=0.02)


class Made(NamedTuple):
    """A made-up model, from which every source is written, and what is expected of it."""

    number: int
    name: str
    kind: str = "LORA"
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    text: str = ""
    base: str = "SD 1.5"
    prompts: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(str(self.number).encode()).hexdigest()

    @property
    def version(self) -> int:
        return self.number + 1000

    @property
    def size(self) -> int:
        return (6 << 30 if self.kind == "Checkpoint" else 9 << 20) + self.number * 1024


def civitai_record(made: Made) -> dict:
    return {
        "id": made.number,
        "name": made.name,
        "description": f"<p>{made.text}</p>",
        "type": made.kind,
        "nsfw": False,
        "allowNoCredit": made.number % 2 == 0,
        "allowCommercialUse": ["Image"] if made.number % 3 else ["None"],
        "allowDerivatives": True,
        "tags": list(made.tags),
        "creator": {"username": "maker"},
        "stats": {"downloadCount": 7},
        "modelVersions": [
            {
                "id": made.version,
                "name": "v1",
                "baseModel": made.base,
                "trainedWords": list(made.words),
                "downloadUrl": f"https://civitai.com/api/download/models/{made.version}",
                "images": [{"url": "https://p.example/1.png", "nsfwLevel": 1, "meta": {"prompt": p}}
                           for p in made.prompts],
                "files": [
                    {
                        "name": f"m{made.number}.safetensors",
                        "type": "Model",
                        "primary": True,
                        "sizeKB": made.size / 1024,
                        "hashes": {"SHA256": made.sha256.upper()},
                        "downloadUrl": f"https://civitai.com/api/download/models/{made.version}",
                    }
                ],
            }
        ],
    }  # fmt: skip


class Request(NamedTuple):
    path: str
    query: dict
    headers: dict


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: tuple = ()


def json_answer(value, status=200, **headers) -> Answer:
    told = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *told))


class LoopbackSite:
    """Asks `answer(request)` for what to send; keeps what was asked."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.seen: list[Request] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                request = Request(unquote(parts.path), query, dict(self.headers))
                site.seen.append(request)
                status, body, headers = site.answer(request)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if not any(name.lower() == "content-length" for name, _ in headers):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                if any(value == "close" for _, value in headers):
                    self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def serving(answer):
    site = LoopbackSite(answer)
    try:
        yield site
    finally:
        site.close()


class CivitaiPages:
    """Pages by opaque cursors, as the site gives them."""

    def __init__(self, records, per_page=7) -> None:
        self.records = records
        self.per_page = per_page

    def __call__(self, request: Request) -> Answer:
        assert request.path == "/api/v1/models"
        cursor = request.query.get("cursor", "p0")
        if not cursor.startswith("p"):
            return json_answer({"error": "Invalid cursor"}, 400)
        start = int(cursor[1:])
        page = self.records[start : start + self.per_page]
        following = start + self.per_page
        more = {"nextCursor": f"p{following}"} if following < len(self.records) else {}
        return json_answer({"items": page, "metadata": more})


class HubPages:
    """The routes of a hub that the importer uses."""

    def __init__(self, models, per_page=7) -> None:
        self.models = {f"maker/{made.name.replace(' ', '-')}": made for made in models}
        self.per_page = per_page
        self.url = ""
        self.commits = {}

    def commit(self, id):
        return self.commits.get(id, f"{self.models[id].number:040x}")

    def __call__(self, request: Request) -> Answer:
        if request.path == "/api/models":
            return self.listing(request)
        if request.path.startswith("/api/models/"):
            return json_answer(self.info(request.path.removeprefix("/api/models/"), blobs=True))
        id, found, rest = request.path.lstrip("/").partition("/resolve/")
        assert found
        assert rest.endswith("/README.md")
        return Answer(200, self.readme(self.models[id]).encode(), (("Content-Type", "text/plain"),))

    def listing(self, request):
        ids, start = list(self.models), int(request.query.get("cursor", 0))
        following = start + self.per_page
        page = [self.info(id, blobs=False) for id in ids[start:following]]
        link = {}
        if following < len(ids):
            link = {"Link": f'<{self.url}/api/models?cursor={following}>; rel="next"'}
        return json_answer(page, **link)

    def info(self, id, *, blobs):
        made = self.models[id]
        weights = {"rfilename": "w.safetensors"}
        if blobs:
            lfs = {"size": made.size, "sha256": made.sha256, "pointerSize": 134}
            weights |= {"size": made.size, "blobId": "0", "lfs": lfs}
        return {
            "id": id,
            "modelId": id,
            "sha": self.commit(id),
            "lastModified": "2024-05-01T00:00:00.000Z",
            "tags": [*(["lora"] if made.kind == "LORA" else []), *made.tags, "license:mit"],
            "pipeline_tag": "text-to-image",
            "siblings": [
                {"rfilename": "README.md", **({"size": 100} if blobs else {})},
                weights,
                {"rfilename": "unet/part.safetensors"},
            ],
            "cardData": {
                "license": "mit",
                "base_model": made.base,
                "instance_prompt": made.words[0] if made.words else None,
                "widget": [{"text": prompt} for prompt in made.prompts],
            },
        }

    def readme(self, made):
        head = f"---\nlicense: mit\n---\n# {made.name}\n\n<Gallery />\n\n"
        return f"{head}## Model description\n\n{made.text}\n"
