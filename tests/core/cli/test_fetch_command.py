"""`polaris fetch`, `complete` and `hash` against a site on the loopback."""

from __future__ import annotations

import json

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.catalogue.store import Store
from polaris_core.cli.main import main
from tests.core.fetching.sites import MisbehavingSite, gives, lora_bytes, says, sha256


@pytest.fixture
def site():
    made = MisbehavingSite(lora_bytes())
    yield made
    made.close()


@pytest.fixture
def home(tmp_path, site, monkeypatch):
    for name in ("HF_TOKEN", "CIVITAI_TOKEN", "CIVITAI_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "zoo"
    home.mkdir()
    facts = {"hosts": [], "loopback": [site.origin], "civitai": site.origin}
    (home / "fetching.json").write_text(json.dumps(facts))
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "models" / "loras").mkdir()
    return home


@pytest.fixture
def polaris(home, tmp_path, capsys):
    def run(command, *arguments):
        more = ["--models", str(tmp_path / "models")] if command == "fetch" else []
        code = main([command, *arguments, "--zoo", str(home), "--json", *more])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


def known(home, site, **changed):
    facts = {
        "name": "Ink",
        "kind": Kind.LORA,
        "base_model": BaseModel.SD15,
        "sha256": sha256(site.content),
        "size_bytes": len(site.content),
        "source": "https://civitai.com/models/5?modelVersionId=12",
        "download": site.url,
    }
    with Store.open(home / "catalogue.sqlite") as store:
        return store.add([Entry(**facts | changed)])[0]


@pytest.mark.parametrize("by", ["name", "sha256", "file address", "page", "civitai's address"])
def test_a_model_that_the_zoo_knows_is_fetched(polaris, home, site, tmp_path, by):
    id = known(home, site)
    text = {
        "name": "Ink",
        "sha256": sha256(site.content)[:12],
        "file address": site.url,
        "page": "https://civitai.com/models/5/ink?modelVersionId=12",
        "civitai's address": "https://civitai.com/api/download/models/12",
    }[by]
    code, told, err = polaris("fetch", text, "--name", "mine.safetensors")
    assert (code, err) == (0, "")
    assert (told["id"], told["was_here"]) == (id, False)
    assert (tmp_path / "models" / "loras" / "mine.safetensors").read_bytes() == site.content
    assert polaris("fetch", text)[1]["was_here"]
    assert len(site.asked) == 1


def test_a_model_that_the_zoo_does_not_know_is_fetched_by_its_hash(polaris, site, tmp_path):
    digits = sha256(site.content)
    code, told, _ = polaris("fetch", site.url, "--sha256", digits.upper(), "--kind", "lora")
    assert code == 0
    assert told["name"] == "model"
    assert (tmp_path / "models" / "loras" / "model.safetensors").exists()


def test_what_goes_wrong_has_its_exit_code(polaris, home, site):
    known(home, site)
    known(home, site, sha256="1" * 64)
    assert polaris("fetch", "nothing")[0] == 1
    assert polaris("fetch", "Ink")[0] == 2  # there are two
    assert polaris("fetch", f"{site.url}?token=secret")[0] == 2
    assert (
        polaris("fetch", "https://evil.example/x", "--sha256", "2" * 64, "--kind", "lora")[0] == 2
    )
    site.always = says(404)
    assert polaris("fetch", sha256(site.content))[0] == 3


def test_files_are_hashed_and_completed_when_asked(polaris, home, site, tmp_path, capsys):
    (tmp_path / "models" / "loras" / "x.safetensors").write_bytes(site.content)
    models = ["--models", str(tmp_path / "models")]
    scan = ["scan", "--zoo", str(home), "--text-encoder", "hashing", *models]
    assert main(scan) == 0
    capsys.readouterr()
    assert polaris("hash")[1] == {"hashed": 1, "known": 1, "missing": 0, "problems": []}
    version = {
        "id": 12,
        "modelId": 5,
        "model": {"name": "Ink", "type": "LORA"},
        "files": [{"hashes": {"SHA256": sha256(site.content)}}],
    }
    site.always = gives(json.dumps(version).encode())
    code, told, _ = polaris("complete", "--all")
    assert (code, told["problems"]) == (0, [])
    assert told["completed"][0]["name"] == "Ink"
    assert polaris("complete", "--all")[1] == {"completed": [], "problems": []}
    assert polaris("complete")[0] == 2
