"""Which folders make up an index, and when they become one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from polaris_core.retrieval.spans import Span, chain_in, remove_former, remove_others, tail_to_join


def made(folder, *names):
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder


def test_the_longest_segments_that_follow_upon_each_other_are_the_index(tmp_path):
    names = ("0-4", "0-9", "4-9", "9-12", "15-20", "0-0", "12-9", "junk", "09-12")
    folder = made(tmp_path / "store", *names)
    assert list(map(str, chain_in(folder))) == ["0-9", "9-12"]
    damaged = frozenset({Span(0, 9)})
    assert list(map(str, chain_in(folder, damaged))) == ["0-4", "4-9", "9-12"]
    assert chain_in(tmp_path / "nowhere") == []


def test_what_others_have_taken_the_place_of_is_removed(tmp_path):
    made(tmp_path / "another store", "0-4")
    folder = made(tmp_path / "store", "0-4", "4-9", "0-9", "9-12", "12-20")
    remove_others(folder, [Span(0, 9), Span(9, 12)])
    assert sorted(path.name for path in folder.iterdir()) == ["0-9", "12-20", "9-12"]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_what_an_earlier_version_wrote_is_removed(tmp_path):
    made(tmp_path, "words-1/abc/words", "text-1/abc", "text-2/store/0-4")
    (tmp_path / "text-1" / "abc" / "manifest.json").write_text("{}")
    remove_former(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["text-2"]
    remove_former(tmp_path / "nowhere")


@example([1, 1, 1, 1, 1292, 161], 11495)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=300), st.integers(1, 10**6))
def test_few_segments_stay_and_none_is_copied_often(added, first):
    sizes, copied = [first], 0
    for size in added:
        sizes.append(size)
        at = tail_to_join(sizes)
        if at < len(sizes) - 1:
            copied += sum(sizes[at:])
            sizes[at:] = [sum(sizes[at:])]
        assert len(sizes) <= 9
        assert all(a >= 8 * sum(sizes[n + 1 :]) for n, a in enumerate(sizes))
    assert copied <= 9 * 8 * (first + sum(added))
