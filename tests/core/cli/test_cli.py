"""The command line as a user types it, over a demonstration zoo."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polaris_core.cli import main
from polaris_core.demo.zoo import make_demo_zoo
from polaris_core.planning.serialize import plan_from_json

ROOT = Path(__file__).resolve().parent.parent.parent.parent
ENCODER = ["--text-encoder", "hashing"]


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_demo_zoo(folder, runnable=False)
    return folder


@pytest.fixture(scope="session")
def zoo(tmp_path_factory, models) -> list[str]:
    """Options that name a scanned zoo."""
    options = ["--zoo", str(tmp_path_factory.mktemp("zoo")), *ENCODER]
    assert main(["scan", *options, "--models", str(models)]) == 0
    return options


def test_scan_counts_what_it_read_and_reads_it_once(zoo, models, capsys):
    assert main(["scan", *zoo, "--models", str(models), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["added"] == report["changed"] == report["removed"] == 0
    assert report["unchanged"] >= 72
    assert report["problems"] == []


def test_a_scan_may_leave_all_embedding_to_index(models, tmp_path, capsys):
    options = ["--zoo", str(tmp_path), *ENCODER]
    assert main(["scan", *options, "--models", str(models), "--no-index"]) == 0
    assert not (tmp_path / "indices").exists()
    assert main(["index", *options]) == 0
    assert (tmp_path / "indices").is_dir()
    assert "indexed in files" in capsys.readouterr().out


def test_search_prints_why_each_hit_is_there(zoo, capsys):
    assert main(["search", *zoo, "watercolor", "-k", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["score", "name", "base", "role", "file", "why"]
    assert len(lines) == 4
    assert "atercolo" in lines[1]


def test_search_as_json_names_file_scores_and_matched_words(zoo, capsys):
    assert main(["search", *zoo, "fox", "-k", "2", "--json"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert len(hits) == 2
    assert hits[0]["matched_words"] == ["fox"]
    assert hits[0]["sources"]


def test_search_by_words_needs_no_encoder_and_obeys_the_filters(zoo, capsys):
    folder = zoo[:2]
    absent = ["--text-encoder", "sentence:/absent"]
    assert main(["search", *folder, *absent, "--words", "watercolor", "--json"]) == 0
    names = [hit["name"] for hit in json.loads(capsys.readouterr().out)]
    assert any("Watercolor" in name for name in names)
    flux = ["search", *folder, *absent, "--words", "watercolor", "--base", "flux", "--json"]
    assert main(flux) == 0
    assert {h["base_model"] for h in json.loads(capsys.readouterr().out)} == {"flux"}


def test_scan_computes_sums_when_asked(models, tmp_path, capsys):
    options = ["--zoo", str(tmp_path), *ENCODER]
    folder = str(models / "checkpoints")
    assert main(["scan", *options, "--checkpoints", folder, "--hash"]) == 0
    capsys.readouterr()
    assert main(["search", *options, "watercolor", "--kind", "checkpoint", "--json"]) == 0
    hits = json.loads(capsys.readouterr().out)
    assert hits
    assert all(len(hit["sha256"]) == 64 for hit in hits)


def test_plan_as_json_can_be_read_back_and_is_the_same_twice(zoo, capsys):
    command = ["plan", *zoo, "A watercolor fox in a forest", "--json"]
    assert main(command) == 0
    first = capsys.readouterr().out
    assert main(command) == 0
    assert capsys.readouterr().out == first
    plan = plan_from_json(first)
    assert plan.checkpoint is not None
    assert plan.loras


def test_plan_draws_a_sheet_with_cards(zoo, tmp_path, capsys):
    picture = tmp_path / "picture.png"
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(picture)
    sheet = tmp_path / "new" / "sheet.png"
    sentence = "Replace the cat with a watercolor fox"
    assert main(["plan", *zoo, sentence, "--image", str(picture), "--sheet", str(sheet)]) == 0
    assert "watercolor" in capsys.readouterr().out
    with Image.open(sheet) as drawn:
        assert drawn.width == 1440
        assert 900 < drawn.height < 4000
        assert len(drawn.getcolors(1 << 24) or []) > 500


def test_a_pin_is_obeyed(zoo, capsys):
    search = ["search", *zoo, "castle", "--kind", "checkpoint", "-k", "5", "--json"]
    assert main(search) == 0
    wanted = json.loads(capsys.readouterr().out)[-1]["file"]
    command = ["plan", *zoo, "A fox", "--pin", f"checkpoint: {wanted}", "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["checkpoint"]["file"] == wanted


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["plan", "Replace the cat with a fox"], 1, "picture", id="no picture"),
        pytest.param(["plan", "A fox", "--pin", "No Such Model"], 1, "No Such", id="unknown pin"),
        pytest.param(["plan", " "], 2, "instruction", id="empty sentence"),
        pytest.param(["plan", "A fox", "--image", "absent.png"], 2, "absent.png", id="no file"),
    ],
)
def test_what_cannot_be_done_says_why_and_exits_accordingly(zoo, arguments, code, words, capsys):
    assert main([arguments[0], *zoo, *arguments[1:]]) == code
    shown = capsys.readouterr().err
    assert shown.startswith("polaris: ")
    assert words in shown
    assert "Traceback" not in shown


def test_an_empty_zoo_exits_with_4(tmp_path, capsys):
    assert main(["plan", "--zoo", str(tmp_path), *ENCODER, "A fox"]) == 4
    assert "polaris:" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    command = ["scan", "--zoo", str(tmp_path), *ENCODER, "--loras", str(tmp_path / "absent")]
    assert main(command) == 2
    assert "absent" in capsys.readouterr().err


def test_a_server_that_is_not_there_exits_with_3(capsys):
    workflow = ROOT / "example_workflows" / "api" / "polaris_text_to_picture.json"
    assert main(["run", str(workflow), "--server", "127.0.0.1:9"]) == 3
    assert "127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["nonsense", "Sampler.seed", "No Such Node.seed=1"])
def test_a_value_that_cannot_be_set_is_named(value, capsys):
    workflow = ROOT / "example_workflows" / "api" / "polaris_text_to_picture.json"
    assert main(["run", str(workflow), "--set", value, "--server", "127.0.0.1:9"]) == 2
    assert value.partition("=")[0].rpartition(".")[0] in capsys.readouterr().err


def test_names_from_files_cannot_steer_the_terminal(capsys):
    from polaris_core.cli.output import print_table

    print_table(["name"], [["\x1b[2Jgone\r\n\x07"]])
    assert "\x1b" not in capsys.readouterr().out


def test_the_module_runs_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "polaris_core", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("parse", "scan", "search", "plan", "rerank", "run", "demo"):
        assert command in done.stdout
