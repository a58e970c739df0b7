"""Long work off the event loop: one job after the other in each lane, told of, and stopped."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from polaris_core.errors import Busy, Cancelled, PolarisError, UnknownModel
from polaris_core.page.cards import Json
from polaris_core.page.problems import told
from polaris_core.progress import Progress

__all__ = ["Job", "JobKind", "Jobs", "Work"]

log = logging.getLogger("polaris")

Work = Callable[[Progress], Json]
"""Does it, and gives what is to be told of it."""

JobKind = str
"""One of those that have a lane."""

_KEPT = 20
_WAITING = 8
_EVERY_S = 0.2
_LANES = {
    **dict.fromkeys(("scan", "index"), "zoo"),
    **dict.fromkeys(("freeze", "resolve"), "files"),
    **dict.fromkeys(("fetch", "complete"), "sites"),
    "hash": "hashes",
}
"""What waits for one another. Hashing has a thread of its own, which it leaves at low priority."""
_SINGLE = frozenset({"zoo", "hashes"})
"""Lanes in which nothing waits: there is one job at a time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work, as it stands."""

    id: str
    kind: JobKind
    state: str = "waiting"
    """waiting, running, done, failed or cancelled."""
    done: int = 0
    total: int = 0
    """0 while unknown."""
    what: str = ""
    started: float = 0.0
    """Seconds since 1970."""
    seconds: float = 0.0
    error: str = ""
    hint: str = ""
    result: Json | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ("done", "failed", "cancelled")

    def payload(self) -> Json:
        """It as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass
class _Running:
    job: Job
    stop: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """All jobs of a process.

    Args:
        tell: Called from any thread with each change, at most every 200 ms for one job.
    """

    def __init__(self, tell: Callable[[Job], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._all: OrderedDict[str, _Running] = OrderedDict()
        self._lanes = {
            lane: ThreadPoolExecutor(1, thread_name_prefix=f"polaris-{lane}")
            for lane in set(_LANES.values())
        }

    def start(self, kind: JobKind, work: Work) -> Job:
        """Begin, or wait in line.

        Raises:
            Busy: The zoo is being scanned, indexed or hashed already, or too many are waiting.
        """
        lane = _LANES[kind]
        with self._lock:
            open_jobs = [
                r.job
                for r in self._all.values()
                if not r.job.is_over and _LANES[r.job.kind] == lane
            ]
            if open_jobs and (lane in _SINGLE or len(open_jobs) > _WAITING):
                raise Busy(
                    f"a job is running already ({open_jobs[0].kind})",
                    hint="Wait until it has finished, or cancel it",
                )
            running = _Running(Job(uuid.uuid4().hex, kind, started=time.time()))
            self._all[running.job.id] = running
            self._forget()
        self._tell(running.job)
        self._lanes[lane].submit(self._run, running, work)
        return running.job

    def cancel(self, id: str) -> Job:
        """Ask a job to stop; one that is over stays as it is.

        Raises:
            UnknownModel: There is no such job.
        """
        running = self._find(id)
        running.stop.set()
        return running.job

    def get(self, id: str) -> Job:
        """A job by its id.

        Raises:
            UnknownModel: There is no such job.
        """
        return self._find(id).job

    def newest(self) -> list[Job]:
        """The last jobs, newest first."""
        with self._lock:
            return [running.job for running in reversed(self._all.values())]

    def of_zoo(self) -> Job | None:
        """The scan or indexing that is going on."""
        jobs = (j for j in self.newest() if _LANES[j.kind] == "zoo" and not j.is_over)
        return next(jobs, None)

    def close(self) -> None:
        """Stop everything and wait for it."""
        for running in list(self._all.values()):
            running.stop.set()
        for lane in self._lanes.values():
            lane.shutdown(wait=True)

    def _find(self, id: str) -> _Running:
        with self._lock:
            running = self._all.get(id)
        if running is None:
            raise UnknownModel("there is no such job", value=id, hint="It may be long over")
        return running

    def _forget(self) -> None:
        over = [id for id, running in self._all.items() if running.job.is_over]
        for id in over[: max(0, len(self._all) - _KEPT)]:
            del self._all[id]

    def _change(self, running: _Running, **facts: object) -> None:
        seconds = time.time() - running.job.started
        running.job = replace(running.job, seconds=round(seconds, 3), **facts)  # type: ignore[arg-type]
        self._tell(running.job)

    def _run(self, running: _Running, work: Work) -> None:
        try:
            self._change(running, state="running")
            result = work(self._progress(running))
            self._change(running, state="done", result=result)
        except Cancelled as error:
            self._change(running, state="cancelled", error=str(error))
        except PolarisError as error:
            self._change(running, state="failed", **told(error))
        except Exception:
            log.exception("a job of the page failed")
            hint = "The log of the server says more"
            self._change(running, state="failed", error="something went wrong", hint=hint)

    def _progress(self, running: _Running) -> Progress:
        last = 0.0

        def report(done: int, total: int, what: str, /) -> None:
            nonlocal last
            if running.stop.is_set():
                raise Cancelled
            now = time.monotonic()
            if now - last >= _EVERY_S:
                last = now
                self._change(running, done=done, total=total, what=what)

        report(0, 0, "")
        return report
