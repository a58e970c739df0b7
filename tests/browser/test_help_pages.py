"""Every node's help page opens in ComfyUI's own reader, with its picture."""

from __future__ import annotations

import pytest

from tests.browser.driving import APP
from tests.browser.pages import ROOT, shoot

pytestmark = [pytest.mark.comfy, pytest.mark.browser, pytest.mark.timeout(900)]

NODES = sorted(file.stem for file in (ROOT / "web" / "docs").glob("*.md"))


def test_every_page_is_shown_with_its_picture(watched, renderer):
    page = watched.page
    for node in NODES:
        page.evaluate(
            f"""(type) => {{
                const {{ canvas, graph }} = {APP};
                graph.clear();
                const node = LiteGraph.createNode(type);
                graph.add(node);
                node.pos = [200, 300];
                canvas.ds.scale = 1;
                canvas.ds.offset[0] = canvas.ds.offset[1] = 0;
                canvas.setDirty(true, true);
            }}""",
            node,
        )
        page.wait_for_timeout(300)
        page.mouse.click(330, 285)  # the node's title
        page.locator("[data-testid=info-button]").click()
        picture = page.locator(f'.node-help-content img[src$="{node}.jpg"]').first
        picture.wait_for()
        page.wait_for_function("(image) => image.naturalWidth > 200", arg=picture.element_handle())
    shoot(page, f"help-{renderer}")
    watched.check()
