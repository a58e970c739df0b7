"""Tokens of sites: set outside of any workflow, each sent to its own site and to no other.

| what the user sets                                           | goes to                  |
|--------------------------------------------------------------|--------------------------|
| CIVITAI_TOKEN, or CIVITAI_API_TOKEN                          | https://civitai.com      |
| HF_TOKEN                                                     | https://huggingface.co   |
| site_tokens.json in the private folder: {"https://…": "…"}   | the origins it lists     |

Importing and fetching read them here. The file goes before the environment, and of two variables
the first.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from polaris_core.errors import InvalidInput
from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.keys import check_key, read_keys

__all__ = ["TOKENS_FILE", "VARIABLES", "Tokens", "read_tokens", "token_for"]

TOKENS_FILE = "site_tokens.json"
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "https://civitai.com": ("CIVITAI_TOKEN", "CIVITAI_API_TOKEN"),
    "https://huggingface.co": ("HF_TOKEN",),
}
"""By origin, the first one wins."""

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

    def of(self, origin: str) -> str | None:
        """The token of this very origin, scheme and port included; None if there is none."""
        return self._by_origin.get(origin)

    def header_for(self, origin: str) -> dict[str, str]:
        """What to send to an origin; nothing unless it has a token."""
        token = self.of(origin)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def hidden_in(self, text: str) -> str:
        """A text that a site sent, without our tokens, which it may repeat."""
        for token in self._by_origin.values():
            if len(token) >= _SHORTEST_HIDDEN:
                text = text.replace(token, _HIDDEN)
        return text


def read_tokens(home: Path) -> Tokens:
    """All tokens that the user has set.

    Args:
        home: The private folder in which `site_tokens.json` may stand.

    Raises:
        InvalidInput: The file is malformed, a token cannot be one, or it would travel unencrypted
            to a host that is not private. None is shown.
    """
    told: dict[str, str] = {}
    for origin, names in VARIABLES.items():
        told[origin] = next((token for name in names if (token := _environment(name))), "")
    told |= _read_file(home / TOKENS_FILE)
    found = {origin: token for origin, token in told.items() if token}
    for origin, token in found.items():
        check_key(token, parse_endpoint(origin))
    return Tokens(found)


def token_for(address: str, home: Path) -> str | None:
    """The token that belongs to the site of an address; None if the user has set none.

    Args:
        address: Of the site, or of anything on it.
        home: The private folder in which `site_tokens.json` may stand.

    Raises:
        InvalidInput: The address, or as `read_tokens`.
    """
    return read_tokens(home).of(parse_endpoint(address).origin)


def _environment(name: str) -> str:
    return os.environ.get(name, "").strip()


def _read_file(path: Path) -> dict[str, str]:
    try:
        found = read_keys(path)
    except InvalidInput as error:
        hint = 'It is one JSON object, like {"https://civitai.com": "the token"}'
        raise InvalidInput(error.problem, value=error.value, hint=hint) from None
    return found
