"""Tokens for sites: set outside of any workflow, each sent to its own site and to no other.

| where                                     | for                     |
|-------------------------------------------|-------------------------|
| CIVITAI_API_TOKEN, CIVITAI_TOKEN          | https://civitai.com     |
| HF_TOKEN                                  | https://huggingface.co  |
| fetching_tokens.json in the private folder | the origins it lists    |
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from polaris_core.errors import InvalidInput
from polaris_core.fetching.addresses import Address, parse_address

__all__ = ["TOKENS_FILE", "Tokens", "read_tokens"]

TOKENS_FILE = "fetching_tokens.json"
_ENVIRONMENT = {
    "CIVITAI_TOKEN": "https://civitai.com",
    "CIVITAI_API_TOKEN": "https://civitai.com",
    "HF_TOKEN": "https://huggingface.co",
}
"""Later ones win."""
_LARGEST_FILE_BYTES = 1 << 16
_LONGEST = 4096
_HIDDEN = "[token]"
_SHORTEST_HIDDEN = 8


class Tokens:
    """Tokens by origin. Neither printing it nor an error shows one."""

    def __init__(self, by_origin: Mapping[str, str] | None = None) -> None:
        self._by_origin = dict(by_origin or {})

    def __repr__(self) -> str:
        return f"Tokens for {', '.join(sorted(self._by_origin)) or 'nobody'}"

    def __bool__(self) -> bool:
        return bool(self._by_origin)

    def header_for(self, address: Address) -> dict[str, str]:
        """What to send to an address; nothing unless its very origin has a token."""
        token = self._by_origin.get(address.origin)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def has(self, address: Address) -> bool:
        """Whether there is one for the address's origin."""
        return address.origin in self._by_origin

    def hidden_in(self, text: str) -> str:
        """A text that a site sent, without our tokens, which it may repeat."""
        for token in self._by_origin.values():
            if len(token) >= _SHORTEST_HIDDEN:
                text = text.replace(token, _HIDDEN)
        return text


def read_tokens(home: Path) -> Tokens:
    """All tokens that the user has set.

    Args:
        home: The private folder in which `fetching_tokens.json` may stand; it goes before the
            environment.

    Raises:
        InvalidInput: The file is malformed, or a token cannot be one. None is shown.
    """
    found = {
        origin: token
        for name, origin in _ENVIRONMENT.items()
        if (token := os.environ.get(name, "").strip())
    }
    found |= _read_file(home / TOKENS_FILE)
    for origin, token in found.items():
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise InvalidInput("a token has characters that no token has, for", value=origin)
        if len(token) > _LONGEST:
            raise InvalidInput("a token is too long, for", value=origin)
    return Tokens({origin: token for origin, token in found.items() if token})


def _read_file(path: Path) -> dict[str, str]:
    hint = 'It is one JSON object, like {"https://civitai.com": "the token"}'
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        problem = f"the file of tokens cannot be read ({error.strerror})"
        raise InvalidInput(problem, value=str(path)) from error
    entries = None if len(content) > _LARGEST_FILE_BYTES else _decoded(content)
    if entries is None:
        # Nothing of the content is shown here or kept in a chained error: it holds tokens.
        raise InvalidInput("the file of tokens is malformed", value=str(path), hint=hint)
    return entries


def _decoded(content: bytes) -> dict[str, str] | None:
    try:
        data: object = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    found: dict[str, str] = {}
    for origin, token in cast("dict[str, object]", data).items():
        place = _origin(origin)
        if place is None or not isinstance(token, str):
            return None
        found[place] = token.strip()
    return found


def _origin(text: str) -> str | None:
    try:
        address = parse_address(text)
    except InvalidInput:
        return None
    return address.origin if address.path == "/" else None
