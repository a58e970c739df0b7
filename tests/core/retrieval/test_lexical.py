from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.errors import IndexProblem
from polaris_core.retrieval.documents import WORD_FIELDS, word_fields
from polaris_core.retrieval.lexical import WordIndex, WordIndexBuilder, WordSegment
from polaris_core.retrieval.postings import best
from polaris_core.retrieval.words import stems

WORDS = ["fox", "red", "paint", "castle", "水彩", "girl", "dress"]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
entries = st.lists(
    st.builds(
        Entry,
        name=texts.map(lambda text: text or "x1"),
        kind=st.just(Kind.LORA),
        tags=st.lists(texts, max_size=3).map(tuple),
        trigger_words=st.lists(texts, max_size=3).map(tuple),
        description=texts,
        example_prompts=st.lists(texts, max_size=2).map(tuple),
    ),
    max_size=8,
).map(lambda made: [replace(entry, id=3 * n + 1) for n, entry in enumerate(made)])


def segment_of(made: list[Entry], gone: tuple[int, ...] = ()) -> WordSegment:
    builder = WordIndexBuilder()
    for entry in made:
        builder.add(entry)
    return builder.finish(np.array(gone, np.int64))


def index_of(made: list[Entry]) -> WordIndex:
    return WordIndex([segment_of(made)])


def plain_bm25(made: list[Entry], query: str) -> list[float]:
    """BM25F as it stands in the papers, one entry and one word after another."""
    documents = [word_fields(entry) for entry in made]
    scores = [0.0] * len(made)
    for word in set(stems(query)):
        holders = sum(any(word in words for words in d.values()) for d in documents)
        rarity = math.log(1 + (len(made) - holders + 0.5) / (holders + 0.5))
        for at, document in enumerate(documents):
            count = sum(
                rule.weight
                * document[field].count(word)
                / (1 - 0.5 + 0.5 * len(document[field]) / rule.typical)
                for field, rule in WORD_FIELDS.items()
            )
            scores[at] += rarity * count * 3.0 / (count + 2.0)
    return scores


@given(entries, texts)
@settings(max_examples=60)
def test_scores_are_those_of_plain_bm25(made, query):
    scores = index_of(made).words.scores(stems(query))
    assert scores.tolist() == pytest.approx(plain_bm25(made, query), rel=1e-4, abs=1e-5)


@given(entries, texts, st.integers(1, 5), st.data())
@settings(max_examples=60)
def test_the_best_allowed_come_first_and_ties_go_by_id(made, query, k, data):
    index = index_of(made)
    chosen = data.draw(st.lists(st.booleans(), min_size=len(made), max_size=len(made)))
    hits = index.search(query)(k, np.array(chosen, np.bool_))
    scores = index.words.scores(stems(query))
    order = sorted(
        (-float(score), id)
        for score, id, allowed in zip(scores, index.ids.tolist(), chosen, strict=True)
        if allowed and score > 0
    )
    assert hits.ids.tolist() == [id for _, id in order[:k]]


@given(entries, texts)
@settings(max_examples=25)
def test_what_is_saved_is_what_is_opened(tmp_path_factory, made, query):
    folder = tmp_path_factory.mktemp("words")
    index = index_of(made)
    segment_of(made).save(folder)
    opened = WordIndex([WordSegment.open(folder)])
    assert opened.search(query)(5, None).ids.tolist() == index.search(query)(5, None).ids.tolist()
    assert (
        opened.search_whole(query)(5, None).ids.tolist()
        == index.search_whole(query)(5, None).ids.tolist()
    )
    assert opened.ids.tolist() == index.ids.tolist()


@given(entries, st.lists(texts, min_size=4, max_size=4), st.data())
@settings(max_examples=60)
def test_what_is_found_does_not_depend_on_segments(made, queries, data):
    """Entries come, change and go one after another; joined or not, it is one index."""
    segments, now = [], {}
    for _ in range(data.draw(st.integers(1, 4))):
        some = data.draw(st.lists(st.sampled_from(made), unique=True)) if made else []
        told = [replace(entry, name=data.draw(texts) or "x2") for entry in some]
        gone = tuple(sorted(set(data.draw(st.lists(st.integers(0, 24)))) - {e.id for e in told}))
        segments.append(segment_of(sorted(told, key=lambda e: e.id), gone))
        now = {id: e for id, e in (now | {e.id: e for e in told}).items() if id not in gone}
    plain = index_of([now[id] for id in sorted(now)])
    first = data.draw(st.integers(0, len(segments) - 1))
    tail = WordSegment.joined(segments[first:], are_all=first == 0)
    for index in (WordIndex(segments), WordIndex([*segments[:first], tail])):
        assert index.ids.tolist() == plain.ids.tolist()
        for query in queries:
            for asked, wanted in ((index.words, plain.words), (index.whole, plain.whole)):
                assert asked.scores(stems(query)) == pytest.approx(wanted.scores(stems(query)))
                assert (asked.having(stems(query)) == wanted.having(stems(query))).all()


def test_whole_names_and_trigger_words_are_recognised_in_a_sentence():
    made = [
        Entry("Studio Ghibli | v2", Kind.LORA, id=1, trigger_words=("ghbl style",)),
        Entry("Fox", Kind.LORA, id=2),
    ]
    index = index_of(made)
    assert index.search_whole("a house by studio ghibli")(5, None).ids.tolist() == [1]
    assert index.search_whole("a house, ghbl style")(5, None).ids.tolist() == [1]
    assert index.search_whole("studio")(5, None).ids.tolist() == []
    assert index.search_whole("a fox at studio ghibli")(5, None).ids.tolist() == [1, 2]


def test_partners_were_trained_on_a_checkpoint_or_speak_of_it():
    others = [Entry(f"other{n}", Kind.LORA, id=n, description="a thing") for n in range(10, 100)]
    made = [
        Entry("A", Kind.LORA, id=1, extra={"training_base": "models/reVAnimated_v122.safetensors"}),
        Entry("B", Kind.LORA, id=2, description="Looks best with ReV Animated."),
        *others,
    ]
    index = index_of(made)
    assert index.partners("ReV Animated").tolist() == [2] or 2 in index.partners("ReV Animated")
    assert 1 in index.partners("reVAnimated_v122")
    assert index.partners("a thing").tolist() == [], "a name that everyone speaks of says nothing"


def test_only_positive_scores_are_hits():
    hits = best(np.array([1, 2]), np.array([0.0, 1.0], np.float32), 5, None)
    assert hits.ids.tolist() == [2]


def test_damaged_words_are_refused(tmp_path):
    segment_of([Entry("fox", Kind.LORA, id=1)]).save(tmp_path)
    for path in (tmp_path / "words").glob("starts-*"):
        path.write_bytes(b"\0" * 8)
    with pytest.raises(IndexProblem):
        WordSegment.open(tmp_path)
    with pytest.raises(IndexProblem):
        WordSegment.open(tmp_path / "nowhere")
