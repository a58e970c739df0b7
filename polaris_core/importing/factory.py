"""Sources by what people type for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from polaris_core.errors import InvalidInput
from polaris_core.importing.base import Source
from polaris_core.importing.civitai_api import CIVITAI, TYPES, CivitaiSource
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.http import Site
from polaris_core.importing.huggingface import HUB, HubSource
from polaris_core.importing.manager_list import ManagerListSource
from polaris_core.importing.records import Versions
from polaris_core.importing.table import TableSource
from polaris_core.site_tokens import token_for

__all__ = ["source_named"]

_HINT = (
    "Known are civitai, huggingface, either with an address (civitai:https://…), and files: .jsonl"
    " or .jsonl.gz (records of Civitai's API), .csv or .parquet (a table of adapters), .json "
    "(ComfyUI-Manager's list of models)"
)


def source_named(
    text: str,
    home: Path,
    *,
    name: str = "",
    types: tuple[str, ...] = (),
    base_models: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
    author: str = "",
    versions: Versions = "latest",
) -> Source:
    """The source that a text names; nothing is read or asked yet.

    Args:
        text: A site or a file.
        home: The private folder in which tokens may stand.
        name: What a file is to be called as a source; empty for its own name.
        types: Of Civitai, which kinds of models; empty for checkpoints and adapters.
        base_models: Of Civitai, only models for these.
        tags: Of the hub, only repositories with all of these.
        author: Of the hub, only of this user.
        versions: Of Civitai's models, the newest version or every one.

    Raises:
        InvalidInput: It names none, an address or the file of tokens is malformed, or a choice is
            given that this source does not have.
    """
    kind, _, address = text.partition(":")
    lowered = kind.lower()
    chosen = {"types": types, "base_models": base_models, "tags": tags, "author": author}
    if lowered == "civitai":
        _refuse(chosen, "tags", "author", of=text)
        base = address or CIVITAI
        site = Site(base, token_for(base, home))
        return CivitaiSource(site, types=types or TYPES, base_models=base_models, versions=versions)
    if lowered in ("huggingface", "hf"):
        _refuse(chosen, "types", "base_models", of=text)
        base = address or HUB
        return HubSource(endpoint=base, token=token_for(base, home), tags=tags, author=author)
    _refuse(chosen, *chosen, of=text)
    return _file(Path(text).expanduser(), name, versions)


def _file(path: Path, name: str, versions: Versions) -> Source:
    lowered = path.name.lower()
    if not path.is_file():
        raise InvalidInput("no such source, and no such file", value=str(path), hint=_HINT)
    if lowered.endswith((".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")):
        return DumpSource(path, versions=versions, name=name)
    if lowered.endswith((".csv", ".parquet", ".pq")):
        return TableSource(path, name=name)
    if lowered.endswith(".json"):
        return ManagerListSource(path, name=name)
    raise InvalidInput("not the file of a source by its name", value=path.name, hint=_HINT)


def _refuse(chosen: Mapping[str, object], *names: str, of: str) -> None:
    for name in names:
        if chosen[name]:
            hint = "Leave it out"
            raise InvalidInput(f"this source has no choice of {name}", value=of, hint=hint)
