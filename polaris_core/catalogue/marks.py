"""By what entries of several sources are told to be the same model, and grouped by it.

Strong marks join whoever has them: the SHA-256 of the file, AutoV3 of its tensors, the site's own
number of a version, the file's address. Weak ones are the beginning of another: AutoV2 of a
SHA-256, a model's number of that of its versions. They join an entry that knows no more to one that
does, but only where there is one to choose: two files may share ten digits, and a model has several
versions.

Nothing here depends on the order in which entries came.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from polaris_core.catalogue.entry import Entry

__all__ = ["Mark", "grouped", "marks_of"]

_CIVITAI = re.compile(r"(?:www\.)?civitai\.(?:com|red|green)")
_HUB = re.compile(r"(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com)")
_MODEL_PAGE = re.compile(r"/models/(\d{1,18})(?:/|\Z)")
_VERSION_FILE = re.compile(r"/api/download/models/(\d{1,18})/?")
_HUB_FILE = re.compile(r"/([^/]+/[^/]+)/(?:resolve|blob|raw)/[^/]+/(.+)")
_DIGITS = re.compile(r"[0-9a-f]{10}")
_NUMBER = re.compile(r"\d{1,18}")
_WEAK = ("autov2:", "model:")


class Mark(NamedTuple):
    """One thing that an entry is known by."""

    name: str
    told: str = ""
    """Of a weak mark: which of those that share it, as far as the entry knows."""

    @property
    def is_weak(self) -> bool:
        """Whether several models may share it."""
        return self.name.startswith(_WEAK)


def marks_of(entry: Entry) -> tuple[Mark, ...]:
    """All marks of an entry, each once, in the order of their names."""
    return tuple(sorted(set(_marks(entry))))


def _marks(entry: Entry) -> Iterator[Mark]:
    if entry.sha256:
        yield Mark(f"sha256:{entry.sha256}")
    short = entry.autov2 or entry.extra.get("autov2", "").lower()
    if _DIGITS.fullmatch(short):
        yield Mark(f"autov2:{short}", entry.sha256)
    if entry.autov3:
        yield Mark(f"autov3:{entry.autov3}")
    site, model, version = _numbers(entry)
    if version:
        yield Mark(f"version:{site}/{version}")
    if model:
        yield Mark(f"model:{site}/{model}", version)
    if not version and entry.download and (place := _place(entry.download)):
        yield Mark(f"file:{place}")


def _numbers(entry: Entry) -> tuple[str, str, str]:
    """Site, model and version as the addresses of an entry tell them; empty where they do not."""
    site = model = version = ""
    for address in (entry.source, entry.download):
        host, path, query = _split(address)
        if found := _MODEL_PAGE.match(path):
            site, model = site or _site(host), model or found[1]
            told = parse_qs(query, max_num_fields=16).get("modelVersionId", [""])[0]
            version = version or (told if _NUMBER.fullmatch(told) else "")
        elif found := _VERSION_FILE.fullmatch(path):
            site, version = site or _site(host), version or found[1]
    return site, model, version


def _site(host: str) -> str:
    return "civitai" if _CIVITAI.fullmatch(host) else host


def _place(address: str) -> str:
    """What addresses of the same file have in common."""
    host, path, query = _split(address)
    if _HUB.fullmatch(host) and (found := _HUB_FILE.fullmatch(path)):
        return f"hub/{found[1]}/{found[2]}"
    return f"{host}{path}" + (f"?{query}" if query else "")


def _split(address: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(address)
        return (parts.netloc.lower().rpartition("@")[2], unquote(parts.path), parts.query)
    except ValueError:
        return "", "", ""


def grouped(marked: Mapping[int, Iterable[Mark]]) -> list[list[int]]:
    """Part owners of marks into groups that are the same model.

    Args:
        marked: The marks of each owner.

    Returns:
        Every owner in exactly one group; groups by their first member, members rising.
    """
    parents = {owner: owner for owner in marked}

    def root(owner: int) -> int:
        while parents[owner] != owner:
            parents[owner] = parents[parents[owner]]
            owner = parents[owner]
        return owner

    for same in _alike(marked):
        first, *others = same
        for other in others:
            parents[root(other)] = root(first)
    groups: dict[int, list[int]] = {}
    for owner in sorted(marked):
        groups.setdefault(root(owner), []).append(owner)
    return list(groups.values())


def _alike(marked: Mapping[int, Iterable[Mark]]) -> Iterator[Collection[int]]:
    """Owners that one mark joins."""
    holders: dict[str, dict[int, str]] = {}
    for owner, marks in marked.items():
        for mark in marks:
            holders.setdefault(mark.name, {})[owner] = mark.told
    for name, told in holders.items():
        if not name.startswith(_WEAK):
            yield told.keys()
            continue
        unsure = [owner for owner, which in told.items() if not which]
        sure = {which for which in told.values() if which}
        if unsure:
            yield told.keys() if len(sure) <= 1 else unsure
