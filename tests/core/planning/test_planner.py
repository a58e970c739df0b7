"""Plans: laws over any shortlist, then what is decided for each kind of edit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind
from polaris_core.errors import (
    IncompatibleAdapter,
    InvalidInput,
    InvalidIntent,
    MaskRequired,
    NothingFits,
    PictureRequired,
)
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.plan import MaskMode
from polaris_core.planning.planner import PlanOptions, make_plan
from polaris_core.planning.rules import COMBINED_STRENGTH
from polaris_core.planning.serialize import plan_from_json, plan_to_json
from polaris_core.retrieval.shortlist import Shortlist, SlotName

SENTENCES = [
    "Replace the cat with a watercolor fox",
    "Replace the cat with a fish",
    "Add a hat to the man",
    "Make the curtain red",
    "Make my hair longer",
    "Apply a sepia filter",
    "Remove the fedora on the bench",
    "Draw a fox in the style of the reference image",
]
INTENTS = st.sampled_from(SENTENCES).map(parse_instruction)
FOX = parse_instruction(SENTENCES[0])
DEFAULTS = PlanOptions()
OPTIONS = st.builds(
    PlanOptions,
    style_strength=st.none() | st.floats(-10, 10),
    object_strength=st.none() | st.floats(-10, 10),
    denoise=st.none() | st.floats(0, 1, exclude_min=True),
    extra_negative=st.text(max_size=20),
    allow_unknown_base=st.booleans(),
    max_loras=st.integers(0, 5),
)


def plan_for(intent, shortlist, options=DEFAULTS, **given_):
    given_ = {"has_picture": True, "has_mask": True, **given_}
    return make_plan(intent, shortlist, options=options, **given_)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_every_plan_keeps_the_laws(zoo, data):
    shortlist = data.draw(zoo.shortlists())
    intent, options = data.draw(INTENTS), data.draw(OPTIONS)
    plan = plan_for(intent, shortlist, options)
    base = shortlist.best(SlotName.CHECKPOINT).entry.base_model
    assert plan_for(intent, shortlist, options) == plan
    assert plan_from_json(plan_to_json(plan)) == plan
    assert plan.prompt.startswith(intent.generation_prompt)
    assert 0 < plan.denoise <= 1
    assert plan.mask.grow_px >= 0
    assert len(plan.loras) <= options.max_loras
    files = [step.pick.file for step in plan.loras]
    assert len(set(files)) == len(files)
    for step in plan.loras:
        assert -10 <= step.strength_model <= 10
        assert -10 <= step.strength_clip <= 10
        family = step.pick.base_model.family
        unknown = BaseModel.UNKNOWN in (family, base)
        assert options.allow_unknown_base if unknown else family is base.family
        assert all(word in plan.prompt for word in step.trigger_words)
    decided = {d.what for d in plan.decisions}
    assert {"checkpoint", "prompt", "negative", "denoise", "mask"} <= decided
    assert {"style LoRA", "object LoRA"} <= decided
    assert all(d.reason for d in plan.decisions)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_strengths_that_the_user_left_open_never_add_up_to_too_much(zoo, data):
    shortlist = data.draw(zoo.shortlists())
    plan = plan_for(FOX, shortlist, PlanOptions(allow_unknown_base=True))
    by_file = {h.entry.file: h for s in shortlist.slots for h in s.hits if h.sources}
    if len(plan.loras) == 2 and not any(s.pick.file in by_file for s in plan.loras):
        assert sum(abs(s.strength_model) for s in plan.loras) <= COMBINED_STRENGTH + 0.011


@pytest.mark.parametrize(
    ("sentence", "denoise", "mode", "fill"),
    [
        ("Replace the cat with a fox", 0.85, MaskMode.INSIDE, False),
        ("Replace the cat with a fish", 1.0, MaskMode.INSIDE, True),
        ("Add a hat to the man", 1.0, MaskMode.INSIDE, True),
        ("Make the curtain red", 0.7, MaskMode.INSIDE, False),
        ("Make the curtain watercolor", 0.8, MaskMode.INSIDE, False),
        ("Make my hair longer", 0.85, MaskMode.INSIDE, True),
        ("Apply a sepia filter", 0.6, MaskMode.NONE, False),
        ("Remove the hat", 1.0, MaskMode.INSIDE, True),
        ("Draw a fox in the style of the reference image", 1.0, MaskMode.NONE, False),
    ],
)
def test_denoise_and_mask_follow_type_and_outline(zoo, sentence, denoise, mode, fill):
    plan = plan_for(parse_instruction(sentence), zoo.shortlist())
    assert (plan.denoise, plan.mask.mode, plan.mask.fill) == (denoise, mode, fill)


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("Replace the cat with a fox", True),
        ("Add a hat to the man", True),
        ("Make the curtain red", True),
        ("Remove the hat", True),
        ("Replace the cat with a watercolor fox", False),
        ("Make the cat a chalkboard teapot", False),
        ("Make the curtain watercolor", False),
        ("Apply a sepia filter", False),
        ("Draw a fox in the style of the reference image", False),
    ],
)
def test_the_look_of_the_picture_is_said_unless_another_is_asked_for(zoo, sentence, kept):
    shortlist = zoo.shortlist()
    slot = replace(shortlist.slot(SlotName.STYLE), look="pixel art style")
    plan = plan_for(parse_instruction(sentence), shortlist.with_slot(slot))
    assert ("pixel art style" in plan.prompt) == kept
    [told] = [d.reason for d in plan.decisions if d.what == "prompt"]
    assert ("the look of the picture" in told) == kept


def test_a_new_look_gets_room(zoo):
    red, painted = (
        plan_for(parse_instruction(f"Make the curtain {look}"), zoo.shortlist())
        for look in ("red", "watercolor")
    )
    assert painted.mask.grow_px > red.mask.grow_px > 0


def test_a_new_outline_widens_the_mask_more(zoo):
    near, far = (
        plan_for(parse_instruction(f"Replace the cat with a {new}"), zoo.shortlist())
        for new in ("dog", "fish")
    )
    assert far.mask.grow_px > near.mask.grow_px > 0


def test_style_and_object_lora_share_the_strength_and_bring_their_trigger_words(zoo):
    plan = plan_for(
        FOX,
        zoo.shortlist(
            style=[zoo.hit("Aquarelle", trigger_words=("watercolor", "wtrclr", "no hands"))],
            objects=[zoo.hit("Foxes", strength=1.6, trigger_words=("vulpes", "x" * 200, "fox"))],
        ),
        PlanOptions(extra_negative="no hands"),
    )
    style, fox = plan.loras
    assert (style.slot, fox.slot) == (SlotName.STYLE, SlotName.OBJECT)
    assert style.strength_model + fox.strength_model == pytest.approx(COMBINED_STRENGTH, abs=0.01)
    assert style.trigger_words == ("wtrclr",)
    assert fox.trigger_words == ("vulpes",)
    assert plan.prompt == "a watercolor fox, wtrclr, vulpes"
    assert plan.negative.startswith("no hands, ")


def test_one_lora_alone_keeps_what_its_uploader_recommends(zoo):
    plan = plan_for(FOX, zoo.shortlist(objects=[zoo.hit("Foxes", strength=1.6)]))
    assert [s.strength_model for s in plan.loras] == [1.6]


def test_the_users_strengths_stand_and_a_pinned_one_stands_above_them(zoo):
    shortlist = zoo.shortlist(
        style=[zoo.hit("Aquarelle", strength=0.5)], objects=[zoo.hit("Foxes", pinned=True, at=-3.0)]
    )
    plan = plan_for(FOX, shortlist, PlanOptions(style_strength=1.5, object_strength=2.0))
    assert [s.strength_model for s in plan.loras] == [1.5, -3.0]


def test_a_pinned_lora_goes_before_a_better_one(zoo):
    shortlist = zoo.shortlist(style=[zoo.hit("Aquarelle"), zoo.hit("Inks", pinned=True)])
    assert [s.pick.name for s in plan_for(FOX, shortlist).loras] == ["Inks"]


def test_all_that_is_pinned_is_applied_as_far_as_the_limit_goes(zoo):
    styles = [zoo.hit(name, pinned=True) for name in ("Inks", "Oils", "Chalks")]
    shortlist = zoo.shortlist(style=styles, objects=[zoo.hit("Foxes")])
    plan = plan_for(FOX, shortlist)
    assert [s.pick.name for s in plan.loras] == ["Inks", "Oils"]
    assert any(d.what == "left out" and "Chalks" in d.value for d in plan.decisions)


def test_more_loras_are_taken_from_the_slots_in_turn(zoo):
    shortlist = zoo.shortlist(
        style=[zoo.hit(f"Style{i}") for i in range(4)],
        objects=[zoo.hit(f"Thing{i}") for i in range(4)],
    )
    plan = plan_for(FOX, shortlist, PlanOptions(max_loras=3))
    assert [s.pick.name for s in plan.loras] == ["Style0", "Style1", "Thing0"]
    assert sum(s.strength_model for s in plan.loras) == pytest.approx(COMBINED_STRENGTH, abs=0.02)


def test_a_lora_of_another_family_is_left_out_and_the_next_is_taken(zoo):
    shortlist = zoo.shortlist(style=[zoo.hit("Big", BaseModel.SDXL), zoo.hit("Small")])
    plan = plan_for(FOX, shortlist)
    assert [s.pick.name for s in plan.loras] == ["Small"]
    assert any(d.what == "left out" and "sdxl" in d.reason for d in plan.decisions)


@pytest.mark.parametrize("base", [BaseModel.SDXL, BaseModel.UNKNOWN])
def test_a_pinned_lora_that_does_not_fit_is_an_error(zoo, base):
    shortlist = zoo.shortlist(style=[zoo.hit("Big", base, pinned=True)])
    with pytest.raises(IncompatibleAdapter, match="Big"):
        plan_for(FOX, shortlist)


def test_kin_of_sdxl_fit_each_other(zoo):
    checkpoint = zoo.hit("Pony", BaseModel.PONY, Kind.CHECKPOINT)
    plan = plan_for(FOX, zoo.shortlist(checkpoint, style=[zoo.hit("Big", BaseModel.ILLUSTRIOUS)]))
    assert len(plan.loras) == 1


@pytest.mark.parametrize("allowed", [False, True])
def test_a_lora_of_unknown_base_is_applied_only_when_asked(zoo, allowed):
    shortlist = zoo.shortlist(style=[zoo.hit("Mystery", BaseModel.UNKNOWN)])
    plan = plan_for(FOX, shortlist, PlanOptions(allow_unknown_base=allowed))
    assert bool(plan.loras) is allowed


def test_an_edit_without_new_things_takes_no_object_lora_unless_it_is_pinned(zoo):
    removal = parse_instruction("Remove the fedora on the bench")
    shortlist = zoo.shortlist(objects=[zoo.hit("Foxes")])
    plan = plan_for(removal, shortlist)
    assert not plan.loras
    assert plan.prompt.startswith("the bench")
    assert "fedora" in plan.negative
    assert "fedora" not in plan.prompt
    assert plan_for(removal, zoo.shortlist(objects=[zoo.hit("Foxes", pinned=True)])).loras


def test_the_users_own_model_leaves_the_checkpoint_open(zoo):
    shortlist = zoo.shortlist(style=[zoo.hit("Big", BaseModel.SDXL)])
    plan = plan_for(FOX, shortlist, checkpoint_from_user=True, base_model=BaseModel.SDXL)
    assert plan.checkpoint is None
    assert len(plan.loras) == 1
    assert plan.decisions[0].value == "your own"


def test_flux_gets_no_negative_but_the_users(zoo):
    checkpoint = zoo.hit("Flux", BaseModel.FLUX, Kind.CHECKPOINT, negative="bad")
    assert plan_for(FOX, zoo.shortlist(checkpoint)).negative == ""
    plan = plan_for(FOX, zoo.shortlist(checkpoint), PlanOptions(extra_negative="ugly"))
    assert plan.negative == "ugly"


def test_requests_that_are_not_carried_out_are_told(zoo):
    intent = parse_instruction("Replace the cat with a fox and remove the dog")
    plan = plan_for(intent, zoo.shortlist())
    assert plan.decisions[-1].value == "remove the dog"


@pytest.mark.parametrize(
    ("sentence", "given_", "error", "says"),
    [
        ("Make the man smile", {}, InvalidIntent, "pose"),
        ("Make the sky red", {"has_mask": False}, MaskRequired, "Region Masker"),
        ("Add a hat", {"has_mask": False}, MaskRequired, "any other node"),
        ("Remove the hat", {"has_mask": False}, MaskRequired, "mask"),
        ("Apply a sepia filter", {"has_picture": False}, PictureRequired, "picture"),
        ("Add a hat", {"has_picture": False, "has_mask": False}, PictureRequired, "picture"),
    ],
)
def test_what_is_missing_is_said_plainly(zoo, sentence, given_, error, says):
    with pytest.raises(error, match=says):
        plan_for(parse_instruction(sentence), zoo.shortlist(), **given_)


def test_neither_picture_nor_mask_is_needed_where_none_is_used(zoo):
    new = parse_instruction("a fox in the snow", has_picture=False)
    assert plan_for(new, zoo.shortlist(), has_picture=False, has_mask=False).denoise == 1.0
    sepia = parse_instruction("Apply a sepia filter")
    assert plan_for(sepia, zoo.shortlist(), has_mask=False).mask.mode is MaskMode.NONE


def test_no_checkpoint_at_all_is_an_error():
    with pytest.raises(NothingFits, match="checkpoint"):
        plan_for(FOX, Shortlist())


@pytest.mark.parametrize(
    "options",
    [
        {"style_strength": 11},
        {"object_strength": float("nan")},
        {"denoise": 0},
        {"denoise": 1.5},
        {"denoise": float("nan")},
        {"max_loras": -1},
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(InvalidInput, match=next(iter(options))):
        PlanOptions(**options)


def test_a_pinned_strength_out_of_range_is_refused(zoo):
    with pytest.raises(InvalidInput, match="strength"):
        plan_for(FOX, zoo.shortlist(style=[zoo.hit("Aquarelle", pinned=True, at=99.0)]))


def test_trigger_words_cannot_load_anything(zoo):
    words = ("<lora:evil:9>", "embedding:evil", "fluffy <lora:x:1>")
    plan = plan_for(FOX, zoo.shortlist(style=[zoo.hit("Loud", trigger_words=words)]))
    assert plan.loras[0].trigger_words == ("fluffy",)


def test_a_prompt_that_is_full_already_takes_no_trigger_words(zoo):
    intent = parse_instruction("Replace the cat with a fox " + "with a red hat " * 100)
    shortlist = zoo.shortlist(style=[zoo.hit("Aquarelle", trigger_words=("wtrclr",))])
    plan = plan_for(intent, shortlist)
    assert plan.loras[0].trigger_words == ()
    assert plan.prompt == intent.generation_prompt


def test_a_hostile_heap_of_trigger_words_leaves_the_prompt_short(zoo):
    words = tuple(f"word{i} " * 9 for i in range(1000))
    plan = plan_for(FOX, zoo.shortlist(style=[zoo.hit("Loud", trigger_words=words)]))
    assert len(plan.prompt) < 400
