"""Runs over a catalogue: what is settled stays, what says something new is done again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import Entry, Kind, Refined, Role
from polaris_core.catalogue.refinements import forget_refined, refined_by
from polaris_core.catalogue.store import Store
from polaris_core.errors import Cancelled, LanguageModelProblem, UnreadableReply
from polaris_core.progress import silent
from polaris_core.refining.base import said_of
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine

FOX = Entry("Fox", Kind.LORA, role=Role.OBJECT, description="A red fox.", root="/m", file="fox")
OWL = Entry("Owl", Kind.LORA, description="A white owl.", root="/m", file="owl")
LOOK = Entry("Look", Kind.CHECKPOINT, root="/m", file="look")


class Echo:
    """Says the name again; some names it cannot read, and at one it breaks off."""

    name = "echo-1"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.unreadable: set[str] = set()
        self.breaks_at = ""

    def replaces(self, other):
        return other != self.name

    def content(self, entry):
        return said_of(entry, self.name)

    def refine(self, entry, progress=silent):
        self.asked.append(entry.name)
        if entry.name == self.breaks_at:
            raise LanguageModelProblem("the server is gone")
        if entry.name in self.unreadable:
            raise UnreadableReply("no card", reply="?")
        return Refined(what=entry.name, by=self.name)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as store:
        store.add([FOX, OWL, LOOK])
        yield store


def said(store):
    return [entry.refined and entry.refined.what for entry in store.all()]


def test_the_original_stays_and_the_catalogue_changes(store):
    key = store.key()
    before = [replace(entry, refined=None) for entry in store.all()]
    refine(store, RuleRefiner())
    assert [replace(entry, refined=None) for entry in store.all()] == before
    assert store.entry(1).refined.purpose == "A red fox."
    assert store.key() != key
    key = store.key()
    refine(store, RuleRefiner())
    assert store.key() == key, "nothing new was said"


def test_adding_the_same_entry_again_keeps_its_words(store):
    refine(store, RuleRefiner())
    words = store.entry(1).refined
    store.add([FOX])
    store.add([replace(FOX, modified_ns=7)])
    assert store.entry(1).refined == words


def test_an_entry_that_says_something_else_loses_its_words_at_once(store):
    echo = Echo()
    refine(store, echo)
    store.add([replace(FOX, description="An arctic fox.")])
    assert said(store) == [None, "Owl", "Look"]
    refine(store, echo)
    assert echo.asked == ["Fox", "Owl", "Look", "Fox"]
    store.add([FOX])
    report = refine(store, echo)
    assert (report.made, report.known) == (0, 1), "what was once made of the same words is taken"
    assert said(store) == ["Fox", "Owl", "Look"]


def test_entries_that_say_the_same_are_made_once_in_later_runs(store):
    echo = Echo()
    refine(store, echo)
    store.add([replace(FOX, file="copy")])
    assert refine(store, echo).known == 1
    assert len(echo.asked) == 3


def test_words_of_an_entry_that_is_removed_go_with_it(store):
    refine(store, Echo())
    with store.writing() as connection:
        connection.execute("DELETE FROM entries WHERE id = 1")
        [count] = connection.execute("SELECT count(*) FROM refined").fetchone()
    assert count == 2


def test_a_run_that_is_stopped_keeps_what_it_made(store):
    def stop(done, total, what):
        if done == 2:
            raise Cancelled

    echo = Echo()
    with pytest.raises(Cancelled):
        refine(store, echo, stop)
    assert said(store) == ["Fox", "Owl", None]
    refine(store, echo)
    assert echo.asked == ["Fox", "Owl", "Look"]


def test_a_server_that_goes_away_ends_the_run_and_the_next_goes_on(store):
    echo = Echo()
    echo.breaks_at = "Owl"
    with pytest.raises(LanguageModelProblem):
        refine(store, echo)
    assert said(store) == ["Fox", None, None]
    echo.breaks_at = ""
    assert refine(store, echo).made == 2


def test_an_unreadable_reply_costs_one_entry_only(store):
    echo = Echo()
    echo.unreadable = {"Owl"}
    report = refine(store, echo)
    assert (report.made, report.failed) == (2, 1)
    assert report.problems == ("Owl: no card",)
    assert "2 refined, 1 failed" in report.summary()
    echo.unreadable = set()
    assert refine(store, echo).made == 1


def test_rules_do_not_replace_what_a_model_said(store):
    refine(store, RuleRefiner())
    assert refine(store, Echo()).made == 3
    report = refine(store, RuleRefiner())
    assert (report.made, report.left) == (0, 3)
    assert refined_by(store) == {"echo-1": 3}


def test_afresh_makes_anew(store):
    echo = Echo()
    refine(store, echo)
    assert refine(store, echo, afresh=True).made == 3
    assert len(echo.asked) == 6


def test_undoing_goes_back_to_what_was_written(store):
    refine(store, Echo())
    key = store.key()
    assert forget_refined(store) == 3
    assert said(store) == [None, None, None]
    assert store.key() != key
    assert refine(store, Echo()).known == 3


def test_an_entry_that_goes_while_it_is_refined_is_passed_over(store):
    class Slow(Echo):
        def refine(self, entry, progress=silent):
            if entry.name == "Owl":
                with store.writing() as connection:
                    connection.execute("DELETE FROM entries WHERE name = 'Fox'")
                store.add([replace(OWL, description="Another owl.")])
            return super().refine(entry, progress)

    refine(store, Slow())
    assert said(store) == [None, "Look"], "the owl that was read is not the owl there is"


def test_a_catalogue_from_before_refining_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.sqlite"
    with Store.open(path) as store:
        store.add([FOX])
    old = sqlite3.connect(path, isolation_level=None)
    for name in ("entries_say_otherwise", "entries_unrefined"):
        old.execute(f"DROP TRIGGER {name}")
    for name in ("refined", "refinements"):
        old.execute(f"DROP TABLE {name}")
    old.execute("PRAGMA user_version = 5")
    old.close()
    with Store.open(path) as store:
        assert said(store) == [None]
        assert refine(store, Echo()).made == 1
        assert said(store) == ["Fox"]
