"""Freeze, lose a file, be told; a saved picture restores its plan; a template opens and runs."""

from __future__ import annotations

import json

import pytest

from tests.browser.driving import APP, graph, load, run, saved, widget
from tests.browser.pages import PATIENCE_MS, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

SENTENCE = {"PolarisInstructionParser__instruction": "A watercolor red fox in a forest"}


def command(page, name):
    page.evaluate(f"{APP}.extensionManager.command.execute('{name}')")


def test_what_is_frozen_is_missed_when_it_is_gone_and_a_picture_restores_its_plan(
    watched, server, renderer
):
    page = watched.open()
    load(page, graph(**SENTENCE))
    run(page, PATIENCE_MS)
    command(page, "Polaris.Freeze")
    page.get_by_role("dialog").wait_for()
    assert page.locator(".polaris-models li").count() >= 3
    shoot(page, f"frozen-{renderer}")
    page.keyboard.press("Escape")
    pins = widget(page, "PolarisLoraRetriever", "pins")
    assert '"sha256"' in pins
    assert json.loads(widget(page, "PolarisAdaptiveEditor", "plan_json"))
    frozen = saved(page)

    file = page.evaluate("(pins) => pins.match(/: (.*?safetensors)/)[1]", pins)
    here = server.base / "models" / "loras" / file
    away = here.with_suffix(".away")
    here.rename(away)
    try:
        page.evaluate(
            "fetch('/api/polaris/scan', {method: 'POST', body: '{}', "
            "headers: {'Content-Type': 'application/json'}})"
        )
        page.wait_for_function(
            "async () => !(await (await fetch('/api/polaris/status')).json()).job"
        )
        page = watched.open()
        page.evaluate(f"(workflow) => {APP}.loadGraphData(workflow)", frozen)
        row = page.locator(f'.polaris-models li[data-file="{file}"]')
        row.wait_for()
        shoot(page, f"missing-{renderer}")
        page.keyboard.press("Escape")
    finally:
        away.rename(here)

    pictures = sorted((server.base / "output").glob("*.png"), key=lambda p: p.stat().st_mtime)
    page = watched.open()
    page.evaluate(
        f"""async (bytes) => {{
            const file = new File([new Uint8Array(bytes)], "picture.png", {{type: "image/png"}});
            await {APP}.handleFile(file);
        }}""",
        list(pictures[-1].read_bytes()),
    )
    page.wait_for_function(
        f"{APP}.graph.nodes.some((n) => n.type === 'PolarisAdaptiveEditor' && "
        "n.widgets.find((w) => w.name === 'plan_json').value)"
    )
    assert '"sha256"' in widget(page, "PolarisLoraRetriever", "pins")
    assert "polaris" not in saved(page)["extra"]
    shoot(page, f"restored-{renderer}")
    watched.check()


def test_a_template_opens_and_new_nodes_begin_with_the_settings(watched, server, renderer):
    page = watched.open("?template=polaris_text_to_picture&source=polaris")
    page.wait_for_function(f"{APP}.graph.nodes.some((n) => n.type === 'PolarisAdaptiveEditor')")
    page.evaluate(
        f"""async () => {{
            await {APP}.extensionManager.setting.set("Polaris.Folders", "a; b/c");
            const node = LiteGraph.createNode("PolarisZoo");
            {APP}.graph.add(node);
        }}"""
    )
    folders = page.evaluate(
        f"{APP}.graph.nodes.at(-1).widgets.find((w) => w.name === 'folders').value"
    )
    assert folders == "a\nb/c"
    page.evaluate(f"{APP}.extensionManager.setting.set('Polaris.Folders', '')")
    shoot(page, f"template-{renderer}")
    watched.check()
