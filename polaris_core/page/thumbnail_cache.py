"""Small pictures on disk, by their tags; those that nobody asked for longest go first.

A tag changes with its picture, so what is kept is never wrong, only in the way.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from pathlib import Path
from typing import NamedTuple

__all__ = ["MOST_BYTES", "ThumbnailCache"]

MOST_BYTES = 1 << 30
"""What is kept at the most; the small pictures of 80,000 models are half of it."""
_LEFT = 0.75
"""The share of it that is left after some were thrown away."""
_DAY_S = 86_400.0
_PART_S = 3_600.0
"""Older unfinished files were left by a process that ended."""


class _Kept(NamedTuple):
    used_s: float
    path: str
    size_bytes: int


class ThumbnailCache:
    """A private folder of small pictures. Methods may be called from several threads."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is read or made yet.

        Args:
            folder: Where they lie; made if there is none.
            most_bytes: What is kept at the most.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._held_bytes: int | None = None
        self._lock = threading.Lock()

    def get(self, tag: str) -> bytes | None:
        """The picture, if it is kept; it then counts as used."""
        path = self._path(tag)
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if time.time() - path.stat().st_mtime > _DAY_S:
                os.utime(path)
            return content
        return None

    def put(self, tag: str, content: bytes) -> None:
        """Keep a picture: written beside and renamed. A full disk only costs making it again."""
        path = self._path(tag)
        part = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            return
        with self._lock:
            self._count(len(content))

    def _path(self, tag: str) -> Path:
        return self._folder / tag[:2] / f"{tag}.webp"

    def _count(self, added_bytes: int) -> None:
        """Add up; the folder is looked through at the first time and when there is too much."""
        first = self._held_bytes is None
        self._held_bytes = (self._held_bytes or 0) + added_bytes
        if not first and self._held_bytes <= self._most_bytes:
            return
        kept = sorted(_kept_in(self._folder))
        held = sum(one.size_bytes for one in kept)
        if held > self._most_bytes:
            for one in kept:
                if held <= self._most_bytes * _LEFT:
                    break
                with contextlib.suppress(OSError):
                    os.unlink(one.path)
                held -= one.size_bytes
        self._held_bytes = held


def _kept_in(folder: Path) -> list[_Kept]:
    """All that lies there; what was never finished is thrown away."""
    kept: list[_Kept] = []
    with contextlib.suppress(OSError):
        for shelf in os.scandir(folder):
            with contextlib.suppress(OSError):
                for file in os.scandir(shelf.path):
                    status = file.stat(follow_symlinks=False)
                    if file.name.endswith(".webp"):
                        kept.append(_Kept(status.st_mtime, file.path, status.st_size))
                    elif file.name.endswith(".part") and time.time() - status.st_mtime > _PART_S:
                        os.unlink(file.path)
    return kept
