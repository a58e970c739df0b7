"""What segmenters lie in a folder; cheap, since a host asks while it starts."""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePosixPath

__all__ = ["SUFFIXES", "segmenters_in"]

SUFFIXES = (".safetensors", ".pth", ".pt")
"""Of files of weights."""

_DEPTH = 2


def segmenters_in(folder: Path) -> tuple[str, ...]:
    """Names of what `load_segmenter` may load: weights files, and folders with a config.json.

    Names are relative, with slashes; subfolders are looked into once. A folder that is not there
    has none.
    """
    return tuple(sorted(_names(folder, PurePosixPath(), _DEPTH)))


def _names(folder: Path, above: PurePosixPath, depth: int) -> list[str]:
    found: list[str] = []
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return found
    for entry in entries:
        name = above / entry.name
        with contextlib.suppress(OSError):  # what we may not read is not offered
            weights = entry.suffix.lower() in SUFFIXES and entry.is_file()
            if weights or (entry / "config.json").is_file():
                found.append(str(name))
            elif depth > 1 and entry.is_dir():
                found += _names(entry, name, depth - 1)
    return found
