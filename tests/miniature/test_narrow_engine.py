"""The narrow networks against the wide ones in users' files: the same plan, the same picture."""

from __future__ import annotations

import numpy as np
import pytest

from miniature.chain import Chain, held_out_edits
from miniature.narrow_engine import NarrowEngine
from miniature.world import draw
from polaris_core.engine.engine import Engine
from polaris_core.miniature.zoo import make_miniature_zoo

ALIKE = 1.0
"""Levels of 255 in the mean: users' files hold numbers of 16 bits, and a pixel here and there falls
on the other side of an edge."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("miniature")
    make_miniature_zoo(folder)
    return folder


@pytest.mark.parametrize("kind", ["replace", "background"])
def test_both_make_the_same_picture(base, tmp_path_factory, kind):
    home = tmp_path_factory.mktemp("zoo")
    narrow = Chain(base, home, "clip", NarrowEngine())
    wide = Chain(base, home, "clip", Engine("cpu"))
    edit = next(edit for edit in held_out_edits(60, seed=9) if edit.type == kind)
    picture = draw(edit.before)
    _, plan = narrow.decide(edit, picture)
    one, other = (chain.carry_out(plan, edit, picture, 3) for chain in (narrow, wide))
    assert (one != picture).any()
    apart = np.abs(one.astype(int) - other)
    assert apart.mean() < ALIKE
    assert np.percentile(apart, 95) <= 8
