"""`polaris parse` as a user types it."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from polaris_core.cli import main
from polaris_core.instructions.serialize import intent_from_json

NOBODY = "server:http://127.0.0.1:9/v1#m"


def test_it_says_in_words_what_was_understood_and_by_whom(capsys):
    assert main(["parse", "Add a red hat to the snowman and remove the car"]) == 0
    said = capsys.readouterr().out
    assert "object: red hat" in said
    assert "where: to the snowman" in said
    assert "not done: remove the car" in said
    assert "read by grammar" in said


def test_json_is_an_intent(capsys):
    assert main(["parse", "Replace the cat with a fox", "--json"]) == 0
    assert intent_from_json(capsys.readouterr().out).object_words == "fox"


def test_with_a_picture_a_sentence_speaks_of_it(tmp_path, capsys):
    picture = tmp_path / "p.png"
    Image.new("RGB", (8, 8)).save(picture)
    assert main(["parse", "Watercolor style", "--image", str(picture), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["instruction_type"] == "global_style"


def test_a_server_that_is_not_there_leaves_it_to_the_grammar_and_says_so(capsys):
    assert main(["parse", "Replace the cat with a fox", "--llm", NOBODY, "--json"]) == 0
    intent = json.loads(capsys.readouterr().out)
    assert intent["parser"] == "grammar"
    assert "127.0.0.1:9" in intent["fallback_reason"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param([" "], 2, "instruction is empty", id="empty sentence"),
        pytest.param(["A fox", "--llm", "gpt"], 2, "server:URL#NAME", id="no such model"),
        pytest.param(["A fox", "--llm", "server:http://127.0.0.1/v1"], 2, "#NAME", id="no name"),
        pytest.param(
            ["A fox", "--llm", "server:https://a.example/v1#m"], 2, "POLARIS_LLM_HOSTS", id="far"
        ),
        pytest.param(["A fox", "--llm", NOBODY, "--no-fallback"], 3, "127.0.0.1:9", id="stop"),
        pytest.param(["A fox", "--image", "absent.png"], 2, "absent.png", id="no file"),
    ],
)
def test_what_cannot_be_done_says_why_and_exits_accordingly(arguments, code, words, capsys):
    assert main(["parse", *arguments]) == code
    assert words in capsys.readouterr().err
