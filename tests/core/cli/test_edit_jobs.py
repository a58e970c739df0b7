"""What `polaris edit` is asked to do, before anything is decided."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from polaris_core.cli.edit_jobs import read_jobs
from polaris_core.errors import InvalidInput


def jobs(*words, **options):
    given = {"plan": None, "mask": None, "out": None, "seed": 3, **options}
    return read_jobs(argparse.Namespace(words=list(map(str, words)), **given))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Two pictures, a mask for one of them, and a plan; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("pictures/b.png", "pictures/a.JPG", "pictures/notes.txt", "masks/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "plan.json").write_text("{}")
    return tmp_path


def listed(folder, *rows) -> Path:
    file = folder / "list.jsonl"
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return file


def test_a_sentence_alone_makes_a_new_picture(folder):
    (job,) = jobs("a fox")
    assert (job.instruction, job.picture, job.seed) == ("a fox", None, 3)
    assert job.out == Path("picture.png")


def test_a_name_that_is_taken_is_not_written_over(folder):
    (folder / "picture.png").touch()
    assert jobs("a fox")[0].out == Path("picture-2.png")


def test_a_picture_comes_before_the_sentence(folder):
    (job,) = jobs("pictures/b.png", "make it red", mask=folder / "masks/a.png")
    assert job.picture == Path("pictures/b.png")
    assert job.mask == folder / "masks/a.png"
    assert job.out == Path("b-edited.png")


def test_with_a_plan_the_picture_comes_alone_or_there_is_none(folder):
    (job,) = jobs("pictures/b.png", plan=Path("plan.json"))
    assert (job.picture, job.instruction) == (Path("pictures/b.png"), "")
    assert jobs(plan=Path("plan.json"))[0].picture is None


def test_a_folder_gives_one_edit_for_each_picture_in_order(folder):
    found = jobs("pictures", "make it red", out=Path("made"))
    assert [job.out for job in found] == [Path("made/a.png"), Path("made/b.png")]
    assert {job.instruction for job in found} == {"make it red"}


def test_masks_of_a_folder_are_found_by_name_and_none_may_be_missing(folder):
    with pytest.raises(InvalidInput, match="no mask of this name: b"):
        jobs("pictures", "make it red", mask=Path("masks"))
    (folder / "masks/b.webp").touch()
    found = jobs("pictures", "make it red", mask=Path("masks"))
    assert [job.mask for job in found] == [Path("masks/a.png"), Path("masks/b.webp")]


def test_a_list_names_its_files_from_where_it_lies(folder, tmp_path_factory, monkeypatch):
    rows = [
        {"instruction": "make it red", "picture": "pictures/b.png", "mask": "masks/a.png"},
        "",
        {"instruction": "a fox", "seed": 9, "out": "deep/fox.png"},
        {"plan": "plan.json"},
    ]
    file = listed(folder, *rows)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    first, second, third = jobs(file, out=Path("made"))
    assert first.picture == folder / "pictures/b.png"
    assert first.mask == folder / "masks/a.png"
    assert (first.out, first.seed) == (Path("made/0001-b.png"), 3)
    assert (second.out, second.seed) == (Path("made/deep/fox.png"), 9)
    assert third.plan == folder / "plan.json"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("{broken", "line 1 of the list is no JSON"),
        ("[1]", "no object"),
        ({"picture": "pictures/b.png"}, "says not what to do"),
        ({"instruction": "a", "plan": "plan.json"}, "says not what to do"),
        ({"instruction": 3}, "instruction: 3"),
        ({"instruction": "a", "seed": True}, "seed"),
        ({"instruction": "a", "seed": "3"}, "seed"),
        ({"instruction": "a", "colour": "red"}, "colour"),
        ({"instruction": "a", "out": "../a.png"}, "leave the folder"),
        ({"instruction": "a", "out": "/tmp/a.png"}, "leave the folder"),
        ({"instruction": "a", "out": "C:\\a.png"}, "leave the folder"),
        ({"instruction": "a", "out": "a.jpg"}, "written as PNG"),
        ({"instruction": "a", "picture": "absent.png"}, "no such file"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_line_that_cannot_be_used_says_why(folder, row, words):
    with pytest.raises(InvalidInput, match=words):
        jobs(listed(folder, row))


def test_an_empty_list_and_two_pictures_of_one_name_are_refused(folder):
    with pytest.raises(InvalidInput, match="empty"):
        jobs(listed(folder, ""))
    row = {"instruction": "a", "out": "same.png"}
    with pytest.raises(InvalidInput, match="same name"):
        jobs(listed(folder, row, row))


@pytest.mark.parametrize(
    ("words", "options", "told"),
    [
        ([], {}, "instruction"),
        (["a.png", "b", "c"], {}, "instruction"),
        (["absent.png", "make it red"], {}, "absent.png"),
        (["pictures", "make it red"], {"mask": Path("masks/a.png")}, "folder of masks"),
        (["masks", "make it red"], {"out": Path("masks")}, "overwritten"),
        (["pictures/b.png", "red"], {"out": Path("pictures/b.png")}, "overwritten"),
        (["pictures/b.png", "red"], {"out": Path("b.jpg")}, "PNG"),
        (["a fox"], {"mask": Path("absent.png")}, "absent.png"),
        (["list.jsonl"], {"mask": Path("masks/a.png")}, "each line"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(folder, words, options, told):
    with pytest.raises(InvalidInput, match=told):
        jobs(*words, **options)


def test_a_folder_without_pictures_is_refused(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InvalidInput, match="no picture"):
        jobs("empty", "make it red")
