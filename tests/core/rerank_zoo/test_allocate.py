"""Each LoRA once, no more than asked for, nothing that does not fit; what is pinned stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Role
from polaris_core.rerank.allocate import allocate, marks_of, strength_shares
from polaris_core.rerank.judging import Judgement
from polaris_core.rerank.topics import Topic, is_asked_for, topics_of
from polaris_core.rerank.verdicts import verdicts_of
from polaris_core.retrieval.shortlist import Half, Hit, Slot, SlotName, SourceScore

THRESHOLD = 0.5


def judged(topic, hits, scores, out_in=None):
    judgement = Judgement(tuple(scores), None, tuple(out_in or [0] * len(hits)))
    return verdicts_of(topic, hits, judgement, [], THRESHOLD)


@st.composite
def situations(draw, zoo):
    """Up to three topics over two slots that share some LoRAs."""
    topics = [
        Topic(SlotName.STYLE, "watercolor"),
        Topic(SlotName.OBJECT, "red fox"),
        Topic(SlotName.OBJECT, "hat"),
    ][: draw(st.integers(1, 3))]
    hits = {}
    for slot in (SlotName.STYLE, SlotName.OBJECT):
        ids = draw(st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True))
        pinned = draw(st.sets(st.sampled_from(ids), max_size=2))
        hits[slot] = [zoo.hit(i, pinned=i in pinned) for i in ids]
    score = st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.7, 0.9, 1.0])
    return [
        judged(
            topic,
            hits[topic.slot],
            [draw(score) for _ in hits[topic.slot]],
            [draw(st.sampled_from([0, 0, 1])) for _ in hits[topic.slot]],
        )
        for topic in topics
    ]


@given(data=st.data(), keep=st.integers(1, 4))
def test_the_laws_of_allocation(zoo, data, keep):
    before = data.draw(situations(zoo))
    after = allocate(before, keep)
    assert [each.topic for each in after] == [each.topic for each in before]
    free, pinned = [], []
    for each, was in zip(after, before, strict=True):
        assert [v.hit for v in each.verdicts] == [v.hit for v in was.verdicts]
        kept = [v for v in each.verdicts if v.kept]
        mine = [v for v in kept if not v.hit.pinned]
        assert not mine or len(kept) <= keep
        assert all(v.score >= THRESHOLD for v in mine)
        assert all(v.reason for v in each.verdicts)
        free += [v.hit.entry.id for v in mine]
        pinned += [(each.topic.slot, v.hit.entry.id) for v in kept if v.hit.pinned]
    assert len(set(free)) == len(free)
    assert not set(free) & {i for _, i in pinned}
    assert sorted(pinned) == sorted(
        {(e.topic.slot, v.hit.entry.id) for e in before for v in e.verdicts if v.hit.pinned}
    )
    assert allocate(before, keep) == after


@given(data=st.data(), keep=st.integers(1, 4))
def test_a_topic_with_room_misses_nobody_that_fits_and_is_free(zoo, data, keep):
    after = allocate(data.draw(situations(zoo)), keep)
    used = {v.hit.entry.id for each in after for v in each.verdicts if v.kept}
    for each in after:
        if sum(v.kept for v in each.verdicts) < keep:
            left = {v.hit.entry.id for v in each.verdicts if v.may_be_kept and not v.kept}
            assert left <= used


def test_a_lora_serves_the_topic_it_fits_better(zoo):
    hits = [zoo.hit(1), zoo.hit(2)]
    fox, hat = (Topic(SlotName.OBJECT, phrase) for phrase in ("red fox", "hat"))
    after = allocate([judged(fox, hits, [0.8, 0.6]), judged(hat, hits, [0.9, 0.1])], keep=2)
    assert [v.hit.entry.id for v in after[0].verdicts if v.kept] == [2]
    assert [v.hit.entry.id for v in after[1].verdicts if v.kept] == [1]
    assert after[0].verdicts[0].reason == "it serves object “hat” already"


def test_ties_go_to_the_smaller_id(zoo):
    hits = [zoo.hit(7), zoo.hit(3), zoo.hit(5)]
    (after,) = allocate([judged(Topic(SlotName.STYLE, "ink"), hits, [0.8] * 3)], keep=1)
    assert [v.hit.entry.id for v in after.verdicts] == [3, 5, 7]
    assert [v.kept for v in after.verdicts] == [True, False, False]


def test_the_same_file_under_another_id_is_the_same_lora(zoo):
    style, thing = Topic(SlotName.STYLE, "ink"), Topic(SlotName.OBJECT, "fox")
    one, other = zoo.hit(1, file="a/x.safetensors"), zoo.hit(2, file="a/x.safetensors")
    after = allocate([judged(style, [one], [0.8]), judged(thing, [other], [0.9])], keep=1)
    assert [sum(v.kept for v in each.verdicts) for each in after] == [0, 1]
    assert marks_of(one.entry) & marks_of(other.entry)


def test_what_is_pinned_elsewhere_is_not_taken_again(zoo):
    style = Topic(SlotName.STYLE, "ink")
    (after,) = allocate(
        [judged(style, [zoo.hit(1)], [0.9])], 1, [(SlotName.OBJECT, zoo.hit(1, pinned=True))]
    )
    assert after.verdicts[0].reason == "it serves object already"


@pytest.mark.parametrize(
    ("name", "role", "phrase", "asked"),
    [
        ("Naruto", Role.CHARACTER, "Naruto", True),
        ("Naruto Uzumaki (LoRA)", Role.CHARACTER, "naruto uzumaki in the snow", True),
        ("Naruto", Role.CHARACTER, "a ninja", False),
        ("Ada Lovelace", Role.PERSON, "Ada Lovelace", True),
        ("Ada Lovelace", Role.PERSON, "a woman", False),
        ("Red Fox", Role.OBJECT, "a hat", True),
    ],
)
def test_characters_and_persons_are_read_only_if_named(zoo, name, role, phrase, asked):
    assert is_asked_for(zoo.entry(1, name, role), phrase) is asked


def test_topics_are_the_style_and_every_object_once(zoo):
    intent = zoo.intent("red fox", " ", "hat", "red fox")
    style, thing = (zoo.shortlist().slot(name) for name in (SlotName.STYLE, SlotName.OBJECT))
    assert topics_of(intent, style) == (Topic(SlotName.STYLE, "watercolor"),)
    assert [topic.phrase for topic in topics_of(intent, thing)] == ["red fox", "hat"]
    assert topics_of(intent, Slot(SlotName.STYLE, Half.PICTURE, "")) == ()
    assert topics_of(intent, Slot(SlotName.OBJECT, Half.TEXT, "")) == ()
    assert len(topics_of(zoo.intent(*map(str, range(30))), thing)) == 8


def scored(zoo, id, score, topic):
    hit = zoo.hit(id)
    return Hit(hit.entry, 1.0, (SourceScore("rerank", score, 1),), topic=topic)


def test_loras_of_one_topic_share_its_strength_by_their_scores(zoo):
    style = [(SlotName.STYLE, scored(zoo, i, s, "ink")) for i, s in ((1, 0.9), (2, 0.6))]
    thing = (SlotName.OBJECT, scored(zoo, 3, 0.8, "ink"))
    unranked = (SlotName.STYLE, zoo.hit(4))
    shares = strength_shares([*style, thing, unranked])
    assert shares == pytest.approx([0.6, 0.4, 1.0, 1.0])
    assert strength_shares([]) == []


@given(scores=st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_shares_of_a_topic_make_one(zoo, scores):
    shares = strength_shares([(SlotName.STYLE, scored(zoo, 1, s, "ink")) for s in scores])
    assert sum(shares) == pytest.approx(1)
    assert all(0 < share <= 1 for share in shares)
