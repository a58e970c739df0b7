"""What a page of another site asks is refused, by the headers that a browser sends."""

from __future__ import annotations

import time

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


def jobs(server):
    return ask(server, "/polaris/jobs")["jobs"]


def test_nothing_is_started_read_or_shown(browser, server):
    post(server, "/polaris/scan", {})
    while any(job["state"] in ("waiting", "running") for job in jobs(server)):
        time.sleep(0.1)
    before = [job["id"] for job in jobs(server)]
    cards = ask(server, "/polaris/cards?limit=20")["cards"]
    picture = server.address + next(c["thumbnail"] for c in cards if c["thumbnail"])

    context = browser.new_context()
    page = context.new_page()
    foreign = server.address.replace("127.0.0.1", "localhost")
    answers: list[int] = []
    page.goto(f"{foreign}/polaris/settings")
    assert page.evaluate("location.origin") == foreign
    assert page.evaluate(SHOW, picture.replace("127.0.0.1", "localhost")) == "shown"
    page.on("response", lambda response: answers.append(response.status))
    told = page.evaluate(ASK, server.address)
    assert told == ["opaque"] * 6 + ["TypeError"] * 4
    assert page.evaluate(SHOW, picture) == "refused"
    assert set(answers) == {403}
    context.close()
    assert [job["id"] for job in jobs(server)] == before
