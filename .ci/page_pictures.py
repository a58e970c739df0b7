"""Make the pictures of the help pages and of the README from the page itself.

    python .ci/page_pictures.py        writes web/docs/<NodeId>.jpg and web/screenshots/*.jpg

A real ComfyUI with the demonstration zoo runs the whole chain; every node is taken as it then is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.demo.tiny_language_models import make_text_model  # noqa: E402
from polaris_core.demo.zoo import make_demo_zoo  # noqa: E402
from tests.browser.driving import (  # noqa: E402
    APP,
    cards_of,
    drawn,
    graph,
    load,
    look_at,
    open_sidebar,
    run,
)
from tests.browser.pages import (  # noqa: E402
    ARGS,
    PATIENCE_MS,
    Watched,
    chromium,
    photograph,
    post,
    start,
)

NODES = [
    "PolarisZoo",
    "PolarisLanguageModel",
    "PolarisInstructionParser",
    "PolarisSegmenter",
    "PolarisRegionMasker",
    "PolarisCrop",
    "PolarisStitch",
    "PolarisCheckpointRetriever",
    "PolarisLoraRetriever",
    "PolarisTreeRerank",
    "PolarisAdaptiveEditor",
]
# Those that are far away are not loaded before they come near.
PICTURES_THERE = (
    "[...document.images].every((i) => i.complete || i.getBoundingClientRect().top > innerHeight)"
)
JPEG: dict[str, Any] = {"type": "jpeg", "quality": 72}
if TYPE_CHECKING:
    from playwright.sync_api import Page


def furnish(base: Path) -> None:
    """What lies in the server's folder."""
    make_demo_zoo(base / "models", runnable=True)
    make_text_model(base / "models" / "LLM" / "tiny")
    (base / "input").mkdir(exist_ok=True)
    photograph().save(base / "input" / "polaris_cat.png")


def bring(page: Page, node_type: str, x: int = -5000) -> None:
    """Put a node where no other lies over it, and look there; far away, to make room again."""
    page.evaluate(
        f"([type, x]) => {{ {APP}.graph.nodes.find((n) => n.type === type).pos = [x, -5000]; }}",
        [node_type, x],
    )
    look_at(page, node_type)


def take(page: Page, node_type: str, file: Path) -> None:
    """A node as the page draws it."""
    bring(page, node_type)
    find = f"(type) => {APP}.graph.nodes.find((n) => n.type === type).id"
    node = page.locator(f'[data-node-id="{page.evaluate(find, node_type)}"]')
    page.wait_for_function(PICTURES_THERE)
    drawn(page)
    node.screenshot(path=str(file), **JPEG)
    bring(page, node_type, -9000)


def main() -> int:
    """Write every picture."""
    from playwright.sync_api import sync_playwright

    shots = ROOT / "web" / "screenshots"
    shots.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for server in start(Path(folder), furnish):
            post(server, "/api/settings", {"Comfy.VueNodes.Enabled": True})
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGS)
            context = browser.new_context(viewport={"width": 1280, "height": 1100})
            watched = Watched(context, server)
            page = watched.open()
            load(page, graph("polaris_whole_chain"))
            run(page, PATIENCE_MS)
            cards_of(page, "PolarisLoraRetriever").first.wait_for()
            for node in NODES:
                take(page, node, ROOT / "web" / "docs" / f"{node}.jpg")
                print(node)
            take(page, "PolarisRegionMasker", shots / "regions.jpg")
            take(page, "PolarisLoraRetriever", shots / "cards.jpg")
            bring(page, "PolarisLoraRetriever")
            sidebar = open_sidebar(page)
            sidebar.get_by_role("button", name="Scan", exact=True).click()
            page.wait_for_function("!document.querySelector('.polaris-jobs button').disabled")
            box = sidebar.get_by_role("searchbox")
            box.fill("soft watercolor wash")
            box.press("Enter")
            sidebar.get_by_text("nearest to the sentence").wait_for()
            page.wait_for_function(PICTURES_THERE)
            drawn(page)
            part: Any = {"x": 0, "y": 0, "width": 1280, "height": 860}
            page.screenshot(path=str(shots / "sidebar.jpg"), clip=part, **JPEG)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
