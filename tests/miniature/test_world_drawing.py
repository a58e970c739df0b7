"""Pictures, masks and parts of the miniature world agree with each other."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from miniature.world import (
    ALL_KINDS,
    ALL_STYLES,
    BACKGROUNDS,
    COLOURS,
    Scene,
    Thing,
    draw,
    masks,
    parts,
    random_scene,
)
from miniature.world.drawing import opacity
from miniature.world.names import PALETTE
from polaris_core.errors import InvalidInput


def scenes(count: int, seed: int = 0, **how) -> list[Scene]:
    rng = random.Random(seed)
    how = {"kinds": ALL_KINDS, "styles": ALL_STYLES} | how
    return [random_scene(rng, **how) for _ in range(count)]


def alone(kind: str, style: str, colour: str = "red", background: str = "plain") -> Scene:
    return Scene((Thing(kind, colour, (64, 64), 80),), background, style)


@pytest.mark.parametrize("style", ALL_STYLES)
def test_every_kind_is_drawn_in_every_style(style):
    pictures = {kind: draw(alone(kind, style)) for kind in ALL_KINDS}
    for picture in pictures.values():
        assert picture.shape == (128, 128, 3)
        assert picture.dtype == np.uint8
    for one, other in product(ALL_KINDS, repeat=2):
        assert (one == other) == np.array_equal(pictures[one], pictures[other])


def test_the_same_scene_gives_the_same_picture():
    for scene in scenes(40):
        twin = replace(scene, things=tuple(replace(thing) for thing in scene.things))
        assert np.array_equal(draw(scene), draw(twin))


def test_the_picture_is_one_that_was_drawn_before():
    sums = [int(draw(alone("cat", style, "blue", "meadow")).sum()) for style in ("flat", "neon")]
    assert sums == pytest.approx([9_058_325, 2_212_111], rel=1e-3)


def test_a_mask_is_where_the_picture_differs_without_the_thing_up_to_the_halo():
    for scene in scenes(80, seed=1):
        picture, found = draw(scene), masks(scene)
        for index, thing in enumerate(scene.things):
            rest = replace(scene, things=scene.things[:index] + scene.things[index + 1 :])
            differs = (picture != draw(rest)).any(2)
            reached = opacity(scene, thing) > 0
            assert not (differs & ~reached).any()
            assert not (found[index] & ~reached).any()
            mask = found[index]
            assert mask.any()
            assert (differs & mask).sum() >= 0.99 * mask.sum()


def test_masks_do_not_overlap():
    for scene in scenes(50, seed=2, things=3):
        assert masks(scene).sum(0).max() <= 1


def test_a_thing_in_front_hides_what_is_behind():
    behind, front = Thing("house", "red", (60, 64), 80), Thing("star", "blue", (70, 64), 80)
    both = Scene((behind, front), "plain", "flat")
    mine, its = masks(both)
    assert np.array_equal(its, masks(replace(both, things=(front,)))[0])
    assert np.array_equal(mine, masks(replace(both, things=(behind,)))[0] & ~its)


def test_parts_make_up_the_thing():
    for scene in scenes(50, seed=3):
        for whole, named in zip(masks(scene), parts(scene), strict=True):
            together = np.stack(list(named.values()))
            assert together.sum(0).max() <= 1
            assert np.array_equal(together.any(0), whole)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_has_parts_that_can_be_seen(kind):
    (named,) = parts(alone(kind, "flat"))
    assert 2 <= len(named) <= 6
    assert all(part.sum() > 30 for part in named.values())


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_no_two_kinds_have_alike_silhouettes(kind):
    (mine,) = masks(alone(kind, "flat"))
    for other in ALL_KINDS:
        for flipped in (False, True):
            thing = Thing(other, "red", (64, 64), 80, flipped=flipped)
            (its,) = masks(Scene((thing,), "plain", "flat"))
            if other != kind:
                assert (mine & its).sum() < 0.9 * (mine | its).sum()


@pytest.mark.parametrize("style", ALL_STYLES)
def test_a_colour_is_still_the_nearest_of_all_in_every_style(style):
    """Hues inside the thing, against the same thing in the other colours."""
    means = {}
    for colour in COLOURS:
        scene = alone("house", style, colour)
        means[colour] = draw(scene)[masks(scene)[0]].astype(float).mean(0)
    apart = [
        np.abs(means[one] - means[other]).sum()
        for one, other in product(COLOURS, repeat=2)
        if one < other
    ]
    assert min(apart) > 20
    assert set(means) == set(PALETTE)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_backgrounds_differ_in_every_style(background):
    for style in ALL_STYLES:
        mine = draw(Scene((), background, style)).astype(int)
        for other in BACKGROUNDS:
            difference = np.abs(mine - draw(Scene((), other, style))).mean()
            assert (difference > 0.5) == (other != background), (style, other)


def test_a_thing_outside_the_picture_leaves_it_alone():
    scene = Scene((Thing("cat", "red", (300, 64), 80, "pixel art"),), "sea", "flat")
    assert np.array_equal(draw(scene), draw(replace(scene, things=())))
    assert not masks(scene).any()


@pytest.mark.parametrize(
    "wrong", [{"kind": "dog"}, {"colour": "beige"}, {"size_px": 0}, {"style": "cubism"}]
)
def test_what_the_world_has_not_is_refused(wrong):
    fields = {"kind": "cat", "colour": "red", "centre_xy": (64, 64), "size_px": 64} | wrong
    with pytest.raises(InvalidInput):
        Thing(**fields)


def test_drawing_is_fast_enough_to_train_on():
    many = scenes(100, seed=4)
    for scene in many:  # shapes are made once
        draw(scene)
    start = time.process_time()
    for scene in many:
        draw(scene)
    assert len(many) / (time.process_time() - start) > 75
