"""The sidebar: state, jobs, search, filters, the canvas, keys."""

from __future__ import annotations

import pytest

from tests.browser.driving import (
    APP,
    choose,
    command,
    drop_file,
    graph,
    load,
    look_at,
    open_sidebar,
    scan,
    select,
    wait_for_widget,
    widget,
)
from tests.browser.pages import VIEWPORT, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

LORAS = "PolarisLoraRetriever"


@pytest.fixture
def sidebar(watched, renderer):
    page = watched.page
    load(page, graph())
    opened = open_sidebar(page)
    scan(page, opened)
    return opened


def types_on(page):
    return page.evaluate(f"() => {APP}.graph.nodes.map((n) => n.type)")


def search(sidebar, sentence):
    box = sidebar.get_by_role("searchbox")
    box.fill(sentence)
    box.press("Enter")
    sidebar.get_by_text("nearest to the sentence").wait_for()
    return sidebar.locator(".polaris-in-list").first


def test_the_zoo_tells_how_it_fares(watched, sidebar, renderer):
    page = watched.page
    assert "models" in sidebar.locator(".polaris-total").inner_text()
    assert "up to date" in sidebar.locator(".polaris-status").inner_text()
    sidebar.get_by_text("What is there").click()
    counts = sidebar.locator(".polaris-counts").all_inner_texts()
    assert [text.splitlines()[0] for text in counts] == ["Kinds", "Base models", "Roles"]
    shoot(page, f"sidebar-{renderer}")
    command(page, "Polaris.ToggleSidebar")
    sidebar.wait_for(state="detached")
    command(page, "Polaris.ToggleSidebar")
    sidebar.wait_for()
    watched.check()


def test_models_are_filtered_and_ordered(watched, sidebar, renderer):
    names = sidebar.locator(".polaris-name")
    every = sidebar.locator(".polaris-total").inner_text()

    checkpoints = choose(sidebar, "Kind", "checkpoint")
    assert 0 < checkpoints < int(every.split()[0])
    assert sidebar.locator(".polaris-badge", has_text="LoRA").count() == 0
    assert 0 < choose(sidebar, "Base model", "sdxl") < checkpoints
    choose(sidebar, "Base model", "")
    choose(sidebar, "Kind", "lora")
    styles = choose(sidebar, "Role", "style")
    assert styles > 1
    in_order = names.all_inner_texts()
    assert in_order == sorted(in_order, key=str.casefold)
    assert choose(sidebar, "Order", "size") == styles
    assert names.all_inner_texts() != in_order
    assert choose(sidebar, "Which are here", "0") == 0
    watched.check()


def test_the_zoo_is_searched_by_sentence_and_by_picture(watched, sidebar, renderer, server):
    page = watched.page
    assert "atercolo" in search(sidebar, "soft watercolor wash").inner_text()
    shoot(page, f"search-{renderer}")
    preview = sorted((server.base / "models" / "loras").rglob("*.png"))[0]
    drop_file(page, ".polaris-search-box", preview)
    sidebar.get_by_text("nearest to the picture").wait_for()
    nearest = sidebar.locator(".polaris-in-list .polaris-name").first
    assert preview.name.partition(".")[0] in nearest.get_attribute("title")
    shoot(page, f"by-picture-{renderer}")
    sidebar.get_by_role("button", name="Show all").click()
    sidebar.locator("[data-testid=polaris-picture]").set_input_files(str(preview))
    sidebar.get_by_text("nearest to the picture").wait_for()
    assert types_on(page) == [node["type"] for node in graph()["nodes"]]
    watched.check()


