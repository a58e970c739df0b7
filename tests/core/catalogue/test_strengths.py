from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.strengths import (
    bounded_strength,
    middle,
    strength_in_prompts,
    strength_in_prose,
)

PARTS = st.sampled_from(
    ["weight", "strength", "权重", " ", ":", "0.6", "-", "1", ",", ".", "to", "\n", "denoising"]
)


@given(st.text() | st.lists(PARTS).map("".join))
def test_prose_tells_a_strength_or_none(text):
    strength = strength_in_prose(text)
    assert strength is None or 0 < strength <= 2


@given(st.none() | st.floats())
def test_a_strength_is_within_bounds_or_none(number):
    strength = bounded_strength(number)
    assert strength is None or (-10 <= strength <= 10 and strength != 0)


@given(st.lists(st.text() | st.sampled_from(["<lora:x:0.5>", "<lora:x:-9>", "<lora:x:1:2>"])))
def test_prompts_tell_a_strength_or_none(prompts):
    strength = strength_in_prompts(prompts, ["x"])
    assert strength is None or -10 <= strength <= 10


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("weight 0.6-0.8", 0.7),
        ("Recommended strength: 0.7", 0.7),
        ("use at 0.8 weight", 0.8),
        ("I suggest using this LoRA at 0.9-1.0 weight", 0.95),
        ("Best result with weight between : 0.3-0.7 and the CFG between 6-8", 0.5),
        ("works best with a strength of about .5", 0.5),
        ("weight from 0.2 to 1", 0.6),
        ("LoRA weight for txt2img: 0.5-1", 0.75),
        ("推荐权重0.6-0.8", 0.7),
        ("建议权重在0.7到0.9", 0.8),
        ("weight：0.7~1.0", 0.85),
        ("Weight 1 is best", 1.0),
        ("hands-5\nStrength 0.6-0.8 is optimal", 0.7),
        ("Denoising strength: 0.4. Weight: 0.9", 0.9),
        ("denoising strength 0.4", None),
        ("ControlNet weight 0.5", None),
        ("weight decay 0.01", None),
        ("strength 50%", None),
        ("weights for 2D models", None),
        ("it has a weight of 9mb", None),
        ("weight 144", None),
        ("weight 0", None),
        ("no advice", None),
    ],
)
def test_prose_is_read(text, strength):
    assert strength_in_prose(text) == strength


def test_only_calls_of_the_file_itself_count():
    prompts = ["<lora:Ink-Fox_v2:0.8> a fox <lora:other:0.2>", "<lora:inkfoxv2:0.6>", "<lora:x:2>"]
    assert strength_in_prompts(prompts, ["inkfox_v2"]) == 0.6
    assert strength_in_prompts(prompts, ["fox"]) is None
    assert strength_in_prompts(prompts, ["", "___"]) is None


def test_a_range_is_told_by_its_middle():
    assert middle(0.4, 0.8) == pytest.approx(0.6)
    assert middle(None, 0.8) == 0.8
    assert middle(0.4, None) == 0.4
    assert middle(None, None) is None


@pytest.mark.parametrize("part", ["weight ", "weight" + " " * 999, "0.5-", "weight of of ", "1"])
def test_long_prose_is_read_fast(part):
    begun = time.perf_counter()
    strength_in_prose((part * 65_536)[:65_536])
    assert time.perf_counter() - begun < 1
