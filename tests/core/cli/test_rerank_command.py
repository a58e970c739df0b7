"""`polaris rerank` with a small real language model over the demonstration zoo."""

from __future__ import annotations

import json

import pytest

from polaris_core.cli import main
from polaris_core.demo.tiny_language_models import make_text_model
from polaris_core.demo.zoo import make_demo_zoo

ENCODER = ["--text-encoder", "hashing"]
SENTENCE = "A watercolor fox in a forest"


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> list[str]:
    models = tmp_path_factory.mktemp("models")
    make_demo_zoo(models, runnable=False)
    options = ["--zoo", str(tmp_path_factory.mktemp("zoo")), *ENCODER]
    assert main(["scan", *options, "--models", str(models)]) == 0
    return options


@pytest.fixture(scope="module")
def llm(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("llm") / "tiny"
    make_text_model(folder)
    return ["--llm", f"local:{folder}"]


def test_it_prints_what_was_kept_and_dropped_for_each_topic(zoo, llm, capsys):
    command = ["rerank", *zoo, *llm, SENTENCE, "--threshold", "0", "--json", "--base", "sd15"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["method"] == "tree"
    assert told["tokens"] > 100
    phrases = [topic["phrase"] for topic in told["topics"]]
    assert "watercolor" in phrases
    assert all(len(topic["kept"]) <= 3 for topic in told["topics"])
    files = [kept["file"] for topic in told["topics"] for kept in topic["kept"]]
    assert 1 <= len(files) == len(set(files))


def test_in_words_too(zoo, llm, capsys):
    assert main(["rerank", *zoo, *llm, SENTENCE, "--keep", "1", "--base", "sd15"]) == 0
    assert "watercolor" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param([SENTENCE, "--llm", "local:/absent"], 2, "/absent", id="model not there"),
        pytest.param([SENTENCE, "--threshold", "2"], 2, "2", id="threshold"),
    ],
)
def test_what_cannot_be_done_says_why(zoo, llm, arguments, code, words, capsys):
    assert main(["rerank", *zoo, *llm, *arguments]) == code
    assert words in capsys.readouterr().err
