"""Entries, hits and shortlists to plan with, and strategies for all of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Entry, Kind
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot, SlotName, SourceScore

WORDS = st.text(max_size=30)


def make_hit(name, base=BaseModel.SD15, kind=Kind.LORA, *, pinned=False, at=None, **fields):
    fields.setdefault("file", f"{name}.safetensors")
    sources = (SourceScore("strength", at, 0),) if at is not None else ()
    entry = Entry(name=name, kind=kind, base_model=base, **fields)
    return Hit(entry, 1.0, sources, pinned=pinned, reason=f"{name} was nearest")


def make_shortlist(checkpoint=None, style=(), objects=()):
    checkpoint = checkpoint or make_hit("Inkwell", kind=Kind.CHECKPOINT, id=1)
    return Shortlist(
        (
            Slot(SlotName.CHECKPOINT, Half.TEXT, "fox", (checkpoint,)),
            Slot(SlotName.STYLE, Half.TEXT, "watercolor", tuple(style)),
            Slot(SlotName.OBJECT, Half.TEXT, "fox", tuple(objects)),
        )
    )


def loras():
    return st.builds(
        make_hit,
        st.sampled_from(["Aquarelle", "Foxes", "Pixels", "Inks", "漆"]),
        st.sampled_from(list(BaseModel)),
        st.sampled_from([Kind.LORA, Kind.LORA, Kind.LORA, Kind.CHECKPOINT]),
        at=st.none() | st.floats(-10, 10),
        trigger_words=st.lists(WORDS, max_size=5).map(tuple),
        strength=st.none() | st.floats(-10, 10),
        id=st.integers(0, 6),
        unsafe=st.booleans(),
        sha256=st.sampled_from(["", "a" * 64]),
    )


def shortlists():
    checkpoints = st.builds(
        make_hit,
        st.just("Inkwell"),
        st.sampled_from(list(BaseModel)),
        st.just(Kind.CHECKPOINT),
        negative=WORDS,
    )
    hits = st.lists(loras(), max_size=5)
    return st.builds(make_shortlist, checkpoints, hits, hits)


@pytest.fixture(scope="session")
def zoo():
    """Makers and strategies: `hit`, `shortlist`, `shortlists`."""
    return SimpleNamespace(hit=make_hit, shortlist=make_shortlist, shortlists=shortlists)
