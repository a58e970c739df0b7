from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.errors import InvalidInput
from polaris_core.llm.endpoint import is_forbidden_address, parse_endpoint
from polaris_core.llm.keys import KEYS_FILE, check_allowed, key_for
from polaris_core.llm.server import ServerModel

KEY = "sk-secret-0123456789"
STRANGER = "https://stranger.example.com/v1"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("POLARIS_LLM_URL", "POLARIS_LLM_KEY", "POLARIS_LLM_HOSTS", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def write_keys(home, entries) -> None:
    (home / KEYS_FILE).write_text(json.dumps(entries), "utf-8")


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1"),
        (" HTTP://LocalHost:8080/v1/chat/completions ", "http://localhost:8080/v1"),
        ("http://localhost:80/v1", "http://localhost/v1"),
        ("https://openrouter.ai/api/v1/chat/completions/", "https://openrouter.ai/api/v1"),
        ("https://api.openai.com:443", "https://api.openai.com/v1"),
        ("api.openai.com", "https://api.openai.com/v1"),
        ("http://[0:0:0:0:0:0:0:1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://host.docker.internal:11434", "http://host.docker.internal:11434/v1"),
        ("http://my_box/v1beta/openai", "http://my_box/v1beta/openai"),
    ],
)
def test_addresses_are_brought_into_one_form(text, base):
    endpoint = parse_endpoint(text)
    assert endpoint.base == base
    assert parse_endpoint(base) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "http:///v1",
        "ftp://host/v1",
        "file:///etc/passwd",
        "http://host:99999/v1",
        "http://host:x/v1",
        "http://host/v1?key=1",
        "http://host/v1#part",
        "http://ho st/v1",
        "http://host\\@other/v1",
        "http://hösst/v1",
        "http://[::1/v1",
        "http://[fd12::1%eth0]/v1",
        "http://host./v1",
        "http://-host/v1",
        "http://2130706433/v1",
        "http://0x7f.1/v1",
        "http://127.1/v1",
        "http://017700000001/v1",
        "http://" + "a" * 3000,
        "http://host/v1/\n/x y",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_endpoint(text)


def test_a_password_in_an_address_is_refused_and_not_shown():
    with pytest.raises(InvalidInput, match="no user name or password") as caught:
        parse_endpoint(f"https://user:{KEY}@host/v1")
    assert KEY not in str(caught.value)


@given(st.text(max_size=40) | st.text("htps:/.@[]01x%-\\v", max_size=25).map("http://".__add__))
def test_any_text_is_an_address_or_refused(text):
    try:
        endpoint = parse_endpoint(text)
    except InvalidInput:
        return
    assert parse_endpoint(endpoint.base) == endpoint
    assert endpoint.base.startswith(endpoint.origin)


METADATA = [
    "http://169.254.169.254/v1",
    "http://169.254.1.1/v1",
    "http://[fe80::1]/v1",
    "http://[::ffff:169.254.169.254]/v1",
    "http://[::ffff:a9fe:a9fe]/v1",
    "http://[fd00:ec2::254]/v1",
    "http://100.100.100.200/v1",
    "http://metadata.google.internal/v1",
    "http://2852039166/v1",
    "http://0xa9fea9fe/v1",
]


@pytest.mark.parametrize("url", METADATA)
def test_metadata_services_are_refused_even_if_named(url, tmp_path, monkeypatch):
    monkeypatch.setenv("POLARIS_LLM_HOSTS", "http://host")
    for use in (check_allowed, key_for):
        with pytest.raises(InvalidInput):
            use(url, tmp_path)
    with pytest.raises(InvalidInput):
        ServerModel(url, "tiny")


