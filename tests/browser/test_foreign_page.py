"""What a page of another site asks is refused, by the headers that a browser sends."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.browser.pages import ask, post

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(900)]

ASK = """async (address) => {
    const told = [];
    const headers = { "Content-Type": "text/plain" };
    for (const path of ["scan", "index", "search", "pins", "freeze", "resolve"]) {
        const options = { method: "POST", mode: "no-cors", headers, body: "{}" };
        told.push((await fetch(`${address}/api/polaris/${path}`, options)).type);
    }
    for (const path of ["status", "cards", "settings", "jobs"])
        told.push(await fetch(`${address}/api/polaris/${path}`).then(
            () => "read", (error) => error.name));
    return told;
}"""
SHOW = """(address) => new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve("shown");
    image.onerror = () => resolve("refused");
    image.src = address;
})"""


class Plain(BaseHTTPRequestHandler):
    """A page without any policy of its own."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>another site</title>")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def foreign():
    """The address of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_port}"
        site.shutdown()


def jobs(server):
    return ask(server, "/polaris/jobs")["jobs"]


def test_nothing_is_started_read_or_shown(browser, server, foreign):
    post(server, "/polaris/scan", {})
    while any(job["state"] in ("waiting", "running") for job in jobs(server)):
        time.sleep(0.1)
    before = [job["id"] for job in jobs(server)]
    cards = ask(server, "/polaris/cards?limit=20")["cards"]
    picture = server.address + next(c["thumbnail"] for c in cards if c["thumbnail"])

    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.address}/polaris/settings")
    assert page.evaluate(SHOW, picture) == "shown"
    page.goto(foreign)
    answers: list[int] = []
    page.on("response", lambda response: answers.append(response.status))
    told = page.evaluate(ASK, server.address)
    assert told == ["opaque"] * 6 + ["TypeError"] * 4
    assert page.evaluate(SHOW, picture) == "refused"
    assert set(answers) == {403}
    context.close()
    assert [job["id"] for job in jobs(server)] == before
