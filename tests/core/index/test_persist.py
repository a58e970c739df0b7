"""Indices on disk: replaced as a whole, checked before they are used."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.errors import Cancelled, IndexMismatch, IndexProblem, InvalidInput, PolarisError
from polaris_core.index.exact import ExactIndex
from polaris_core.index.faiss_index import FastIndex
from polaris_core.index.persist import open_index, save_index

ROOT = Path(__file__).resolve().parents[3]


def unit_rows(count, dim=12, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def the(part, folder):
    return next(path for path in folder.iterdir() if path.name.startswith(f"{part}-"))


@settings(deadline=None, max_examples=25)
@given(
    count=st.integers(0, 50),
    dim=st.integers(1, 9),
    seed=st.integers(0, 99),
    empty=st.floats(0, 1),
)
def test_what_is_saved_is_what_is_opened(tmp_path_factory, count, dim, seed, empty):
    folder = tmp_path_factory.mktemp("index")
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, count, replace=False))
    vectors = unit_rows(count, dim, seed) * (rng.random((count, 1)) >= empty)
    save_index(folder, ids, vectors, "an encoder")
    opened, fresh = open_index(folder, "an encoder"), ExactIndex.of(ids, vectors)
    assert opened.ids.tolist() == ids.tolist()
    assert opened.dim == dim
    query = unit_rows(1, dim, seed + 1)[0]
    a, b = opened.search(query, 7), fresh.search(query, 7)
    assert (a.ids.tolist(), a.scores.tolist()) == (b.ids.tolist(), b.scores.tolist())


@pytest.mark.parametrize("kind", ["exact", "fast"])
def test_saving_again_replaces_the_files_and_readers_keep_the_old_ones(tmp_path, kind):
    rows = unit_rows(5000)
    save_index(tmp_path, np.arange(5000), rows, "an encoder", kind=kind)
    old = open_index(tmp_path, "an encoder")
    new = save_index(tmp_path, np.arange(100, 109), unit_rows(9, seed=1), "an encoder")
    assert len(files(tmp_path)) == 4
    assert new.ids.tolist() == list(range(100, 109))
    assert old.search(rows[4321], 1).ids.tolist() == [4321]


def test_the_index_of_another_encoder_is_refused(tmp_path):
    save_index(tmp_path, np.arange(5), unit_rows(5), "an encoder")
    with pytest.raises(IndexMismatch, match="an encoder"):
        open_index(tmp_path, "another one")


def test_no_index_is_said_to_be_no_index(tmp_path):
    with pytest.raises(IndexProblem, match="no index"):
        open_index(tmp_path / "nowhere", "an encoder")


@pytest.mark.parametrize("part", ["ids", "filled", "vectors", "codes"])
@pytest.mark.parametrize("harm", ["cut", "grown", "gone", "start", "end"])
def test_a_harmed_file_is_noticed_on_opening(tmp_path, part, harm):
    save_index(tmp_path, np.arange(5000), unit_rows(5000, 9), "an encoder", kind="fast")
    path = the(part, tmp_path)
    content = bytearray(path.read_bytes())
    path.unlink()
    if harm == "cut":
        path.write_bytes(content[:-8])
    elif harm == "grown":
        path.write_bytes(content + bytes(8))
    elif harm in ("start", "end"):
        content[0 if harm == "start" else -1] ^= 0xFF
        path.write_bytes(content)
    with pytest.raises(IndexProblem):
        open_index(tmp_path, "an encoder")


def lying(change):
    def write(manifest):
        value = json.loads(manifest.read_text("utf-8"))
        change(value)
        manifest.write_text(json.dumps(value), "utf-8")

    return write


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda m: m.write_bytes(b""), id="empty"),
        pytest.param(lambda m: m.write_bytes(b"\xff\xfe"), id="not text"),
        pytest.param(lambda m: m.write_text("[" * 100_000), id="deep"),
        pytest.param(lambda m: m.write_text("[]"), id="a list"),
        pytest.param(lambda m: m.write_text(" " * (1 << 21)), id="huge"),
        pytest.param(lying(lambda v: v.update(version=2)), id="of a newer version"),
        pytest.param(lying(lambda v: v.update(files=3)), id="no files"),
        pytest.param(lying(lambda v: v["files"].pop("ids")), id="without ids"),
        pytest.param(lying(lambda v: v["files"]["ids"].update(name="../ids")), id="outside"),
        pytest.param(lying(lambda v: v["facts"].update(count=4)), id="fewer ids"),
        pytest.param(lying(lambda v: v["facts"].update(rows=4)), id="fewer rows"),
        pytest.param(lying(lambda v: v["facts"].update(dim=0)), id="no values"),
        pytest.param(lying(lambda v: v["facts"].update(dim=1e300)), id="too many values"),
        pytest.param(lying(lambda v: v["facts"].update(dim="12")), id="values as text"),
        pytest.param(lying(lambda v: v["facts"].update(longest=float("nan"))), id="NaN"),
        pytest.param(lying(lambda v: v["facts"].pop("encoder")), id="without encoder"),
        pytest.param(lying(lambda v: v["facts"].update(kind="slow")), id="of an unknown kind"),
    ],
)
def test_a_lying_manifest_is_noticed(tmp_path, write):
    save_index(tmp_path, np.arange(5), unit_rows(5), "an encoder")
    write(tmp_path / "manifest.json")
    with pytest.raises(IndexProblem):
        open_index(tmp_path, "an encoder")


@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, 10**6), value=st.integers(0, 255))
def test_any_changed_byte_of_the_manifest_gives_our_error_or_none(tmp_path_factory, at, value):
    folder = tmp_path_factory.mktemp("index")
    save_index(folder, np.arange(5), unit_rows(5), "an encoder")
    manifest = folder / "manifest.json"
    content = bytearray(manifest.read_bytes())
    content[at % len(content)] = value
    manifest.write_bytes(content)
    with contextlib.suppress(PolarisError):
        open_index(folder, "an encoder").search(np.ones(12, np.float32), 3)


def test_ids_that_do_not_rise_on_disk_are_noticed(tmp_path):
    save_index(tmp_path, np.arange(3), unit_rows(3), "an encoder")
    ids = the("ids", tmp_path)
    np.array([2, 1, 0]).tofile(ids)

    def resum(value):
        import zlib

        value["files"]["ids"]["sum"] = zlib.crc32(ids.read_bytes())

    lying(resum)(tmp_path / "manifest.json")
    with pytest.raises(IndexProblem, match="ids"):
        open_index(tmp_path, "an encoder")


def test_codes_of_other_vectors_are_noticed_at_the_first_search(tmp_path):
    ids, vectors = np.arange(5000), unit_rows(5000, 9)
    rows = save_index(tmp_path / "a", ids, vectors, "an encoder", kind="fast").rows
    save_index(tmp_path / "b", ids, unit_rows(5000, 12), "an encoder", kind="fast")
    index = FastIndex(rows, np.fromfile(the("codes", tmp_path / "b"), np.uint8))
    with pytest.raises(IndexProblem, match="other vectors"):
        index.search(vectors[0], 5)
    with pytest.raises(IndexProblem, match="codes"):
        FastIndex(rows, np.zeros(999, np.uint8)).search(vectors[0], 5)


def test_a_folder_that_cannot_be_made_is_our_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexProblem, match="cannot be written"):
        save_index(tmp_path / "file", np.arange(3), unit_rows(3), "an encoder")


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="kind"):
        save_index(tmp_path, np.arange(3), unit_rows(3), "an encoder", kind="slow")


def test_cancelling_leaves_the_old_index_and_nothing_else(tmp_path):
    save_index(tmp_path, np.arange(5), unit_rows(5), "an encoder")
    before = files(tmp_path)

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        save_index(tmp_path, np.arange(9), unit_rows(9), "an encoder", progress=stop)
    assert files(tmp_path) == before


def test_what_killed_writers_left_is_removed_once_it_is_old(tmp_path):
    tmp_path.joinpath(f"vectors-{'0' * 32}.bin").write_bytes(b"half")
    young = tmp_path / f"vectors-{'1' * 32}.bin"
    young.write_bytes(b"half")
    os.utime(tmp_path / f"vectors-{'0' * 32}.bin", (0, 0))
    (tmp_path / "of the user.txt").write_text("stays")
    os.utime(tmp_path / "of the user.txt", (0, 0))
    save_index(tmp_path, np.arange(3), unit_rows(3), "an encoder")
    names = files(tmp_path)
    assert f"vectors-{'0' * 32}.bin" not in names
    assert {young.name, "of the user.txt"} <= set(names)


_WRITER = """
import numpy as np, sys
from pathlib import Path
from polaris_core.index.persist import save_index
folder, n = Path(sys.argv[1]), 0
while True:
    n += 1
    vectors = np.full((n % 50 + 1, 64), 0.125, np.float32)
    save_index(folder, np.arange(len(vectors)) + 1000 * len(vectors), vectors, "an encoder")
    print(n, flush=True)
"""


def test_writers_killed_at_any_moment_leave_a_whole_index(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(4):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
            )
            for _ in range(2)
        ]
        try:
            for writer in writers:
                writer.stdout.readline()
            end = time.monotonic() + 0.1 + 0.2 * rng.random()
            while time.monotonic() < end:
                index = open_index(tmp_path, "an encoder")  # while both write
                assert index.ids[0] == 1000 * len(index.ids)
        finally:
            for writer in writers:
                writer.kill()
                writer.communicate()
        index = open_index(tmp_path, "an encoder")
        assert len(index.search(np.ones(64, np.float32), 99).ids) == len(index.ids)
