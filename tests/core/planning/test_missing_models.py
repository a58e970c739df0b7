"""Models that are not on this disk, and licences, in plans."""

from __future__ import annotations

import json

import pytest

from polaris_core.catalogue.entry import Kind, Terms
from polaris_core.errors import InvalidPlan, NothingFits, UnknownModel
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.explain import explain
from polaris_core.planning.missing import with_usable_checkpoint
from polaris_core.planning.planner import PlanOptions, make_plan
from polaris_core.planning.replay import replay, sign
from polaris_core.planning.serialize import plan_from_json, plan_to_json
from polaris_core.retrieval.explain import describe
from polaris_core.retrieval.shortlist import Half, Shortlist, Slot, SlotName

INTENT = parse_instruction("Replace the cat with a watercolor fox")
PAGE = "https://civitai.com/models/1"
ANYWHERE = PlanOptions(allow_missing=True)


def plan_of(shortlist, options=PlanOptions()):  # noqa: B008  it is frozen
    return make_plan(INTENT, shortlist, has_picture=True, has_mask=True, options=options)


def test_only_what_is_on_this_disk_is_picked_unless_it_is_allowed(zoo):
    far = zoo.hit("Far", id=2, file="", source=PAGE, download=f"{PAGE}/file")
    near = zoo.hit("Near", id=3)
    shortlist = zoo.shortlist(style=[far, near])
    plan = plan_of(shortlist)
    assert [step.pick.name for step in plan.loras] == ["Near"]
    assert f"it is not on this disk; get it from {PAGE}" in " ".join(explain(plan).split())
    allowed = plan_of(shortlist, ANYWHERE)
    assert [step.pick.name for step in allowed.loras] == ["Far"]
    assert allowed.loras[0].pick.file == ""
    assert allowed.loras[0].pick.download == f"{PAGE}/file"


def test_of_checkpoints_the_first_that_is_here_is_taken(zoo):
    far = zoo.hit("Far", kind=Kind.CHECKPOINT, id=1, file="", source=PAGE)
    near = zoo.hit("Near", kind=Kind.CHECKPOINT, id=2)
    both = Shortlist((Slot(SlotName.CHECKPOINT, Half.TEXT, "fox", (far, near)),))
    assert plan_of(both).checkpoint.name == "Near"
    assert plan_of(both, ANYWHERE).checkpoint.name == "Far"
    with pytest.raises(NothingFits, match=f"not on this disk; get it from {PAGE}"):
        plan_of(zoo.shortlist(far))
    pinned = zoo.hit("Far", kind=Kind.CHECKPOINT, id=1, file="", source=PAGE, pinned=True)
    with pytest.raises(NothingFits, match="not on this disk"):
        plan_of(Shortlist((Slot(SlotName.CHECKPOINT, Half.TEXT, "fox", (pinned, near)),)))


def test_the_best_checkpoint_that_is_here_is_used_and_nearer_ones_are_named(zoo):
    far = zoo.hit("Far", kind=Kind.CHECKPOINT, id=1, file="", source=PAGE)
    near = zoo.hit("Near", kind=Kind.CHECKPOINT, id=2)
    nearest = zoo.hit("Nearest", kind=Kind.CHECKPOINT, id=3)

    def usable(*hits):
        slot = Slot(SlotName.CHECKPOINT, Half.TEXT, "fox", hits)
        return with_usable_checkpoint(Shortlist((slot,))).slot(SlotName.CHECKPOINT)

    assert [hit.entry.name for hit in usable(far, near, nearest).hits] == ["Near", "Far", "Nearest"]
    assert f"nearer, but not here: Far (it is not on this disk; get it from {PAGE})" in (
        describe(Shortlist((usable(far, near),)))
    )
    assert usable(nearest, far).hits == (nearest, far)
    assert usable(nearest, far).note == ""
    pinned = zoo.hit("Far", kind=Kind.CHECKPOINT, id=1, file="", source=PAGE, pinned=True)
    for hits in ((far,), (pinned, near)):
        with pytest.raises(NothingFits, match=f"not on this disk; get it from {PAGE}"):
            usable(*hits)


class NothingHere:
    def resolve(self, text, /, *, kind=None):
        return ()

    def of_size(self, size_bytes, /, *, kind):
        return ()


def test_a_plan_with_missing_models_says_where_to_get_them_when_it_is_carried_out(zoo):
    far = zoo.hit("Far", id=2, file="", source=PAGE)
    checkpoint = zoo.hit("Inkwell", kind=Kind.CHECKPOINT, id=1, sha256="1" * 64)
    plan = plan_of(zoo.shortlist(checkpoint, style=[far]), ANYWHERE)
    assert sign(plan, NothingHere(), lambda entry: entry) == plan
    base = checkpoint.entry.base_model
    with pytest.raises(UnknownModel, match=f"Get it from {PAGE}"):
        replay(plan, NothingHere(), base_model=base, has_picture=True, has_mask=True)


def test_each_pick_tells_its_licence(zoo):
    style = zoo.hit(
        "Aquarelle",
        id=2,
        licence="no commercial use; credit required",
        terms=Terms(commercial=False, credit=True),
        real_person=True,
    )
    plan = plan_of(zoo.shortlist(style=[style]))
    pick = plan.loras[0].pick
    assert (pick.terms, pick.real_person) == (style.entry.terms, True)
    text = " ".join(explain(plan).split())
    assert "Aquarelle: no commercial use; credit required - pictures may not be sold; its" in text
    assert "real person" in text
    assert "Inkwell: none is known - what it allows is not known" in text
    assert plan_from_json(plan_to_json(plan)) == plan


def test_a_plan_of_before_licences_is_still_read(zoo):
    told = json.loads(plan_to_json(plan_of(zoo.shortlist(style=[zoo.hit("Aquarelle", id=2)]))))
    for pick in (told["checkpoint"], told["loras"][0]["pick"]):
        for name in ("terms", "real_person", "download"):
            del pick[name]
    plan = plan_from_json(json.dumps(told))
    assert plan.checkpoint.terms == Terms()
    assert plan.loras[0].pick.download == ""


@pytest.mark.parametrize(
    "damage",
    [
        {"download": "file:///etc/passwd"},
        {"download": "javascript:alert(1)"},
        {"terms": {"commercial": "yes"}},
        {"terms": {"sale": True}},
        {"real_person": 1},
    ],
)
def test_a_licence_that_is_none_is_refused(zoo, damage):
    told = json.loads(plan_to_json(plan_of(zoo.shortlist(style=[zoo.hit("Aquarelle", id=2)]))))
    told["loras"][0]["pick"] |= damage
    with pytest.raises(InvalidPlan):
        plan_from_json(json.dumps(told))
