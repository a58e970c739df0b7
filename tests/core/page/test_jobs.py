"""Jobs: one after the other in each lane, told of, stopped, and never lost."""

from __future__ import annotations

import threading

import pytest

from polaris_core.errors import Busy, InvalidInput, UnknownModel
from polaris_core.page.jobs import Jobs


@pytest.fixture
def told():
    return []


@pytest.fixture
def jobs(told):
    made = Jobs(told.append)
    yield made
    made.close()


def end_of(jobs, job, timeout_s=30):
    gate = threading.Event()
    while not jobs.get(job.id).is_over:
        gate.wait(0.005)
        timeout_s -= 0.005
        assert timeout_s > 0
    return jobs.get(job.id)


def test_what_it_gives_and_what_goes_wrong_is_told(jobs, told):
    def bad(progress):
        raise InvalidInput("no good", value="x", hint="try y")

    def fault(progress):
        raise ZeroDivisionError("secret of the house")

    assert end_of(jobs, jobs.start("freeze", lambda progress: {"a": 1})).result == {"a": 1}
    failed = end_of(jobs, jobs.start("freeze", bad))
    assert (failed.state, failed.error, failed.hint) == ("failed", "no good: x", "try y")
    fault_told = end_of(jobs, jobs.start("freeze", fault))
    assert fault_told.state == "failed"
    assert "secret" not in fault_told.error + fault_told.hint
    states = dict.fromkeys(job.state for job in told if job.id == failed.id)
    assert list(states) == ["waiting", "running", "failed"]


def test_progress_is_told_and_a_cancelled_job_stops(jobs, told):
    started = threading.Event()

    def work(progress):
        while True:
            progress(3, 7, "counting")
            started.set()

    job = jobs.start("scan", work)
    started.wait(30)
    assert jobs.of_zoo().id == job.id
    with pytest.raises(Busy):
        jobs.start("index", work)
    jobs.cancel(job.id)
    assert end_of(jobs, job).state == "cancelled"
    assert jobs.of_zoo() is None


def test_a_waiting_job_is_cancelled_before_it_begins(jobs):
    gate, begun = threading.Event(), []
    first = jobs.start("freeze", lambda progress: {"ok": gate.wait(30)})
    second = jobs.start("resolve", lambda progress: {"begun": begun.append(1)})
    jobs.cancel(second.id)
    gate.set()
    assert end_of(jobs, first).state == "done"
    assert end_of(jobs, second).state == "cancelled"
    assert not begun


def test_only_so_many_wait_and_only_so_many_are_remembered(jobs):
    gate = threading.Event()
    for _ in range(9):
        jobs.start("freeze", lambda progress: {"ok": gate.wait(30)})
    with pytest.raises(Busy):
        jobs.start("freeze", lambda progress: {})
    gate.set()
    for job in jobs.newest():
        end_of(jobs, job)
    for _ in range(30):
        end_of(jobs, jobs.start("freeze", lambda progress: {}))
    assert len(jobs.newest()) <= 20


def test_an_unknown_job_is_told(jobs):
    with pytest.raises(UnknownModel):
        jobs.get("nothing")
    with pytest.raises(UnknownModel):
        jobs.cancel("nothing")
