"""Cards and regions in the nodes, in both renderers; what is clicked is an ordinary input."""

from __future__ import annotations

import pytest

from tests.browser.driving import api_form, cards_of, graph, load, look_at, run, saved, widget
from tests.browser.pages import PATIENCE_MS, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

SENTENCE = {"PolarisInstructionParser__instruction": "A watercolor red fox in a forest"}


@pytest.fixture
def after_a_run(watched, renderer):
    page = watched.open()
    load(page, graph(**SENTENCE))
    run(page, PATIENCE_MS)
    look_at(page, "PolarisLoraRetriever")
    cards_of(page, "PolarisLoraRetriever").first.wait_for()
    return page


def test_cards_are_pinned_banned_saved_undone_and_run(watched, after_a_run, renderer):
    page = after_a_run
    cards = cards_of(page, "PolarisLoraRetriever")
    assert cards.count() > 3
    first = cards.nth(0)
    assert first.locator(".polaris-bar").count() == 1
    assert first.locator(".polaris-reason").inner_text().strip()
    shoot(page, f"cards-{renderer}")

    second = cards.nth(1)
    name = second.get_attribute("aria-label")
    second.get_by_role("button", name="Pin", exact=True).click()
    second.get_by_role("button", name="Pinned").wait_for()
    pinned = widget(page, "PolarisLoraRetriever", "pins")
    assert pinned.startswith("style: ")

    strength = second.locator("input[type=number]")
    strength.fill("0.65")
    strength.press("Enter")
    page.wait_for_function(
        "window.comfyAPI.app.app.graph.nodes.find((n) => n.type === 'PolarisLoraRetriever')"
        ".widgets.find((w) => w.name === 'pins').value.includes('@ 0.65')"
    )
    first.get_by_role("button", name="Ban", exact=True).click()
    first.get_by_role("button", name="Banned").wait_for()
    text = widget(page, "PolarisLoraRetriever", "pins")
    assert "\n-" in text
    shoot(page, f"pinned-{renderer}")

    # It is saved by the host like anything typed, and none of our widgets is.
    node = next(n for n in saved(page)["nodes"] if n["type"] == "PolarisLoraRetriever")
    assert node["widgets_values"][:1] == [text]
    assert len(node["widgets_values"]) == 3
    api = next(n for n in api_form(page).values() if n["class_type"] == "PolarisLoraRetriever")
    assert api["inputs"]["pins"] == text
    assert "polaris_cards" not in api["inputs"]

    # One undo takes one click back, and the cards stay.
    page.evaluate("window.comfyAPI.app.app.extensionManager.command.execute('Comfy.Undo')")
    page.wait_for_function(
        "!window.comfyAPI.app.app.graph.nodes.find((n) => n.type === 'PolarisLoraRetriever')"
        ".widgets.find((w) => w.name === 'pins').value.includes('\\n-')"
    )
    cards_of(page, "PolarisLoraRetriever").first.wait_for()

    # The next run uses what was pinned.
    run(page, PATIENCE_MS)
    top = cards_of(page, "PolarisLoraRetriever").first
    page.wait_for_timeout(500)
    assert top.get_attribute("aria-label") == name
    assert "polaris-picked" in (top.get_attribute("class") or "")
    watched.check()


def test_a_region_is_chosen_by_its_number_and_on_the_picture(watched, renderer, server):
    from polaris_core.cli.demo_command import draw_photograph

    draw_photograph().convert("RGB").save(server.base / "input" / "cat.png")
    page = watched.open()
    values = {"PolarisInstructionParser__instruction": "Replace the cat with a watercolor fox"}
    load(page, graph("polaris_replace", LoadImage__image="cat.png", **values))
    run(page, PATIENCE_MS)
    look_at(page, "PolarisRegionMasker")
    panel = page.locator(".polaris-regions.polaris-full")
    panel.wait_for()
    shoot(page, f"regions-{renderer}")
    panel.get_by_role("button", name="3", exact=True).click()
    assert widget(page, "PolarisRegionMasker", "choice") == "3"
    panel.get_by_role("button", name="1", exact=True).click(modifiers=["Shift"])
    assert widget(page, "PolarisRegionMasker", "choice") == "1, 3"
    panel.get_by_role("button", name="2", exact=True).press("Enter")
    assert widget(page, "PolarisRegionMasker", "choice") == "2"
    panel.get_by_role("button", name="2", exact=True).press("Enter")
    assert widget(page, "PolarisRegionMasker", "choice") == ""
    panel.locator(".polaris-overlay").click()
    assert widget(page, "PolarisRegionMasker", "choice") != ""
    shoot(page, f"regions-chosen-{renderer}")
    watched.check()
