"""Captions, splits and edits of the miniature world."""

from __future__ import annotations

import random

import numpy as np
import pytest

from miniature.world import (
    ALL_KINDS,
    ALL_STYLES,
    BACKGROUNDS,
    COLOURS,
    EDIT_TYPES,
    KINDS,
    NEW_KINDS,
    NEW_STYLES,
    STYLES,
    Edit,
    Scene,
    caption,
    draw,
    is_held_out,
    random_edit,
    random_scene,
)
from miniature.world.words import ADJECTIVES, SCENERIES
from polaris_core.errors import InvalidInput
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.instructions.intent import InstructionType

EVERYTHING = {"kinds": ALL_KINDS, "styles": ALL_STYLES}


def held_out(scene: Scene) -> list[bool]:
    return [is_held_out(t.kind, t.colour, scene.style_of(t)) for t in scene.things]


@pytest.fixture(scope="module")
def edits() -> list[Edit]:
    rng = random.Random(11)
    return [random_edit(rng, **EVERYTHING) for _ in range(500)]


def test_the_same_chances_give_the_same_scene_caption_and_edit():
    one, other = random.Random(7), random.Random(7)
    for _ in range(50):
        scene = random_scene(one)
        assert scene == random_scene(other)
        assert caption(scene, one) == caption(scene, other)
        mine, its = random_edit(one), random_edit(other)
        assert (mine.before, mine.after, mine.instruction) == (
            *(its.before, its.after),
            its.instruction,
        )


def test_a_tenth_is_held_out_and_nothing_wholly():
    triples = [(k, c, s) for k in ALL_KINDS for c in COLOURS for s in ALL_STYLES]
    chosen = [triple for triple in triples if is_held_out(*triple)]
    assert 0.08 < len(chosen) / len(triples) < 0.12
    seen = set(triples) - set(chosen)
    for axis, names in enumerate((ALL_KINDS, COLOURS, ALL_STYLES)):
        assert {triple[axis] for triple in seen} == set(names)


def test_training_never_sees_what_is_held_out():
    rng = random.Random(1)
    for _ in range(500):
        assert not any(held_out(random_scene(rng, **EVERYTHING)))
        assert all(held_out(random_scene(rng, split="held_out", **EVERYTHING)))


def test_edits_for_training_never_see_what_is_held_out(edits):
    for edit in edits:
        assert not any(held_out(edit.before) + held_out(edit.after))


def test_held_out_edits_end_in_what_is_held_out():
    rng = random.Random(3)
    for _ in range(100):
        edit = random_edit(rng, split="held_out", **EVERYTHING)
        after = held_out(edit.after)
        assert after[edit.index] if edit.index is not None and edit.type != "remove" else all(after)


def test_scenes_hold_only_what_is_asked_for():
    rng = random.Random(4)
    for _ in range(300):
        scene = random_scene(rng, things=3)
        assert len({t.kind for t in scene.things}) == len({t.colour for t in scene.things}) == 3
        assert {t.kind for t in scene.things} <= set(KINDS)
        assert {scene.style_of(t) for t in scene.things} <= set(STYLES)


def test_about_a_quarter_of_the_fuller_scenes_hold_a_thing_of_its_own_style():
    rng = random.Random(5)
    own = [any(t.style for t in random_scene(rng, things=2).things) for _ in range(1000)]
    assert 0.2 < np.mean(own) < 0.3


def test_captions_name_what_is_there_and_nothing_else():
    rng = random.Random(6)
    told = 0
    for _ in range(1000):
        scene = random_scene(rng, **EVERYTHING)
        words = caption(scene, rng).replace(",", " ").split()
        told += bool(set(words) & set(ALL_KINDS))
        assert {w for w in words if w in ALL_KINDS} <= {t.kind for t in scene.things}
        assert {w for w in words if w in COLOURS} <= {t.colour for t in scene.things}
        styles = {scene.style, *(t.style for t in scene.things if t.style)}
        allowed = {w for s in styles for phrase in ADJECTIVES[s] for w in phrase.split()}
        known = {w for phrases in ADJECTIVES.values() for phrase in phrases for w in phrase.split()}
        assert {w for w in words if w in known} <= allowed
        places = {w for w in words if w in BACKGROUNDS}
        assert places <= {scene.background}
    assert told > 900
    assert set(SCENERIES) == set(BACKGROUNDS)


def test_captions_vary():
    rng = random.Random(7)
    scene = random_scene(rng, things=2)
    assert len({caption(scene, rng) for _ in range(100)}) > 40


def test_outside_its_mask_an_edit_changes_no_pixel(edits):
    for edit in edits[:200]:
        changed = (draw(edit.before) != draw(edit.after)).any(2)
        assert changed.any()
        assert not (changed & ~edit.mask).any(), edit.instruction


@pytest.mark.parametrize("kind", EDIT_TYPES)
def test_edits_of_the_asked_type_bring_what_is_new(kind):
    rng = random.Random(9)
    for _ in range(20):
        edit = random_edit(rng, types=[kind], new_kinds=NEW_KINDS, new_styles=NEW_STYLES)
        assert edit.type == kind
        assert {t.kind for t in edit.before.things} <= set(KINDS)
        if kind in ("add", "replace"):
            assert edit.after.things[edit.index].kind in NEW_KINDS
        if kind == "restyle":
            thing = edit.after.things[edit.index or 0]
            assert edit.after.style_of(thing) in NEW_STYLES


def test_what_cannot_be_is_refused():
    rng = random.Random(10)
    with pytest.raises(InvalidInput):
        random_scene(rng, things=4)
    with pytest.raises(InvalidInput):
        random_scene(rng, kinds=())
    with pytest.raises(InvalidInput):
        random_edit(rng, types=["explode"])
    with pytest.raises(InvalidInput):
        random_edit(rng, types=["restyle"], styles=["flat"])


EXPECTED = {
    "add": InstructionType.ADD,
    "replace": InstructionType.CATEGORY_CHANGE,
    "recolour": InstructionType.LOCAL_STYLE,
    "background": InstructionType.LOCAL_STYLE,
    "remove": InstructionType.REMOVE,
}


def read_rightly(edit: Edit) -> bool:
    intent = parse_instruction(edit.instruction)
    whole = edit.type == "restyle" and edit.index is None
    restyled = InstructionType.GLOBAL_STYLE if whole else InstructionType.LOCAL_STYLE
    if intent.instruction_type is not EXPECTED.get(edit.type, restyled):
        return False
    if edit.subject not in intent.subject:
        return False
    look, thing = intent.style_words, intent.object_words
    if edit.type == "background":
        return edit.after.background in look
    if whole:
        return edit.after.style == look or look.startswith(edit.after.style)
    if edit.type == "remove":
        return True
    new = edit.after.things[edit.index]
    if edit.type == "recolour":
        return new.colour == look
    if edit.type == "restyle":
        return look.startswith(new.style)
    return new.kind in thing


def test_the_grammar_reads_the_sentences(edits):
    wrong = [edit.instruction for edit in edits if not read_rightly(edit)]
    assert len(wrong) <= 15, wrong
