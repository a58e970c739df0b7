"""The cache: only ever saves time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.encoders.base import ImageEncoder, TextEncoder
from polaris_core.encoders.cache import CachedImageEncoder, CachedTextEncoder, EmbeddingCache
from polaris_core.errors import Cancelled, InvalidInput
from polaris_core.testing import HashingEncoder

ROOT = Path(__file__).resolve().parents[3]


class Counting(HashingEncoder):
    """Remembers what it was asked."""

    def __init__(self, dim=32):
        super().__init__(dim)
        self.asked = []

    def encode_texts(self, texts, progress=lambda *_: None):
        self.asked += texts
        return super().encode_texts(texts, progress)

    def encode_images(self, images, progress=lambda *_: None):
        self.asked += [image.shape for image in images]
        return super().encode_images(images, progress)


@settings(deadline=None, max_examples=30)
@given(
    first=st.lists(st.text(max_size=9), max_size=30),
    second=st.lists(st.text(max_size=9), max_size=30),
)
def test_it_gives_what_the_encoder_gives_and_asks_for_each_text_once(
    tmp_path_factory, first, second
):
    encoder = Counting()
    cached = CachedTextEncoder(encoder, EmbeddingCache(tmp_path_factory.mktemp("c") / "cache.db"))
    for texts in (first, second, first + second):
        wanted = HashingEncoder(32).encode_texts(texts)
        assert cached.encode_texts(texts).tolist() == wanted.tolist()
    assert sorted(encoder.asked) == sorted(set(first + second))


def test_pictures_are_known_by_their_pixels(tmp_path):
    encoder = Counting()
    cached = CachedImageEncoder(encoder, EmbeddingCache(tmp_path / "cache.db"))
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    turned = picture.reshape(8, 6, 3)
    rows = cached.encode_images([picture, turned, picture[::-1][::-1]])
    assert rows[0].tolist() == rows[2].tolist() != rows[1].tolist()
    assert sorted(encoder.asked) == [(6, 8, 3), (8, 6, 3)]
    assert cached.encode_images([picture]).tolist() == rows[:1].tolist()
    assert len(encoder.asked) == 2
    with pytest.raises(InvalidInput):
        cached.encode_images([picture[0]])


def test_it_stands_in_for_the_encoder(tmp_path):
    cache, encoder = EmbeddingCache(tmp_path / "cache.db"), HashingEncoder(32)
    text, image = CachedTextEncoder(encoder, cache), CachedImageEncoder(encoder, cache)
    assert isinstance(text, TextEncoder)
    assert isinstance(image, ImageEncoder)
    assert (text.name, text.dim) == (image.name, image.dim) == (encoder.name, 32)


def test_encoders_do_not_see_each_others_vectors(tmp_path):
    cache = EmbeddingCache(tmp_path / "cache.db")
    small, large = Counting(8), Counting(16)
    CachedTextEncoder(small, cache).encode_texts(["a fox"])
    assert CachedTextEncoder(large, cache).encode_texts(["a fox"]).shape == (1, 16)
    assert large.asked == ["a fox"]


def test_what_was_finished_before_a_cancel_is_kept(tmp_path):
    cache = EmbeddingCache(tmp_path / "cache.db")
    texts = [f"number {i:04}" for i in range(600)]

    def stop(done, total, what):
        assert total == 600
        if done >= 300:
            raise Cancelled

    with pytest.raises(Cancelled):
        CachedTextEncoder(Counting(), cache).encode_texts(texts, stop)
    again = Counting()
    CachedTextEncoder(again, cache).encode_texts(texts)
    assert 0 < len(again.asked) < 400


@pytest.mark.parametrize("harm", ["garbage", "middle", "cut", "other table", "empty"])
def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path, harm):
    path = tmp_path / "cache.db"
    texts = [f"number {i}" for i in range(300)]
    wanted = CachedTextEncoder(Counting(), EmbeddingCache(path)).encode_texts(texts)
    damage(path, harm)
    for _ in range(2):
        again = Counting()
        rows = CachedTextEncoder(again, EmbeddingCache(path)).encode_texts(texts)
        assert rows.tolist() == wanted.tolist()
    assert again.asked == []


def damage(path, harm):
    content = bytearray(path.read_bytes())
    if harm == "garbage":
        path.write_bytes(b"this is no database" * 999)
    elif harm == "middle":
        content[100 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 100)
        path.write_bytes(content)
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE vectors (something TEXT)")
        connection.close()


def test_a_kept_vector_that_holds_nonsense_is_computed_again(tmp_path):
    path = tmp_path / "cache.db"
    wanted = CachedTextEncoder(Counting(), EmbeddingCache(path)).encode_texts(["a", "b", "c"])
    with sqlite3.connect(path) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM vectors")]
        for key, value in zip(keys, [b"short", "text", b"\xff" * 128], strict=True):
            connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (value, key))
    connection.close()
    again = Counting()
    rows = CachedTextEncoder(again, EmbeddingCache(path)).encode_texts(["a", "b", "c"])
    assert rows.tolist() == wanted.tolist()
    assert sorted(again.asked) == ["a", "b", "c"]


def test_where_nothing_can_be_kept_it_works_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cached = CachedTextEncoder(Counting(), EmbeddingCache(tmp_path / "file" / "cache.db"))
    assert cached.encode_texts(["a fox"]).shape == (1, 32)


_WRITER = """
import sys
from pathlib import Path
from polaris_core.encoders.cache import CachedTextEncoder, EmbeddingCache
from polaris_core.testing import HashingEncoder
encoder = CachedTextEncoder(HashingEncoder(32), EmbeddingCache(Path(sys.argv[1])))
for n in range(10**6):
    encoder.encode_texts([f"text {n} {i}" for i in range(50)])
    print(n, flush=True)
"""


def test_writers_that_are_killed_leave_a_cache_that_works(tmp_path):
    path = tmp_path / "cache.db"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    try:
        for writer in writers:
            writer.stdout.readline()
        time.sleep(0.2)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    again = Counting()
    texts = [f"text 0 {i}" for i in range(50)]
    rows = CachedTextEncoder(again, EmbeddingCache(path)).encode_texts(texts)
    assert rows.tolist() == HashingEncoder(32).encode_texts(texts).tolist()
    assert again.asked == []


def test_looking_up_many_is_quick(tmp_path):
    cache = EmbeddingCache(tmp_path / "cache.db")
    keys = [i.to_bytes(16, "big") for i in range(20_000)]
    rows = np.random.default_rng(0).standard_normal((20_000, 384)).astype(np.float32)
    cache.keep(keys, rows)
    start = time.perf_counter()
    found, there = cache.find(keys, 384)
    assert time.perf_counter() - start < 1.5  # 0.1 s on a quiet machine
    assert there.all()
    assert (found == rows).all()
