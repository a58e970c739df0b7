"""Forty hostile texts in every field of a zoo: none runs, all are shown as text."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import pytest

from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from tests.browser.driving import (
    APP,
    cards_of,
    command,
    graph,
    load,
    open_sidebar,
    run,
    scan,
    widget,
)
from tests.browser.pages import PATIENCE_MS, SETTINGS, Watched, post, shoot, start

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

RUN = "window.__hit=1"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<iframe src=javascript:parent.{RUN}>",
    f"<body onload={RUN}>",
    f"<video><source onerror={RUN}>",
    f"<audio src=x onerror={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} autofocus onfocus={RUN}>x</a>",
    f"<form action=javascript:{RUN}><button autofocus onfocus={RUN}>",
    f"<math href=javascript:{RUN}>x</math>",
    f"<style onload={RUN}></style>",
    f"<link rel=stylesheet href=x onerror={RUN}>",
    f"<meta http-equiv=refresh content=0;url=javascript:{RUN}>",
    "<base href=http://evil.example/>",
    f'"><script>{RUN}</script>',
    f"'><img src=x onerror={RUN}>",
    f'" onmouseover="{RUN}',
    f"' onfocus='{RUN}' autofocus='",
    f"`onload={RUN}`",
    f"</textarea><script>{RUN}</script>",
    f"</title><img src=x onerror={RUN}>",
    f"</style><svg onload={RUN}>",
    f"--><img src=x onerror={RUN}>",
    f"<!--<img src=--><img src=x onerror={RUN}//>",
    f"<![CDATA[<img src=x onerror={RUN}>]]>",
    f"javascript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"{{{{constructor.constructor('{RUN}')()}}}}",
    f"${{{RUN}}}",
    f"<template><img src=x onerror={RUN}></template><slot onslotchange={RUN}>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"%3Cscript%3E{RUN}%3C/script%3E&lt;script&gt;{RUN}&lt;/script&gt;",
]


WORDS = "soft watercolor wash"
NOT_OURS = "script, iframe, object, embed, svg, video, audio, form[action], [onerror], [onload], "
NOT_OURS += "[autofocus], a[href^=javascript], a[href^=data]"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A zoo whose LoRAs run, and whose every text is one of them."""
    assert len(set(PAYLOADS)) == 40
    base = tmp_path_factory.mktemp("hostile")
    loras = base / "models" / "loras"
    loras.mkdir(parents=True)
    for number, payload in enumerate(PAYLOADS):
        safe = payload.replace("/", "\u2215").replace("\0", "")[:120]
        file = loras / f"{number:02} {safe}.safetensors"
        make_lora(file, number, {"ss_output_name": payload})
        record = {
            "name": payload,
            "baseModel": "SD 1.5",
            "trainedWords": [payload, "watercolor"],
            "description": f"{WORDS} {escape(payload)}",
            "modelId": 1,
            "model": {
                **{"name": payload, "type": "LORA", "nsfw": False, "tags": ["style", payload]},
                **{"description": f"{WORDS} {escape(payload)}"},
            },
            "creator": {"username": payload},
        }
        file.with_name(file.name.replace(".safetensors", ".civitai.info")).write_text(
            json.dumps(record)
        )
    (loras / f"broken {PAYLOADS[1]}.safetensors").write_bytes(b"nothing")
    (base / "models" / "checkpoints").mkdir()
    make_checkpoint(base / "models" / "checkpoints" / f"{PAYLOADS[2]}.safetensors", 1)
    yield from start(base)


@pytest.fixture(params=["classic", "vue"])
def page(request, browser, hostile, hosts_own):
    post(hostile, "/api/settings", SETTINGS | {"Comfy.VueNodes.Enabled": request.param == "vue"})
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    watched = Watched(context, hostile, hosts_own)
    opened: Any = watched.open()
    yield opened
    shoot(opened, f"hostile-{request.node.name[:50]}")
    assert opened.evaluate("window.__hit") is None
    ours = "document.querySelectorAll('.polaris, .p-toast')"
    inside = f"[...{ours}].flatMap((e) => [...e.querySelectorAll({NOT_OURS!r})])"
    strange = opened.evaluate(
        f"{inside}.filter((e) => !e.closest('.p-toast-message-icon, .p-toast-close-button'))"
        ".map((e) => e.outerHTML)"
    )
    assert strange == []
    watched.check()
    context.close()


