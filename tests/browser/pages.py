"""A real ComfyUI and its page in Chromium, watched for whatever goes wrong."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import urllib.request
from collections.abc import Callable, Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = Path(os.environ.get("POLARIS_SCREENSHOTS") or ROOT / "test-screenshots")
PATIENCE_MS = int(os.environ.get("POLARIS_BROWSER_TIMEOUT_S", "120")) * 1000
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
VIEWPORT: Any = {"width": 1500, "height": 950}
# The workflow that ComfyUI itself opens first looks for its models, whenever it comes to it.
FIRST_WORKFLOW = re.compile(r"huggingface\.co/Comfy-Org/|/assets/missingModelMetadata-")
# The host turns its spinner off when it has opened its first workflow, or the one of the address.
READY = (
    "window.graph && window.comfyAPI.app.app.extensionManager.spinner === false && "
    "!!globalThis.LiteGraph?.registered_node_types?.PolarisZoo"
)
TIDY = """() => {
    const { app } = window.comfyAPI.app;
    for (const one of document.querySelectorAll(".polaris-dialog")) one.close();
    app.extensionManager.toast.removeAll();
    app.canvas.deselectAll();
    app.graph.clear();
    app.canvas.ds.reset();
    if (document.querySelector(".polaris-sidebar"))
        app.extensionManager.command.execute("Polaris.ToggleSidebar");
}"""
SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Minimap.Visible": False,  # costs time, and lies over what the pictures are to show
    "Polaris.ImageEncoder": "hashing",  # needs no weights; a picture is nearest to itself
    "Polaris.TextEncoder": "sentence:all-MiniLM-L6-v2",
}


def photograph() -> Image.Image:
    """A cat, RGB, as a user would load it."""
    from skimage import data

    return Image.fromarray(data.cat())


def chromium() -> str:
    """Where the browser is; the test is skipped if there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found or not os.access(found, os.X_OK):
        pytest.skip("no Chromium found: apt-get install chromium, or set CHROMIUM")
    return found


def post(server: ComfyServer, path: str, body: object) -> None:
    request = urllib.request.Request(
        server.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60):
        pass


def ask(server: ComfyServer, path: str) -> Any:
    """The JSON of a route. Not by our client: Playwright holds this thread's event loop."""
    with urllib.request.urlopen(server.address + path, timeout=60) as answer:
        return json.load(answer)


def run_api(server: ComfyServer, workflow: dict[str, Any]) -> dict[str, Any]:
    """Run a workflow through the API, without the page, to its end; what its nodes gave out."""
    with ThreadPoolExecutor(1) as outside:
        timeout_s = PATIENCE_MS / 1000
        result = outside.submit(server.client.run, workflow, timeout_s=timeout_s).result()
    return ask(server, f"/history/{result.prompt_id}")[result.prompt_id]["outputs"]


def start(base: Path, furnish: Callable[[Path], None]) -> Iterator[ComfyServer]:
    """The server, with the settings that the tests want.

    Args:
        base: Its folder.
        furnish: Puts models and pictures into that folder, while the server starts.
    """
    comfyui = find_comfyui()
    if comfyui is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed: pip install playwright")
    chromium()
    packs = {"polaris": ROOT}
    with ThreadPoolExecutor(1) as beside:
        furnished = beside.submit(furnish, base)
        with ComfyServer(comfyui, base, custom_nodes=packs, start_timeout_s=900) as server:
            furnished.result()
            post(server, "/api/settings", SETTINGS)
            yield server


class Watched:
    """A page, and whatever went wrong in it.

    Attributes:
        server: Whose page it is.
        errors: What the console and the scripts reported.
        foreign: Addresses of other hosts that were asked.
    """

    def __init__(self, context: Any, server: ComfyServer, known: Set[str] = frozenset()) -> None:
        """Make an empty page.

        Args:
            context: Of the browser.
            server: Whose page will be opened.
            known: What is no fault of ours, as `plain` gives it.
        """
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._known = known
        self._clean = False
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location.get('url', '')}")

    def _asked(self, request: Any) -> None:
        own = (self.server.address, self.server.address.replace("http", "ws"), "data:", "blob:")
        if not request.url.startswith(own):
            self.foreign.append(request.url)

    def open(self, query: str = "") -> Any:
        """Go to the page and wait until a graph can be loaded."""
        self.page.goto(f"{self.server.address}/{query}", wait_until="domcontentloaded")
        self.page.wait_for_function(READY)
        return self.page

    def begin(self) -> Any:
        """A page as if it had just been opened; it is, unless the last test ended well."""
        self.errors.clear()
        self.foreign.clear()
        if self._clean:
            self.page.evaluate(TIDY)
            self.page.locator(".polaris-sidebar, .polaris-dialog, .p-toast-message").first.wait_for(
                state="detached"
            )
        else:
            self.open()
        self._clean = False
        return self.page

    def plain(self) -> set[str]:
        """What went wrong, without the numbers that are others each time."""
        told = [text for text in [*self.errors, *self.foreign] if not FIRST_WORKFLOW.search(text)]
        return {re.sub(r"\d+", "0", text) for text in told}

    def check(self, hosts: Set[str] = frozenset()) -> None:
        """No error, and nothing asked of another host, but what the host does alone.

        Args:
            hosts: What else it does in this test, as `plain` gives it.
        """
        strange = self.plain() - self._known - hosts
        assert not strange, sorted(strange)
        self._clean = True


def shoot(page: Any, name: str) -> None:
    """Keep a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
