"""Tokens of sites: from the environment or a private file, each for its own site only.

| what the user sets                                  | goes to                    |
|-----------------------------------------------------|----------------------------|
| CIVITAI_TOKEN                                       | https://civitai.com        |
| HF_TOKEN                                            | https://huggingface.co     |
| site_tokens.json in the home: {"https://…": "…"}    | each to its own site       |
"""

from __future__ import annotations

import os
from pathlib import Path

from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.keys import check_key, read_keys

__all__ = ["TOKENS_FILE", "token_for"]

TOKENS_FILE = "site_tokens.json"
_ENVIRONMENT = {
    "https://civitai.com": "CIVITAI_TOKEN",
    "https://huggingface.co": "HF_TOKEN",
}


def token_for(address: str, home: Path) -> str | None:
    """The token that belongs to the site of an address; None if the user has set none.

    Args:
        address: Of the site, or of anything on it.
        home: The private folder in which `site_tokens.json` may stand.

    Raises:
        InvalidInput: The address or the file is malformed, or the token would travel unencrypted
            to a host that is not private. The token is not shown.
    """
    endpoint = parse_endpoint(address)
    token = read_keys(home / TOKENS_FILE).get(endpoint.origin)
    name = _ENVIRONMENT.get(endpoint.origin, "")
    token = token or os.environ.get(name, "").strip()
    if token:
        check_key(token, endpoint)
    return token or None
