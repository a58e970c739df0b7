"""A set of files that is replaced as a whole.

    manifest.json            names the files of the newest set, with sizes and checksums
    vectors-1f3a….bin        … each set under names of its own
    ids-1f3a….bin

A set is written beside the old one; replacing the manifest, one rename, makes it the current one.
Killed at any moment, a writer leaves a manifest whose files are all there. Readers of the old set
keep what they have opened.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from polaris_core.errors import IndexProblem

__all__ = ["FileSet", "read_set", "write_set"]

_MANIFEST = "manifest.json"
_VERSION = 1
_MANIFEST_LIMIT = 1 << 20
_ENDS = 1 << 19
"""Of each file, this many bytes at its start and at its end are summed: opening stays instant."""

_NAME = re.compile(r"[a-z]+-[0-9a-f]{32}\.bin")
_PATIENCE = 3
"""How often a reader looks again where a manifest names files that are not there."""
_SWAPPING_S = 5.0
"""How long a reader runs after writers that keep replacing the set."""
_STRAY_AGE_S = 3600.0
"""A file that no manifest names may be another writer's until it is this old."""

_REBUILD = "Build the index again; the catalogue holds all that is needed"

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class FileSet:
    """What a manifest says, its files seen to be whole, and held open by a memory map."""

    facts: Mapping[str, object]
    """What the writer put down; JSON values."""
    paths: Mapping[str, Path]
    """Each file by its part's name; another writer may remove it."""
    data: Mapping[str, npt.NDArray[np.uint8]]
    """The bytes of each file, mapped: they stay when the file is removed."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes of each file."""
        return {part: data.size for part, data in self.data.items()}

    def array(self, part: str, kind: type[Scalar], shape: tuple[int, ...]) -> npt.NDArray[Scalar]:
        """A part as an array of this shape, not read until it is used.

        Raises:
            IndexProblem: It has more values or fewer.
        """
        data, size = self.data.get(part), math.prod(shape) * np.dtype(kind).itemsize
        if data is None or data.size != size:
            raise _broken(
                f"the index holds fewer or more {part} than it says",
                f"{0 if data is None else data.size} bytes instead of {size}",
            )
        return np.reshape(np.frombuffer(data, kind), shape) if size else np.empty(shape, kind)

    def text(self, name: str) -> str:
        """A fact that is a string.

        Raises:
            IndexProblem: It is missing or something else.
        """
        value = self.facts.get(name)
        if not isinstance(value, str):
            raise _broken(f"manifest without `{name}`", value)
        return value

    def number(self, name: str) -> float:
        """A fact that is a finite number, at least 0.

        Raises:
            IndexProblem: It is missing or something else.
        """
        value = self.facts.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _broken(f"manifest without `{name}`", value)
        if not 0 <= value <= 2**53 or not math.isfinite(value):
            raise _broken(f"manifest with an impossible `{name}`", value)
        return value


def write_set(
    folder: Path, facts: Mapping[str, object], parts: Mapping[str, Callable[[Path], None]]
) -> None:
    """Write each part by calling it with a path, then make them the current set.

    Raises:
        IndexProblem: The folder cannot be written to.
    """
    token = uuid4().hex
    paths = {part: folder / f"{part}-{token}.bin" for part in parts}
    manifest = folder / f"manifest-{token}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part, write in parts.items():
            write(paths[part])
            _sync(paths[part])
        files = {part: _described(path) for part, path in paths.items()}
        text = json.dumps({"version": _VERSION, "facts": dict(facts), "files": files}, indent=1)
        manifest.write_text(text, "utf-8")
        _sync(manifest)
        replaced = _names_in_use(folder)
        _replace(manifest, folder / _MANIFEST)
    except OSError as error:
        _remove([*paths.values(), manifest])
        raise IndexProblem(
            "the index cannot be written",
            value=str(error),
            hint=f"See that {folder} can be written to and has space",
        ) from error
    except BaseException:
        _remove([*paths.values(), manifest])
        raise
    _remove([folder / name for name in replaced])
    _remove_strays(folder, keep={path.name for path in paths.values()})


