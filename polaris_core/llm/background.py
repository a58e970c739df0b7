"""Wait for a coroutine while staying in the caller's thread, which can stop it at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["run_beside"]

_T = TypeVar("_T")
_EVERY_S = 0.1
_GOODBYE_S = 0.1
"""How long a stopped coroutine may take to close its connections before it is left to itself."""


def run_beside(start: Callable[[], Coroutine[Any, Any, _T]], tick: Callable[[], None]) -> _T:
    """Run a coroutine in a thread with a loop of its own, and call `tick` here ten times a second.

    It works whether or not the caller's thread runs an event loop.

    Args:
        start: Makes the coroutine.
        tick: If it raises, the coroutine is cancelled and what it raised passes on.

    Returns:
        What the coroutine returns.

    Raises:
        BaseException: What the coroutine or `tick` raises.
    """
    tick()
    outcome: Future[_T] = Future()
    worker = _Worker(start, outcome)
    threading.Thread(target=worker.run, name="polaris-llm", daemon=True).start()
    try:
        while not worker.finished.wait(_EVERY_S):
            tick()
    except BaseException:
        worker.stop()
        worker.finished.wait(_GOODBYE_S)
        raise
    return outcome.result()


class _Worker:
    def __init__(self, start: Callable[[], Coroutine[Any, Any, _T]], outcome: Future[_T]) -> None:
        self.finished = threading.Event()
        self._start = start
        self._outcome = outcome
        self._lock = threading.Lock()
        self._stopped = False
        self._cancel: Callable[[], object] | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            # Only if the loop itself could not be made; the caller must not wait for ever.
            if not self._outcome.done():
                self._outcome.set_exception(error)
        finally:
            self.finished.set()

    async def _main(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with self._lock:
            if self._stopped:
                return
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            self._outcome.set_result(await self._start())
        except BaseException as error:
            self._outcome.set_exception(error)
        finally:
            with self._lock:
                self._cancel = None
            # Not when the loop is closed: that waits for a name server that does not answer.
            self.finished.set()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._cancel:
                self._cancel()
