"""The page's texts: the same in every language, each used, each there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ["en", "zh", "ja", "ko", "fr", "de"]
FILES = ["main", "nodeDefs", "settings", "commands"]
# Built from a word of the server, so that no search finds them.
BUILT = re.compile(r"(kind|role|slot|order|disk|by|index|found_by|any)_\w+")


def texts(language: str, file: str) -> dict:
    return json.loads((ROOT / "locales" / language / f"{file}.json").read_text("utf-8"))


def flat(value: object, path: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        rows: dict[str, str] = {}
        for key, inner in value.items():
            rows |= flat(inner, f"{path}/{key}")
        return rows
    return {path: value}


def source() -> str:
    files = [ROOT / "web" / "polaris.js", *sorted((ROOT / "web" / "polaris").glob("*.js"))]
    return "\n".join(file.read_text("utf-8") for file in files)


def test_there_are_these_languages_and_files():
    assert sorted(f.name for f in (ROOT / "locales").iterdir()) == sorted(LANGUAGES)
    for language in LANGUAGES:
        names = sorted(f.stem for f in (ROOT / "locales" / language).iterdir())
        assert names == sorted(FILES)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_keys_and_places(language, file):
    english, other = flat(texts("en", file)), flat(texts(language, file))
    assert set(other) == set(english)
    for key, text in other.items():
        assert text.strip(), key
        places = [sorted(re.findall(r"\{\w+\}", one)) for one in (english[key], text)]
        assert places[0] == places[1], key


def test_every_text_of_the_page_is_there_and_used():
    held = set(texts("en", "main")["polaris"])
    code = source()
    used = set(re.findall(r'\bt\(\s*"(\w+)"', code))
    assert used <= held
    named = {key for key in held if f'"{key}"' in code}
    assert {key for key in held - named if not BUILT.fullmatch(key)} == set()


def test_settings_and_commands_of_the_code_are_those_of_the_texts():
    code = (ROOT / "web" / "polaris" / "commands.js").read_text("utf-8")
    labels = dict(re.findall(r'id: "Polaris\.(\w+)",\s+label: "([^"]+)"', code))
    assert {f"Polaris_{key}": {"label": text} for key, text in labels.items()} == texts(
        "en", "commands"
    )
    code = (ROOT / "web" / "polaris" / "settings.js").read_text("utf-8")
    rows = re.findall(r'text\(\s+"(\w+)",\s+"([^"]+)",\s+"[^"]+",\s+"([^"]+)"', code)
    rows += re.findall(
        r'id: "Polaris\.(\w+)",\s+name: "([^"]+)".*?tooltip: "([^"]+)"', code, re.DOTALL
    )
    assert {f"Polaris_{k}": {"name": n, "tooltip": t} for k, n, t in rows} == texts(
        "en", "settings"
    )


def test_the_settings_of_the_page_are_those_that_the_server_reads():
    from polaris_core.page.settings import DEFAULTS

    assert {f"Polaris.{key[8:]}" for key in texts("en", "settings")} == set(DEFAULTS)
