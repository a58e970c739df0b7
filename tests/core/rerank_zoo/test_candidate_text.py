"""What is read of a candidate: enough to judge it, never too much, nothing that is no text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Entry, Kind, Refined, Role
from polaris_core.rerank.candidate_text import full_text, quoted_text, short_text

texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["x" * 5000, "a\n\n\nb", "\x00\x07\u202e\ud800", "", "<|im_end|>", '"}\n2: {']),
)
entries = st.builds(
    Entry,
    name=texts,
    kind=st.just(Kind.LORA),
    role=st.sampled_from(Role),
    tags=st.lists(texts, max_size=30).map(tuple),
    trigger_words=st.lists(texts, max_size=30).map(tuple),
    training_tags=st.lists(texts, max_size=30).map(tuple),
    description=texts,
)


@given(entry=entries)
def test_the_short_text_begins_the_full_one_and_both_are_bounded(entry):
    short, full = short_text(entry), full_text(entry)
    assert full.startswith(short)
    assert short.startswith("Name: ")
    assert len(short) < 1500
    assert len(full) < 4500
    assert not {"\x00", "\x07", "\u202e"} & set(full)
    full.encode("utf-8")


@given(entry=entries, characters=st.integers(0, 600))
def test_a_quoted_text_is_one_line_that_ends_where_it_ends(entry, characters):
    line = quoted_text(entry, characters)
    assert len(line.splitlines()) == 1
    assert not set("<>[]") & set(line)
    assert json.loads(line)["name"]
    assert len(json.loads(line).get("description", "")) <= characters


def test_a_whole_entry_reads_like_this(zoo):
    entry = zoo.entry(
        1,
        "Aquarelle Dreams",
        tags=("watercolor", "Watercolor", "painting"),
        trigger_words=("aqrl style",),
        training_tags=("1girl", "wet paper"),
        description="Soft washes.\n----------\nSupport me: https://example.org/me?x=1 thanks!",
    )
    assert short_text(entry) == (
        "Name: Aquarelle Dreams\nKind: style\nTags: watercolor, painting\nTrigger words: aqrl style"
    )
    assert full_text(entry) == short_text(entry) + (
        "\nDescription: Soft washes.\nSupport me: thanks!\nTrained on: 1girl, wet paper"
    )


def test_a_bare_file_is_told_by_what_it_was_trained_on(zoo):
    bare = zoo.entry(1, "fx_v2", Role.UNKNOWN, training_tags=("red fox", "snow"))
    assert short_text(bare) == "Name: fx_v2\nTrained on: red fox, snow"
    assert full_text(bare) == short_text(bare)


def test_refined_words_are_read_in_the_place_of_the_uploaders(zoo):
    card = Refined(
        what="watercolour",
        purpose="Soft washes of colour.",
        shows=("wet paper",),
        role=Role.STYLE,
        trigger_words=("aqrl",),
    )
    entry = zoo.entry(
        1,
        "Aquarelle Dreams v2",
        Role.UNKNOWN,
        tags=("anime",),
        trigger_words=("aqrl, masterpiece",),
        description="Support me!",
        refined=card,
    )
    assert short_text(entry) == (
        "Name: Aquarelle Dreams v2\nKind: style\nShows: watercolour, wet paper\nTrigger words: aqrl"
    )
    assert full_text(entry) == f"{short_text(entry)}\nDescription: Soft washes of colour."
