"""Freeze, lose a file, be told; a saved picture restores its plan; templates and blueprints run."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.browser.driving import (
    APP,
    api_form,
    cards_of,
    command,
    drawn,
    drop_file,
    graph,
    load,
    open_sidebar,
    run,
    saved,
    widget,
)
from tests.browser.pages import PATIENCE_MS, run_api, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

LORAS = "PolarisLoraRetriever"
SHARED = "shared_wash.safetensors"
SOURCE = "https://civitai.com/models/4711?modelVersionId=4712"
SENTENCE = {"PolarisInstructionParser__instruction": "A watercolor red fox in a forest"}


@pytest.fixture
def frozen(watched, renderer):
    """A page after a run whose picks were frozen."""
    page = watched.page
    load(page, graph(PolarisLoraRetriever__pins=f"style: {SHARED} @ 0.6", **SENTENCE))
    run(page, PATIENCE_MS)
    command(page, "Polaris.Freeze")
    dialog = page.locator(".polaris-dialog")
    dialog.wait_for()
    assert page.locator(".polaris-models li").count() >= 3
    shoot(page, f"frozen-{renderer}")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert '"sha256"' in widget(page, LORAS, "pins")
    assert json.loads(widget(page, "PolarisAdaptiveEditor", "plan_json"))
    return page


def rescan(page):
    page.evaluate(
        """async () => {
            const headers = { "Content-Type": "application/json" };
            await fetch("/api/polaris/scan", { method: "POST", body: "{}", headers });
            while ((await (await fetch("/api/polaris/status")).json()).job)
                await new Promise((resolve) => setTimeout(resolve, 100));
        }"""
    )


def test_what_is_frozen_is_missed_when_it_is_gone_and_told_with_its_source(
    watched, frozen, server, renderer
):
    workflow = saved(frozen)
    line = widget(frozen, LORAS, "pins").splitlines()[0]
    assert line.startswith(f"style: {SHARED} @ 0.6 {{")
    meant = json.loads("{" + line.partition(" {")[2])
    here = server.base / "models" / "loras" / SHARED
    away = here.with_suffix(".away")
    here.rename(away)
    try:
        rescan(frozen)
        page = watched.open()
        page.evaluate(f"(workflow) => {APP}.loadGraphData(workflow)", workflow)
        row = page.locator(f'.polaris-models li[data-file="{SHARED}"]')
        row.wait_for()
        assert meant["sha256"][:12] in row.inner_text()
        link = row.get_by_role("link")
        assert link.get_attribute("href") == meant["source"] == SOURCE
        assert link.get_attribute("rel") == "noopener noreferrer"
        shoot(page, f"missing-{renderer}")
        page.keyboard.press("Escape")
    finally:
        away.rename(here)
        rescan(watched.page)
    command(page, "Polaris.Resolve")
    page.get_by_text("models are here").first.wait_for()
    watched.check()


def newest_picture(server):
    return max((server.base / "output").glob("*.png"), key=lambda file: file.stat().st_mtime_ns)


def test_a_saved_picture_that_is_dropped_restores_its_plan(watched, server, renderer):
    page = watched.page
    load(page, graph(**SENTENCE))
    run(page, PATIENCE_MS)
    picture = newest_picture(server)
    page = watched.page
    drop_file(page, "#graph-canvas", picture)
    page.wait_for_function(
        f"{APP}.graph.nodes.some((n) => n.type === 'PolarisAdaptiveEditor' && "
        "n.widgets.find((w) => w.name === 'plan_json').value)"
    )
    page.get_by_text("The plan of this picture was restored").wait_for()
    assert '"sha256"' in widget(page, LORAS, "pins")
    assert "polaris" not in saved(page)["extra"]
    shoot(page, f"restored-{renderer}")
    plan = json.loads(widget(page, "PolarisAdaptiveEditor", "plan_json"))
    run(page, PATIENCE_MS)
    used = cards_of(page, LORAS).and_(page.locator(".polaris-picked"))
    assert {row["pick"]["name"] for row in plan["loras"]} == {
        used.nth(n).get_attribute("aria-label") for n in range(used.count())
    }
    watched.check()


def test_a_picture_of_an_api_run_is_offered_to_be_restored_in_the_sidebar(
    watched, server, renderer
):
    page = watched.page
    load(page, graph(**SENTENCE))
    run_api(server, api_form(page))
    sidebar = open_sidebar(page)
    drop_file(page, ".polaris-search-box", newest_picture(server))
    sidebar.get_by_role("button", name="Restore it").click()
    page.get_by_text("The plan of this picture was restored").wait_for()
    assert json.loads(widget(page, "PolarisAdaptiveEditor", "plan_json"))
    sidebar.get_by_text("nearest to the picture").wait_for()
    watched.check()


def test_a_template_opens_and_runs(watched, server, renderer):
    page = watched.open("?template=polaris_text_to_picture&source=polaris")
    page.wait_for_function(f"{APP}.graph.nodes.some((n) => n.type === 'PolarisAdaptiveEditor')")
    shoot(page, f"template-{renderer}")
    quick = graph()["extra"]["values"]
    load(page, {**saved(page), "extra": {"values": quick}})
    before = newest_picture(server) if list((server.base / "output").glob("*.png")) else None
    run(page, PATIENCE_MS)
    assert newest_picture(server) != before
    cards_of(page, LORAS).first.wait_for()
    watched.check()


def test_new_nodes_begin_with_the_settings_and_loaded_ones_do_not(watched, renderer):
    page = watched.page
    load(page, graph())
    before = widget(page, "PolarisZoo", "folders")
    page.evaluate(
        f"""async () => {{
            await {APP}.extensionManager.setting.set("Polaris.Folders", "a; b/c");
            await {APP}.extensionManager.setting.set("Polaris.LanguageServer", "http://x:1/v1");
            for (const type of ["PolarisZoo", "PolarisLanguageModel"])
                {APP}.graph.add(LiteGraph.createNode(type));
        }}"""
    )
    last = f"{APP}.graph.nodes.slice(-2).map((n) => n.widgets.find((w) => w.name === NAME)?.value)"
    assert page.evaluate(last.replace("NAME", "'folders'"))[0] == "a\nb/c"
    assert page.evaluate(last.replace("NAME", "'server'"))[1] == "http://x:1/v1"
    load(page, graph())
    assert widget(page, "PolarisZoo", "folders") == before
    for name in ("Folders", "LanguageServer"):
        page.evaluate(f"{APP}.extensionManager.setting.set('Polaris.{name}', '')")
    watched.check()


def put_down(page, x, y):
    """Put down the node that hangs on the pointer.

    A press that meets the node's own widgets, which lag behind the pointer, does not put it down;
    then one presses again elsewhere, as anybody would.
    """
    from playwright.sync_api import TimeoutError as TookTooLong

    for further in range(5):
        at = x + 60 * further
        for step in (at - 50, at):
            page.mouse.move(step, y)
        drawn(page)
        page.mouse.click(at, y)
        with contextlib.suppress(TookTooLong):
            page.wait_for_function(f"{APP}.canvas.state.ghostNodeId === null", timeout=5_000)
            return
    raise AssertionError("the node still hangs on the pointer")


def test_polaris_edit_is_one_node_with_sentence_picture_and_strength(watched, server, renderer):
    page = watched.page
    page.evaluate(f"{APP}.graph.clear()")
    command(page, "Workspace.SearchBox.Toggle")
    box = page.get_by_role("combobox").first
    box.fill("Polaris Edit")
    page.locator("[data-testid=result-item]", has_text="Polaris Edit").first.click()
    page.wait_for_function(f"{APP}.canvas.state.ghostNodeId !== null")
    put_down(page, 700, 400)
    assert page.evaluate(f"{APP}.graph.nodes.some((n) => n.subgraph)")
    names = page.evaluate(
        f"""() => {{
            const node = {APP}.graph.nodes.find((n) => n.subgraph);
            return [node.inputs.map((i) => i.label ?? i.name),
                    node.widgets.map((w) => w.label ?? w.name)];
        }}"""
    )
    assert names[0] == ["sentence", "picture", "strength"]
    assert names[1] == ["sentence", "strength"]
    drawn(page)
    shoot(page, f"blueprint-{renderer}")
    before = len(list((server.base / "output").glob("*.png")))
    page.evaluate(
        f"""() => {{
            const {{ graph }} = {APP};
            const edit = graph.nodes.find((n) => n.subgraph);
            edit.widgets[0].value = "Turn it into a watercolor painting";
            for (const node of edit.subgraph.nodes) for (const widget of node.widgets ?? []) {{
                if (widget.name === "steps") widget.value = 1;
                if (widget.name === "base_model") widget.value = "sd15";
                // What ComfyUI has just made for the other renderer it would not make again.
                if (widget.name === "seed") widget.value = {before + len(renderer)};
            }}
            const picture = LiteGraph.createNode("LoadImage");
            const save = LiteGraph.createNode("SaveImage");
            graph.add(picture);
            graph.add(save);
            picture.widgets.find((w) => w.name === "image").value = "polaris_cat.png";
            picture.connect(0, edit, edit.inputs.findIndex((i) => i.type === "IMAGE"));
            edit.connect(0, save, 0);
        }}"""
    )
    run(page, PATIENCE_MS)
    assert len(list((server.base / "output").glob("*.png"))) == before + 1
    watched.check()
