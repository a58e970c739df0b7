"""The demonstration zoo on a real ComfyUI, in both renderers of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polaris_core.comfyui.server import ComfyServer
from polaris_core.demo.tiny_language_models import make_text_model
from polaris_core.demo.tiny_models import make_lora
from polaris_core.demo.zoo import make_demo_zoo
from tests.browser.pages import (
    ARGS,
    SETTINGS,
    VIEWPORT,
    Watched,
    chromium,
    photograph,
    post,
    shoot,
    start,
)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[ComfyServer]:
    """With the demonstration zoo, whose SD1.5 models run, a language model and a photograph."""
    yield from start(tmp_path_factory.mktemp("browser"), furnish)


def furnish(base: Path) -> None:
    """What lies in the server's folder."""
    make_demo_zoo(base / "models", runnable=True)
    make_shared(base / "models" / "loras")
    make_text_model(base / "models" / "LLM" / "tiny")
    (base / "input").mkdir(exist_ok=True)
    photograph().resize((256, 170)).save(base / "input" / "polaris_cat.png")


def make_shared(loras: Path) -> None:
    """A LoRA of which it is known where it came from."""
    make_lora(loras / "shared_wash.safetensors", 4711)
    record = {
        **{"id": 4712, "modelId": 4711, "name": "v1", "baseModel": "SD 1.5"},
        **{"trainedWords": ["shared wash"], "description": "Thin washes of colour"},
        "model": {"name": "Shared Wash", "type": "LORA", "nsfw": False, "tags": ["style"]},
    }
    (loras / "shared_wash.civitai.info").write_text(json.dumps(record))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright")
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hosts_own(browser, server) -> set[str]:
    """What goes wrong in ComfyUI's page where our scripts are empty."""
    context = browser.new_context(viewport=VIEWPORT)
    context.route(
        "**/extensions/polaris/**/*.js",
        lambda route: route.fulfill(body="", content_type="text/javascript"),
    )
    watched = Watched(context, server)
    page = watched.open()
    page.wait_for_load_state("networkidle")
    context.close()
    return watched.plain()


@pytest.fixture(scope="session", params=["classic", "vue"])
def renderer(request, server) -> str:
    """Of the session, so that all tests of one come before those of the other."""
    post(server, "/api/settings", SETTINGS | {"Comfy.VueNodes.Enabled": request.param == "vue"})
    return request.param


@pytest.fixture(scope="session")
def opened(browser, server, hosts_own, renderer) -> Iterator[Watched]:
    context = browser.new_context(viewport=VIEWPORT)
    yield Watched(context, server, hosts_own)
    context.close()


@pytest.fixture
def watched(request, opened) -> Iterator[Watched]:
    opened.begin()
    yield opened
    shoot(opened.page, f"end-{request.node.name[:60]}")
