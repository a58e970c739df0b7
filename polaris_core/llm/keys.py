"""Which servers may be asked, and with which key: the user says so outside of any workflow.

| what the user sets                        | hosts that it allows        | its key goes to        |
|-------------------------------------------|-----------------------------|------------------------|
| nothing                                   | this machine, own network   |                        |
| POLARIS_LLM_URL, POLARIS_LLM_KEY          | the one of that address     | that origin            |
| POLARIS_LLM_HOSTS                         | those listed                |                        |
| language_model_keys.json in the home      | those listed                | each to its own origin |
| OPENAI_API_KEY                            | https://api.openai.com      | https://api.openai.com |

A workflow from somebody else can name a server, but neither send it the user's picture, unless the
user has allowed that server, nor a key that belongs to another one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import cast

from polaris_core.errors import InvalidInput
from polaris_core.llm.endpoint import Endpoint, parse_endpoint

__all__ = ["KEYS_FILE", "check_allowed", "check_key", "key_for", "read_keys"]

KEYS_FILE = "language_model_keys.json"
_URL, _KEY, _HOSTS, _OPENAI = (
    "POLARIS_LLM_URL",
    "POLARIS_LLM_KEY",
    "POLARIS_LLM_HOSTS",
    "OPENAI_API_KEY",
)
_OPENAI_ORIGIN = "https://api.openai.com"
_LARGEST_FILE_BYTES = 1 << 16
_LONGEST_KEY = 8192


def key_for(url: str, home: Path) -> str | None:
    """The key that belongs to the server at `url`; None if the user has set none.

    Args:
        url: The server's address, perhaps from a workflow.
        home: The private folder in which `language_model_keys.json` may stand.

    Raises:
        InvalidInput: The address, an environment variable or the file is malformed, or the key
            would travel unencrypted to a host that is not private.
    """
    endpoint = parse_endpoint(url)
    key = _keys(home).get(endpoint.origin)
    if key:
        check_key(key, endpoint)
    return key or None


def check_allowed(url: str, home: Path) -> None:
    """Make sure that the server at `url` may be asked.

    Args:
        url: The server's address, perhaps from a workflow.
        home: The private folder in which `language_model_keys.json` may stand.

    Raises:
        InvalidInput: It is neither on this machine nor in a private network, and the user has not
            named it; or an environment variable or the file is malformed.
    """
    endpoint = parse_endpoint(url)
    if endpoint.is_private or endpoint.origin in _named(home):
        return
    raise InvalidInput(
        "this server is not yours, and what you send it, pictures too, leaves your network",
        value=endpoint.origin,
        hint=f"If you trust it, start Polaris with the environment variable "
        f'{_HOSTS}={endpoint.origin}, or write {{"{endpoint.origin}": "its key"}} into '
        f"{home / KEYS_FILE}",
    )


def check_key(key: str, endpoint: Endpoint) -> None:
    """Make sure that a key can and may be sent.

    Raises:
        InvalidInput: It has characters that no key has, or it would travel unencrypted to a host
            that is not private. The key is not shown.
    """
    if not (
        key.isascii() and key.isprintable() and " " not in key and 0 < len(key) <= _LONGEST_KEY
    ):
        raise InvalidInput(
            "the key has blanks, line ends or other characters that no key has, for the server",
            value=endpoint.origin,
            hint="Copy it again",
        )
    if not (endpoint.is_encrypted or endpoint.is_private):
        raise InvalidInput(
            "the key would travel unencrypted to",
            value=endpoint.origin,
            hint="Use the server's https address",
        )


def _keys(home: Path) -> dict[str, str]:
    """Keys by origin; empty for a server that needs none."""
    keys: dict[str, str] = {}
    if openai := _environment(_OPENAI):
        keys[_OPENAI_ORIGIN] = openai
    keys |= read_keys(home / KEYS_FILE)
    if (url := _environment(_URL)) and (key := _environment(_KEY)):
        keys[_origin(url, _URL)] = key
    return keys


def _named(home: Path) -> set[str]:
    listed = [entry.strip() for entry in _environment(_HOSTS).split(",")]
    named = {_origin(entry, _HOSTS) for entry in listed if entry}
    if url := _environment(_URL):
        named.add(_origin(url, _URL))
    return named | _keys(home).keys()


def _environment(name: str) -> str:
    return os.environ.get(name, "").strip()


def _origin(text: str, where: str) -> str:
    try:
        return parse_endpoint(text).origin
    except InvalidInput as error:
        raise InvalidInput(
            f"{where}: {error.problem}", value=error.value, hint=error.hint
        ) from None


def read_keys(path: Path) -> dict[str, str]:
    """Keys by origin from a private file; empty if there is none.

    Raises:
        InvalidInput: It cannot be read, or is malformed; nothing of it is shown.
    """
    hint = f'It is one JSON object, like {{"{_OPENAI_ORIGIN}": "the key"}}'
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidInput(
            f"the file of keys cannot be read ({error.strerror})", value=str(path)
        ) from error
    entries = None if len(content) > _LARGEST_FILE_BYTES else _decode(content)
    if entries is None:
        # Nothing of the content is shown here or kept in a chained error: it holds keys.
        raise InvalidInput("the file of keys is malformed", value=str(path), hint=hint)
    return {parse_endpoint(origin).origin: key.strip() for origin, key in entries.items()}


def _decode(content: bytes) -> dict[str, str] | None:
    try:
        data: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    entries = cast("dict[str, object]", data)
    whole = all(isinstance(key, str) and _is_origin(to) for to, key in entries.items())
    return cast("dict[str, str]", entries) if whole else None


def _is_origin(text: str) -> bool:
    try:
        return "://" in text and bool(parse_endpoint(text))
    except InvalidInput:
        return False
