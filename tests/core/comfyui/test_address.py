from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.comfyui.address import parse_address
from polaris_core.errors import InvalidInput


@given(st.text() | st.text("htps:/@.[]0123456789?#-_ab%", max_size=30).map("http://".__add__))
def test_any_text_is_an_address_or_our_error_and_addresses_stay(text):
    try:
        address = parse_address(text)
    except InvalidInput:
        return
    assert address.startswith(("http://", "https://"))
    assert not address.endswith("/")
    assert parse_address(address) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("localhost", "http://localhost:8188"),
        (" http://box.lan:80/ ", "http://box.lan:80"),
        ("https://example.org/comfy/", "https://example.org/comfy"),
        ("http://[::1]:8188", "http://[::1]:8188"),
    ],
)
def test_what_people_type_is_understood(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "ftp://host", "http://", "host:port", "host:99999", "a b:80", "http://h/?token=x", "h/#x"],
)
def test_everything_else_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput) as caught:
        parse_address(text)
    assert "http://127.0.0.1:8188" in caught.value.hint or "http or https" in caught.value.problem


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(InvalidInput) as caught:
        parse_address("http://me:secret@host:8188")
    assert "secret" not in str(caught.value)
