"""`polaris index` as a user types it."""

from __future__ import annotations

import json

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.store import Store
from polaris_core.cli import main


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.delenv("POLARIS_INDEX", raising=False)
    entries = [
        Entry(f"{word} {n}", kind=kind, role=Role.STYLE, base_model=BaseModel.SD15, source=f"s:{n}")
        for n, (word, kind) in enumerate([("fox", Kind.LORA), ("world", Kind.CHECKPOINT)] * 5)
    ]
    with Store.open(tmp_path / "zoo" / "catalogue.sqlite") as store:
        store.add(entries)
    return ["--zoo", str(tmp_path / "zoo"), "--text-encoder", "hashing"]


def test_it_indexes_in_files_unless_a_database_is_named(zoo, capsys, tmp_path, monkeypatch):
    assert main(["index", *zoo]) == 0
    assert "indexed in files: 5 of kind checkpoint and 5 of kind lora" in capsys.readouterr().out
    monkeypatch.setenv("POLARIS_INDEX", str(tmp_path / "vectors.db"))
    assert main(["index", *zoo, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["entries"], told["index"]) == ({"checkpoint": 5, "lora": 5}, "in Milvus")
    assert main(["search", *zoo, "fox", "--anywhere", "-k", "5", "--json"]) == 0
    assert {hit["kind"] for hit in json.loads(capsys.readouterr().out)} == {"lora"}


def test_a_database_that_is_away_ends_with_3_and_says_so(zoo, capsys, monkeypatch):
    monkeypatch.setenv("POLARIS_INDEX", "http://127.0.0.1:9")
    assert main(["index", *zoo]) == 3
    assert "does not answer: http://127.0.0.1:9" in capsys.readouterr().err


def test_a_token_in_the_address_is_refused_and_not_shown(zoo, capsys, monkeypatch):
    monkeypatch.setenv("POLARIS_INDEX", "http://root:Milvus@127.0.0.1:9")
    assert main(["index", *zoo]) == 2
    assert "Milvus@" not in capsys.readouterr().err
