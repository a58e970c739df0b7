"""The parts that are pure: addresses, hosts, networks, ranges, names, tokens, settings."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind
from polaris_core.errors import AddressRefused, FetchProblem, InvalidInput, WrongContent
from polaris_core.fetching.addresses import Rules, host_pattern, parse_address
from polaris_core.fetching.networks import is_loopback, is_public
from polaris_core.fetching.place import check_name, name_for
from polaris_core.fetching.ranges import (
    ContentRange,
    Validator,
    parse_content_range,
    range_headers,
    start_of,
)
from polaris_core.fetching.resolver import CheckedResolver, PrivateAddressError
from polaris_core.fetching.settings import read_settings
from polaris_core.site_tokens import Tokens, read_tokens

RULES = Rules.of(["civitai.com", "*.example.com", "files.example.org:8443"])


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.0.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2001::1", "2001:db8::1", "::10.0.0.1", "x", "", "1.2.3"),
    ],
)
def test_addresses_that_are_not_of_the_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "104.18.1.1", "2606:4700::1111", "64:ff9b::101:101", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet(address):
    assert is_public(address)
    assert not is_loopback(address)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address):
    if address.is_private or address.is_multicast or address.is_link_local or address.is_reserved:
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return
        mapped = getattr(address, "ipv4_mapped", None)
        assert not is_public(str(address)) or (mapped is not None and mapped.is_global)


@given(st.text() | st.from_regex(r"https?://[a-z0-9.@:\[\]%/-]{0,40}", fullmatch=True))
def test_any_text_is_an_address_or_is_refused(text):
    try:
        address = parse_address(text)
    except AddressRefused:
        return
    assert address.scheme in ("http", "https")
    assert parse_address(address.url) == address
    assert "@" not in address.origin
    assert "?" not in str(address)


@given(st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True), st.integers(1, 65535))
def test_a_host_is_allowed_only_if_it_was_named(host, port):
    try:
        address = parse_address(f"https://{host}:{port}/x")
        RULES.check(address)
    except AddressRefused:
        return
    allowed = host == "civitai.com" or host.endswith(".example.com")
    assert (allowed and port == 443) or (host, port) == ("files.example.org", 8443)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://civitai.com/api/download/models/1", True),
        ("https://CIVITAI.com/x", True),
        ("https://a.b.example.com/x", True),
        ("https://files.example.org:8443/x", True),
        ("https://example.com/x", False),
        ("https://evilexample.com/x", False),
        ("https://www.civitai.com/x", False),
        ("https://civitai.com:8443/x", False),
        ("https://files.example.org/x", False),
        ("http://civitai.com/x", False),
        ("https://1.1.1.1/x", False),
        ("https://127.0.0.1/x", False),
        ("http://127.0.0.1:8000/x", False),
        ("https://civitai.com./x", False),
        ("https://civitai.com%2eevil.example/x", False),
        ("https://civitai.com\\@evil.example/x", False),
        ("https://civitai.com\n.evil.example/x", False),
        ("https://сivitai.com/x", False),
        ("https://2130706433/x", False),
        ("https://0x7f.0.0.1/x", False),
        ("https://localhost/x", False),
    ],
)
def test_which_addresses_may_be_asked(address, allowed):
    try:
        RULES.check(parse_address(address))
    except AddressRefused:
        assert not allowed
    else:
        assert allowed


def test_loopback_has_to_be_named_to_the_port():
    rules = Rules.of((), ["http://127.0.0.1:8000", "http://[::1]:8000"])
    rules.check(parse_address("http://127.0.0.1:8000/x"))
    rules.check(parse_address("http://[::1]:8000/x"))
    for other in ("http://127.0.0.1:8001/x", "http://127.0.0.2:8000/x", "https://127.0.0.1:8000/"):
        with pytest.raises(AddressRefused):
            rules.check(parse_address(other))


@pytest.mark.parametrize("origin", ["http://192.168.0.2:80", "http://127.0.0.1/x", "x", "1.1.1.1"])
def test_only_this_machine_is_a_loopback_origin(origin):
    with pytest.raises(InvalidInput):
        Rules.of((), [origin])


@pytest.mark.parametrize("text", ["*", "*.com", "https://x.com", "x.com/y", "", "a..b", "x.com:0"])
def test_patterns_that_are_none(text):
    with pytest.raises(InvalidInput):
        host_pattern(text)


@pytest.mark.parametrize("key", ["token", "api_key", "access_token", "Api-Key"])
def test_an_address_with_a_token_is_refused_and_not_shown(key):
    with pytest.raises(AddressRefused) as told:
        parse_address(f"https://civitai.com/x?{key}=s3cret-value")
    assert "s3cret" not in f"{told.value}{told.value!r}"


def test_a_password_is_not_shown():
    with pytest.raises(AddressRefused) as told:
        parse_address("https://me:s3cret@civitai.com/x")
    assert "s3cret" not in f"{told.value}{told.value!r}{told.value.__context__!r}"


NUMBERS = st.integers(0, 10**17)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_sensible_content_range_is_read(first, last, total):
    first, last, total = sorted((first, last, total))
    assert parse_content_range(f"bytes {first}-{last}/{total + 1}") == ContentRange(
        first, last, total + 1
    )
    assert parse_content_range(f"bytes {first}-{last}/*") == ContentRange(first, last, None)
    assert parse_content_range(f"bytes */{total}") == ContentRange(-1, -1, total)
    if last > first:
        assert parse_content_range(f"bytes {last}-{first}/{total + 1}") is None
    assert parse_content_range(f"bytes {first}-{total}/{total}") is None


@given(st.text() | st.from_regex(r"bytes [0-9*]{1,22}-?[0-9]{0,22}/[0-9*]{1,22}"))
def test_any_content_range_is_read_or_not(text):
    found = parse_content_range(text)
    if found is not None and found.first >= 0:
        assert found.first <= found.last
        assert found.total is None or found.last < found.total


RANGES = st.builds("bytes {}-{}/{}".format, *[st.integers(0, 12)] * 3) | st.builds(
    "bytes */{}".format, st.integers(0, 12)
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Range": RANGES | st.text(max_size=20),
        "Content-Length": st.integers(0, 12).map(str) | st.text(max_size=5),
        "ETag": st.sampled_from(['"a"', '"b"', 'W/"a"', "a", ""]),
    },
)


@given(
    st.sampled_from([200, 206, 416]),
    HEADERS,
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from([Validator(), Validator('"a"')]),
)
def test_where_a_body_belongs(status, headers, have, size, validator):
    try:
        start = start_of(status, headers, have=have, size=size, validator=validator)
    except WrongContent:
        return
    assert start in (None, 0, have)
    if start is not None and start > 0:
        part = parse_content_range(headers["Content-Range"])
        assert (status, part.first) == (206, have)
        assert not size or part.total in (None, size)
        assert headers.get("ETag") != '"b"' or not validator.etag
    if status == 200:
        assert start == 0
        assert not size or int(headers.get("Content-Length") or size) == size
    if status == 416:
        assert start is None


@given(st.integers(-5, 10**12), st.text(max_size=30), st.text(max_size=30))
def test_what_is_asked_for_never_carries_a_line_end(have, etag, modified):
    validator = Validator.of({"ETag": etag, "Last-Modified": modified})
    headers = range_headers(have, validator)
    assert ("Range" in headers) == (have > 0)
    assert all(value.isprintable() and value.isascii() for value in headers.values())


@given(st.text() | st.from_regex(r"[\w. /\\:-]{0,20}\.safetensors", fullmatch=True))
def test_a_name_stays_in_its_folder(name):
    try:
        check_name(name)
    except InvalidInput:
        return
    assert "/" not in name
    assert "\\" not in name
    assert name not in (".", "..")
    assert not name.startswith(".")
    assert name.lower().endswith((".safetensors", ".sft"))


@given(st.text(), st.text(alphabet="abc/%2.e\\é ", max_size=20))
def test_every_file_gets_a_name(title, path):
    try:
        address = parse_address(f"https://civitai.com/{path}")
    except AddressRefused:
        address = parse_address("https://civitai.com/")
    name = name_for(title, address, "ab" * 32)
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("../x.safetensors", "a/b.safetensors", "x.ckpt", "x", "", ".x.safetensors"),
        *("con.safetensors", "NUL.x.safetensors", "a\x00.safetensors", "a:b.safetensors"),
        *("x" * 200 + ".safetensors", "x.safetensors/", "x.safetensors\n", "-x.safetensors"),
    ],
)
def test_names_that_are_none(name):
    with pytest.raises(InvalidInput):
        check_name(name)


def lookup(*answers):
    """A name server that answers differently each time."""
    left = list(answers)

    async def look(host, port):
        found = left.pop(0)
        return [
            {"hostname": host, "host": ip, "port": port, "family": 0, "proto": 0, "flags": 0}
            for ip in found
        ]

    return look


def test_a_name_that_changes_its_mind_is_refused_the_second_time():
    resolver = CheckedResolver(lookup(["1.1.1.1"], ["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], []))

    async def ask():
        assert (await resolver.resolve("x.example", 443))[0]["host"] == "1.1.1.1"
        for error in (PrivateAddressError, PrivateAddressError, OSError):
            with pytest.raises(error):
                await resolver.resolve("x.example", 443)

    asyncio.run(ask())


def test_names_that_lead_into_a_private_network_are_never_connected_to(folder, site, get):
    """The port is the site's own: were the check left out, it would be asked."""
    port = site.origin.rpartition(":")[2]
    with pytest.raises(AddressRefused, match="private network"):
        get(
            site,
            address=f"https://rebound.example.com:{port}/model.safetensors",
            rules=Rules.of([f"*.example.com:{port}"]),
            resolver=CheckedResolver(lookup(["127.0.0.1"])),
        )
    assert site.asked == []


