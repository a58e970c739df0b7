"""Every node's help page opens in ComfyUI's own reader, with its picture."""

from __future__ import annotations

import pytest

from tests.browser.driving import APP, look_at, select
from tests.browser.pages import ROOT, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(900)]

NODES = sorted(file.stem for file in (ROOT / "web" / "docs").glob("*.md"))
# It asks for a page in the user's language first; there is one, whatever the language.
LANGUAGE_FIRST = {
    "Failed to load resource: the server responded with a status of 0 (Not Found) "
    f"http://0.0.0.0:0/extensions/polaris/docs/{node}/en.md"
    for node in NODES
}


def test_every_page_is_shown_with_its_picture(watched, renderer):
    page = watched.page
    for node in NODES:
        page.evaluate(
            f"""(type) => {{
                const {{ graph }} = {APP};
                graph.clear();
                graph.add(LiteGraph.createNode(type));
            }}""",
            node,
        )
        look_at(page, node)
        select(page, node)
        page.locator("[data-testid=info-button]").click()
        picture = page.locator(f'.node-help-content img[src$="{node}.jpg"]').first
        picture.wait_for()
        page.wait_for_function("(image) => image.naturalWidth > 200", arg=picture.element_handle())
    shoot(page, f"help-{renderer}")
    watched.check(LANGUAGE_FIRST)
