"""Which database serves the vectors, if any: the user says so outside of any workflow.

`index.json` in the zoo's folder is one JSON object:

    {"address": "http://127.0.0.1:19530",     a server of Milvus, or a file of Milvus Lite (….db)
     "search": "exact"}                        or "fast", by a graph, for a million vectors and more

The environment variable POLARIS_INDEX goes before `address`. A server's token stands in
POLARIS_INDEX_TOKEN and nowhere else. Without an address the index is made of files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from polaris_core.errors import InvalidInput
from polaris_core.llm.endpoint import parse_endpoint
from polaris_core.llm.keys import check_key
from polaris_core.settings_files import SettingsFile

__all__ = ["ADDRESS_VARIABLE", "SERVICE_FILE", "TOKEN_VARIABLE", "Service", "read_service"]

SERVICE_FILE = "index.json"
ADDRESS_VARIABLE, TOKEN_VARIABLE = "POLARIS_INDEX", "POLARIS_INDEX_TOKEN"
_FILE_ENDING = ".db"
_HINT = "Write it like http://127.0.0.1:19530, or like /folder/index.db"


@dataclass(frozen=True, slots=True)
class Service:
    """A database that serves vectors."""

    address: str
    """`http://…` or `https://…` without user, path or query; or the path of a file."""
    token: str = field(default="", repr=False)
    fast: bool = False
    """Whether neighbours are found by a graph, which may miss some, instead of exactly."""

    @property
    def is_file(self) -> bool:
        """Whether it runs within this process, on a file that is then this process's own."""
        return self.address.endswith(_FILE_ENDING)


def read_service(home: Path) -> Service | None:
    """The database that the user has named; None if there is none.

    Args:
        home: The zoo's folder, in which `index.json` may stand.

    Raises:
        InvalidInput: The file, the address or the token is malformed, or the token would travel
            unencrypted to a host that is not private. The token is not shown.
    """
    stored = _stored(home / SERVICE_FILE)
    address = os.environ.get(ADDRESS_VARIABLE, "").strip() or stored.get("address", "").strip()
    search = stored.get("search", "exact")
    if search not in ("exact", "fast"):
        raise InvalidInput("no such way to search", value=search, hint='One of "exact", "fast"')
    if not address:
        return None
    if "://" not in address:
        return Service(_file(address, home), fast=search == "fast")
    endpoint = parse_endpoint(address)
    if endpoint.base != f"{endpoint.origin}/v1":  # what it adds where there is no path
        raise InvalidInput("the address goes without a path", value=endpoint.origin, hint=_HINT)
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token:
        check_key(token, endpoint)
    return Service(endpoint.origin, token, search == "fast")


def _file(address: str, home: Path) -> str:
    path = Path(address).expanduser()
    if path.suffix != _FILE_ENDING:
        raise InvalidInput("neither a server's address nor a .db file", value=address, hint=_HINT)
    whole = home / path
    if not whole.parent.is_dir():
        raise InvalidInput("no such folder", value=str(whole.parent), hint="Make it first")
    return str(whole)


def _stored(path: Path) -> dict[str, str]:
    hint = 'It is one object: {"address": "http://127.0.0.1:19530", "search": "exact"}'
    file = SettingsFile(path, "the settings of the index", hint)
    stored = file.read({"address", "search"})
    if wrong := next((name for name, text in stored.items() if not isinstance(text, str)), None):
        raise file.malformed(wrong)
    return cast("dict[str, str]", stored)
