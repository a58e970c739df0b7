"""A site on the loopback that offers one file and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def model_bytes(data_bytes: int = 100_000, seed: int = 0) -> bytes:
    """A sound safetensors file with one tensor of bytes."""
    header = {"w": {"dtype": "U8", "shape": [data_bytes], "data_offsets": [0, data_bytes]}}
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + random.Random(seed).randbytes(data_bytes)


def lora_bytes(rank: int = 4, seed: int = 0) -> bytes:
    """A LoRA for SD1.5 of one module, as kohya's trainer names it."""
    at = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    shapes = {f"{at}.lora_down.weight": [rank, 768], f"{at}.lora_up.weight": [320, rank]}
    header: dict[str, object] = {}
    reached = 0
    for key, (rows, columns) in shapes.items():
        end = reached + 2 * rows * columns
        header[key] = {"dtype": "F16", "shape": [rows, columns], "data_offsets": [reached, end]}
        reached = end
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + random.Random(seed).randbytes(reached)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Asked:
    path: str
    headers: dict[str, str]

    @property
    def first(self) -> int:
        """The first byte that was asked for."""
        text = self.headers.get("range", "bytes=0-")
        return int(text.removeprefix("bytes=").rstrip("-"))


@dataclass
class MisbehavingSite:
    """Offers `content` at every path; each request is answered by the next of `plan`, then well."""

    content: bytes
    etag: str = '"one"'
    plan: list[Callable[[MisbehavingSite, Handler], None]] = field(default_factory=list)
    always: Callable[[MisbehavingSite, Handler], None] | None = None
    asked: list[Asked] = field(default_factory=list)
    knows_ranges: bool = True
    pause_s: float = 0.0
    """Between pieces of 10,000 bytes of a good answer."""

    def __post_init__(self) -> None:
        site = self

        class Bound(Handler):
            of = site

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def speak_tls(self, context: ssl.SSLContext) -> None:
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # who does not believe us breaks off

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/files/model.safetensors"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def good(self, handler: Handler, content: bytes | None = None) -> None:
        """Answer as a site should."""
        content = self.content if content is None else content
        first = handler.asked.first if self.knows_ranges else 0
        condition = handler.asked.headers.get("if-range")
        if condition is not None and condition != self.etag:
            first = 0
        if first >= len(content) > 0:
            handler.reply(416, {"Content-Range": f"bytes */{len(content)}"})
            return
        headers = {"Content-Length": str(len(content) - first), "ETag": self.etag}
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        handler.begin(206 if first else 200, headers)
        for at in range(first, len(content), 10_000):
            handler.wfile.write(content[at : at + 10_000])
            if self.pause_s:
                time.sleep(self.pause_s)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: MisbehavingSite
    asked: Asked

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the other side went away, which is what some tests are about
            self.close_connection = True

    def do_GET(self) -> None:
        self.asked = Asked(self.path, {k.lower(): v for k, v in self.headers.items()})
        self.of.asked.append(self.asked)
        step = self.of.plan.pop(0) if self.of.plan else self.of.always
        (step or MisbehavingSite.good)(self.of, self)

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(status)
        headers = {"Content-Type": "application/octet-stream", "Connection": "close"} | headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def reply(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.begin(status, {"Content-Length": str(len(body))} | (headers or {}))
        self.wfile.write(body)

    def reset(self) -> None:
        """Break the connection off hard."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Step = Callable[[MisbehavingSite, Handler], None]


def resets_after(count: int) -> Step:
    def step(site: MisbehavingSite, handler: Handler) -> None:
        first = handler.asked.first
        rest = site.content[first:]
        headers = {"Content-Length": str(len(rest)), "ETag": site.etag}
        if first:
            last = len(site.content) - 1
            headers["Content-Range"] = f"bytes {first}-{last}/{len(site.content)}"
        handler.begin(206 if first else 200, headers)
        handler.wfile.write(rest[:count])
        handler.reset()

    return step


def ends_after(count: int) -> Step:
    """A polite end, too early."""

    def step(site: MisbehavingSite, handler: Handler) -> None:
        handler.begin(200, {"Content-Length": str(len(site.content)), "ETag": site.etag})
        handler.wfile.write(site.content[:count])

    return step


def stalls_after(count: int, released: threading.Event) -> Step:
    def step(site: MisbehavingSite, handler: Handler) -> None:
        handler.begin(200, {"Content-Length": str(len(site.content)), "ETag": site.etag})
        handler.wfile.write(site.content[:count])
        handler.wfile.flush()
        released.wait(20)

    return step


def says(status: int, body: bytes = b"", **headers: str) -> Step:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda site, handler: handler.reply(status, named, body)


def leads_to(address: str) -> Step:
    return lambda site, handler: handler.reply(307, {"Location": address})


def gives(content: bytes, **headers: str) -> Step:
    """Another content than the site's, with its own length."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda site, handler: handler.reply(200, named, content)


def pours(content: bytes) -> Step:
    """A content without a length, ended by the end of the connection."""

    def step(site: MisbehavingSite, handler: Handler) -> None:
        handler.begin(200, {})
        handler.wfile.write(content)

    return step
