"""Walk through model folders: every model file once, with the state of all that belongs to it.

Each folder is listed once. Real folders are walked before those that links lead to, and inner
model folders before outer ones, so that what is found does not depend on the order in which
folders are named. A folder is known by its device and number, which also ends loops.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from polaris_core.catalogue.companions import companions, is_model, stem_of
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.found import Found
from polaris_core.errors import FileProblem

__all__ = ["Listing", "ModelFolder", "list_models"]

_READING_VERSION = "2"
"""Raise it when reading finds more than before: every file is then read again."""
_FILES_PER_TICK = 256


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder of model files."""

    path: Path
    kind: Kind
    """What it is for: CHECKPOINT or LORA. What a header shows goes before it."""


@dataclass(slots=True)
class Listing:
    """What a walk found."""

    files: list[Found] = field(default_factory=list[Found])
    problems: list[tuple[str, FileProblem]] = field(default_factory=list[tuple[str, FileProblem]])
    """With the model folder they belong to."""
    unseen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Model folder and prefix of `Found.file`: places that may hold files nobody could see."""
    devices: dict[str, str] = field(default_factory=dict[str, str])
    """The device of each model folder that could be listed."""
    empty: set[str] = field(default_factory=set[str])
    """Model folders with nothing at all in them."""
    roots: list[str] = field(default_factory=list[str])
    """All model folders: absolute, without links, inner ones first."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder to list."""

    root: str
    prefix: str
    """Its path below `root`; empty, or ends in `/`."""
    real: str
    """Its path without links."""


def list_models(folders: Iterable[ModelFolder], tick: Callable[[], None]) -> Listing:
    """Find all model files in `folders`, with their signatures.

    Hidden files and folders are passed by. What cannot be listed becomes a problem.

    Args:
        folders: Model folders; may be named twice, lie in one another, or be links.
        tick: Called every few hundred files; what it raises ends the walk.
    """
    kinds: dict[str, set[Kind]] = {}
    for folder in folders:
        kinds.setdefault(_real(folder.path), set()).add(folder.kind)
    walk = _Walk(kinds, tick)
    for root in sorted(kinds, key=lambda root: (-root.count(os.sep), root)):
        walk.listing.roots.append(root)
        walk.go(_Place(root, "", root))
    walk.follow_links()
    return walk.listing


class _Walk:
    """State of one walk."""

    def __init__(self, kinds: dict[str, set[Kind]], tick: Callable[[], None]) -> None:
        self.listing = Listing()
        self._expected = {r: next(iter(k)) if len(k) == 1 else None for r, k in kinds.items()}
        self._tick = tick
        self._visited: set[object] = set()
        self._linked_folders: list[_Place] = []
        self._linked_files: list[Found] = []
        self._since_tick = 0

    def go(self, start: _Place) -> None:
        """Walk through a folder and all real folders in it."""
        open_places = [start]
        while open_places:
            place = open_places.pop()
            self._tick()
            try:
                open_places += self._list(place)
            except (OSError, ValueError) as error:  # ValueError: a NUL in the name
                self._not_listed(place, error)

    def follow_links(self) -> None:
        """Walk through the folders that links lead to, then add the files that links lead to."""
        for place in self._linked_folders:  # grows while it is walked
            self.go(place)
        if not self._linked_files:
            return
        seen = {found.path for found in self.listing.files}
        for found in self._linked_files:
            if found.path not in seen:
                seen.add(found.path)
                self.listing.files.append(found)

    def _not_listed(self, place: _Place, error: Exception) -> None:
        if place.prefix and isinstance(error, FileNotFoundError):
            return  # removed since its parent was listed
        self.listing.unseen.append((place.root, place.prefix))
        problem = FileProblem(
            "the folder cannot be listed",
            path=_join(place.root, place.prefix).rstrip("/"),
            value=getattr(error, "strerror", None) or str(error),
            hint="check that it is there, mounted, and may be read; what was known of it is kept",
        )
        self.listing.problems.append((place.root, problem))

    def _list(self, place: _Place) -> list[_Place]:
        """List one folder; returns the real folders in it, last one first."""
        folder = _join(place.root, place.prefix)
        status = os.stat(folder)
        number = (status.st_dev, status.st_ino) if status.st_ino else place.real
        if number in self._visited:
            return []
        self._visited.add(number)
        with os.scandir(folder) as listed:
            names = {entry.name: entry for entry in listed}
        if not place.prefix:
            self.listing.devices[place.root] = str(status.st_dev)
            if not names:
                self.listing.empty.add(place.root)
        inner: list[_Place] = []
        files: dict[str, os.DirEntry[str]] = {}
        for name in sorted(names):
            entry = names[name]
            if name.startswith("."):
                continue
            if entry.is_symlink():
                if self._is_file_link(place, entry):
                    files[name] = entry
            elif entry.is_dir(follow_symlinks=False):
                inner.append(_Place(place.root, f"{place.prefix}{name}/", _join(place.real, name)))
            elif entry.is_file(follow_symlinks=False):
                files[name] = entry
        self._add_models(place, files)
        inner.reverse()
        return inner

    def _is_file_link(self, place: _Place, link: os.DirEntry[str]) -> bool:
        """Put a link to a folder off until later; tell whether it leads to a file."""
        try:
            if link.is_file():
                return True
            if link.is_dir():
                prefix = f"{place.prefix}{link.name}/"
                real = os.path.realpath(_join(place.root, prefix))
                self._linked_folders.append(_Place(place.root, prefix, real))
                return False
        except OSError:  # a link to itself
            pass
        # It leads nowhere now; perhaps to a drive that is not there today.
        self.listing.unseen.append((place.root, f"{place.prefix}{link.name}/"))
        return False

    def _add_models(self, place: _Place, files: dict[str, os.DirEntry[str]]) -> None:
        models = [name for name in files if is_model(name)]
        if not models:
            return
        groups = companions(files)
        expected = self._expected[place.root]
        for name in models:
            self._since_tick += 1
            if self._since_tick % _FILES_PER_TICK == 0:
                self._tick()
            siblings = tuple(groups.get(stem_of(name), ()))
            signature = _signature(expected, [files[name], *(files[s] for s in siblings)])
            path = _join(place.real, name)
            found = Found(path, place.root, place.prefix + name, signature, siblings, expected)
            if files[name].is_symlink():
                real = os.path.realpath(_join(place.root, found.file))
                self._linked_files.append(found._replace(path=real))
            else:
                self.listing.files.append(found)


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.abspath(path)


def _join(folder: str, name: str) -> str:
    return f"{folder}{name}" if folder.endswith(os.sep) else f"{folder}{os.sep}{name}"


def _signature(expected: Kind | None, entries: list[os.DirEntry[str]]) -> str:
    parts = [_READING_VERSION, expected.value if expected else ""]
    for entry in entries:
        try:
            status = entry.stat()
            parts.append(f"{entry.name}/{status.st_size}/{status.st_mtime_ns}")
        except OSError:
            parts.append(entry.name)  # gone since the folder was listed
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=12).hexdigest()
