"""The page's routes, cards and sharing on a real ComfyUI."""

from __future__ import annotations

import http.client
import io
import json
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from skimage import data

from polaris_core.cli import main
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.demo.tiny_models import make_lora
from polaris_core.errors import WorkflowFailed
from polaris_core.page.addresses import ADDRESSES
from polaris_core.page.plans import plans_in_png
from polaris_core.page.workflows import WIDGETS, read_workflow
from polaris_core.planning.serialize import plan_from_json
from polaris_core.retrieval.pins import Pins

pytestmark = pytest.mark.comfy

ROOT = Path(__file__).resolve().parent.parent.parent
ZOO = {
    "Zoo.folders": "",
    "Zoo.text_encoder": "sentence:all-MiniLM-L6-v2",
    "Zoo.image_encoder": "none",
}
QUICK = ZOO | {"Sampler.steps": 2, "Editor.width": 128, "Editor.height": 128}
SENTENCE = {"Instruction.instruction": "A watercolor red fox in a forest"}


def ask(server, method, path, body=None, **headers):
    place = urlsplit(server.client.address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        kind = answer.getheader("Content-Type", "")
        return answer.status, json.loads(content) if "json" in kind else content
    finally:
        connection.close()


def finished(server, started, timeout_s=120):
    status, told = started
    assert status == 202, told
    id, deadline = told["job"]["id"], time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        job = ask(server, "GET", f"/api/polaris/jobs/{id}")[1]["job"]
        if job["state"] not in ("waiting", "running"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def text_to_picture(**values):
    api = load_workflow(ROOT / "example_workflows" / "api" / "polaris_text_to_picture.json")
    return fill(api, QUICK | SENTENCE | values)


def outputs_of(server, result):
    history = server.client.get_json(f"/history/{result.prompt_id}")
    return history[result.prompt_id]["outputs"]


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def first_run(comfy_server):
    return comfy_server.client.run(text_to_picture(**{"Sampler.seed": 11}), timeout_s=280)


def test_scan_status_cards_thumbnails_and_search(comfy_server):
    job = finished(comfy_server, ask(comfy_server, "POST", "/api/polaris/scan", {}))
    assert (job["state"], job["error"]) == ("done", "")
    status = ask(comfy_server, "GET", "/polaris/status")[1]
    assert status["index"]["state"] == "ready"
    assert status["index"]["checkpoint"]["entries"] == 3
    page = ask(comfy_server, "GET", "/api/polaris/cards?kind=lora&words=fox")[1]
    assert [card["name"] for card in page["cards"]] == ["Red Fox"]
    id = page["cards"][0]["id"]
    loader = ask(comfy_server, "GET", f"/api/polaris/cards/{id}/loader")[1]
    assert loader["widgets"]["lora_name"] == "red_fox.safetensors"
    assert ask(comfy_server, "GET", f"/api/polaris/thumbnails/{id}")[0] == 404  # it has no preview
    found = ask(comfy_server, "POST", "/api/polaris/search", {"text": "a castle"})[1]
    assert found["cards"][0]["name"] == "Castle"


def test_settings_are_those_that_comfyui_keeps(comfy_server):
    for value, told in (("R", "R"), ("all", "PG"), ("PG", "PG")):
        ask(comfy_server, "POST", "/api/settings/Polaris.Maturity", value)
        settings = ask(comfy_server, "GET", "/api/polaris/settings")[1]["settings"]
        assert settings["Polaris.Maturity"] == told


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_every_route_is_there_and_refuses_other_sites(comfy_server, prefix):
    for address in ADDRESSES:
        path = prefix + address.path.replace("{id}", "1")
        body = {} if address.method == "POST" else None
        for foreign in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
            assert ask(comfy_server, address.method, path, body, **foreign)[0] == 403
        if address.method == "POST":
            assert ask(comfy_server, "GET", path)[0] in (404, 405)


def test_the_catalogue_is_not_served_as_a_file(comfy_server):
    for path in ("/userdata/..%2f__polaris%2fcatalogue.sqlite", "/view?filename=../user/__polaris"):
        assert ask(comfy_server, "GET", path)[0] >= 400


def test_a_run_leaves_cards_and_a_plan_for_the_page(comfy_server, first_run):
    outputs = outputs_of(comfy_server, first_run)
    [checkpoints] = outputs["4"]["polaris_cards"]
    assert (checkpoints["slot"], checkpoints["cards"][0]["picked"]) == ("checkpoint", True)
    style, thing = outputs["5"]["polaris_cards"]
    assert (style["slot"], thing["slot"]) == ("style", "object")
    assert thing["cards"][0]["name"] == "Red Fox"
    assert all(0 <= card["share"] <= 1 and card["reason"] for card in thing["cards"])
    [plan] = outputs["6"]["polaris_plan"]
    assert plan_from_json(plan).loras


def picture_of(result) -> bytes:
    return next(content for node, _, content in result.images if node == "10")


def test_the_plan_is_saved_in_the_picture_also_when_the_editor_is_cached(comfy_server, first_run):
    [plan] = outputs_of(comfy_server, first_run)["6"]["polaris_plan"]
    assert plan_from_json(plans_in_png(picture_of(first_run))["6"]) == plan_from_json(plan)
    again = comfy_server.client.run(text_to_picture(**{"Sampler.seed": 12}), timeout_s=280)
    assert "6" in again.cached
    assert plan_from_json(plans_in_png(picture_of(again))["6"]) == plan_from_json(plan)


def test_a_saved_picture_is_replayed_seed_for_seed_though_the_zoo_has_changed(
    comfy_server, first_run, tmp_path
):
    """Then a LoRA that fits better comes, and the one that was picked is renamed."""
    picture = tmp_path / "picture.png"
    picture.write_bytes(picture_of(first_run))
    home = comfy_server.base / "user" / "__polaris"
    out = tmp_path / "frozen.json"
    assert main(["freeze", str(picture), "--api", "--zoo", str(home), "--out", str(out)]) == 0
    frozen = load_workflow(out)
    loras = comfy_server.base / "models" / "loras"
    better, moved = loras / "a_red_fox.safetensors", loras / "moved" / "renamed.safetensors"
    (loras / "moved").mkdir()
    try:
        shutil.copy(loras / "grey_wolf.safetensors", better)
        sidecar = {"description": "A watercolor red fox in a forest", "activation text": "red fox"}
        better.with_suffix(".json").write_text(json.dumps(sidecar))
        shutil.move(loras / "red_fox.safetensors", moved)
        replayed = comfy_server.client.run(frozen, timeout_s=280)
        difference = np.abs(pixels(picture_of(replayed)) - pixels(picture_of(first_run)))
        assert difference.max() <= 1
        assert main(["resolve", str(out), "--zoo", str(home)]) == 0
        moved.unlink()
        with pytest.raises(WorkflowFailed, match="not in the zoo"):
            comfy_server.client.run(frozen, timeout_s=280)
        nodes = read_workflow(out).nodes()
        body = {
            "nodes": {
                name: {"type": "PolarisLoraRetriever", "pins": retriever.pins}
                for name, retriever in nodes.retrievers.items()
            }
        }
        job = finished(comfy_server, ask(comfy_server, "POST", "/api/polaris/resolve", body))
        assert [row["file"] for row in job["result"]["missing"]] == ["red_fox.safetensors"]
    finally:
        for file in (better, better.with_suffix(".json"), moved):
            file.unlink(missing_ok=True)
        (loras / "moved").rmdir()
        make_lora(loras / "red_fox.safetensors", 101)
        finished(comfy_server, ask(comfy_server, "POST", "/api/polaris/scan", {}))


def test_a_click_on_the_page_is_a_pin_of_an_api_run(comfy_server, first_run):
    style, _ = outputs_of(comfy_server, first_run)["5"]["polaris_cards"]
    pixel = ask(comfy_server, "GET", "/api/polaris/cards?words=pixel&kind=lora")[1]["cards"][0]
    edit = {"action": "pin", "entry": pixel["id"], "slot": "style", "strength": 0.4}
    told = ask(comfy_server, "POST", "/api/polaris/pins", {"text": "", "edit": edit})[1]
    run = comfy_server.client.run(text_to_picture(**{"LoRAs.pins": told["text"]}), timeout_s=280)
    [plan] = outputs_of(comfy_server, run)["6"]["polaris_plan"]
    steps = {step.slot.value: step for step in plan_from_json(plan).loras}
    assert (steps["style"].pick.file, steps["style"].strength_model) == (pixel["file"], 0.4)
    assert Pins.parse(told["text"]).lines[0].name == pixel["file"]
    assert style["cards"][0]["id"] != pixel["id"]


def test_widgets_of_frozen_nodes_are_those_of_their_schemas(comfy_server):
    info = comfy_server.client.get_json("/object_info")
    kinds = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
    for node, widgets in WIDGETS.items():
        groups = [info[node]["input"].get(group, {}) for group in ("required", "optional")]
        rows = [(name, spec[0]) for group in groups for name, spec in group.items()]
        own = [name for name, kind in rows if kind in kinds or isinstance(kind, list)]
        assert tuple(own) == widgets


def test_the_blueprint_is_offered_and_its_inside_runs(comfy_server):
    found = ask(comfy_server, "GET", "/api/global_subgraphs")[1]
    [id] = [id for id, row in found.items() if row["name"] == "Polaris Edit"]
    told = ask(comfy_server, "GET", f"/api/global_subgraphs/{id}")[1]
    graph = json.loads(told["data"])
    info = comfy_server.client.get_json("/object_info")
    cat = Image.fromarray(data.cat()).resize((128, 96))
    cat.save(comfy_server.base / "input" / "cat.png")
    for sentence in ("Turn it into a watercolor painting", "Replace the cat with a red fox"):
        given = {"instruction": sentence, "image": ["900", 0], "denoise": 0.5}
        api = flattened(graph, info, given)
        api["900"] = {"class_type": "LoadImage", "inputs": {"image": "cat.png"}}
        assert comfy_server.client.run(api, timeout_s=280).images


def flattened(graph, info, given):
    """The API form of a blueprint's inside, as the page makes it, with a node that saves."""
    [inside] = graph["definitions"]["subgraphs"]
    links = {link["id"]: link for link in inside["links"]}
    api = {}
    for node in inside["nodes"]:
        inputs = {}
        values = iter(node["widgets_values"])
        for socket in node["inputs"]:
            if "widget" in socket:
                inputs[socket["name"]] = next(values)
                if socket["name"] == "seed":
                    assert next(values) == "randomize"
            if socket["link"] is None:
                continue
            link = links[socket["link"]]
            if link["origin_id"] == -10:
                inputs[socket["name"]] = given[inside["inputs"][link["origin_slot"]]["name"]]
            else:
                inputs[socket["name"]] = [str(link["origin_id"]), link["origin_slot"]]
        api[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
        api[str(node["id"])]["inputs"].update({"steps": 2} if node["type"] == "KSampler" else {})
        assert set(inputs) <= {n for g in info[node["type"]]["input"].values() for n in g}
    [end] = [link for link in links.values() if link["target_id"] == -20]
    images = [str(end["origin_id"]), end["origin_slot"]]
    api["901"] = {"class_type": "SaveImage", "inputs": {"images": images, "filename_prefix": "x"}}
    return api
