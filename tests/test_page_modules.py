"""The page's modules, in Node.js where it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "web").rglob("*.js"))


def test_laws_of_the_modules():
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js found")
    tests = sorted(str(file) for file in (ROOT / "tests" / "web").glob("*.mjs"))
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_nothing_becomes_html_or_leaves_this_host(file):
    code = file.read_text("utf-8")
    html = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|\beval\("
    assert not re.search(html, code)
    assert not re.search(r"(?<!#)\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|localStorage", code)
    assert not re.search(r"[\"'`]https?://", code)


# Whatever begins a line must declare something, or be a part of what was declared.
DECLARES = re.compile(r"import|export|const|let|(async )?function|class|[})\]/]|$|\s")


def test_only_the_entry_has_effects_when_it_is_loaded():
    """The host loads every one of them by itself."""
    for file in MODULES:
        lines = file.read_text("utf-8").splitlines() if file.name != "polaris.js" else []
        assert [line for line in lines if not DECLARES.match(line)] == [], file.name
