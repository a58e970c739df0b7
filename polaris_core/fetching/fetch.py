"""Fetch one model file into a model folder: whole, checked, once, and never over another file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from polaris_core.catalogue.hashes import sha256_of, valid_sha256
from polaris_core.catalogue.header import read_header
from polaris_core.errors import BrokenHeader, InvalidInput, WrongContent
from polaris_core.fetching.addresses import Rules, parse_address
from polaris_core.fetching.alone import alone
from polaris_core.fetching.download import Tally, Wanted, download
from polaris_core.fetching.part import Part
from polaris_core.fetching.place import check_name, check_room, put_in_place, taken
from polaris_core.fetching.resolver import CheckedResolver
from polaris_core.fetching.site import Limits, Site
from polaris_core.llm.background import run_beside
from polaris_core.progress import Progress, silent
from polaris_core.site_tokens import Tokens

__all__ = ["Fetched", "fetch"]

_USUAL_RULES = Rules()
_NO_TOKENS = Tokens()
_USUAL_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that stands in its place."""

    path: Path
    was_here: bool
    """Whether it stood there already, or another worker put it there meanwhile."""


def fetch(
    address: str,
    folder: Path,
    name: str,
    *,
    sha256: str,
    size_bytes: int = 0,
    page: str = "",
    rules: Rules = _USUAL_RULES,
    tokens: Tokens = _NO_TOKENS,
    limits: Limits = _USUAL_LIMITS,
    resolver: CheckedResolver | None = None,
    progress: Progress = silent,
) -> Fetched:
    """Fetch a safetensors file, or go on with fetching it.

    Workers that want the same file, in this process or another, share one download. A worker that
    dies leaves its part, and the next one goes on with it.

    Args:
        address: Where the file is offered.
        folder: The model folder, or a folder in it.
        name: What the file is to be called there.
        sha256: Of the whole file: 64 hex digits.
        size_bytes: Of the whole file; 0 if unknown.
        page: The page about the file, named in what is said when a site refuses.
        rules: Which addresses may be asked, also after redirects.
        tokens: Who may be told who we are.
        limits: How patient we are.
        resolver: Looks names up; None for the system's name servers.
        progress: Told bytes ten times a second, in the caller's thread. Whatever it raises ends
            the download; what has come is kept.

    Raises:
        InvalidInput: An argument cannot be used.
        AddressRefused: The address, or one it leads to, may not be asked.
        NameTaken: Another file has the name.
        NoRoom: The disk cannot hold it.
        WrongContent: The site offers another file, or something that is no model.
        AccessDenied: The site gives it only to some.
        NotOffered: The site has no such file.
        AskedTooOften: The site wants to be asked later.
        SourceUnreachable: Nothing answers, or it breaks off again and again.
        FetchProblem: The site refuses otherwise.
        FileProblem: The file of that name, or the part, cannot be read.
        Cancelled: `progress` raised it.
    """
    source = parse_address(address)
    rules.check(source)
    digits, size_bytes = _checked(sha256, size_bytes, limits)
    if not folder.is_dir():
        raise InvalidInput("there is no such folder", value=str(folder))
    target = folder / check_name(name)
    part = Part(target, digits)
    if _is_here(target, size_bytes, digits, progress):
        part.forget()  # a worker may have died when all was done but this
        return Fetched(target, True)
    wanted = Wanted(source, size_bytes, page)
    with alone(part, size_bytes, progress):
        if _is_here(target, size_bytes, digits, progress):
            part.drop()
            return Fetched(target, True)
        _fill(Site(rules, tokens, limits, resolver), wanted, part, digits, limits, progress)
        put_in_place(part.path, target)
        part.drop()
    return Fetched(target, False)


def _checked(sha256: str, size_bytes: int, limits: Limits) -> tuple[str, int]:
    digits = valid_sha256(sha256)
    if not digits:
        raise InvalidInput(
            "a file is fetched only by its SHA-256",
            value=sha256 or "none is known",
            hint="Sites show it on the file's page; only by it the right file is known",
        )
    if not 0 <= size_bytes <= limits.largest_bytes:
        raise InvalidInput("not the size of a model file", value=size_bytes)
    return digits, size_bytes


def _is_here(target: Path, size_bytes: int, sha256: str, progress: Progress) -> bool:
    """Whether the very file stands there.

    Raises:
        NameTaken: Another one does.
    """
    if not os.path.lexists(target):
        return False
    if not target.is_file() or (size_bytes and target.stat().st_size != size_bytes):
        raise taken(target)
    if sha256_of(target, progress) != sha256:
        raise taken(target)
    return True


def _fill(
    site: Site, wanted: Wanted, part: Part, sha256: str, limits: Limits, progress: Progress
) -> None:
    """Bring the part to the whole file, checked.

    One that was gone on with may be made of two states of the file: it is fetched once more.
    """
    for is_last in (False, True):
        in_one_go = _bring(site, wanted, part, limits, progress)
        try:
            _check(part, sha256, progress)
            return
        except WrongContent:
            part.discard()
            if in_one_go or is_last:
                raise


def _bring(site: Site, wanted: Wanted, part: Part, limits: Limits, progress: Progress) -> bool:
    folder = part.path.parent
    tally = Tally(part.size(), wanted.size_bytes, f"fetching {wanted.address.host}")

    def make_room(needed_bytes: int) -> None:
        check_room(folder, needed_bytes, limits.spare_bytes)

    async def work() -> bool:
        async with site:
            return await download(site, wanted, part, tally, limits, make_room)

    make_room(max(0, wanted.size_bytes - part.size()))
    try:
        return run_beside(work, lambda: progress(tally.done, tally.total, tally.what))
    except BaseException:
        # A stopped download may still be busy; it must not write where the next worker does.
        part.abandon()
        raise


def _check(part: Part, sha256: str, progress: Progress) -> None:
    """See that the part is the file, by its hash and by its header.

    Raises:
        WrongContent: It is not.
    """
    part.sync()
    found = sha256_of(part.path, progress)
    if found != sha256:
        hint = "The site's file was replaced, or what is known of it is wrong: look at its page"
        raise WrongContent(f"the file's SHA-256 is not {sha256}", value=found, hint=hint)
    try:
        read_header(part.path)
    except BrokenHeader as error:
        raise WrongContent(
            f"the file is the right one and no sound safetensors file: {error.problem}",
            value=error.value,
            hint="Tell its maker; it is not kept",
        ) from error
