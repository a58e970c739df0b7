from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.errors import InvalidInput
from polaris_core.retrieval.identity import FileIdentity
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName

names = st.text(min_size=1).filter(lambda name: name.strip())
slots = st.none() | st.sampled_from(SlotName)
identities = st.builds(
    FileIdentity,
    name=st.text(min_size=1),
    sha256=st.sampled_from(["", "ab" * 32]),
    size_bytes=st.integers(0, 2**63 - 1),
    source=st.text(),
)
pins = st.builds(
    Pin, names, st.just(False), slots, st.none() | st.floats(-10, 10), st.none() | identities
)
bans = st.builds(Pin, names, st.just(True), slots)


@given(st.lists(pins | bans, max_size=6).map(tuple).map(Pins))
def test_what_is_written_is_what_is_read(made):
    assert Pins.parse(str(made)) == made


@given(st.text())
def test_any_text_is_read_or_refused_in_plain_words(text):
    try:
        parsed = Pins.parse(text)
    except InvalidInput:
        return
    assert Pins.parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("ghibli", Pin("ghibli")),
        ("+ghibli", Pin("ghibli")),
        ("  my lora.safetensors @ 0.7 ", Pin("my lora.safetensors", strength=0.7)),
        ("-sub/bad", Pin("sub/bad", ban=True)),
        ("style: ghibli @ -1", Pin("ghibli", slot=SlotName.STYLE, strength=-1.0)),
        ("-checkpoint:old one", Pin("old one", ban=True, slot=SlotName.CHECKPOINT)),
        ('"# odd @ 1" @ 0.5', Pin("# odd @ 1", strength=0.5)),
        ("me@home", Pin("me@home")),
        (
            'style: a/wash.safetensors @ 0.7 {"size_bytes": 9}',
            Pin(
                "a/wash.safetensors",
                slot=SlotName.STYLE,
                strength=0.7,
                identity=FileIdentity(size_bytes=9),
            ),
        ),
        ('wash {"name": "a {b"}', Pin("wash", identity=FileIdentity("a {b"))),
    ],
)
def test_lines_as_people_write_them(line, pin):
    assert Pins.parse(f"# a remark\n\n{line}\n") == Pins((pin,))


@pytest.mark.parametrize(
    "line",
    [
        *("-", "+ ", "style:", "fox @ much", "fox @ 11", "fox @ nan", "-fox @ 1", '"fox', '"a" b'),
        *('fox {"sha256": "ab"}', 'fox {"size_bytes": -1}', 'fox {"size_bytes": true}'),
        *('fox {"colour": "red"}', 'fox {"name": 1}', '-fox {"name": "x"}', 'fox {"name"}'),
    ],
)
def test_lines_that_say_nothing_clear_are_refused(line):
    with pytest.raises(InvalidInput):
        Pins.parse(line)


def test_too_many_lines_are_refused():
    with pytest.raises(InvalidInput):
        Pins.parse("fox\n" * 1001)


def test_no_pins_are_false():
    assert not Pins()
    assert not Pins.parse("# nothing")
    assert Pins.parse("fox")
