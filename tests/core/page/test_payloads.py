"""What nodes hand to the page: cards of results, and candidates of regions."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Preview, Role
from polaris_core.page.cards import card_of, details_of
from polaris_core.page.regions import CELLS, region_payload
from polaris_core.page.results import hit_cards, shortlist_cards
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.region import Candidate, RegionMask
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot, SlotName, SourceScore

RESULT_FIELDS = {
    *("share", "score", "reason", "matched_words", "pinned", "banned", "picked", "dropped"),
    *("topic", "asked_strength"),
}


def entry(id: int, **facts) -> Entry:
    return Entry(f"Entry {id}", Kind.LORA, BaseModel.SD15, Role.STYLE, id=id, **facts)


TEXT = st.text(max_size=400)
ENTRIES = st.builds(
    Entry,
    name=st.text(min_size=1, max_size=400),
    kind=st.sampled_from(Kind),
    base_model=st.sampled_from(BaseModel),
    role=st.sampled_from(Role),
    id=st.integers(1, 2**63 - 1),
    trigger_words=st.lists(TEXT, max_size=20).map(tuple),
    tags=st.lists(TEXT, max_size=20).map(tuple),
    description=TEXT,
    maturity=st.sampled_from(Maturity),
    file=st.text(st.characters(), max_size=20),
    source=TEXT,
    previews=st.lists(
        st.builds(Preview, path=st.just("/a.png"), maturity=st.sampled_from(Maturity)), max_size=3
    ).map(tuple),
    extra=st.dictionaries(TEXT, TEXT, max_size=3),
)


@given(ENTRIES, st.sampled_from(["PG", "X"]))
def test_a_card_of_anything_is_json_of_bounded_size(made, level):
    card = details_of(made, Maturity[level])
    text = json.dumps(card, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert json.loads(text) == card
    assert len(json.dumps(card_of(made, Maturity[level]))) < 40_000


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), max_size=60))
def test_shares_are_lengths_of_bars_in_the_order_of_scores(rows):
    hits = [
        Hit(entry(n + 1), 1.0 if pin else score, pinned=pin) for n, (score, pin) in enumerate(rows)
    ]
    cards = hit_cards(hits, Maturity.PG)
    assert len(cards) == min(len(hits), 48)
    assert all(0.0 <= card["share"] <= 1.0 for card in cards)
    assert [card["picked"] for card in cards] == [n == 0 for n in range(len(cards))]
    own = [
        (hit.score, card["share"]) for hit, card in zip(hits, cards, strict=False) if not hit.pinned
    ]
    assert sorted(own, key=lambda pair: pair[0]) == sorted(own)
    assert all(set(card) >= RESULT_FIELDS for card in cards)


def test_the_probability_of_a_ranking_is_its_share_as_it_is():
    sources = (SourceScore("rerank", 0.62, 1), SourceScore("strength", 0.4, 0))
    [card] = hit_cards([Hit(entry(1), 9.0, sources)], Maturity.PG)
    assert (card["share"], card["asked_strength"]) == (0.62, 0.4)


def test_slots_say_what_was_sought_and_what_was_left_out():
    slot = Slot(SlotName.STYLE, Half.TEXT, "watercolor", (Hit(entry(3), 1.0),), "a note")
    [told] = shortlist_cards(Shortlist((slot,)), Maturity.PG)
    assert (told["slot"], told["asked_by"], told["query"], told["note"], told["found"]) == (
        *("style", "text", "watercolor", "a note", 1),
    )


@pytest.mark.parametrize("level", [None, Maturity.PG, Maturity.X])
def test_no_picture_is_more_mature_than_is_shown(level):
    previews = (Preview("/x.png", maturity=Maturity.X), Preview("/r.png", maturity=Maturity.R))
    [card] = hit_cards([Hit(entry(1, previews=previews, maturity=Maturity.R), 1.0)], level)
    shown = {None: "maturity=R&", Maturity.PG: "", Maturity.X: "maturity=X&"}[level]
    assert shown in card["thumbnail"]
    assert bool(card["thumbnail"]) == bool(shown)


def region_of(*masks: np.ndarray) -> RegionMask:
    candidates = tuple(
        Candidate(n, Proposal.of(mask, 0.5), 1.0 / n) for n, mask in enumerate(masks, start=1)
    )
    return RegionMask(masks[0].astype(np.float32), "the cat", 0.7, candidates, (1,), ("a note",))


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_a_click_in_the_middle_of_a_cell_meets_what_lies_there(height, width, data):
    seed = data.draw(st.integers(0, 2**32 - 1))
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    mask[0, 0] = True
    told = region_payload(region_of(mask))
    bits = np.unpackbits(np.frombuffer(base64.b64decode(told["candidates"][0]["bits"]), np.uint8))
    grid = bits.reshape(CELLS, CELLS).astype(bool)
    ys = ((np.arange(CELLS) + 0.5) * height / CELLS).astype(int)
    xs = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    expected = mask[np.ix_(ys, xs)]
    assert np.array_equal(grid, expected) or not expected.any()
    assert grid.any()


def test_a_region_is_told_by_number_and_box():
    mask = np.zeros((10, 20), bool)
    mask[2:5, 3:9] = True
    other = np.zeros((10, 20), bool)
    other[9, 19] = True
    told = json.loads(json.dumps(region_payload(region_of(mask, other))))
    assert (told["width"], told["height"], told["chosen"]) == (20, 10, [1])
    assert told["candidates"][0]["box_xyxy"] == [3, 2, 9, 5]
    assert [c["chosen"] for c in told["candidates"]] == [True, False]
