"""One file and one set of variables, for importing as for fetching."""

from __future__ import annotations

import pytest

from polaris_core.errors import InvalidInput
from polaris_core.fetching.settings import read_settings
from polaris_core.importing.factory import source_named
from polaris_core.site_tokens import TOKENS_FILE, VARIABLES, read_tokens, token_for

CIVITAI, HUB = VARIABLES


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def test_importing_and_fetching_read_the_same_tokens(tmp_path, monkeypatch):
    monkeypatch.setenv("CIVITAI_TOKEN", "tok-of-the-site")
    (tmp_path / TOKENS_FILE).write_text('{"https://mirror.example": "tok-of-a-mirror"}', "utf-8")
    tokens = read_settings(tmp_path).tokens
    for origin, token in (
        (CIVITAI, "tok-of-the-site"),
        ("https://mirror.example", "tok-of-a-mirror"),
        (HUB, None),
    ):
        assert tokens.of(origin) == token_for(f"{origin}/api/v1", tmp_path) == token
    assert "tok-of" not in repr(source_named("civitai", tmp_path))


def test_the_file_goes_first_then_the_variables_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setenv("CIVITAI_API_TOKEN", "second")
    assert token_for(CIVITAI, tmp_path) == "second"
    monkeypatch.setenv("CIVITAI_TOKEN", "first")
    assert token_for(CIVITAI, tmp_path) == "first"
    (tmp_path / TOKENS_FILE).write_text('{"https://civitai.com": "of the file"}'.replace(" ", ""))
    assert token_for(CIVITAI, tmp_path) == "ofthefile"


def test_no_token_travels_unencrypted(tmp_path):
    (tmp_path / TOKENS_FILE).write_text('{"http://mirror.example": "s3cret"}', "utf-8")
    with pytest.raises(InvalidInput) as told:
        read_tokens(tmp_path)
    assert "s3cret" not in str(told.value)
