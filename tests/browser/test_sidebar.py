"""The sidebar: state, jobs, search, the canvas, keys."""

from __future__ import annotations

import pytest

from tests.browser.driving import APP, graph, load, open_sidebar, widget
from tests.browser.pages import PATIENCE_MS, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]


@pytest.fixture
def sidebar(watched, renderer):
    page = watched.open()
    load(page, graph())
    opened = open_sidebar(page)
    scan(page, opened)
    return opened


def scan(page, sidebar):
    sidebar.get_by_role("button", name="Scan", exact=True).click()
    page.wait_for_function(
        "!document.querySelector('.polaris-jobs button').disabled", timeout=PATIENCE_MS
    )
    sidebar.locator(".polaris-in-list").first.wait_for()


def types_on(page):
    return page.evaluate(f"() => {APP}.graph.nodes.map((n) => n.type)")


def test_the_zoo_is_scanned_searched_and_put_on_the_canvas(watched, sidebar, renderer, server):
    page = watched.page
    assert "models" in sidebar.locator(".polaris-total").inner_text()
    sidebar.get_by_text("What is there").click()
    shoot(page, f"sidebar-{renderer}")
    sidebar.get_by_text("What is there").click()

    box = sidebar.get_by_role("searchbox")
    box.fill("soft watercolor wash")
    box.press("Enter")
    sidebar.get_by_text("nearest to the sentence").wait_for()
    first = sidebar.locator(".polaris-in-list").first
    assert "atercolo" in first.inner_text()
    shoot(page, f"search-{renderer}")

    before = types_on(page)
    first.dblclick(position={"x": 30, "y": 30})
    page.wait_for_function(f"{APP}.graph.nodes.length === {len(before) + 1}")
    assert types_on(page)[-1] == "LoraLoader"
    canvas = page.locator("#graph-canvas")
    first.drag_to(canvas, target_position={"x": 1100, "y": 90})
    page.wait_for_function(f"{APP}.graph.nodes.length === {len(before) + 2}")

    # With one retriever selected, a card is pinned there.
    page.evaluate(
        f"""() => {{
            const app = {APP};
            app.canvas.deselectAll();
            app.canvas.selectNode(app.graph.nodes.find((n) => n.type === "PolarisLoraRetriever"));
        }}"""
    )
    first.get_by_role("button", name="Pin").click()
    page.wait_for_function(
        f"{APP}.graph.nodes.find((n) => n.type === 'PolarisLoraRetriever')"
        ".widgets.find((w) => w.name === 'pins').value !== ''"
    )
    assert widget(page, "PolarisLoraRetriever", "pins").endswith(".safetensors")

    first.get_by_role("button", name="Details").click()
    page.get_by_role("dialog").wait_for()
    shoot(page, f"details-{renderer}")
    page.keyboard.press("Escape")

    preview = sorted((server.base / "models" / "loras").rglob("*.png"))[0]
    sidebar.locator("[data-testid=polaris-picture]").set_input_files(str(preview))
    sidebar.get_by_text("nearest to the picture").wait_for()
    assert sidebar.locator(".polaris-in-list").count() > 0
    shoot(page, f"by-picture-{renderer}")
    watched.check()


def test_the_sidebar_is_worked_by_keys_and_can_be_read_at_twice_the_size(
    watched, sidebar, renderer
):
    page = watched.page
    sidebar.get_by_role("searchbox").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset?.place !== undefined"):
            break
    assert page.evaluate("document.activeElement.dataset.place") == "0"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.place") == "1"
    page.keyboard.press("End")
    last = int(page.evaluate("document.activeElement.dataset.place"))
    assert last > 10
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.place") == "0"
    before = len(types_on(page))
    page.keyboard.press("Enter")
    page.wait_for_function(
        f"{APP}.graph.nodes.length > {before} || document.querySelector('.p-toast-message')"
    )
    page.evaluate("document.body.style.zoom = 2")
    page.wait_for_timeout(500)
    shoot(page, f"sidebar-zoomed-{renderer}")
    wide = page.evaluate(
        "[...document.querySelectorAll('.polaris-sidebar button, .polaris-sidebar select')]"
        ".filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 2)"
        ".map((e) => e.textContent)"
    )
    assert wide == []
    watched.check()


def test_a_scan_is_cancelled(watched, server, renderer):
    if renderer == "vue":
        pytest.skip("the sidebar is the same in both renderers; once is enough for a slow scan")
    from polaris_core.demo.header_models import make_header_lora

    many = server.base / "models" / "loras" / "many"
    many.mkdir(exist_ok=True)
    for number in range(3000):
        make_header_lora(many / f"{number}.safetensors", "sdxl", {"ss_output_name": f"n{number}"})
    page = watched.open()
    sidebar = open_sidebar(page)
    sidebar.get_by_role("button", name="Scan", exact=True).click()
    stop = sidebar.get_by_role("button", name="Cancel")
    stop.wait_for()
    assert sidebar.locator("progress").is_visible()
    stop.click()
    sidebar.get_by_text("Cancelled").wait_for()
    shoot(page, "cancelled")
    for file in many.iterdir():
        file.unlink()
    watched.check()
