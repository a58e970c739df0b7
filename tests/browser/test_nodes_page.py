"""Cards and regions in the nodes, in both renderers; what is clicked is an ordinary input."""

from __future__ import annotations

import pytest

from polaris_core.page.workflows import WIDGETS
from polaris_core.planning.serialize import plan_from_json
from polaris_core.retrieval.pins import Pins
from tests.browser.driving import (
    api_form,
    cards_of,
    command,
    graph,
    load,
    look_at,
    run,
    saved,
    wait_for_widget,
    widget,
)
from tests.browser.pages import PATIENCE_MS, run_api, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(1500)]

LORAS = "PolarisLoraRetriever"
SENTENCE = {"PolarisInstructionParser__instruction": "A watercolor red fox in a forest"}


@pytest.fixture
def after_a_run(watched, renderer):
    page = watched.page
    load(page, graph(**SENTENCE))
    run(page, PATIENCE_MS)
    look_at(page, LORAS)
    cards_of(page, LORAS).first.wait_for()
    return page


def test_cards_tell_who_was_found_how_well_and_why(watched, after_a_run, renderer):
    cards = cards_of(after_a_run, LORAS)
    assert cards.count() > 3
    first = cards.first
    assert first.locator("img.polaris-thumb").evaluate(
        "(image) => image.decode().then(() => image.naturalWidth)"
    )
    assert first.get_by_role("img", name="Score: ").count() == 1
    badges = first.locator(".polaris-badge").all_inner_texts()
    assert badges[:3] == ["LoRA", "style", "sd15"]
    assert "watercolor" in first.locator(".polaris-reason").inner_text()
    assert first.locator(".polaris-words").inner_text().strip()
    assert cards_of(after_a_run, "PolarisCheckpointRetriever").count() > 1
    shoot(after_a_run, f"cards-{renderer}")
    watched.check()


def test_cards_are_pinned_banned_saved_undone_and_run(watched, after_a_run, renderer):
    page = after_a_run
    cards = cards_of(page, LORAS)
    first, second = cards.nth(0), cards.nth(1)
    name = second.get_attribute("aria-label")
    second.get_by_role("button", name="Pin", exact=True).click()
    second.get_by_role("button", name="Pinned").wait_for()
    assert widget(page, LORAS, "pins").startswith("style: ")

    strength = second.locator("input[type=number]")
    strength.fill("0.65")
    strength.press("Enter")
    wait_for_widget(page, LORAS, "pins", "@ 0.65")
    first.get_by_role("button", name="Ban", exact=True).click()
    first.get_by_role("button", name="Banned").wait_for()
    text = widget(page, LORAS, "pins")
    assert "\n-" in text
    shoot(page, f"pinned-{renderer}")

    # It is saved by the host like anything typed, and none of our widgets is.
    node = next(n for n in saved(page)["nodes"] if n["type"] == LORAS)
    assert node["widgets_values"][:1] == [text]
    assert len(node["widgets_values"]) == len(WIDGETS[LORAS])
    api = next(n for n in api_form(page).values() if n["class_type"] == LORAS)
    assert api["inputs"]["pins"] == text
    assert "polaris_cards" not in api["inputs"]

    # One undo takes one click back, and the cards stay.
    command(page, "Comfy.Undo")
    page.wait_for_function(
        "!window.comfyAPI.app.app.graph.nodes.find((n) => n.type === 'PolarisLoraRetriever')"
        ".widgets.find((w) => w.name === 'pins').value.includes('\\n-')"
    )
    cards_of(page, LORAS).first.wait_for()

    # The next run uses what was pinned.
    run(page, PATIENCE_MS)
    page.locator(f'.polaris-panel[data-of="{LORAS}"] .polaris-is-pinned.polaris-picked').wait_for()
    assert cards_of(page, LORAS).first.get_attribute("aria-label") == name
    watched.check()


def test_what_was_clicked_outlives_a_reload_and_counts_in_a_run_through_the_api(
    watched, after_a_run, renderer, server
):
    page = after_a_run
    second = cards_of(page, LORAS).nth(1)
    file = second.locator(".polaris-name").get_attribute("title").splitlines()[-1]
    assert not second.get_attribute("class").count("polaris-picked")
    second.get_by_role("button", name="Pin", exact=True).click()
    wait_for_widget(page, LORAS, "pins", file)
    text, workflow = widget(page, LORAS, "pins"), saved(page)
    page = watched.open()
    load(page, workflow)
    assert widget(page, LORAS, "pins") == text
    outputs = run_api(server, api_form(page))
    [plan] = next(one["polaris_plan"] for one in outputs.values() if "polaris_plan" in one)
    picked = {step.slot.value: step.pick.file for step in plan_from_json(plan).loras}
    assert picked["style"] == file
    watched.check()


def test_cards_are_worked_by_keys(watched, after_a_run, renderer):
    page = after_a_run
    page.locator(f'.polaris-panel[data-of="{LORAS}"]').focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Pin"
    page.keyboard.press("Enter")
    wait_for_widget(page, LORAS, "pins", ".safetensors")
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    wait_for_widget(page, LORAS, "pins", "-")
    [line] = Pins.parse(widget(page, LORAS, "pins")).lines
    assert line.ban
    page.keyboard.press("Tab")
    page.keyboard.type("0.4")
    page.keyboard.press("Enter")
    wait_for_widget(page, LORAS, "pins", "@ 0.4")
    watched.check()


def test_cards_of_tree_rerank_are_pinned_in_the_retriever_before_it(watched, renderer):
    page = watched.page
    load(page, graph("polaris_whole_chain"))
    run(page, PATIENCE_MS)
    look_at(page, "PolarisTreeRerank")
    cards = cards_of(page, "PolarisTreeRerank")
    cards.first.wait_for()
    shoot(page, f"rerank-{renderer}")
    cards.first.get_by_role("button", name="Pin", exact=True).click()
    wait_for_widget(page, LORAS, "pins", ".safetensors")
    cards.first.get_by_role("button", name="Pinned").wait_for()
    name = cards.first.get_attribute("aria-label")
    same = f'.polaris-panel[data-of="{LORAS}"] .polaris-is-pinned[aria-label="{name}"]'
    page.locator(same).wait_for(state="attached")  # far away on the canvas
    watched.check()


def test_a_region_is_chosen_by_its_number_and_on_the_picture(watched, renderer):
    page = watched.page
    values = {"PolarisInstructionParser__instruction": "Replace the cat with a watercolor fox"}
    load(page, graph("polaris_replace", **values))
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
