"""Small pictures are kept up to a size; those that were not used for longest go first."""

from __future__ import annotations

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from polaris_core.page.thumbnail_cache import ThumbnailCache

HOUR_S = 3600


def tag_of(number: int) -> str:
    return f"{number:032x}"[::-1]


def age(cache, tag: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(cache._path(tag), (then, then))


def size(folder) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.webp"))


def test_what_is_kept_comes_back_also_in_another_process(tmp_path):
    ThumbnailCache(tmp_path).put(tag_of(1), b"one")
    assert ThumbnailCache(tmp_path).get(tag_of(1)) == b"one"
    assert ThumbnailCache(tmp_path).get(tag_of(2)) is None


@given(sizes=st.lists(st.integers(0, 60), max_size=40))
def test_there_is_never_more_than_was_said_and_the_newest_is_kept(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("cache")
    cache = ThumbnailCache(folder, most_bytes=100)
    for number, bytes_ in enumerate(sizes):
        cache.put(tag_of(number), b"x" * bytes_)
        for older in range(number + 1):
            if cache.get(tag_of(older)) is not None:
                age(cache, tag_of(older), HOUR_S * (len(sizes) - older))
        assert size(folder) <= 100
        assert cache.get(tag_of(number)) == b"x" * bytes_


def test_what_an_earlier_process_left_is_counted_too(tmp_path):
    before = ThumbnailCache(tmp_path, most_bytes=10**6)
    for number in range(10):
        before.put(tag_of(number), b"x" * 50)
        age(before, tag_of(number), HOUR_S * (20 - number))
    after = ThumbnailCache(tmp_path, most_bytes=200)
    after.put(tag_of(10), b"x" * 50)
    assert size(tmp_path) <= 150
    assert after.get(tag_of(10)) is not None
    assert after.get(tag_of(0)) is None


def test_a_picture_that_was_looked_at_stays_longer(tmp_path):
    cache = ThumbnailCache(tmp_path, most_bytes=200)
    for number in range(4):
        cache.put(tag_of(number), b"x" * 50)
        age(cache, tag_of(number), 24 * HOUR_S * (10 - number))
    assert cache.get(tag_of(0)) is not None
    cache.put(tag_of(4), b"x" * 50)
    assert cache.get(tag_of(0)) is not None
    assert cache.get(tag_of(1)) is None


def test_what_was_never_finished_is_thrown_away(tmp_path):
    cache = ThumbnailCache(tmp_path)
    cache.put(tag_of(1), b"one")
    shelf = cache._path(tag_of(1)).parent
    old, new = shelf / ".old.part", shelf / ".new.part"
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (1, 1))
    ThumbnailCache(tmp_path).put(tag_of(2), b"two")
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"in the way")
    cache = ThumbnailCache(tmp_path / "file")
    cache.put(tag_of(1), b"one")
    assert cache.get(tag_of(1)) is None