def test_a_card_is_brought_to_the_canvas_and_into_a_retriever(watched, sidebar, renderer):
    page = watched.page
    first = search(sidebar, "soft watercolor wash")
    file = first.locator(".polaris-name").get_attribute("title").splitlines()[-1]
    before = types_on(page)
    first.dblclick(position={"x": 30, "y": 30})
    page.wait_for_function(f"{APP}.graph.nodes.length === {len(before) + 1}")
    assert types_on(page)[-1] == "LoraLoader"
    assert widget(page, "LoraLoader", "lora_name") == file
    first.drag_to(page.locator("#graph-canvas"), target_position={"x": 1100, "y": 120})
    page.wait_for_function(f"{APP}.graph.nodes.length === {len(before) + 2}")
    shoot(page, f"dragged-{renderer}")

    # With one retriever selected, a card is pinned there.
    select(page, LORAS)
    first.get_by_role("button", name="Pin").click()
    wait_for_widget(page, LORAS, "pins", file)

    # Dropped on a retriever, it is pinned there too.
    second = sidebar.locator(".polaris-in-list").nth(1)
    other = second.locator(".polaris-name").get_attribute("title").splitlines()[-1]
    look_at(page, LORAS)
    place = page.evaluate(
        f"""(type) => {{
            const {{ canvas, graph }} = {APP};
            const {{ pos, size }} = graph.nodes.find((n) => n.type === type);
            const box = canvas.canvas.getBoundingClientRect();
            const [x, y] = canvas.ds.convertOffsetToCanvas([pos[0] + size[0] * 0.75, pos[1] + 40]);
            return {{ x, y, left: box.left, top: box.top }};
        }}""",
        LORAS,
    )
    second.drag_to(
        page.locator("#graph-canvas"), target_position={k: place[k] for k in "xy"}, force=True
    )
    wait_for_widget(page, LORAS, "pins", other)
    assert len(types_on(page)) == len(before) + 2

    first.get_by_role("button", name="Details").click()
    dialog = page.locator(".polaris-dialog")
    dialog.wait_for()
    assert file in dialog.inner_text()
    shoot(page, f"details-{renderer}")
    page.keyboard.press("Escape")
    watched.check()


def test_the_sidebar_is_worked_by_keys(watched, sidebar, renderer):
    page = watched.page
    focused = "document.activeElement?.dataset?.place"
    sidebar.get_by_role("searchbox").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focused} !== undefined"):
            break
    assert page.evaluate(focused) == "0"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "1"
    page.keyboard.press("End")
    assert int(page.evaluate(focused)) > 10
    page.keyboard.press("Home")
    assert page.evaluate(focused) == "0"
    before = len(types_on(page))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Add"
    page.keyboard.press("Enter")
    page.wait_for_function(
        f"{APP}.graph.nodes.length > {before} || document.querySelector('.p-toast-message')"
    )
    watched.check()


@pytest.fixture
def twice(watched):
    """At 200 % the same window has half as many of the page's pixels."""
    page = watched.page
    page.set_viewport_size({name: size // 2 for name, size in VIEWPORT.items()})
    yield page
    page.set_viewport_size(VIEWPORT)


def test_the_page_can_be_read_at_twice_the_size(watched, twice, renderer):
    page = twice
    load(page, graph())
    sidebar = open_sidebar(page)
    scan(page, sidebar)
    shoot(page, f"sidebar-twice-{renderer}")
    cut = page.evaluate(
        "[...document.querySelectorAll('.polaris-sidebar button, .polaris-sidebar p')]"
        ".filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 2)"
        ".map((e) => e.textContent)"
    )
    assert cut == []
    row = sidebar.locator(".polaris-in-list").first
    row.scroll_into_view_if_needed()
    shoot(page, f"cards-twice-{renderer}")
    boxes = [row.bounding_box(), sidebar.bounding_box()]
    assert boxes[0]["x"] >= boxes[1]["x"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + boxes[1]["width"] + 1
    row.get_by_role("button", name="Details").click()
    dialog = page.locator(".polaris-dialog")
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 750
    assert box["y"] + box["height"] <= 475
    shoot(page, f"details-twice-{renderer}")
    dialog.get_by_role("button", name="Close").click()
    watched.check()


@pytest.fixture
def many(server):
    """Thousands of new LoRAs: some seconds of reading and embedding."""
    from polaris_core.demo.header_models import make_header_lora

    folder = server.base / "models" / "loras" / "many"
    folder.mkdir()
    for number in range(3000):
        facts = {"ss_output_name": f"many {number}", "ss_tag_frequency": f"word{number}"}
        make_header_lora(folder / f"{number}.safetensors", "sdxl", facts)
    yield folder
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def test_a_scan_tells_how_far_it_is_and_is_cancelled(watched, server, many):
    page = watched.page
    sidebar = open_sidebar(page)
    sidebar.get_by_role("button", name="Scan", exact=True).click()
    bar = sidebar.locator("progress")
    page.wait_for_function("document.querySelector('.polaris-jobs progress').value > 0")
    assert bar.is_visible()
    shoot(page, "scanning")
    sidebar.get_by_role("button", name="Cancel").click()
    sidebar.get_by_text("Cancelled").wait_for()
    assert not bar.is_visible()
    shoot(page, "cancelled")
    for file in many.iterdir():
        file.unlink()
    scan(page, sidebar)
    sidebar.locator(".polaris-job-words", has_text="unchanged").wait_for()
    sidebar.get_by_role("button", name="Index", exact=True).click()
    sidebar.locator(".polaris-job-words", has_text="indexed").wait_for()
    watched.check()
