from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.hashes import autov3_of, sha256_of, valid_sha256
from polaris_core.errors import Cancelled, FileProblem

NOTHING = hashlib.sha256().hexdigest()


@given(st.text() | st.binary(min_size=32, max_size=32).map(bytes.hex))
def test_only_lower_case_hashes_come_out(text):
    assert valid_sha256(text) in ("", text)
    assert autov3_of(text) in ("", text[:12])


@pytest.mark.parametrize("text", ["AB" * 32, "0x" + "ab" * 32, " " + "Ab" * 32 + "\n"])
def test_a_hash_is_told_however_it_is_written(text):
    assert valid_sha256(text) == "ab" * 32
    assert autov3_of(text) == "ab" * 6


@pytest.mark.parametrize(
    "text", ["", "ab", "xy" * 32, "ab" * 31, "ab" * 33, NOTHING, NOTHING.upper()]
)
def test_what_is_no_hash_is_refused(text):
    assert valid_sha256(text) == ""


@pytest.mark.parametrize("text", ["", "ab", "ab" * 5, NOTHING, NOTHING[:12], "E3B0C44298FC"])
def test_what_is_no_autov3_is_refused(text):
    assert autov3_of(text) == ""


def test_a_whole_file_is_hashed_block_by_block(tmp_path):
    content = os.urandom(2**20) * 9
    (tmp_path / "model").write_bytes(content)
    told = []
    digest = sha256_of(tmp_path / "model", lambda done, total, what: told.append((done, total)))
    assert digest == hashlib.sha256(content).hexdigest()
    assert told == [(4 * 2**20, 9 * 2**20), (8 * 2**20, 9 * 2**20), (9 * 2**20, 9 * 2**20)]


def test_hashing_can_be_stopped(tmp_path):
    (tmp_path / "model").write_bytes(b"x")

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        sha256_of(tmp_path / "model", stop)


def test_a_file_that_vanished_is_a_file_problem(tmp_path):
    with pytest.raises(FileProblem, match="cannot be read"):
        sha256_of(tmp_path / "gone")
