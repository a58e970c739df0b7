"""`polaris import` as a user types it."""

from __future__ import annotations

import json

import pytest

from polaris_core.cli import main
from tests.core.importing.sites import Answer, CivitaiPages, Made, civitai_record, serving

MODELS = [
    Made(n, f"{look} fox {n}", words=(f"{look}{n}",), tags=("style", look), text=f"In {look}.")
    for n, look in enumerate(["ink", "chalk", "neon"] * 3, start=1)
]
WORLD = Made(50, "Wide World", kind="Checkpoint", text="Landscapes and foxes.")


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "models.jsonl"
    records = [*map(civitai_record, [*MODELS, WORLD]), {"id": 7}]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


@pytest.fixture
def zoo(tmp_path):
    return ["--zoo", str(tmp_path / "zoo")]


def told(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_dump_is_imported_found_and_forgotten(dump, zoo, capsys):
    assert main(["import", *zoo, str(dump)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("dump:models.jsonl: 10 added, 1 refused")
    assert "model 7: not a model record of Civitai" in out
    encoder = ["--text-encoder", "hashing", "--json"]
    assert main(["search", *zoo, *encoder, "ink fox"]) == 0
    assert told(capsys) == [], "by default only what is on this disk"
    assert main(["search", *zoo, *encoder, "ink fox", "--anywhere", "-k", "3"]) == 0
    hits = told(capsys)
    assert all(hit["name"].startswith("ink fox") and not hit["on_disk"] for hit in hits)
    assert hits[0]["download"].startswith("https://civitai.com/api/download/")
    assert main(["search", *zoo, "--words", "--json", "fox", "--anywhere", "--no-credit"]) == 0
    even = {made.name for made in MODELS if made.number % 2 == 0}
    assert {hit["name"] for hit in told(capsys)} == even
    assert main(["import", *zoo, "--json"]) == 0
    [state] = told(capsys)
    assert (state["origin"], state["offers"], state["cursor"]) == ("dump:models.jsonl", 10, "")
    assert [problem["key"] for problem in state["problems"]] == ["model 7"]
    assert main(["import", *zoo, "--forget", "dump:models.jsonl"]) == 0
    assert "10 forgotten" in capsys.readouterr().out
    assert main(["import", *zoo]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_plan_of_models_elsewhere_says_where_they_are(dump, zoo, capsys):
    assert main(["import", *zoo, str(dump)]) == 0
    capsys.readouterr()
    plan = ["plan", *zoo, "--text-encoder", "hashing", "A watercolor fox in a forest"]
    assert main(plan) == 4
    assert "no checkpoint may be used" in capsys.readouterr().err
    assert main([*plan, "--anywhere", "--json"]) == 0
    made = told(capsys)
    assert made["checkpoint"]["file"] == ""
    assert made["checkpoint"]["download"] == "https://civitai.com/api/download/models/1050"


def test_civitai_is_asked_at_the_address_named(zoo, capsys, monkeypatch):
    monkeypatch.setenv("CIVITAI_TOKEN", "tok-secret-of-the-user")
    with serving(CivitaiPages(list(map(civitai_record, MODELS)))) as site:
        command = [
            "import",
            *zoo,
            f"civitai:{site.url}",
            "--type",
            "LORA",
            "--base-model",
            "SDXL 1.0",
        ]
        assert main([*command, "--json"]) == 0
        [report] = told(capsys)
        assert site.seen[0].query["types"] == "LORA"
        assert site.seen[0].query["baseModels"] == "SDXL 1.0"
        assert all("Authorization" not in request.headers for request in site.seen)
    assert report["added"] == 9


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.jsonl"], 2, "no such source"),
        (["civitai:http://civitai.com"], 2, "over https only"),
        (["civitai", "--tag", "lora"], 2, "no choice of tags"),
        (["--forget", "dump:x"], 2, "nothing was imported"),
    ],
)
def test_what_cannot_be_imported_is_said(zoo, capsys, arguments, code, words):
    assert main(["import", *zoo, *arguments]) == code
    assert words in capsys.readouterr().err


def test_a_site_that_is_none_is_a_servers_fault(zoo, capsys):
    with serving(lambda request: Answer(404)) as site:
        assert main(["import", *zoo, f"civitai:{site.url}"]) == 3
    assert "answered 404" in capsys.readouterr().err