def test_a_connection_goes_to_the_address_that_was_checked(folder, site, get, monkeypatch):
    """The system's name server, were it asked again, would say something else."""

    def never(*_, **__):
        raise AssertionError("somebody looked the name up again")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    checked = []
    resolver = CheckedResolver(lookup(["127.0.0.1"]), lambda ip: bool(checked.append(ip)) or True)
    port = site.origin.rpartition(":")[2]
    with pytest.raises(FetchProblem):  # it speaks no TLS, but it was spoken to
        get(
            site,
            address=f"https://mirror.example.com:{port}/model.safetensors",
            rules=Rules.of([f"*.example.com:{port}"]),
            resolver=resolver,
        )
    assert checked == ["127.0.0.1"]


def test_tokens_go_to_their_own_origin_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    monkeypatch.setenv("CIVITAI_API_TOKEN", "old")
    (tmp_path / "site_tokens.json").write_text('{"https://civitai.com": " new "}')
    tokens = read_tokens(tmp_path)

    def sent_to(address):
        return tokens.header_for(parse_address(address).origin).get("Authorization")

    assert sent_to("https://huggingface.co/x") == "Bearer hf_of_the_environment"
    assert sent_to("https://civitai.com/x") == "Bearer new"
    for other in (
        "https://cdn.huggingface.co/x",
        "https://huggingface.co:8443/x",
        "http://huggingface.co/x",
        "https://www.civitai.com/x",
    ):
        assert sent_to(other) is None
    assert "new" not in repr(tokens)
    assert "hf_of" not in str(tokens)


