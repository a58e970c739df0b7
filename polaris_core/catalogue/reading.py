"""Read one model file with everything that stands beside it into an entry."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polaris_core.catalogue.architectures import Detection, detect
from polaris_core.catalogue.assemble import entry_from_facts
from polaris_core.catalogue.companions import (
    SAFE_SUFFIXES,
    UNSAFE_SUFFIXES,
    companions,
    stem_of,
)
from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Preview
from polaris_core.catalogue.facts import Facts, merge
from polaris_core.catalogue.files import UNREADABLE, reason_of
from polaris_core.catalogue.header import read_header
from polaris_core.catalogue.header_facts import header_facts
from polaris_core.catalogue.previews import check_picture, is_picture, preview_names
from polaris_core.catalogue.sidecars import read_sidecar, sidecar_names
from polaris_core.errors import BrokenPreview, BrokenSidecar, FileProblem

__all__ = ["Reading", "read_entry"]


@dataclass(frozen=True, slots=True)
class Reading:
    """An entry, and what went wrong beside its model file."""

    entry: Entry
    problems: tuple[FileProblem, ...] = ()
    """Broken sidecars and previews; the entry was made from the rest."""


def read_entry(
    root: Path | str,
    file: str,
    *,
    expected: Kind | None = None,
    siblings: Sequence[str] | None = None,
) -> Reading:
    """Read the model file `file` of the model folder `root`.

    A pickled file is never opened: its kind is the one expected in its folder. Names on disk
    that are not Unicode are kept as Python gives them (surrogateescape) in `Entry.file` and in
    the paths of problems and previews, and are cleaned in `Entry.name`.

    Args:
        root: The model folder, absolute.
        file: Path relative to `root`, with `/`.
        expected: What files of this folder are taken to be where a header cannot tell.
        siblings: Names of the sidecars and previews in the file's folder that share its stem,
            as `companions` groups them; None to list the folder.

    Raises:
        BrokenHeader: The model file itself is broken.
        FileProblem: It cannot be read, or is no model file by its name.
    """
    folder, _, name = file.rpartition("/")
    place = os.path.join(root, folder) if folder else os.fspath(root)
    stem, suffix = stem_of(name), os.path.splitext(name)[1].lower()
    if siblings is None:
        siblings = companions(_names(place)).get(stem, [])
    path = os.path.join(place, name)
    if suffix in UNSAFE_SUFFIXES:
        size_bytes, modified_ns = _status(path)
        shown, own, captions = Detection(expected or Kind.OTHER, BaseModel.UNKNOWN), Facts(), ()
    elif suffix in SAFE_SUFFIXES:
        header = read_header(path)
        size_bytes, modified_ns = header.size_bytes, header.modified_ns
        shown, (own, captions) = detect(header), header_facts(header.metadata)
    else:
        hint = "known are " + ", ".join(sorted(SAFE_SUFFIXES | UNSAFE_SUFFIXES))
        raise FileProblem("not a model file by its name", path=path, value=suffix, hint=hint)
    problems: list[FileProblem] = []
    facts = merge([*_sidecars(place, name, stem, siblings, size_bytes, problems), own])
    facts.previews = _previews(place, stem, siblings, facts, problems)
    if shown.note:
        facts.extra["note"] = shown.note
    entry = entry_from_facts(
        facts,
        fallback_name=stem,
        kind=shown.kind,
        base_model=shown.base_model,
        adapter_type=shown.adapter_type,
        stranger=shown.stranger,
        captions=captions,
        root=os.fspath(root),
        file=file,
        size_bytes=size_bytes,
        modified_ns=modified_ns,
        unsafe=suffix in UNSAFE_SUFFIXES,
    )
    return Reading(entry, tuple(problems))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except UNREADABLE as error:
        hint = "check that the folder is still there and may be read"
        problem, reason = "cannot be listed", reason_of(error)
        raise FileProblem(problem, path=folder, value=reason, hint=hint) from error


def _status(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except UNREADABLE as error:
        hint = "check that the file is still there"
        problem, reason = "cannot be read", reason_of(error)
        raise FileProblem(problem, path=path, value=reason, hint=hint) from error
    return status.st_size, status.st_mtime_ns


def _sidecars(
    place: str,
    name: str,
    stem: str,
    siblings: Sequence[str],
    size_bytes: int,
    problems: list[FileProblem],
) -> list[Facts]:
    found: list[Facts] = []
    for sidecar, suffix in sidecar_names(name, stem).items():
        if sidecar in siblings:
            try:
                path = os.path.join(place, sidecar)
                found.append(read_sidecar(path, suffix, size_bytes=size_bytes))
            except BrokenSidecar as problem:
                problems.append(problem)
    return found


def _previews(
    place: str, stem: str, siblings: Sequence[str], facts: Facts, problems: list[FileProblem]
) -> tuple[Preview, ...]:
    """Previews on disk, then those known by address only.

    One on disk has the level its sidecar gives it; where none does, that of the most mature
    picture known, since any of them may have been saved here.
    """
    local: list[Preview] = []
    for name in preview_names(siblings, stem):
        path = os.path.join(place, name)
        try:
            if is_picture(name):
                check_picture(path)
            local.append(Preview(path, maturity=facts.preview_maturity or facts.maturity))
        except BrokenPreview as problem:
            problems.append(problem)
    return (*local, *facts.previews)
