"""Fetching from within a run of a real ComfyUI, from a site on the loopback."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.catalogue.store import Store
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.demo.tiny_models import make_lora
from polaris_core.errors import WorkflowFailed
from polaris_core.retrieval.zoo import CATALOGUE
from tests.core.fetching.sites import MisbehavingSite, sha256

pytestmark = pytest.mark.comfy

ROOT = Path(__file__).resolve().parent.parent.parent
ZOO = {"Zoo.folders": "", "Zoo.text_encoder": "hashing", "Zoo.image_encoder": "none"}
"""The example workflows search the miniature zoo; here it is this session's."""
QUICK = ZOO | {"Sampler.steps": 1, "Editor.width": 64, "Editor.height": 64}
INSTRUCTION = "A zeppelin above the clouds"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = tmp_path_factory.mktemp("offered") / "zeppelin.safetensors"
    make_lora(path, 777)
    made = MisbehavingSite(path.read_bytes())
    yield made
    made.close()


@pytest.fixture(scope="module")
def home(comfy_server) -> Path:
    """The private folder, once a first run has made the catalogue in it."""
    comfy_server.client.run(workflow())
    return next(comfy_server.base.glob("user/*/" + CATALOGUE)).parent


@pytest.fixture
def absent(home, site):
    entry = Entry(
        name="Zeppelin",
        kind=Kind.LORA,
        base_model=BaseModel.SD15,
        trigger_words=("zeppelin",),
        tags=("vehicle",),
        description="A zeppelin, an airship above the clouds",
        sha256=sha256(site.content),
        size_bytes=len(site.content),
        download=site.url.replace("model", "zeppelin"),
    )
    with Store.open(home / CATALOGUE) as store:
        (id,) = store.add([entry])
    yield id
    (home / "fetching.json").unlink(missing_ok=True)


def workflow(**values):
    graph = load_workflow(ROOT / "example_workflows" / "api" / "polaris_text_to_picture.json")
    graph = fill(graph, QUICK | {"Instruction.instruction": INSTRUCTION})
    for node in graph.values():
        if node["class_type"] in values:
            node["inputs"].update(values[node["class_type"]])
    return graph


def wanting(fetch: bool):
    pins = {"pins": "object: Zeppelin", "fetch": fetch}
    return workflow(PolarisLoraRetriever=pins, PolarisAdaptiveEditor={"fetch": fetch})


def allow(home, site, **facts):
    settings = {"hosts": [], "loopback": [site.origin]} | facts
    (home / "fetching.json").write_text(json.dumps(settings))


def test_a_run_fetches_nothing_that_is_not_allowed(comfy_server, home, site, absent):
    allow(home, site)
    with pytest.raises(WorkflowFailed, match="may not fetch LoRAs by themselves"):
        comfy_server.client.run(wanting(True))
    with pytest.raises(WorkflowFailed, match="not on this disk"):
        comfy_server.client.run(wanting(False))
    assert site.asked == []


def test_the_zoo_lists_what_is_elsewhere_if_it_may_and_says_where(comfy_server, home, absent):
    for where, told in (("on this disk", False), ("anywhere", True)):
        pins = {"pins": "", "fetch": False}
        graph = workflow(PolarisZoo={"where": where}, PolarisLoraRetriever=pins)
        graph = fill(graph, {"Instruction.instruction": "A zeppelin above the clouds"})
        texts = comfy_server.client.run(graph).texts
        [listed] = [lines for lines in map("".join, texts.values()) if lines.startswith("style:")]
        assert ("Zeppelin" in listed) is told
        assert ("it is not on this disk; get it from http" in listed) is told


def test_a_run_that_may_fetch_does_and_is_cached_afterwards(comfy_server, home, site, absent):
    allow(home, site, automatic=["lora"])
    result = comfy_server.client.run(wanting(True))
    file = comfy_server.base / "models" / "loras" / "zeppelin.safetensors"
    assert file.read_bytes() == site.content
    plan = json.loads("".join(result.texts["11"]))
    assert [step["pick"]["file"] for step in plan["loras"]] == ["zeppelin.safetensors"]
    with Store.open(home / CATALOGUE) as store:
        assert store.entry(absent).on_disk
    asked = len(site.asked)
    comfy_server.client.run(wanting(True))
    assert len(site.asked) == asked == 1
    file.unlink()
    file.with_name("zeppelin.polaris.json").unlink()


def test_the_page_fetches_on_a_click(comfy_server, home, site):
    """In ComfyUI's own server, with its settings and its folders."""
    import urllib.request

    allow(home, site)
    entry = Entry(
        name="Balloon",
        kind=Kind.LORA,
        base_model=BaseModel.SD15,
        sha256=sha256(site.content),
        size_bytes=len(site.content),
        download=site.url.replace("model", "balloon"),
    )
    with Store.open(home / CATALOGUE) as store:
        (id,) = store.add([entry])

    def ask(path, body=None):
        request = urllib.request.Request(
            f"{comfy_server.address}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    job = ask("/polaris/fetch", {"entry": id})["job"]
    deadline = time.monotonic() + 60
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        job = ask(f"/polaris/jobs/{job['id']}")["job"]
    assert (job["state"], job["error"]) == ("done", "")
    assert ask(f"/polaris/cards/{id}")["on_disk"]
    assert ask(f"/polaris/cards/{id}/loader")["widgets"]["lora_name"] == job["result"]["file"]
