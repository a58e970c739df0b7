"""Ask a site by a file's hash what it is, and keep the answer beside the file.

Only when the user asks: the hash of a file tells the site that the user has it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.fingerprints import hashed
from polaris_core.catalogue.hashes import valid_sha256
from polaris_core.catalogue.listing import ModelFolder
from polaris_core.catalogue.one_file import read_into
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.values import Json, object_in, objects_in, string_in
from polaris_core.errors import InvalidInput, NameTaken, NotOffered, WrongContent
from polaris_core.fetching.addresses import Address, parse_address
from polaris_core.fetching.faults import PassingError
from polaris_core.fetching.place import put_in_place
from polaris_core.fetching.resolver import CheckedResolver
from polaris_core.fetching.settings import Settings
from polaris_core.fetching.site import Limits, Site
from polaris_core.llm.background import run_beside
from polaris_core.progress import Progress, silent

__all__ = ["complete"]

_ROUTE = "/api/v1/model-versions/by-hash/"
_LARGEST_BYTES = 8 << 20
_LONGEST_BACKOFF_S = 30.0
_SUFFIX = ".civitai.info"
_USUAL_LIMITS = Limits()


def complete(
    store: Store,
    entry: Entry,
    folders: Sequence[ModelFolder],
    settings: Settings,
    *,
    limits: Limits = _USUAL_LIMITS,
    resolver: CheckedResolver | None = None,
    progress: Progress = silent,
) -> Entry:
    """Complete what is known of a file by what Civitai, or a site like it, knows of its hash.

    The answer is written as `NAME.civitai.info` beside the file, where other tools find it, too.
    If there is one already it stays, and nobody is asked.

    Args:
        store: The catalogue.
        entry: Of it, with a file; it is hashed first if need be.
        folders: Model folders; the one that the file lies in tells what it is taken for.
        settings: Whom to ask, and as whom.
        limits: How patient we are.
        resolver: Looks names up; None for the system's name servers.
        progress: Told while it is hashed and asked for; stops it by raising.

    Returns:
        The entry as it is read with the answer.

    Raises:
        InvalidInput: The entry has no file, or a pickled one.
        NotOffered: The site knows no file of this hash.
        WrongContent: Its answer is about another file, or is none.
        FetchProblem: It refuses, or does not answer.
        FileProblem: The file cannot be read.
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    if not entry.on_disk or entry.unsafe:
        hint = "It has to be a safetensors file on this machine"
        raise InvalidInput("only a file can be asked about", value=entry.name, hint=hint)
    folder = next(
        (f for f in folders if os.path.realpath(f.path) == os.path.realpath(entry.root)),
        ModelFolder(Path(entry.root), entry.kind),
    )
    target = Path(entry.root, *os.path.splitext(entry.file)[0].split("/"))
    target = target.with_name(target.name + _SUFFIX)
    if not target.exists():
        digits = hashed(store, entry, progress).sha256
        answer = _ask(digits, settings, limits, resolver, progress)
        _check(answer, digits)
        _write(target, answer)
    return read_into(store, folder, entry.file)


def _ask(
    sha256: str,
    settings: Settings,
    limits: Limits,
    resolver: CheckedResolver | None,
    progress: Progress,
) -> Json:
    address = parse_address(f"{settings.civitai}{_ROUTE}{sha256}")
    settings.rules.check(address)
    site = Site(settings.rules, settings.tokens, limits, resolver)

    async def work() -> bytes:
        async with site:
            return await _patiently(site, address, limits)

    try:
        content = run_beside(work, lambda: progress(0, 0, f"asking {address.host}"))
    except NotOffered as error:
        hint = "It may be your own, or never have been there"
        problem = f"{address.host} knows no file of this hash"
        raise NotOffered(problem, value=sha256, hint=hint) from error
    try:
        data: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise WrongContent("the site's answer is no JSON", value=str(address)) from error
    if not isinstance(data, dict):
        raise WrongContent("the site's answer is no JSON object", value=str(address))
    return cast("Json", data)


async def _patiently(site: Site, address: Address, limits: Limits) -> bytes:
    failures = 0
    while True:
        try:
            return await _once(site, address)
        except PassingError as passing:
            failures += 1
            if failures > limits.retries or passing.wait_s > limits.longest_wait_s:
                raise passing.error from None
            longest = min(limits.backoff_s * 2 ** (failures - 1), _LONGEST_BACKOFF_S)
            await asyncio.sleep(max(passing.wait_s, longest * random.uniform(0.75, 1.25)))


async def _once(site: Site, address: Address) -> bytes:
    content = bytearray()
    async with site.open(address, {"Accept": "application/json"}) as answer:
        if answer.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise WrongContent("the site sends a packed answer", value=str(address))
        async for block in answer.content.iter_any():
            content += block
            if len(content) > _LARGEST_BYTES:
                raise WrongContent("the site's answer is too long", value=str(address))
    return bytes(content)


def _check(answer: Json, sha256: str) -> None:
    """See that an answer is about this very file."""
    told = [
        valid_sha256(string_in(object_in(file, "hashes"), "SHA256"))
        for file in objects_in(answer, "files")
    ]
    if sha256 not in told:
        raise WrongContent("the site's answer is about another file", value=sha256)


def _write(target: Path, answer: Json) -> None:
    fresh = target.with_name(f".{target.stem[:100]}.{uuid.uuid4().hex}.new")
    try:
        fresh.write_text(json.dumps(answer, ensure_ascii=True, indent=1), "utf-8")
        with suppress(NameTaken):
            put_in_place(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