def test_forbidden_addresses_are_known_in_every_spelling():
    assert is_forbidden_address("::ffff:169.254.169.254")
    assert is_forbidden_address("fe80::1%eth0")
    assert not is_forbidden_address("127.0.0.1")
    assert not is_forbidden_address("nonsense")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "[::1]",
        "0.0.0.0",
        "localhost",
        "api.localhost",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.20",
        "[fd12::1]",
        "[::ffff:192.168.1.20]",
        "gpu-box",
        "gpu-box.local",
        "host.docker.internal",
    ],
)
def test_this_machine_and_the_own_network_may_be_asked(host, tmp_path):
    for scheme in ("http", "https"):
        check_allowed(f"{scheme}://{host}:8080/v1", tmp_path)
        assert key_for(f"{scheme}://{host}:8080/v1", tmp_path) is None


@pytest.mark.parametrize(
    "host",
    [
        "stranger.example.com",
        "localhost.example.com",
        "127.0.0.1.nip.io",
        "8.8.8.8",
        "172.32.0.1",
        "100.64.0.1",
        "[2001:0:53aa::1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::808:808]",
        "evil.notlocal",
        "api.openai.com",
    ],
)
def test_strangers_may_not_be_asked(host, tmp_path):
    with pytest.raises(InvalidInput, match="not yours") as caught:
        check_allowed(f"https://{host}/v1", tmp_path)
    assert f"POLARIS_LLM_HOSTS={parse_endpoint('https://' + host).origin}" in caught.value.hint
    assert str(tmp_path / KEYS_FILE) in caught.value.hint


def test_the_remedy_in_the_error_works(tmp_path, monkeypatch):
    url = "http://stranger.example.com:8080/v1"
    with pytest.raises(InvalidInput) as caught:
        check_allowed(url, tmp_path)
    remedy = caught.value.hint.split("POLARIS_LLM_HOSTS=")[1].split(",")[0]
    monkeypatch.setenv("POLARIS_LLM_HOSTS", remedy)
    check_allowed(url, tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POLARIS_LLM_URL", STRANGER),
        ("POLARIS_LLM_HOSTS", "https://other.example.com, stranger.example.com ,"),
        ("POLARIS_LLM_HOSTS", "https://stranger.example.com/anything"),
    ],
)
def test_whom_the_environment_names_may_be_asked_and_nobody_else(
    name, value, tmp_path, monkeypatch
):
    monkeypatch.setenv(name, value)
    check_allowed(STRANGER, tmp_path)
    for other in (
        "http://stranger.example.com/v1",
        "https://stranger.example.com:8443/v1",
        "https://a.stranger.example.com/v1",
        "https://stranger.example.com.evil.com/v1",
    ):
        with pytest.raises(InvalidInput):
            check_allowed(other, tmp_path)


def test_whom_the_file_of_keys_names_may_be_asked(tmp_path):
    write_keys(tmp_path, {"https://stranger.example.com": KEY, "https://free.example.com": ""})
    check_allowed(STRANGER, tmp_path)
    assert key_for(STRANGER, tmp_path) == KEY
    check_allowed("https://free.example.com", tmp_path)
    assert key_for("https://free.example.com", tmp_path) is None