@pytest.mark.parametrize(
    "content", [b"{", b"[1]", b'{"civitai.com": "x"}', b'{"https://x.com": 1}', b"\xff"]
)
def test_a_file_of_tokens_that_is_malformed_is_not_shown(tmp_path, content):
    (tmp_path / "site_tokens.json").write_bytes(content + b" s3cret")
    with pytest.raises(InvalidInput) as told:
        read_tokens(tmp_path)
    assert "s3cret" not in f"{told.value}{told.value.__cause__!r}{told.value.__context__!r}"


def test_a_token_with_a_line_end_is_refused_and_not_shown(tmp_path):
    (tmp_path / "site_tokens.json").write_text('{"https://x.com": "s3cret\\r\\nX: y"}')
    with pytest.raises(InvalidInput) as told:
        read_tokens(tmp_path)
    assert "s3cret" not in str(told.value)


@given(st.text())
def test_no_token_is_shown_in_what_a_site_says(said):
    assert "s3cret-token" not in Tokens({"https://x.com": "s3cret-token"}).hidden_in(
        f"{said}s3cret-token{said}"
    )


def test_settings_come_from_the_file_and_the_environment(tmp_path, monkeypatch):
    assert read_settings(tmp_path).automatic == frozenset()
    facts = {
        "hosts": ["a.example"],
        "automatic": ["lora"],
        "automatic_largest_mb": 5,
        "loopback": ["http://127.0.0.1:9"],
    }
    (tmp_path / "fetching.json").write_text(json.dumps(facts))
    settings = read_settings(tmp_path)
    assert settings.rules == Rules.of(["a.example"], ["http://127.0.0.1:9"])
    assert settings.automatic == {Kind.LORA}
    assert settings.automatic_largest_bytes == 5_000_000
    monkeypatch.setenv("POLARIS_FETCH_HOSTS", "b.example, *.c.example")
    monkeypatch.setenv("POLARIS_FETCH_AUTOMATIC", "checkpoint")
    monkeypatch.setenv("POLARIS_CIVITAI_URL", "https://civitai.example/")
    settings = read_settings(tmp_path)
    assert settings.rules.hosts == ("b.example", "*.c.example")
    assert settings.automatic == {Kind.CHECKPOINT}
    assert settings.civitai == "https://civitai.example"


@pytest.mark.parametrize(
    "content",
    [
        '{"hosts": "civitai.com"}',
        '{"hosts": [1]}',
        '{"hosts": ["*"]}',
        '{"automatic": true}',
        '{"automatic": ["vae"]}',
        '{"automatic_largest_mb": -1}',
        '{"automatic_largest_mb": true}',
        '{"loopback": ["http://10.0.0.1:80"]}',
        '{"civitai": 1}',
        '{"civitai": "https://civitai.com/api"}',
        '{"surprise": 1}',
        "[]",
        "{",
        "[" * 60_000,
        "{}" + " " * 70_000,
    ],
)
def test_settings_that_are_malformed_are_refused(tmp_path, content):
    (tmp_path / "fetching.json").write_text(content)
    with pytest.raises(InvalidInput):
        read_settings(tmp_path)
