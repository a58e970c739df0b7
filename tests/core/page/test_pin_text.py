"""What a click does to the text of a node's pins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput
from polaris_core.page.pin_text import Action, edit_pins, states_of
from polaris_core.retrieval.pins import Pins
from polaris_core.retrieval.shortlist import SlotName

NAMES = ["fox", "wolf", 'od"d @ 1', "style: trap", "# remark", "ünï cöde", 'a {"b"}']


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("pins") / "catalogue.sqlite") as opened:
        opened.add(
            Entry(
                name, kind, BaseModel.SD15, Role.STYLE, root=f"/{kind.value}s", file=f"{name}.sft"
            )
            for kind, names in ((Kind.LORA, NAMES), (Kind.CHECKPOINT, ["photo"]))
            for name in names
        )
        yield opened


LORAS = st.integers(0, len(NAMES) - 1)
LORA_SLOTS = st.sampled_from([None, SlotName.STYLE, SlotName.OBJECT])
STRENGTHS = st.none() | st.floats(-10, 10)
CLICKS = st.tuples(st.sampled_from(Action), LORAS, LORA_SLOTS, STRENGTHS)
TEXTS = st.lists(
    st.sampled_from(["# a remark", "", "-gone.sft", "wolf.sft @ 0.5", "style: fox", "-ünï cöde"]),
    max_size=5,
).map("\n".join)


def lora(store: Store, number: int) -> Entry:
    return list(store.all(Kind.LORA))[number]


@given(TEXTS, st.lists(CLICKS, max_size=6))
def test_after_a_click_the_text_says_what_was_clicked(store, text, clicks):
    for action, number, slot, strength in clicks:
        entry = lora(store, number)
        before = states_of(text, store, [entry])[entry.id]
        text = edit_pins(text, store, entry, action, slot=slot, strength=strength)
        state = states_of(text, store, [entry])[entry.id]
        assert Pins.parse(str(Pins.parse(text))) == Pins.parse(text)
        assert state.pinned == (action in (Action.PIN, Action.STRENGTH))
        assert state.banned == (action is Action.BAN)
        if state.pinned:
            assert state.slot is (slot or (before.slot if before.pinned else None))
        if action is Action.STRENGTH:
            assert state.strength == strength


@given(TEXTS, CLICKS)
def test_what_is_not_about_the_entry_stays_word_for_word(store, text, click):
    action, number, slot, strength = click
    entry = lora(store, number)
    others = [line for line in text.splitlines() if not _about(line, store, entry)]
    after = edit_pins(text, store, entry, action, slot=slot, strength=strength).splitlines()
    kept = [line for line in after if not _about(line, store, entry)]
    assert "\n".join(kept).rstrip() == "\n".join(others).rstrip()


def _about(line: str, store: Store, entry: Entry) -> bool:
    state = states_of(line, store, [entry])[entry.id]
    return state.pinned or state.banned


@given(TEXTS, CLICKS)
def test_clicking_twice_is_clicking_once(store, text, click):
    action, number, slot, strength = click
    entry = lora(store, number)
    once = edit_pins(text, store, entry, action, slot=slot, strength=strength)
    assert edit_pins(once, store, entry, action, slot=slot, strength=strength) == once


def test_clearing_brings_the_old_text_back(store):
    entry = lora(store, 0)
    pinned = edit_pins("# mine\n-wolf", store, entry, Action.PIN)
    assert edit_pins(pinned, store, entry, Action.CLEAR) == "# mine\n-wolf"


def test_the_line_stays_in_its_place_and_keeps_its_name_and_file(store):
    text = '# first\nstyle: Fox {"size_bytes": 0, "name": "fox"}\n-wolf'
    entry = lora(store, 0)
    changed = edit_pins(text, store, entry, Action.STRENGTH, strength=0.5)
    assert changed.splitlines()[0] == "# first"
    assert changed.splitlines()[1] == 'style: Fox @ 0.5 {"name": "fox"}'
    assert states_of(changed, store, [entry])[entry.id].frozen


def test_what_makes_no_sense_is_refused_and_nothing_is_written(store):
    checkpoint = next(store.all(Kind.CHECKPOINT))
    with pytest.raises(InvalidInput, match="slot"):
        edit_pins("", store, checkpoint, Action.PIN, slot=SlotName.STYLE)
    with pytest.raises(InvalidInput, match="strength"):
        edit_pins("", store, checkpoint, Action.STRENGTH, strength=1.0)
    with pytest.raises(InvalidInput):
        edit_pins("style:", store, lora(store, 0), Action.PIN)
