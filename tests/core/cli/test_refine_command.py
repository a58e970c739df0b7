"""`polaris refine` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polaris_core.catalogue.entry import Entry, Kind, Role
from polaris_core.catalogue.store import Store
from polaris_core.cli import main
from polaris_core.retrieval.zoo import CATALOGUE
from tests.core.llm.conftest import ChatServer, answer, good

CARD = {"what": "owl of glass", "purpose": "", "shows": [], "role": "object", "trigger_words": []}


@pytest.fixture
def zoo(tmp_path):
    with Store.open(tmp_path / "zoo" / CATALOGUE) as store:
        store.add(
            [
                Entry("Fox LoRA v2", Kind.LORA, role=Role.OBJECT, description="Draws a red fox."),
                Entry("Owl", Kind.LORA, description="Support me on Patreon!"),
            ]
        )
    return ["--zoo", str(tmp_path / "zoo")]


@pytest.fixture
def chat():
    with ChatServer() as server:
        yield server


def shown(zoo):
    with Store.open(Path(zoo[1]) / CATALOGUE) as store:
        return [entry.refined and entry.refined.what for entry in store.all()]


def test_rules_refine_everything_once_and_it_can_be_undone(zoo, capsys):
    assert main(["refine", *zoo]) == 0
    assert "2 refined" in capsys.readouterr().out
    assert shown(zoo) == ["Fox", "Owl"]
    assert main(["refine", *zoo, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["left"] == 2
    assert main(["refine", *zoo, "--list"]) == 0
    assert "rules-" in capsys.readouterr().out
    assert main(["refine", *zoo, "--undo"]) == 0
    assert shown(zoo) == [None, None]


def test_a_model_behind_a_server_refines(zoo, chat, capsys):
    chat.turns = [good(json.dumps({**CARD, "what": "fox"})), good("no card"), good("no")]
    assert main(["refine", *zoo, "--llm", f"server:{chat.url}#tiny"]) == 0
    out = capsys.readouterr().out
    assert "1 refined, 1 failed" in out
    assert "Owl: " in out
    assert shown(zoo) == ["fox", None]
    chat.turns = [good(json.dumps(CARD))]
    assert main(["refine", *zoo, "--llm", f"server:{chat.url}#tiny"]) == 0
    assert shown(zoo) == ["fox", "owl of glass"]


def test_a_server_that_fails_ends_it_with_its_own_code(zoo, chat, capsys):
    chat.turns = [answer({"error": "no"}, 401)]
    assert main(["refine", *zoo, "--llm", f"server:{chat.url}#tiny"]) == 3
    assert shown(zoo) == [None, None]
    assert main(["refine", *zoo, "--llm", "nonsense"]) == 2
