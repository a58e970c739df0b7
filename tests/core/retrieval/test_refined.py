"""Refined words in the index: they are what is searched, and only whose words changed is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polaris_core.catalogue.changes import changes_after, last_change
from polaris_core.catalogue.entry import Kind, Refined, Role
from polaris_core.catalogue.refinements import Made, forget_refined, keep_refined
from polaris_core.encoders.base import Encoders
from polaris_core.progress import silent
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine
from polaris_core.retrieval.documents import text_fields
from polaris_core.retrieval.embed import text_vectors
from polaris_core.retrieval.two_level import search
from polaris_core.testing import HashingEncoder


class Listening:
    """A hashing encoder that keeps what it was given."""

    def __init__(self):
        self._inner = HashingEncoder(64)
        self.name, self.dim = self._inner.name, 64
        self.texts, self.pictures = [], 0

    def encode_texts(self, texts, progress=silent):
        self.texts += texts
        return self._inner.encode_texts(texts, progress)

    def encode_images(self, images, progress=silent):
        self.pictures += len(images)
        return self._inner.encode_images(images, progress)


@pytest.fixture
def encoder():
    return Listening()


@pytest.fixture
def zoo(make_entry, make_zoo, encoder):
    entries = [
        make_entry("First", colour=(1, 1, 1), description="Towers on a hill, and a river."),
        make_entry("Second", colour=(2, 2, 2), description="A tower by the sea at night."),
        make_entry("Third", colour=(3, 3, 3), description="A harbour with small boats."),
        make_entry("Fourth", kind=Kind.CHECKPOINT, description="Everything that there is."),
    ]
    zoo = make_zoo(entries, encoders=Encoders(encoder, encoder))
    zoo.state()
    return zoo


def show(zoo, id, what, content=None):
    """Show these words with an entry."""
    made = Made(content or what.encode(), Refined(what=what, role=Role.STYLE, by="hand"))
    assert keep_refined(zoo.store, {id: made}, lambda entry: made.content) == 1


def texts_of(zoo, id):
    return [text for field in text_fields(zoo.store.entry(id)) for text in field.texts]


def changed_by(zoo, act):
    """The ids of all entries of which `act` makes a change."""
    after = {kind: last_change(zoo.store, kind) for kind in Kind}
    act()
    found = [changes_after(zoo.store, kind, number, 99) for kind, number in after.items()]
    assert not any(changes.gone for changes in found)
    return sorted(entry.id for changes in found for entry in changes.entries)


def embedded(zoo, encoder):
    """What is embedded to bring the index up to date, texts and pictures."""
    encoder.texts, encoder.pictures = [], 0
    zoo.state()
    return encoder.texts, encoder.pictures


def assert_as_they_stand(zoo):
    """Every vector of the index is that of its entry as the catalogue shows it now."""
    for kind in (Kind.LORA, Kind.CHECKPOINT):
        entries = list(zoo.store.all(kind))
        held = zoo.state().kinds[kind].text.vectors_of(np.array([entry.id for entry in entries]))
        assert np.allclose(held, text_vectors(entries, HashingEncoder(64)), atol=1e-6)


def best(zoo, query):
    return search(zoo, query, Kind.LORA)[0].entry.id


def test_a_refined_entry_is_embedded_anew_and_nothing_else(zoo, encoder):
    assert changed_by(zoo, lambda: show(zoo, 2, "lighthouse")) == [2]
    assert embedded(zoo, encoder) == (texts_of(zoo, 2), 0)
    assert "lighthouse" in encoder.texts
    assert best(zoo, "lighthouse") == 2
    assert_as_they_stand(zoo)


def test_other_words_for_it_are_a_change_and_the_same_words_are_none(zoo, encoder):
    show(zoo, 2, "lighthouse")
    zoo.state()
    assert changed_by(zoo, lambda: show(zoo, 2, "lighthouse")) == []
    assert changed_by(zoo, lambda: show(zoo, 2, "beacon")) == [2]
    assert embedded(zoo, encoder) == (texts_of(zoo, 2), 0)
    assert changed_by(zoo, lambda: show(zoo, 2, "foghorn", b"beacon")) == [2], "same content"
    assert embedded(zoo, encoder) == (texts_of(zoo, 2), 0)
    assert best(zoo, "foghorn") == 2
    assert_as_they_stand(zoo)


def test_words_that_are_taken_away_are_a_change_and_the_vector_of_before_is_still_known(
    zoo, encoder
):
    show(zoo, 2, "lighthouse")
    zoo.state()
    assert changed_by(zoo, lambda: forget_refined(zoo.store, "hand")) == [2]
    assert embedded(zoo, encoder) == ([], 0)
    assert_as_they_stand(zoo)


def test_an_entry_that_says_something_else_is_embedded_by_what_it_says(zoo, encoder):
    show(zoo, 2, "lighthouse")
    show(zoo, 3, "port")
    zoo.state()
    again = replace(zoo.store.entry(2), description="A windmill in a field.")
    assert changed_by(zoo, lambda: zoo.store.add([again])) == [2]
    assert embedded(zoo, encoder) == (texts_of(zoo, 2), 0)
    assert zoo.store.entry(2).refined is None
    assert "lighthouse" not in encoder.texts
    assert_as_they_stand(zoo)


def test_a_refined_entry_that_goes_is_gone(zoo, encoder):
    show(zoo, 2, "lighthouse")
    zoo.state()
    with zoo.store.writing() as connection:
        connection.execute("DELETE FROM entries WHERE id = 2")
    after = last_change(zoo.store, Kind.LORA) - 1
    assert changes_after(zoo.store, Kind.LORA, after, 9).gone == (2,)


def test_a_run_over_the_catalogue_changes_what_it_refined(zoo, make_zoo, encoder):
    assert changed_by(zoo, lambda: refine(zoo.store, RuleRefiner())) == [1, 2, 3, 4]
    assert changed_by(zoo, lambda: refine(zoo.store, RuleRefiner())) == []
    assert embedded(zoo, encoder)[1] == 0
    assert_as_they_stand(zoo)
    another = make_zoo(encoders=zoo.encoders)
    assert embedded(another, encoder) == ([], 0)
    assert_as_they_stand(another)