def read_set(folder: Path) -> FileSet:
    """Read the manifest and see that its files are there, of their size, with their sums.

    Raises:
        IndexProblem: There is no index here, or a file is missing, cut off or not the one written.
    """
    deadline, patience = time.monotonic() + _SWAPPING_S, _PATIENCE
    try:
        manifest = _read_manifest(folder)
        while True:
            try:
                return _parse_set(folder, manifest)
            except FileNotFoundError:
                # Replaced after the manifest was read, if there is another one now or soon.
                newer = _read_manifest(folder)
                if newer == manifest:
                    patience -= 1
                    time.sleep(0.01)
                    newer = _read_manifest(folder)
                if patience == 0 or time.monotonic() > deadline:
                    raise
                manifest = newer
    except FileNotFoundError as error:
        raise IndexProblem("no index here", value=str(error.filename), hint=_REBUILD) from error
    except OSError as error:
        raise _broken("a file of the index cannot be read", str(error)) from error


def _read_manifest(folder: Path) -> bytes:
    with (folder / _MANIFEST).open("rb") as file:
        return file.read(_MANIFEST_LIMIT + 1)


def _parse_set(folder: Path, raw: bytes) -> FileSet:
    try:
        manifest: object = json.loads(raw) if len(raw) <= _MANIFEST_LIMIT else None
    except (ValueError, RecursionError) as error:
        raise _broken("the manifest of the index is not JSON", str(folder)) from error
    fields = _dict(manifest)
    if fields.get("version") != _VERSION:
        raise _broken("an index of another version", fields.get("version"))
    paths: dict[str, Path] = {}
    data: dict[str, npt.NDArray[np.uint8]] = {}
    for part, entry in _dict(fields.get("files")).items():
        file = _dict(entry)
        name = file.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _broken("a file name that no index has", name)
        paths[part] = folder / name
        data[part] = _mapped(paths[part])
        if data[part].size != file.get("size") or _checksum(data[part]) != file.get("sum"):
            raise _broken("a file of the index is not as it was written", name)
    return FileSet(facts=_dict(fields.get("facts")), paths=paths, data=data)


def _dict(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _broken("the manifest of the index is malformed", value)
    return cast("dict[str, object]", value)


def _broken(problem: str, value: object) -> IndexProblem:
    return IndexProblem(problem, value=value, hint=_REBUILD)


def _described(path: Path) -> dict[str, object]:
    data = _mapped(path)
    return {"name": path.name, "size": data.size, "sum": _checksum(data)}


def _mapped(path: Path) -> npt.NDArray[np.uint8]:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return np.empty(0, np.uint8)
        return np.asarray(np.memmap(file, np.uint8, "r"))


def _checksum(data: npt.NDArray[np.uint8]) -> int:
    start = zlib.crc32(data[:_ENDS].data)
    return zlib.crc32(data[max(_ENDS, data.size - _ENDS) :].data, start)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _replace(source: Path, target: Path) -> None:
    """Rename over; on Windows a reader may hold the target open for a moment."""
    for _ in range(20):
        with contextlib.suppress(PermissionError):
            os.replace(source, target)
            return
        time.sleep(0.05)
    os.replace(source, target)


def _names_in_use(folder: Path) -> list[str]:
    try:
        return [path.name for path in _parse_set(folder, _read_manifest(folder)).paths.values()]
    except (OSError, IndexProblem):
        return []  # nothing whole to replace; what lies there goes when it is old enough


def _remove_strays(folder: Path, keep: set[str]) -> None:
    """Remove what killed writers left."""
    limit = time.time() - _STRAY_AGE_S
    with contextlib.suppress(OSError):
        _remove(
            path
            for path in folder.iterdir()
            if path.name not in keep
            and (path.suffix == ".tmp" or _NAME.fullmatch(path.name))
            and path.stat().st_mtime < limit
        )


def _remove(paths: Iterable[Path]) -> None:
    """Remove files, leaving those that somebody holds open where the system insists."""
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
