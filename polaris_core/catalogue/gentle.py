"""Hash files in the background so that whoever works with the machine does not notice."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from polaris_core.catalogue.fingerprints import HashReport, hash_missing
from polaris_core.catalogue.store import Store
from polaris_core.progress import Progress, silent

__all__ = ["HashState", "hash_gently", "hash_state"]

_LONGEST_PAUSE_S = 2.0
_BUSY_S = 0.5


@dataclass(frozen=True, slots=True)
class HashState:
    """How many files on disk have a hash; pickled ones are not counted."""

    hashed: int
    missing: int
    missing_bytes: int


def hash_state(store: Store) -> HashState:
    """How far the hashing is.

    Raises:
        StoreProblem: The catalogue cannot be used.
    """
    with store.reading() as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE sha256 != ''), count(*) FILTER (WHERE sha256 = ''), "
            "coalesce(sum(size_bytes) FILTER (WHERE sha256 = ''), 0) "
            "FROM entries WHERE on_disk AND NOT unsafe"
        ).fetchone()
    return HashState(*row)


def hash_gently(
    store: Store,
    progress: Progress = silent,
    *,
    share: float = 0.25,
    is_busy: Callable[[], bool] = lambda: False,
) -> HashReport:
    """Compute the SHA-256 of every file on disk that has none, slowly.

    As `hash_missing`, which keeps each hash as soon as it is known and goes on where it was. While
    it runs, this thread has the lowest priority, where the system can give one to a thread; it
    rests after every block, and altogether while the machine is wanted.

    Args:
        store: The catalogue.
        progress: Is told bytes; stops it by raising.
        share: Of the time that it works, in (0, 1]; it rests for the remainder.
        is_busy: Whether somebody waits for this machine now.

    Raises:
        StoreProblem: The catalogue cannot be used.
        Cancelled: `progress` raised it.
    """
    began = time.monotonic()

    def report(done: int, total: int, what: str, /) -> None:
        nonlocal began
        worked_s = time.monotonic() - began
        progress(done, total, what)
        time.sleep(min(_LONGEST_PAUSE_S, worked_s * (1 - share) / share))
        while is_busy():
            progress(done, total, "waiting until the machine is free")
            time.sleep(_BUSY_S)
        began = time.monotonic()

    with _lowest_priority():
        return hash_missing(store, report)


@contextmanager
def _lowest_priority() -> Generator[None]:
    """Let this thread stand behind all others; on Linux, where threads have their own priority."""
    if sys.platform != "linux":
        yield
        return
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, 19)
    try:
        yield
    finally:
        with suppress(OSError):  # only the privileged may go back up: the thread is ours to spend
            os.setpriority(os.PRIO_PROCESS, thread, before)
