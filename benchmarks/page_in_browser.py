"""How quickly does the sidebar show 80,000 entries, and how smoothly do they scroll?

    python benchmarks/page_in_browser.py [--entries 80000] [--json]

A real ComfyUI with a generated catalogue whose every entry has a picture, and its page in Chromium.
Times are of the page itself: from the click on the tab to the first card, the longest and the usual
time between two frames while the list is scrolled from one end to the other, and the memory of the
scripts before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from page import entries  # noqa: E402
from PIL import Image  # noqa: E402

from polaris_core.catalogue.entry import Entry, Preview  # noqa: E402
from polaris_core.catalogue.store import Store  # noqa: E402
from polaris_core.comfyui.locate import find_comfyui  # noqa: E402
from polaris_core.comfyui.server import ComfyServer  # noqa: E402
from polaris_core.retrieval.zoo import CATALOGUE  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-precise-memory-info", "--js-flags=--expose-gc"),
]
PATIENCE_MS = 600_000
READY = (
    "window.comfyAPI?.app?.app?.graph && "
    "window.LiteGraph?.registered_node_types?.PolarisZoo && "
    "document.querySelector('.polaris-tab-button')"
)
FIRST = """() => new Promise((resolve) => {
    const start = performance.now();
    const look = () => document.querySelector(".polaris-in-list")
        ? resolve(performance.now() - start) : requestAnimationFrame(look);
    document.querySelector(".polaris-tab-button").click();
    look();
})"""
SCROLL = """(frames) => new Promise((resolve) => {
    const list = document.querySelector(".polaris-list");
    const whole = list.scrollHeight - list.clientHeight;
    const times = [];
    let last = performance.now(), most = 0;
    const step = (now) => {
        times.push(now - last);
        last = now;
        most = Math.max(most, list.querySelectorAll(".polaris-card").length);
        if (times.length > frames) return resolve({ times: times.slice(1), most });
        list.scrollTop = whole * times.length / frames;
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""
IDLE = """(frames) => new Promise((resolve) => {
    const times = [];
    let last = performance.now();
    const step = (now) => {
        times.push(now - last);
        last = now;
        if (times.length > frames) resolve(times.slice(1)); else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""
CALM = """() => new Promise((resolve) => {
    const start = performance.now();
    let last = start, calm = 0;
    const step = (now) => {
        calm = now - last < 35 ? calm + 1 : 0;
        last = now;
        if (calm > 30 || now - start > 10000) resolve(); else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""
HEAP_MB = "() => { globalThis.gc?.(); return performance.memory.usedJSHeapSize / 1e6; }"
LAST_CARD = """() => new Promise((resolve) => {
    const start = performance.now();
    const look = () => {
        const all = [...document.querySelectorAll(".polaris-in-list")];
        const place = Math.max(...all.map((e) => Number(e.getAttribute("aria-posinset"))), 0);
        const total = Number(all[0]?.getAttribute("aria-setsize") ?? -1);
        if (place === total) resolve(performance.now() - start); else requestAnimationFrame(look);
    };
    look();
})"""


def with_pictures(made: list[Entry], folder: Path, pictures: int = 60) -> list[Entry]:
    """The entries, each with one of so many previews, grainy ones, in their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    previews: list[Preview] = []
    for number in range(pictures):
        path = folder / f"{number}.jpg"
        Image.effect_noise((512, 512), 40 + number).convert("RGB").save(path)
        previews.append(Preview(str(path)))
    return [
        replace(entry, root=str(folder), previews=(previews[number % pictures],))
        for number, entry in enumerate(made)
    ]


def fill(base: Path, count: int) -> None:
    """Write the catalogue of so many entries."""
    home = base / "user" / "__polaris"
    home.mkdir(parents=True, exist_ok=True)
    with Store.open(home / CATALOGUE) as store:
        store.add(with_pictures(entries(count), base / "models" / "loras"))


@contextmanager
def page_of(count: int) -> Iterator[Page]:
    """The page of a ComfyUI that knows so many entries; what is missing is said and ends it."""
    comfyui = find_comfyui()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if comfyui is None or chromium is None:
        sys.exit("not measured: it needs a ComfyUI (COMFYUI_PATH) and Chromium (CHROMIUM)")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        base = Path(folder)
        packs = {"polaris": ROOT}
        starting = ComfyServer(comfyui, base, custom_nodes=packs, start_timeout_s=900)
        with ThreadPoolExecutor(1) as beside:
            filled = beside.submit(fill, base, count)
            server = stack.enter_context(starting)
            filled.result()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
            page = browser.new_page(viewport={"width": 1500, "height": 950})
            page.set_default_timeout(PATIENCE_MS)
            with page.expect_response("**/polaris/cards*"):  # the server reads its catalogue
                page.goto(server.address, wait_until="domcontentloaded")
            page.wait_for_function(READY)
            page.wait_for_load_state("networkidle")
            yield page
            browser.close()


def measure(page: Page, frames: int) -> dict[str, float]:
    """The row of figures."""
    page.evaluate(CALM)  # the host has drawn its first workflow
    idle = sorted(page.evaluate(IDLE, frames // 4))
    first = page.evaluate(FIRST)
    page.wait_for_timeout(1000)
    before = page.evaluate(HEAP_MB)
    scrolled = page.evaluate(SCROLL, frames)
    last = page.evaluate(LAST_CARD)
    for _ in range(3):
        page.evaluate(SCROLL, frames // 4)
    page.wait_for_timeout(1000)
    times = sorted(scrolled["times"])
    return {
        "first_card_ms": first,
        "frame_median_ms": times[len(times) // 2],
        "frame_p99_ms": times[len(times) * 99 // 100],
        "frame_longest_ms": times[-1],
        "idle_frame_median_ms": idle[len(idle) // 2],
        "idle_frame_longest_ms": idle[-1],
        "last_card_after_ms": last,
        "cards_drawn_at_once": scrolled["most"],
        "heap_before_mb": before,
        "heap_after_mb": page.evaluate(HEAP_MB),
    }


def main() -> None:
    """Make the catalogue, open the page, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=80_000)
    parser.add_argument("--frames", type=int, default=1200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with page_of(options.entries) as page:
        row = measure(page, options.frames)
    if options.json:
        print(json.dumps(row))
        return
    print(f"{options.entries:,} entries, scrolled end to end in {options.frames} frames")
    for name, value in row.items():
        print(f"{name:24} {value:10.1f}")


if __name__ == "__main__":
    main()
