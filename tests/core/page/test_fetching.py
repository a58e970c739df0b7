"""The routes that fetch, ask and hash: jobs on a page of its own, and a site on the loopback."""

from __future__ import annotations

import json
import time

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.catalogue.scan import scan
from polaris_core.catalogue.store import Store
from polaris_core.page.service import Page
from polaris_core.retrieval.zoo import CATALOGUE
from tests.core.fetching.sites import MisbehavingSite, gives, lora_bytes, says, sha256
from tests.core.page.conftest import FolderHost, Server


@pytest.fixture
def site():
    made = MisbehavingSite(lora_bytes(rank=16))
    yield made
    made.close()


@pytest.fixture
def host(tmp_path, site, monkeypatch):
    for name in ("HF_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    models, home = tmp_path / "models", tmp_path / "home"
    for folder in (models / "checkpoints", models / "loras", home):
        folder.mkdir(parents=True)
    facts = {"hosts": [], "loopback": [site.origin], "civitai": site.origin}
    (home / "fetching.json").write_text(json.dumps(facts))
    (models / "loras" / "here.safetensors").write_bytes(lora_bytes(seed=9))
    made = FolderHost(home, models)
    with Store.open(home / CATALOGUE) as store:
        scan(store, made.folders())
    yield made
    made.close()


@pytest.fixture
def server(host):
    page = Page(host)
    made = Server(page, {})
    yield made
    made.close()
    page.close()


@pytest.fixture
def absent(host, site):
    """Id of an entry without a file."""
    entry = Entry(
        name="Ink",
        kind=Kind.LORA,
        base_model=BaseModel.SD15,
        sha256=sha256(site.content),
        size_bytes=len(site.content),
        download=site.url,
    )
    with Store.open(host.home / CATALOGUE) as store:
        return store.add([entry])[0]


def card(server, id):
    return server.get(f"/polaris/cards/{id}").json


def test_a_click_fetches_a_model_and_tells_how_far_it_is(server, host, site, absent):
    site.pause_s = 0.3  # a job is told of every 0.2 s
    assert (card(server, absent)["on_disk"], card(server, absent)["offered"]) == (False, True)
    job = server.finished(server.post("/polaris/fetch", {"entry": absent}))
    assert (job["state"], job["error"]) == ("done", "")
    assert job["result"] == {"entry": absent, "name": "Ink", "file": "model.safetensors"}
    assert (card(server, absent)["on_disk"], card(server, absent)["offered"]) == (True, False)
    assert (host.models / "loras" / "model.safetensors").read_bytes() == site.content
    told = [facts for event, facts in host.sent if event == "polaris.job"]
    assert any(0 < facts["done"] < facts["total"] == len(site.content) for facts in told)
    assert "polaris.zoo" in dict(host.sent)
    again = server.finished(server.post("/polaris/fetch", {"entry": absent}))
    assert again["state"] == "done"
    assert len(site.asked) == 1


def test_a_cancelled_download_keeps_its_part(server, host, site, absent):
    site.pause_s = 0.2
    id = server.post("/polaris/fetch", {"entry": absent}).json["job"]["id"]
    deadline = time.monotonic() + 20
    while not list(host.models.rglob("*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    server.post(f"/polaris/jobs/{id}/cancel")
    while server.get(f"/polaris/jobs/{id}").json["job"]["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.get(f"/polaris/jobs/{id}").json["job"]["state"] == "cancelled"
    assert list(host.models.rglob("*.part"))
    assert not card(server, absent)["on_disk"]
    site.pause_s = 0
    assert server.finished(server.post("/polaris/fetch", {"entry": absent}))["state"] == "done"
    assert not list(host.models.rglob("*.part*"))


def test_what_a_site_refuses_is_told_with_a_remedy(server, site, absent):
    site.always = says(401)
    job = server.finished(server.post("/polaris/fetch", {"entry": absent}))
    assert job["state"] == "failed"
    assert "site_tokens.json" in job["hint"]


def test_a_file_is_asked_about_and_hashed(server, site):
    content = lora_bytes(seed=9)
    assert server.get("/polaris/fetching").json["hashes"]["missing"] == 1
    job = server.finished(server.post("/polaris/hash"))
    assert job["result"] == {"hashed": 1, "problems": 0}
    state = server.get("/polaris/fetching").json
    assert state["hashes"] == {"hashed": 1, "missing": 0, "missing_bytes": 0}
    assert state["settings"]["automatic"] == []
    version = {"model": {"name": "Asked"}, "files": [{"hashes": {"SHA256": sha256(content)}}]}
    site.always = gives(json.dumps(version).encode())
    job = server.finished(server.post("/polaris/complete", {"entry": 1}))
    assert job["result"]["name"] == "Asked"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("fetch", {}, 400),
        ("fetch", {"entry": "x"}, 400),
        ("fetch", {"entry": 1, "address": "https://evil.example"}, 400),
        ("fetch", {"entry": 999}, 404),
        ("complete", {"entry": 999}, 404),
        ("hash", {"share": 1}, 400),
    ],
)
def test_what_cannot_be_used_is_refused(server, path, body, status):
    assert server.post(f"/polaris/{path}", body).status == status
    assert server.page.jobs.newest() == []


def test_settings_that_are_malformed_are_told(server, host, absent):
    (host.home / "fetching.json").write_text('{"hosts": ["*"]}')
    assert server.get("/polaris/fetching").status == 400
    reply = server.post("/polaris/fetch", {"entry": absent})
    assert (reply.status, "host" in reply.json["error"]) == (400, True)


def test_what_nobody_offers_is_told_at_once(server, host):
    with Store.open(host.home / CATALOGUE) as store:
        (id,) = store.add([Entry("Lost", Kind.LORA, source="https://lost.example/page")])
    reply = server.post("/polaris/fetch", {"entry": id})
    assert reply.status == 409
    assert "https://lost.example/page" in reply.json["hint"]
    assert not card(server, id)["offered"]