def seen_in(page, selector):
    return set(page.eval_on_selector_all(selector, "all => all.map((e) => e.textContent)"))


def test_in_the_sidebar(page):
    sidebar = open_sidebar(page)
    scan(page, sidebar)
    sidebar.get_by_label("Kind", exact=True).select_option("lora")
    page.wait_for_timeout(500)
    rows = sidebar.locator(".polaris-list")
    names: set[str] = set()
    words: set[str] = set()
    about: set[str] = set()
    for step in range(80):
        names |= seen_in(page, ".polaris-in-list .polaris-name")
        words |= seen_in(page, ".polaris-in-list .polaris-words")
        about |= seen_in(page, ".polaris-in-list .polaris-reason")
        rows.evaluate("(e, step) => { e.scrollTop = step * 80 }", step)
        page.wait_for_timeout(40)
    assert names == set(PAYLOADS)
    assert all(any(payload.rstrip(";") in text for text in words) for payload in PAYLOADS)
    assert all(any(payload in text for text in about) for payload in PAYLOADS)
    rows.evaluate("(e) => { e.scrollTop = 0 }")
    sidebar.locator("details.polaris-problems summary").click()
    assert PAYLOADS[1] in sidebar.locator("details.polaris-problems").inner_text()
    for place in range(0, 40, 13):
        rows.evaluate("(e, place) => { e.scrollTop = place * 150 }", place)
        card = sidebar.locator(f"[data-place='{place}']")
        name = card.locator(".polaris-name").inner_text()
        card.get_by_role("button", name="Details").click()
        dialog = page.locator(".polaris-dialog")
        dialog.wait_for()
        assert dialog.inner_text().count(name) >= 3
        page.keyboard.press("Escape")
    box = sidebar.get_by_role("searchbox")
    box.fill(PAYLOADS[0])
    box.press("Enter")
    sidebar.get_by_text("nearest to the sentence").wait_for(timeout=PATIENCE_MS)


def test_on_the_canvas(page):
    """A node that a card is brought to has the model's name as its title, in both renderers."""
    sidebar = open_sidebar(page)
    scan(page, sidebar)
    load(page, graph())
    before = page.evaluate(f"{APP}.graph.nodes.length")
    for place in range(1, 6):
        card = sidebar.locator(f"[data-place='{place}']")
        card.get_by_role("button", name="Add").click()
        page.wait_for_function(f"{APP}.graph.nodes.length === {before + place}")
    titles = page.evaluate(f"() => {APP}.graph.nodes.map((n) => n.title)")
    assert len(set(titles) & set(PAYLOADS)) >= 4
    page.wait_for_timeout(1000)


def test_in_the_nodes(page):
    values = {"PolarisInstructionParser__instruction": f"A {WORDS} of a fox"}
    load(page, graph(PolarisLoraRetriever__candidates=50, **values))
    run(page, PATIENCE_MS)
    cards = cards_of(page, "PolarisLoraRetriever")
    cards.first.wait_for()
    names = {cards.nth(n).get_attribute("aria-label") for n in range(cards.count())}
    assert names == set(PAYLOADS)
    for place in (1, 2, 3):
        card = cards.nth(place)
        card.get_by_role("button", name="Ban", exact=True).dispatch_event("click")
        card.get_by_role("button", name="Banned").wait_for()
    assert widget(page, "PolarisLoraRetriever", "pins").count("\n") == 2
    command(page, "Polaris.Freeze")
    frozen = page.locator(".polaris-models li")
    frozen.first.wait_for()
    assert {frozen.nth(n).locator("strong").inner_text() for n in range(frozen.count())} & names
    page.keyboard.press("Escape")
