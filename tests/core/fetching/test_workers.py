"""Workers that share a download, that stop, and that die at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from polaris_core.errors import Cancelled, InvalidInput, NameTaken, NoRoom
from polaris_core.fetching import place
from tests.core.fetching.conftest import QUICK
from tests.core.fetching.sites import model_bytes, sha256

WORKER = Path(__file__).with_name("worker.py")
ROOT = WORKER.parents[3]
KILLS = int(os.environ.get("POLARIS_KILLS", "4"))


def begin(site, folder, *more):
    facts = [site.origin, str(folder), sha256(site.content), str(len(site.content)), *more]
    return subprocess.Popen(
        [sys.executable, str(WORKER), *facts],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(worker):
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    return out.splitlines()


def test_two_processes_share_one_download(folder, make_site):
    site = make_site(pause_s=0.1)
    workers = [begin(site, folder) for _ in range(2)]
    last = [ended(worker)[-1] for worker in workers]
    assert sorted(last) == ["fetched", "was here"]
    assert len(site.asked) == 1
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == site.content


def test_threads_share_one_download_and_all_are_told_how_far_it_is(folder, make_site, get):
    site = make_site(pause_s=0.05)
    told = [[] for _ in range(4)]
    found = []

    def work(number):
        report = told[number].append
        progress = lambda done, total, what: report((done, total, what))  # noqa: E731
        found.append(get(site, progress=progress).was_here)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, True, True, True]
    assert len(site.asked) == 1
    waiting = [rows for rows in told if any("another worker" in what for _, _, what in rows)]
    assert len(waiting) == 3
    assert any(0 < done < total for done, total, _ in waiting[0])
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_is_killed_at_any_moment_is_gone_on_from(tmp_path, make_site):
    """Until a worker survives, each is killed somewhere between its start and its end."""
    site = make_site(model_bytes(400_000), pause_s=0.01)
    dice = random.Random()
    kills = downloads = 0
    while kills < KILLS:
        folder = tmp_path / f"{downloads}"
        folder.mkdir()
        downloads += 1
        while True:
            worker = begin(site, folder)
            began = worker.stdout.readline().split()[:1]
            for line in worker.stdout:  # until bytes come
                if line.split()[:1] != began:
                    break
            time.sleep(dice.uniform(0, 0.35))
            if worker.poll() is None and kills < KILLS:
                worker.send_signal(signal.SIGKILL)
                kills += worker.wait() == -signal.SIGKILL
            _, err = worker.communicate(timeout=60)
            target = folder / "model.safetensors"
            # Whatever happened: what stands there is the file.
            assert not target.exists() or target.read_bytes() == site.content
            if worker.returncode == 0:
                break
            assert worker.returncode == -signal.SIGKILL, err
        assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    assert any(asked.first > 0 for asked in site.asked)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_that_dies_right_before_any_step_is_gone_on_from(tmp_path, site, get):
    """Each of its changes to the folder is once the last thing that it did not do."""
    for step in range(1, 100):
        folder = tmp_path / f"{step}"
        folder.mkdir()
        worker = begin(site, folder, str(step))
        _, err = worker.communicate(timeout=60)
        target = folder / "model.safetensors"
        assert not target.exists() or target.read_bytes() == site.content
        assert worker.returncode in (0, -signal.SIGKILL), err
        get(site, folder=folder)
        assert target.read_bytes() == site.content
        assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
        if worker.returncode == 0:
            break
    assert 10 < step < 99


def test_a_stopped_download_keeps_its_part_and_writes_no_more(folder, make_site, get):
    site = make_site(pause_s=0.1)

    def stop(done, total, what):
        if done >= 20_000:
            raise Cancelled

    with pytest.raises(Cancelled):
        get(site, progress=stop)
    part = next(folder.glob("*.part"))
    came = part.stat().st_size
    assert came >= 20_000
    time.sleep(0.3)
    assert part.stat().st_size == came
    assert not (folder / "model.safetensors").exists()
    site.pause_s = 0
    get(site)
    assert site.asked[-1].first == came
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


def test_a_worker_that_waits_can_be_stopped(folder, make_site, get):
    site = make_site(pause_s=0.1)
    thread = threading.Thread(target=get, args=(site,))
    thread.start()
    while not list(folder.glob("*.part")):
        time.sleep(0.01)

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        get(site, progress=stop)
    thread.join()
    assert (folder / "model.safetensors").read_bytes() == site.content


def test_a_part_that_is_complete_needs_no_site(folder, site, get):
    def stop(done, total, what):
        if what == "hashing":
            raise Cancelled

    with pytest.raises(Cancelled):
        get(site, progress=stop)
    asked = len(site.asked)
    get(site)
    assert len(site.asked) == asked
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("spoilt", [b"x", b"", None], ids=["begins wrongly", "empty", "too long"])
def test_a_part_that_was_spoilt_is_fetched_anew(folder, site, get, spoilt):
    part = folder / f"model.safetensors.{sha256(site.content)[:12]}.part"
    part.write_bytes(site.content + b"x" if spoilt is None else spoilt * 1000)
    get(site)
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == site.content


@pytest.mark.parametrize("note", [b"{", b"[]", b'{"etag": "a\\r\\nX: y"}', b'{"etag": 7}'])
def test_a_note_that_was_spoilt_does_no_harm(folder, site, get, note):
    part = folder / f"model.safetensors.{sha256(site.content)[:12]}.part"
    part.write_bytes(site.content[:1000])
    part.with_name(f"{part.name}.note").write_bytes(note)
    get(site)
    assert "if-range" not in site.asked[0].headers
    assert site.asked[0].first == 1000
    assert (folder / "model.safetensors").read_bytes() == site.content


@pytest.mark.parametrize("there", [b"mine", None])
def test_another_file_of_the_name_stays(folder, site, get, there):
    mine = model_bytes(seed=5) if there is None else there
    (folder / "model.safetensors").write_bytes(mine)
    with pytest.raises(NameTaken):
        get(site)
    assert (folder / "model.safetensors").read_bytes() == mine
    assert site.asked == []


def test_a_file_that_appears_meanwhile_stays(folder, site, get):
    def other(done, total, what):
        if what == "hashing":
            (folder / "model.safetensors").write_bytes(b"mine")

    with pytest.raises(NameTaken):
        get(site, progress=other)
    assert (folder / "model.safetensors").read_bytes() == b"mine"


def test_a_disk_without_second_names_is_put_up_with(folder, site, get, monkeypatch):
    def link(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(place.os, "link", link)
    get(site)
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


def test_a_full_disk_is_told_before_anything_comes(folder, site, get):
    from dataclasses import replace

    with pytest.raises(NoRoom, match="free"):
        get(site, limits=replace(QUICK, spare_bytes=1 << 60))
    assert site.asked == []
    with pytest.raises(NoRoom):
        get(site, limits=replace(QUICK, spare_bytes=1 << 60), size_bytes=0)
    assert not list(folder.glob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="no limit for files")
def test_a_disk_that_fills_up_is_told_and_what_has_come_is_kept(folder, site, get):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(NoRoom, match="does not take the file"):
            get(site)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert next(folder.glob("*.part")).stat().st_size == 50_000
    get(site)
    assert site.asked[-1].first == 50_000
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


def test_what_a_worker_left_that_died_at_the_very_end_is_cleared_away(folder, site, get):
    part = folder / f"model.safetensors.{sha256(site.content)[:12]}.part"
    part.write_bytes(site.content)
    for end in (".note", ".lock"):
        part.with_name(part.name + end).write_bytes(b"")
    os.link(part, folder / "model.safetensors")
    assert get(site).was_here
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]


def test_a_link_in_the_place_of_the_part_is_not_written_through(folder, site, get, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"")
    part = folder / f"model.safetensors.{sha256(site.content)[:12]}.part"
    part.symlink_to(precious)
    get(site)
    assert precious.read_bytes() == b""
    assert (folder / "model.safetensors").read_bytes() == site.content


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": ""},
        {"sha256": "x" * 64},
        {"size_bytes": -1},
        {"size_bytes": 1 << 60},
        {"folder": Path("/nowhere")},
        {"address": "not an address"},
        {"address": "https://nobody.example/x"},
    ],
    ids=str,
)
def test_what_cannot_be_fetched_is_refused_unasked(folder, site, get, changed):
    with pytest.raises(InvalidInput):
        get(site, **changed)
    assert site.asked == []
    assert list(folder.iterdir()) == []


def test_workers_that_fail_beside_one_another_never_work_at_the_same_time(folder, site):
    """The lock's file comes and goes all the time, as where every download fails."""
    from polaris_core.fetching.alone import alone
    from polaris_core.fetching.part import Part

    inside, seen, wrong = [], [], []

    def work(number):
        for _ in range(25):
            with alone(Part(folder / "model.safetensors", "ab" * 32), 0, lambda *_: None):
                inside.append(number)
                time.sleep(0.001)
                wrong.extend(inside[1:])
                seen.append(number)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 100
    assert wrong == []
    assert list(folder.iterdir()) == []
