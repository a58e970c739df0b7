"""Forty hostile texts in every field of a zoo: none runs, all are shown as text."""

from __future__ import annotations

import json
from html import escape

import pytest

from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from tests.browser.driving import (
    APP,
    cards_of,
    choose,
    command,
    drawn,
    graph,
    load,
    open_sidebar,
    run,
    scan,
    widget,
)
from tests.browser.pages import PATIENCE_MS, shoot

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


KINDS = ("loras", "checkpoints")
ROW_PX = 150
WORDS = "soft watercolor wash"
NOT_OURS = "script, iframe, object, embed, svg, video, audio, form[action], [onerror], [onload], "
NOT_OURS += "[autofocus], a[href^=javascript], a[href^=data]"


@pytest.fixture(scope="session")
def prepared(server):
    """Models whose every text is hostile, beside the zoo; the LoRAs run."""
    assert len(set(PAYLOADS)) == 40
    loras, checkpoints = (server.base / "hostile" / kind for kind in KINDS)
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
    checkpoints.mkdir()
    make_checkpoint(checkpoints / f"{PAYLOADS[2]}.safetensors", 1)
    return loras.parent


@pytest.fixture(scope="module")
def hostile(server, prepared):
    """They are in the zoo."""
    places = [(prepared / kind, server.base / "models" / kind / "hostile") for kind in KINDS]
    for away, here in places:
        away.rename(here)
    yield
    for away, here in places:
        here.rename(away)


@pytest.fixture
def page(watched, hostile, renderer):
    opened = watched.page
    yield opened
    assert opened.evaluate("window.__hit") is None
    ours = "document.querySelectorAll('.polaris, .p-toast')"
    inside = f"[...{ours}].flatMap((e) => [...e.querySelectorAll({NOT_OURS!r})])"
    strange = opened.evaluate(
        f"{inside}.filter((e) => !e.closest('.p-toast-message-icon, .p-toast-close-button'))"
        ".map((e) => e.outerHTML)"
    )
    assert strange == []
    watched.check()


def texts_in(page, selector):
    return set(page.eval_on_selector_all(selector, "all => all.map((e) => e.textContent)"))


def places_in(page):
    rows = "all => all.map((e) => [e.getAttribute('aria-label'), Number(e.dataset.place)])"
    return dict(page.eval_on_selector_all(".polaris-in-list", rows))


def scroll_to(page, place):
    page.evaluate(f"document.querySelector('.polaris-list').scrollTop = {place * ROW_PX}")
    page.wait_for_function(
        f"document.querySelector('[data-place=\"{place}\"]:not(.polaris-waiting)')"
    )


def test_in_the_sidebar(page):
    sidebar = open_sidebar(page)
    scan(page, sidebar)
    total = choose(sidebar, "Kind", "lora")
    places: dict[str, int] = {}
    words: set[str] = set()
    about: set[str] = set()
    for place in [*range(0, total, 3), total - 1]:
        scroll_to(page, place)
        places |= places_in(page)
        words |= texts_in(page, ".polaris-in-list .polaris-words")
        about |= texts_in(page, ".polaris-in-list .polaris-reason")
    assert set(PAYLOADS) <= set(places)
    assert all(any(payload.rstrip(";") in text for text in words) for payload in PAYLOADS)
    assert all(any(payload in text for text in about) for payload in PAYLOADS)
    problems = sidebar.locator("details.polaris-problems")
    problems.locator("summary").click()
    assert PAYLOADS[1] in problems.inner_text()
    problems.locator("summary").click()
    for name in PAYLOADS[::13]:
        scroll_to(page, places[name])
        card = sidebar.locator(f"[data-place='{places[name]}']")
        assert card.locator(".polaris-name").inner_text() == name
        card.get_by_role("button", name="Details").click()
        dialog = page.locator(".polaris-dialog")
        dialog.wait_for()
        assert dialog.inner_text().count(name) >= 3
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
    box = sidebar.get_by_role("searchbox")
    box.fill(PAYLOADS[0])
    box.press("Enter")
    sidebar.get_by_text("nearest to the sentence").wait_for(timeout=PATIENCE_MS)
    shoot(page, "hostile-sidebar")


def test_on_the_canvas(page):
    """A node that a card is brought to has the model's name as its title, in both renderers."""
    sidebar = open_sidebar(page)
    scan(page, sidebar)
    load(page, graph())
    before = page.evaluate(f"{APP}.graph.nodes.length")
    added = 0
    for place in range(40):
        scroll_to(page, place)
        card = sidebar.locator(f"[data-place='{place}']")
        if card.get_attribute("aria-label") not in PAYLOADS:
            continue
        added += 1
        card.get_by_role("button", name="Add").click()
        page.wait_for_function(f"{APP}.graph.nodes.length === {before + added}")
        if added == 5:
            break
    titles = page.evaluate(f"() => {APP}.graph.nodes.map((n) => n.title)")
    assert len(set(titles) & set(PAYLOADS)) == 5
    places = page.evaluate(f"() => {APP}.graph.nodes.slice(-5).map((n) => n.pos.join())")
    assert len(set(places)) == 5  # none lies on another
    drawn(page)
    shoot(page, "hostile-canvas")


def test_in_the_nodes(page):
    values = {
        "PolarisInstructionParser__instruction": f"A {WORDS} of a fox",
        "PolarisZoo__folders": "hostile",
        "PolarisLoraRetriever__candidates": 50,
    }
    load(page, graph(**values))
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
