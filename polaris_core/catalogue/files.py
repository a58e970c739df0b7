"""Open files of strangers safely, and say in words why the system refuses one."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["UNREADABLE", "open_regular", "reason_of"]

UNREADABLE = (OSError, ValueError)
"""What the system raises for a file it does not give us; ValueError for impossible names."""


@contextmanager
def open_regular(path: Path | str) -> Generator[tuple[int, os.stat_result], None, None]:
    """Open a file for reading; gives its descriptor and status.

    A pipe or a device that is named like a model neither blocks nor is read.

    Raises:
        OSError: The system refuses.
        ValueError: It is no regular file, or the path cannot be one.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        yield descriptor, status
    finally:
        os.close(descriptor)


def reason_of(error: Exception) -> str:
    """Why a file could not be read, in the system's words."""
    return getattr(error, "strerror", None) or str(error)
