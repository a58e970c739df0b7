"""The demonstration zoo on a real ComfyUI, in both renderers of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polaris_core.comfyui.server import ComfyServer
from polaris_core.demo.zoo import make_demo_zoo
from tests.browser.pages import ARGS, SETTINGS, Watched, chromium, post, shoot, start


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[ComfyServer]:
    """With the demonstration zoo; its SD1.5 models run."""
    base = tmp_path_factory.mktemp("browser")
    make_demo_zoo(base / "models", runnable=True)
    yield from start(base)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright")
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(params=["classic", "vue"])
def renderer(request, server) -> str:
    post(server, "/api/settings", SETTINGS | {"Comfy.VueNodes.Enabled": request.param == "vue"})
    return request.param


@pytest.fixture
def watched(request, browser, server) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    watched = Watched(context, server)
    yield watched
    shoot(watched.page, f"end-{request.node.name[:60]}")
    context.close()
