"""Fetch entries of the catalogue that are not on disk: afterwards they are, under the same id."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.listing import ModelFolder
from polaris_core.catalogue.one_file import read_into
from polaris_core.catalogue.own_sidecar import own_sidecar
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput, NameTaken, NotOffered
from polaris_core.fetching.addresses import parse_address
from polaris_core.fetching.fetch import Fetched, fetch
from polaris_core.fetching.place import check_name, name_for, put_in_place
from polaris_core.fetching.resolver import CheckedResolver
from polaris_core.fetching.settings import Settings
from polaris_core.fetching.site import Limits
from polaris_core.progress import Progress, silent

__all__ = ["FILE_NAME", "Offer", "fetch_entry", "is_offered", "offer_of", "usable_ids"]

FILE_NAME = "filename"
"""Under this name `Entry.extra` may tell what the file is called where it is offered."""

_CIVITAI_PAGE = re.compile(r"https://civitai\.com/models/\d{1,18}(?:[/?#].*)?")
_VERSION = re.compile(r"\d{1,18}")
_USUAL_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Offer:
    """Where the file of an entry can be had."""

    address: str
    name: str
    """What it will be called; ends in .safetensors."""
    size_bytes: int
    """0 if unknown."""
    sha256: str
    page: str
    """Where people read about it; may be empty."""


def offer_of(entry: Entry) -> Offer:
    """Where the file of an entry can be had.

    Raises:
        NotOffered: Nobody has told an address or a hash of it, or it is a pickled file.
        AddressRefused: The address is malformed.
    """
    hint = f"Get it from {entry.source}, and scan again" if entry.source else ""
    if entry.unsafe:
        raise NotOffered("a pickled file is not fetched", value=entry.name, hint=hint)
    address = _address_of(entry)
    if not address:
        raise NotOffered("nobody tells where to fetch this from", value=entry.name, hint=hint)
    if not entry.sha256:
        raise NotOffered(
            "nobody tells the SHA-256 of this file, and without it the right one cannot be told "
            "from a wrong one",
            value=entry.name,
            hint=hint,
        )
    name = entry.extra.get(FILE_NAME, "")
    try:
        check_name(name)
    except InvalidInput:
        name = name_for(entry.name, parse_address(address), entry.sha256)
    return Offer(address, name, max(0, entry.size_bytes), entry.sha256, entry.source)


def is_offered(entry: Entry) -> bool:
    """Whether an entry has no file here, and somebody tells where its file can be had."""
    if entry.on_disk or entry.unsafe or entry.kind is Kind.OTHER:
        return False
    return bool(entry.sha256 and _address_of(entry))


def _address_of(entry: Entry) -> str:
    """Where its file is offered; empty if nobody tells."""
    if entry.download:
        return entry.download
    version = entry.extra.get("version_id", "")
    if _CIVITAI_PAGE.fullmatch(entry.source) and _VERSION.fullmatch(version):
        return f"https://civitai.com/api/download/models/{version}"
    return ""


def usable_ids(store: Store, kind: Kind, largest_bytes: int) -> frozenset[int]:
    """Ids of the entries that have a file here, and of those of a kind whose file can be had.

    Args:
        store: The catalogue.
        kind: What may be fetched.
        largest_bytes: How large it may be.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT id FROM entries WHERE on_disk OR (kind = ? AND NOT unsafe AND sha256 != '' "
            "AND size_bytes BETWEEN 1 AND ? AND (instr(document, ?) OR "
            "(source LIKE 'https://civitai.com/models/%' AND instr(document, '\"version_id\"'))))",
            (kind.value, largest_bytes, '"download"'),
        )
        return frozenset(row[0] for row in rows)


def fetch_entry(
    store: Store,
    entry: Entry,
    folders: Sequence[ModelFolder],
    settings: Settings,
    *,
    limits: Limits = _USUAL_LIMITS,
    resolver: CheckedResolver | None = None,
    progress: Progress = silent,
) -> Entry:
    """Fetch the file of an entry, and what is known of it beside the file.

    Args:
        store: The catalogue.
        entry: Of it. One that is on disk is returned as it is.
        folders: Model folders; the first one for its kind that can be written to takes the file.
        settings: What the user allows.
        limits: How patient we are.
        resolver: Looks names up; None for the system's name servers.
        progress: As for `fetch`.

    Returns:
        The entry with its file, under the same id.

    Raises:
        InvalidInput: It is neither a checkpoint nor a LoRA, or there is no folder for it.
        FetchProblem: As `fetch` and `offer_of`.
        FileProblem: The file cannot be read.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it; what has come is kept.
    """
    if entry.on_disk:
        return entry
    if same := _same_on_disk(store, entry):
        return same
    offer = offer_of(entry)
    folder = _folder_for(entry, folders)
    fetched = _fetch(offer, folder.path, settings, limits, resolver, progress)
    _write_beside(fetched.path, entry)
    return read_into(store, folder, fetched.path.name, instead_of=entry.id)


def _same_on_disk(store: Store, entry: Entry) -> Entry | None:
    if not entry.sha256:
        return None
    found = store.resolve(entry.sha256, kind=entry.kind)
    return next(
        (
            other
            for other in found
            if other.on_disk and os.path.isfile(os.path.join(other.root, *other.file.split("/")))
        ),
        None,
    )


def _folder_for(entry: Entry, folders: Sequence[ModelFolder]) -> ModelFolder:
    if entry.kind is Kind.OTHER:
        raise InvalidInput("only checkpoints and LoRAs are fetched", value=entry.name)
    fitting = [folder for folder in folders if folder.kind is entry.kind and folder.path.is_dir()]
    if not fitting:
        hint = f"Make a folder for {entry.kind.value}s, or name one"
        raise InvalidInput("there is no folder to fetch this into", value=entry.name, hint=hint)
    writable = (folder for folder in fitting if os.access(folder.path, os.W_OK))
    return next(writable, fitting[0])


def _fetch(
    offer: Offer,
    folder: Path,
    settings: Settings,
    limits: Limits,
    resolver: CheckedResolver | None,
    progress: Progress,
) -> Fetched:
    stem, suffix = os.path.splitext(offer.name)
    names = (offer.name, f"{stem[:150]}.{offer.sha256[:8]}{suffix}")
    for name in names:
        try:
            return fetch(
                offer.address,
                folder,
                name,
                sha256=offer.sha256,
                size_bytes=offer.size_bytes,
                page=offer.page,
                rules=settings.rules,
                tokens=settings.tokens,
                limits=limits,
                resolver=resolver,
                progress=progress,
            )
        except NameTaken:
            if name == names[-1]:
                raise
    raise AssertionError  # one of the two has returned or raised


def _write_beside(path: Path, entry: Entry) -> None:
    """Write what is known of an entry beside its file; what is there stays."""
    target = path.with_name(f"{path.stem}.polaris.json")
    fresh = path.with_name(f".{path.stem[:100]}.{uuid.uuid4().hex}.new")
    text = json.dumps(own_sidecar(entry), ensure_ascii=True, indent=1)
    try:
        fresh.write_text(text, "utf-8")
        with suppress(NameTaken):
            put_in_place(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