def test_openai_may_be_asked_with_its_key(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    check_allowed("https://api.openai.com/v1", tmp_path)
    assert key_for("https://api.openai.com/v1/chat/completions", tmp_path) == KEY


ELSEWHERE = [
    "http://api.openai.com/v1",
    "https://api.openai.com:8443/v1",
    "https://api.openai.com.evil.com/v1",
    "https://evil.com/api.openai.com/v1",
    "http://127.0.0.1:11434/v1",
    "http://api.openai.com.local/v1",
    STRANGER,
]


@pytest.mark.parametrize("url", ELSEWHERE)
@pytest.mark.parametrize("source", ["OPENAI_API_KEY", "POLARIS_LLM_KEY", "file"])
def test_a_key_goes_to_its_own_origin_only(url, source, tmp_path, monkeypatch):
    if source == "file":
        write_keys(tmp_path, {"https://api.openai.com": KEY})
    else:
        monkeypatch.setenv(source, KEY)
        if source == "POLARIS_LLM_KEY":
            monkeypatch.setenv("POLARIS_LLM_URL", "https://api.openai.com/v1")
    assert key_for("https://API.openai.com/v1", tmp_path) == KEY
    assert key_for(url, tmp_path) is None


def test_a_key_without_an_address_goes_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("POLARIS_LLM_KEY", KEY)
    for url in ("http://127.0.0.1:11434", STRANGER, "https://api.openai.com"):
        assert key_for(url, tmp_path) is None


def test_the_environment_speaks_before_the_file(tmp_path, monkeypatch):
    write_keys(tmp_path, {"http://gpu-box:8000": "sk-from-the-file", "https://api.openai.com": KEY})
    monkeypatch.setenv("OPENAI_API_KEY", "sk-general")
    monkeypatch.setenv("POLARIS_LLM_URL", "http://gpu-box:8000/v1")
    assert key_for("http://gpu-box:8000/v1", tmp_path) == "sk-from-the-file"
    monkeypatch.setenv("POLARIS_LLM_KEY", "sk-from-the-environment")
    assert key_for("http://gpu-box:8000/v1", tmp_path) == "sk-from-the-environment"
    assert key_for("https://api.openai.com", tmp_path) == KEY


def test_a_key_never_travels_unencrypted_to_another_network(tmp_path, monkeypatch):
    url = "http://llm.example.com:8000/v1"
    monkeypatch.setenv("POLARIS_LLM_URL", url)
    monkeypatch.setenv("POLARIS_LLM_KEY", KEY)
    check_allowed(url, tmp_path)
    for use in (lambda: key_for(url, tmp_path), lambda: ServerModel(url, "tiny", key=KEY)):
        with pytest.raises(InvalidInput, match="unencrypted") as caught:
            use()
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nend", "ümlaut", "a\x00b", "x" * 9000])
def test_what_is_no_key_is_refused_and_not_shown(key, tmp_path, monkeypatch):
    write_keys(tmp_path, {"http://gpu-box": key})
    for use in (
        lambda: key_for("http://gpu-box", tmp_path),
        lambda: ServerModel("http://gpu-box", "tiny", key=key),
    ):
        with pytest.raises(InvalidInput, match="the key has") as caught:
            use()
        assert key not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe" + KEY.encode(),
        b'{"https://a.example.com": 3}',
        b'{"https://a.example.com": {"key": "' + KEY.encode() + b'"}}',
        b'{"a.example.com": "' + KEY.encode() + b'"}',
        b'{"' + KEY.encode() + b'": "https://a.example.com"}',
        b'{"https://user:' + KEY.encode() + b'@a.example.com": "x"}',
        b'{"https://a.example.com": "' + KEY.encode(),
        b"[" * 50_000,
        b'{"https://a.example.com": "' + b"x" * 70_000 + b'"}',
    ],
)
def test_a_malformed_file_of_keys_is_named_and_not_shown(content, tmp_path):
    (tmp_path / KEYS_FILE).write_bytes(content)
    with pytest.raises(InvalidInput, match="file of keys is malformed") as caught:
        key_for("http://127.0.0.1:11434", tmp_path)
    assert str(tmp_path / KEYS_FILE) in str(caught.value)
    error = caught.value
    while error is not None:
        assert KEY not in f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_a_file_of_keys_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / KEYS_FILE).mkdir()
    with pytest.raises(InvalidInput, match="cannot be read"):
        key_for(STRANGER, tmp_path)


def test_a_file_of_keys_from_a_windows_editor_is_read(tmp_path):
    (tmp_path / KEYS_FILE).write_bytes(b'\xef\xbb\xbf{\r\n"https://A.example.com/v1": " k "\r\n}')
    assert key_for("https://a.example.com/v1", tmp_path) == "k"


@pytest.mark.parametrize("name", ["POLARIS_LLM_URL", "POLARIS_LLM_HOSTS"])
def test_a_malformed_variable_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setenv(name, "ftp://x")
    with pytest.raises(InvalidInput, match=name):
        check_allowed(STRANGER, tmp_path)
