import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.catalogue.reading import Reading, read_entry
from polaris_core.catalogue.scan import ModelFolder, ScanReport, scan
from polaris_core.catalogue.store import Store
from polaris_core.errors import BrokenHeader, BrokenSidecar, Cancelled, FileProblem

REPOSITORY = Path(__file__).parents[3]


def header_bytes(shapes):
    table, end = {}, 0
    for key, shape in shapes.items():
        begin, end = end, end + 2 * shape[0] * shape[1]
        table[key] = {"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
LORA = header_bytes({f"{LAYER}.lora_down.weight": [1, 768], f"{LAYER}.lora_up.weight": [320, 1]})


def put(path, content=LORA):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def touch_later(path):
    """Make the time of a file another one, whatever the clock's steps are."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "home" / "catalogue.sqlite") as opened:
        yield opened


@pytest.fixture
def loras(tmp_path):
    folder = tmp_path / "loras"
    folder.mkdir()
    return folder


def folder(path, kind=Kind.LORA):
    return ModelFolder(path, kind)


def figures(report):
    return (report.added, report.changed, report.unchanged, report.removed)


def files(store):
    return sorted(entry.file for entry in store.all())


class CountingRead:
    """Reads as ever and counts."""

    def __init__(self):
        self.seen = []

    def __call__(self, root, file, **facts):
        self.seen.append(file)
        return read_entry(root, file, **facts)


actions = st.lists(
    st.tuples(
        st.sampled_from(["write", "remove", "sidecar", "rename"]),
        st.sampled_from(["a", "b", "sub/a", "sub/deep/c"]),
        st.sampled_from(["a", "sub/b"]),
    ),
    max_size=8,
)


@given(rounds=st.lists(actions, min_size=1, max_size=4))
@settings(max_examples=40)
def test_after_any_changes_the_catalogue_is_as_if_scanned_anew(tmp_path_factory, rounds):
    home = tmp_path_factory.mktemp("zoo")
    root = home / "loras"
    root.mkdir()
    clock = 10**9
    with Store.open(home / "kept.sqlite") as kept:
        for number, changes in enumerate(rounds):
            for what, name, other in changes:
                clock += 1
                path, target = root / f"{name}.safetensors", root / f"{other}.safetensors"
                if what == "write":
                    put(path, LORA)
                elif what == "sidecar":
                    path = put(path.with_suffix(".json"), b'{"description": "%d"}' % clock)
                elif what == "remove" and path.exists():
                    path.unlink()
                elif what == "rename" and path.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    path = path.replace(target)
                if path.exists():
                    os.utime(path, (clock, clock))
            report = scan(kept, [folder(root)])
            with Store.open(home / f"{number}.sqlite") as anew:
                scan(anew, [folder(root)])
                assert facts_of(kept) == facts_of(anew)
            assert report.added + report.changed + report.unchanged == len(files(kept))
            again = scan(kept, [folder(root)])
            assert figures(again) == (0, 0, len(files(kept)), 0)


def facts_of(store):
    return sorted((e.file, e.description, e.modified_ns, e.size_bytes) for e in store.all())


def test_a_second_scan_reads_nothing_and_changes_nothing(store, loras):
    for number in range(20):
        put(loras / f"sub{number % 3}" / f"{number}.safetensors")
    assert figures(scan(store, [folder(loras)])) == (20, 0, 0, 0)
    key, before, read = store.key(), list(store.all()), CountingRead()
    assert figures(scan(store, [folder(loras)], read=read)) == (0, 0, 20, 0)
    assert read.seen == []
    assert (store.key(), list(store.all())) == (key, before)


@pytest.mark.parametrize("suffix", [".civitai.info", ".json", ".metadata.json", ".preview.png"])
def test_a_changed_companion_alone_has_its_entry_read_again(store, loras, suffix):
    models = [put(loras / f"{name}.safetensors") for name in ("a", "b")]
    companion = put(models[0].with_suffix(suffix), b"{}")
    scan(store, [folder(loras)])
    before = store.resolve("a")[0]
    for change in (touch_later, lambda path: path.write_bytes(b"{ }"), Path.unlink):
        change(companion)
        read = CountingRead()
        scan(store, [folder(loras)], read=read)
        assert read.seen == ["a.safetensors"]
    assert store.resolve("a")[0].id == before.id


def test_what_a_sidecar_says_anew_is_in_the_catalogue_under_the_same_id(store, loras):
    model = put(loras / "a.safetensors")
    sidecar = put(model.with_suffix(".json"), b'{"description": "a castle"}')
    scan(store, [folder(loras)])
    [before] = store.all()
    sidecar.write_text('{"description": "a dragon and more"}')
    assert figures(scan(store, [folder(loras)])) == (0, 1, 0, 0)
    [after] = store.all()
    assert (after.id, after.description) == (before.id, "a dragon and more")
    assert store.find("castle") == []


def test_a_hash_that_was_computed_outlives_a_change_of_the_sidecar_but_not_of_the_file(
    store, loras
):
    model = put(loras / "a.safetensors")
    scan(store, [folder(loras)])
    [entry] = store.all()
    store.set_sha256(entry.id, "ab" * 32)
    put(model.with_suffix(".json"), b'{"notes": "x"}')
    scan(store, [folder(loras)])
    assert store.entry(entry.id).sha256 == "ab" * 32
    touch_later(model)
    scan(store, [folder(loras)])
    assert store.entry(entry.id).sha256 == ""


def test_a_thousand_broken_files_do_not_hide_a_thousand_good_ones(store, loras):
    good = {put(loras / f"good{i}.safetensors").name for i in range(1000)}
    kinds = [b"", b"\xff" * 40, LORA[:60], struct.pack("<Q", 2**40) + b"{}", LORA + b"x"]
    broken = {put(loras / f"bad{i}.safetensors", kinds[i % 5]).name for i in range(1000)}
    report = scan(store, [folder(loras)])
    assert figures(report) == (1000, 0, 0, 0)
    assert set(files(store)) == good
    assert sorted(Path(p.path).name for p in report.problems) == sorted(broken)
    assert all(isinstance(problem, BrokenHeader) for problem in report.problems)

    read = CountingRead()
    again = scan(store, [folder(loras)], read=read)
    assert read.seen == [], "a broken file is not read again until it changes"
    assert figures(again) == (0, 0, 1000, 0)
    shown = [(type(p), p.path, str(p), p.hint) for p in report.problems]
    assert [(type(p), p.path, str(p), p.hint) for p in again.problems] == shown
    assert [(type(p), p.path, str(p), p.hint) for p in store.problems()] == shown


def test_a_file_that_breaks_leaves_and_comes_back_when_it_is_mended(store, loras):
    model = put(loras / "a.safetensors")
    scan(store, [folder(loras)])
    model.write_bytes(b"broken")
    report = scan(store, [folder(loras)])
    assert figures(report) == (0, 0, 0, 1)
    assert len(report.problems) == 1
    put(model)
    report = scan(store, [folder(loras)])
    assert (figures(report), report.problems) == ((1, 0, 0, 0), ())
    assert store.problems() == []


def test_a_broken_sidecar_is_reported_and_its_model_kept(store, loras):
    model = put(loras / "a.safetensors")
    sidecar = put(model.with_suffix(".civitai.info"), b"{not json")
    report = scan(store, [folder(loras)])
    assert files(store) == ["a.safetensors"]
    [problem] = report.problems
    assert isinstance(problem, BrokenSidecar)
    assert problem.path == str(sidecar)
    sidecar.unlink()
    assert scan(store, [folder(loras)]).problems == ()


def test_a_file_that_cannot_be_opened_keeps_its_entry_and_is_tried_again(store, loras):
    model = put(loras / "a.safetensors")
    scan(store, [folder(loras)])
    touch_later(model)

    def refuse(root, file, **facts):
        raise FileProblem("cannot be read", path=file) from PermissionError()

    report = scan(store, [folder(loras)], read=refuse)
    assert len(report.problems) == 1
    assert files(store) == ["a.safetensors"]
    report = scan(store, [folder(loras)])
    assert (figures(report), report.problems) == ((0, 1, 0, 0), ())


def test_a_file_that_vanishes_while_the_scan_runs_is_no_problem(store, loras):
    for name in "abc":
        put(loras / f"{name}.safetensors")
    scan(store, [folder(loras)])
    for name in "abc":
        touch_later(loras / f"{name}.safetensors")

    def read_and_remove_the_next(root, file, **facts):
        (loras / "b.safetensors").unlink(missing_ok=True)
        return read_entry(root, file, **facts)

    report = scan(store, [folder(loras)], read=read_and_remove_the_next)
    assert (figures(report), report.problems) == ((0, 2, 0, 1), ())
    assert files(store) == ["a.safetensors", "c.safetensors"]


def test_an_error_that_is_no_file_problem_is_not_hidden_and_what_was_read_stays(store, loras):
    for name in "abc":
        put(loras / f"{name}.safetensors")

    def fail_at_c(root, file, **facts):
        if file.startswith("c"):
            raise ZeroDivisionError
        return read_entry(root, file, **facts)

    with pytest.raises(ZeroDivisionError):
        scan(store, [folder(loras)], read=fail_at_c)
    assert files(store) == ["a.safetensors", "b.safetensors"]


def test_the_header_goes_before_the_folder_and_a_stray_is_noted(store, tmp_path):
    put(tmp_path / "checkpoints" / "stray.safetensors")
    put(tmp_path / "checkpoints" / "old.ckpt", b"never opened")
    put(tmp_path / "loras" / "right.safetensors")
    scan(store, [folder(tmp_path / "checkpoints", Kind.CHECKPOINT), folder(tmp_path / "loras")])
    [stray], [right], [old] = (store.resolve(name) for name in ("stray", "right", "old"))
    assert (stray.kind, right.kind, old.kind) == (Kind.LORA, Kind.LORA, Kind.CHECKPOINT)
    assert stray.root == str(tmp_path / "checkpoints")
    assert "wrong_folder" in stray.extra
    assert "wrong_folder" not in right.extra
    assert old.unsafe
    assert right.base_model is BaseModel.SD15


def test_other_files_hidden_ones_and_unfinished_downloads_are_passed_by(store, loras):
    put(loras / "a.safetensors")
    for name in (
        ".hidden.safetensors",
        ".cache/b.safetensors",
        "c.safetensors.part",
        "d.safetensors.tmp",
        "notes.txt",
        "picture.png",
    ):
        put(loras / name)
    (loras / "folder.safetensors").mkdir()
    report = scan(store, [folder(loras)])
    assert files(store) == ["a.safetensors"]
    assert report.problems == ()


def test_files_that_are_gone_leave_and_ids_are_not_given_again(store, loras):
    for name in "ab":
        put(loras / "sub" / f"{name}.safetensors")
    scan(store, [folder(loras)])
    ids = {e.file: e.id for e in store.all()}
    (loras / "sub" / "b.safetensors").unlink()
    assert figures(scan(store, [folder(loras)])) == (0, 0, 1, 1)
    put(loras / "sub" / "b.safetensors")
    scan(store, [folder(loras)])
    assert store.resolve("a")[0].id == ids["sub/a.safetensors"]
    assert store.resolve("b")[0].id > max(ids.values())


def test_entries_of_other_folders_and_those_not_on_disk_stay(store, tmp_path):
    for name in ("one", "two"):
        put(tmp_path / name / f"{name}.safetensors")
        scan(store, [folder(tmp_path / name)])
    store.add([Entry(name="far", kind=Kind.LORA)])
    (tmp_path / "two" / "two.safetensors").unlink()
    assert scan(store, [folder(tmp_path / "one")]).removed == 0
    assert len(list(store.all())) == 3


def test_a_missing_root_is_reported_and_its_entries_are_kept(store, loras, tmp_path):
    put(loras / "sub" / "a.safetensors")
    scan(store, [folder(loras)])
    loras.rename(tmp_path / "away")
    report = scan(store, [folder(loras)])
    assert figures(report) == (0, 0, 0, 0)
    assert [problem.path for problem in report.problems] == [str(loras)]
    assert files(store) == ["sub/a.safetensors"]
    (tmp_path / "away").rename(loras)
    assert figures(scan(store, [folder(loras)])) == (0, 0, 1, 0)
    assert store.problems() == []


def test_an_empty_mount_point_is_not_taken_for_an_emptied_folder(store, loras):
    model = put(loras / "a.safetensors")
    scan(store, [folder(loras)])
    with store.writing() as connection:  # as if it had been on a drive of its own
        connection.execute("UPDATE roots SET device = 'another'")
    model.unlink()
    report = scan(store, [folder(loras)])
    assert len(report.problems) == 1
    assert "mounted" in str(report.problems[0])
    assert files(store) == ["a.safetensors"]


def test_a_folder_that_may_not_be_read_is_reported_and_keeps_its_entries(store, loras, monkeypatch):
    put(loras / "open" / "a.safetensors")
    put(loras / "shut" / "b.safetensors")
    scan(store, [folder(loras)])
    listed = os.scandir

    def refuse(path):  # the tests may run as root, to whom nothing is shut
        if path.rstrip("/").endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = scan(store, [folder(loras)])
    assert [problem.path for problem in report.problems] == [str(loras / "shut")]
    assert len(files(store)) == 2
    monkeypatch.undo()
    assert scan(store, [folder(loras)]).problems == ()


def test_a_file_in_place_of_a_folder_is_reported(store, tmp_path):
    report = scan(store, [folder(put(tmp_path / "loras"))])
    assert len(report.problems) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_roots_in_one_another_and_named_twice_give_each_file_once(store, loras, tmp_path, order):
    put(loras / "a.safetensors")
    put(loras / "inner" / "b.safetensors")
    (tmp_path / "link").symlink_to(loras)
    folders = [folder(loras), folder(loras / "inner"), folder(loras), folder(tmp_path / "link")]
    assert scan(store, folders[::order]).added == 2
    assert {(e.root, e.file) for e in store.all()} == {
        (str(loras), "a.safetensors"),
        (str(loras / "inner"), "b.safetensors"),
    }


def test_a_file_found_through_another_root_later_keeps_its_id_and_hash(store, loras, tmp_path):
    put(loras / "inner" / "a.safetensors")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link").symlink_to(loras / "inner")
    scan(store, [folder(loras)])
    [first] = store.all()
    store.set_sha256(first.id, "ab" * 32)
    for root, file in (
        (loras / "inner", "a.safetensors"),
        (tmp_path / "other", "link/a.safetensors"),
        (loras, "inner/a.safetensors"),
    ):
        scan(store, [folder(root)])
        [entry] = store.all()
        assert (entry.id, entry.sha256) == (first.id, "ab" * 32)
        assert (entry.root, entry.file) == (str(root), file)


def test_links_to_folders_are_followed_once_and_loops_end(store, loras, tmp_path):
    put(loras / "real" / "a.safetensors")
    put(tmp_path / "elsewhere" / "b.safetensors")
    (loras / "again").symlink_to(loras / "real")
    (loras / "real" / "up").symlink_to(loras)
    (loras / "self").symlink_to(loras / "self")
    (loras / "far").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(loras)
    report = scan(store, [folder(loras)])
    assert files(store) == ["far/b.safetensors", "real/a.safetensors"]
    assert report.problems == ()


def test_links_to_files_are_followed_and_give_a_real_file_once(store, loras, tmp_path):
    real = put(loras / "z_real.safetensors")
    blob = put(tmp_path / "blobs" / "1234")
    (loras / "a_link.safetensors").symlink_to(real)
    (loras / "b_blob.safetensors").symlink_to(blob)
    (loras / "c_blob.safetensors").symlink_to(blob)
    (loras / "d_nowhere.safetensors").symlink_to(tmp_path / "nothing")
    scan(store, [folder(loras)])
    assert files(store) == ["b_blob.safetensors", "z_real.safetensors"]
    blob.write_bytes(LORA + b"broken now")
    assert figures(scan(store, [folder(loras)])) == (0, 0, 1, 1)


def test_a_link_to_a_drive_that_is_away_keeps_what_was_behind_it(store, loras, tmp_path):
    put(tmp_path / "drive" / "a.safetensors")
    (loras / "link").symlink_to(tmp_path / "drive")
    scan(store, [folder(loras)])
    (tmp_path / "drive").rename(tmp_path / "away")
    assert scan(store, [folder(loras)]).removed == 0
    (loras / "link").unlink()
    assert scan(store, [folder(loras)]).removed == 1


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be made there")
def test_names_of_every_script_undecodable_and_very_long_ones(store, tmp_path):
    names = ["日本語 «é».safetensors", "e\u0301.safetensors", "'; DROP TABLE--.safetensors"]
    root = tmp_path / "ロラ"
    for name in names:
        put(root / name)
    odd = os.fsencode(root) + b"/bad\xff"
    os.mkdir(odd)
    with open(odd + b"/\xfe.safetensors", "wb") as file:
        file.write(LORA)
    deep = "/".join(["d" * 200] * 18)
    room = 4000 - len(os.fsencode(root)) - len(deep)
    deep = f"{deep}/{'e' * min(room, 200)}/x.safetensors"
    put(root / deep)
    report = scan(store, [folder(root)])
    assert report.problems == ()
    assert files(store) == sorted([*names, "bad\udcff/\udcfe.safetensors", deep])
    assert store.resolve("bad\udcff/\udcfe")[0].file == "bad\udcff/\udcfe.safetensors"
    assert figures(scan(store, [folder(root)])) == (0, 0, 5, 0)


def test_a_folder_too_deep_for_the_system_is_reported_and_the_rest_is_read(store, loras):
    put(loras / "z.safetensors")
    here = os.getcwd()
    try:
        os.chdir(loras)
        for _ in range(25):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        Path("x.safetensors").write_bytes(LORA)
    finally:
        os.chdir(here)
    report = scan(store, [folder(loras)])
    assert files(store) == ["z.safetensors"]
    assert len(report.problems) == 1


def test_cancelling_stops_soon_and_keeps_what_was_finished(store, loras):
    for number in range(60):
        put(loras / f"{number:02}.safetensors")
    cancelled = threading.Event()
    asked = []

    def progress(done, total, what, /):
        asked.append((done, total))
        if cancelled.is_set():
            raise Cancelled

    def slow(root, file, **facts):
        time.sleep(0.01)
        if file.startswith("20"):
            cancelled.set()
            slow.since = time.perf_counter()
        return read_entry(root, file, **facts)

    with pytest.raises(Cancelled):
        scan(store, [folder(loras)], progress, read=slow)
    assert time.perf_counter() - slow.since < 0.2
    kept = len(files(store))
    assert 21 <= kept < 60
    assert any(total == 60 for _, total in asked)
    assert scan(store, [folder(loras)]).added == 60 - kept


def test_cancelling_stops_the_walk_and_removes_nothing(store, loras):
    put(loras / "a.safetensors")
    scan(store, [folder(loras)])
    (loras / "a.safetensors").unlink()

    def stop(done, total, what, /):
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(store, [folder(loras)], stop)
    assert files(store) == ["a.safetensors"]


SCAN_SLOWLY = """
import sys, time
from pathlib import Path
from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.reading import read_entry
from polaris_core.catalogue.scan import ModelFolder, scan
from polaris_core.catalogue.store import Store
def slowly(root, file, **facts):
    time.sleep(float(sys.argv[3]))
    return read_entry(root, file, **facts)
with Store.open(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    sys.stdin.read(1)
    report = scan(store, [ModelFolder(Path(sys.argv[2]), Kind.LORA)], read=slowly)
    print(report.added + report.unchanged, flush=True)
"""


def start_scan(path, root, seconds_per_file):
    run = subprocess.Popen(
        [sys.executable, "-c", SCAN_SLOWLY, str(path), str(root), str(seconds_per_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert run.stdout.readline() == b"ready\n"
    return run


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal there")
def test_a_scan_that_is_killed_goes_on_where_it_was(loras, tmp_path):
    for number in range(400):
        put(loras / f"{number}.safetensors")
    path = tmp_path / "catalogue.sqlite"
    run = start_scan(path, loras, 0.005)
    run.stdin.write(b"g")
    run.stdin.flush()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with Store.open(path) as store:
            if store.columns().ids.size:
                break
        time.sleep(0.02)
    run.kill()
    run.wait()
    run.stdin.close()
    run.stdout.close()
    with Store.open(path) as store:
        kept = len(files(store))
        assert 0 < kept < 400
        read = CountingRead()
        report = scan(store, [folder(loras)], read=read)
        assert figures(report) == (400 - kept, 0, kept, 0)
        assert len(read.seen) == 400 - kept
        assert len(set(files(store))) == 400


def test_two_processes_at_once_give_one_row_a_file(loras, tmp_path):
    for number in range(150):
        put(loras / f"{number}.safetensors")
        put(loras / f"bad{number}.safetensors", b"broken")
    path = tmp_path / "catalogue.sqlite"
    runs = [start_scan(path, loras, 0.001) for _ in range(2)]
    for run in runs:
        run.stdin.write(b"g")
        run.stdin.flush()
    answers = [run.communicate(timeout=60)[0] for run in runs]
    assert answers == [b"150\n", b"150\n"]
    with Store.open(path) as store:
        assert len(files(store)) == len(set(files(store))) == 150
        assert len(store.problems()) == 150
        assert figures(scan(store, [folder(loras)])) == (0, 0, 150, 0)


def test_two_threads_at_once_give_one_row_a_file(store, loras):
    for number in range(300):
        put(loras / f"{number}.safetensors")
    reports = []
    threads = [
        threading.Thread(target=lambda: reports.append(scan(store, [folder(loras)])))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 3
    assert sum(report.added for report in reports) == 300
    assert len(set(files(store))) == len(files(store)) == 300


def test_a_file_that_another_scan_has_just_added_is_not_removed(store, loras):
    put(loras / "a.safetensors")

    def read_while_another_scan_finds_more(root, file, **facts):
        if not (loras / "b.safetensors").exists():
            put(loras / "b.safetensors")
            scan(store, [folder(loras)])
        return read_entry(root, file, **facts)

    scan(store, [folder(loras)], read=read_while_another_scan_finds_more)
    assert files(store) == ["a.safetensors", "b.safetensors"]


def test_nothing_to_scan_is_nothing_done(store):
    report = scan(store, [])
    assert figures(report) == (0, 0, 0, 0)
    assert "no model files" in report.summary()
    assert "3 added, 1 problems" in ScanReport(added=3, problems=(FileProblem("x"),)).summary()


def test_any_reader_may_be_given(store, loras):
    put(loras / "a.safetensors")

    def read(root, file, *, expected=None, siblings=None):
        return Reading(Entry(name="mine", kind=expected, root=root, file=file))

    scan(store, [folder(loras)], read=read)
    assert [e.name for e in store.all()] == ["mine"]
