"""Forty hostile texts in every field of a zoo: none runs, all are shown as text."""

from __future__ import annotations

import json

import pytest

from polaris_core.demo.header_models import make_header_lora
from tests.browser.driving import open_sidebar
from tests.browser.pages import PATIENCE_MS, shoot, start

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


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    assert len(set(PAYLOADS)) == 40
    base = tmp_path_factory.mktemp("hostile")
    loras = base / "models" / "loras"
    loras.mkdir(parents=True)
    for number, payload in enumerate(PAYLOADS):
        safe = payload.replace("/", "\u2215").replace("\0", "")[:120]
        file = loras / f"{number:02} {safe}.safetensors"
        make_header_lora(file, "sdxl", {"ss_output_name": payload})
        record = {
            "name": payload,
            "baseModel": "SDXL 1.0",
            "trainedWords": [payload],
            "description": payload,
            "modelId": 1,
            "model": {"name": payload, "type": "LORA", "nsfw": False, "tags": [payload]},
        }
        file.with_name(file.name.replace(".safetensors", ".civitai.info")).write_text(
            json.dumps(record)
        )
    (loras / f"broken {PAYLOADS[1]}.safetensors").write_bytes(b"nothing")
    yield from start(base)


def test_nothing_hostile_runs_and_all_of_it_is_shown(browser, hostile):
    from tests.browser.pages import Watched

    context = browser.new_context(viewport={"width": 1400, "height": 900})
    watched = Watched(context, hostile)
    page = watched.open()
    sidebar = open_sidebar(page)
    sidebar.get_by_role("button", name="Scan", exact=True).click()
    sidebar.locator(".polaris-in-list").first.wait_for()
    page.wait_for_function("!document.querySelector('.polaris-jobs button').disabled")
    seen: set[str] = set()
    rows = sidebar.locator(".polaris-list")
    for step in range(80):
        seen |= set(
            page.eval_on_selector_all(
                ".polaris-in-list .polaris-name", "all => all.map((e) => e.textContent)"
            )
        )
        rows.evaluate("(e, step) => { e.scrollTop = step * 100 }", step)
        page.wait_for_timeout(40)
    assert len(seen) == 40
    assert any("<script>" in name for name in seen)
    sidebar.locator("details.polaris-problems summary").click()
    for at in (0, -1):
        sidebar.locator(".polaris-in-list").nth(at).get_by_role("button", name="Details").click()
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
    box = sidebar.get_by_role("searchbox")
    box.fill(PAYLOADS[0])
    box.press("Enter")
    sidebar.get_by_text("nearest to the sentence").wait_for(timeout=PATIENCE_MS)
    shoot(page, "hostile")
    assert page.evaluate("window.__hit") is None
    inside = page.evaluate(
        "document.querySelector('.polaris-sidebar').querySelectorAll"
        "('script, iframe, object, embed, svg, a[href^=javascript], [onerror], [onload]').length"
    )
    assert inside == 0
    watched.check()
    assert watched.foreign == []
    context.close()
