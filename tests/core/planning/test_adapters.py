"""Strengths of several LoRAs for one topic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polaris_core.planning.adapters import Choice, choose_strengths
from polaris_core.retrieval.shortlist import SlotName

OPEN = {SlotName.STYLE: None, SlotName.OBJECT: None}


def test_loras_of_one_topic_share_its_strength_and_say_so(zoo):
    pair = [
        Choice(replace(zoo.hit(name, strength=0.9), topic="watercolor"), SlotName.STYLE)
        for name in ("Washes", "Wet Edges")
    ]
    done = choose_strengths(pair, OPEN)
    assert sum(choice.strength for choice in done) == pytest.approx(0.9, abs=0.02)
    assert all("shares “watercolor”" in choice.reason for choice in done)


def test_what_the_user_set_is_not_shared_out(zoo):
    hits = [replace(zoo.hit(name), topic="watercolor") for name in ("Washes", "Wet Edges")]
    done = choose_strengths(
        [Choice(hit, SlotName.STYLE) for hit in hits], {**OPEN, SlotName.STYLE: 0.7}
    )
    assert [choice.strength for choice in done] == [0.7, 0.7]


def test_loras_that_no_ranking_gave_a_topic_stand_alone(zoo):
    done = choose_strengths([Choice(zoo.hit("Washes", strength=0.9), SlotName.STYLE)], OPEN)
    assert done[0].strength == 0.9
