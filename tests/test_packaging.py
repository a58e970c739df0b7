"""What is published holds what it needs and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True, capture_output=True)
    return next(folder.glob("polaris_zoo-*.whl"))


def test_the_wheel_holds_the_core_and_its_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0].split("-")[0] for n in names} == {"polaris_core", "polaris_zoo"}
    for file in (ROOT / "polaris_core").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert file.relative_to(ROOT).as_posix() in names


def test_the_wheel_gives_a_command_that_runs_elsewhere(wheel, tmp_path):
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*install, "--target", str(target), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, str(target / "bin" / "polaris"), "--version"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("polaris ")


def test_what_users_install_is_not_pinned():
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[\w-]*", line), line


def test_published_code_holds_no_evaluation_of_text_and_no_installing():
    forbidden = re.compile(r"(?<![.\w])(eval|exec)\(|os\.system|pickle\.load")
    for folder in ("polaris_core", "nodes"):
        for file in (ROOT / folder).rglob("*.py"):
            assert not forbidden.search(file.read_text("utf-8")), file


def test_the_archive_holds_what_the_miniature_zoo_needs_and_not_what_trains_it():
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    ignored = subprocess.run(
        ["git", "-c", "core.excludesFile=.comfyignore", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input=files,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    published = {
        file
        for file in set(files.splitlines()) - set(ignored.splitlines())
        if file.startswith("miniature/")
    }
    assert "miniature/models/vae.safetensors" in published
    assert "miniature/pictures/cat.png" in published
    assert not [file for file in published if file.endswith(".py")]
    sizes = sum((ROOT / file).stat().st_size for file in published)
    assert sizes < 30e6
