"""Being the only one who fetches a file, among all workers that see the same folder."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

from polaris_core.errors import NoRoom
from polaris_core.fetching.part import Part
from polaris_core.progress import Progress

__all__ = ["alone"]

_EVERY_S = 0.1


class _Lock(Protocol):
    def acquire(self, timeout: float) -> object: ...
    def release(self) -> None: ...


@contextmanager
def alone(part: Part, size_bytes: int, progress: Progress) -> Generator[None]:
    """Hold the part's lock; wait for it, and tell how far the one is who holds it.

    The system takes the lock from a process that dies. Its file is removed when nothing is left to
    go on with.

    Args:
        part: What is to be fetched.
        size_bytes: Of the whole file; 0 if unknown.
        progress: Told while it waits; what it raises ends the waiting.

    Raises:
        NoRoom: The folder cannot be written to.
    """
    import filelock

    lock = cast("_Lock", filelock.FileLock(part.lock_path))
    try:
        while not _held(lock, part.lock_path):
            progress(part.size(), size_bytes, "another worker fetches this file")
            time.sleep(_EVERY_S)
    except OSError as error:
        raise NoRoom(
            f"the folder does not take the file ({error.strerror})",
            value=str(part.path.parent),
            hint="See to its permissions",
        ) from error
    try:
        yield
    finally:
        # While it is held: who waits at the file that goes notices, and takes the next one.
        if not part.path.exists():
            part.forget()
        lock.release()
        if sys.platform == "win32" and not part.path.exists():
            part.forget()  # there a file that is open cannot be removed


def _held(lock: _Lock, path: Path) -> bool:
    """Try once to hold the lock by the file that has this path, not by one that was removed."""
    import filelock

    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o666))
    before = _number(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    if before is not None and before == _number(path):
        return True
    lock.release()
    return False


def _number(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
