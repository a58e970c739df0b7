"""The miniature zoo's cards hold what the zoo needs."""

from __future__ import annotations

from collections import Counter

from miniature.lora_cards import CARDS
from miniature.world import ALL_KINDS, ALL_STYLES, NEW_KINDS, NEW_STYLES, caption
from miniature.world.cards import zoo_models
from polaris_core.demo.sidecars import FORMATS, header_metadata


def test_every_new_style_and_kind_has_its_lora_and_some_have_two():
    taught = Counter(model.teaches for model in zoo_models() if model.nature == "lora")
    assert set(taught) == {*NEW_STYLES, *NEW_KINDS}
    assert sum(count > 1 for count in taught.values()) >= 2


def test_there_are_enough_of_each_nature():
    natures = Counter(model.nature for model in zoo_models())
    assert natures["checkpoint"] == 3
    assert natures["wrong base"] >= 3
    assert natures["useless"] >= 3
    assert sum(natures.values()) - natures["checkpoint"] >= 26
    bases = {model.card.base for model in zoo_models() if model.nature == "wrong base"}
    assert bases >= {"SDXL 1.0", "Flux.1 D", "SD 2.1 768"}


def test_only_what_runs_has_weights_of_its_own():
    for model in zoo_models():
        trained = model.nature in ("checkpoint", "lora")
        assert bool(model.weights) == trained == (model.share > 0)
    whole = [model.weights for model in zoo_models() if model.share == 1]
    assert len(set(whole)) == len(whole)
    assert {model.weights for model in zoo_models()} - {""} == set(CARDS) == set(whole)


def test_every_sidecar_format_occurs_and_can_be_written():
    models = zoo_models()
    assert {model.card.format for model in models} == set(FORMATS)
    assert len({model.card.file for model in models}) == len(models)
    for model in models:
        write = FORMATS[model.card.format]
        if write:
            suffix, record = write(model.card, "0" * 64)
            assert suffix.endswith((".json", ".info"))
            assert record
        assert header_metadata(model.card)


def test_previews_show_what_the_world_has():
    for model in zoo_models():
        words = set(model.card.drawing.replace(",", " ").split())
        assert words & set(ALL_KINDS)
        assert not model.teaches or model.teaches in model.card.drawing
        assert model.teaches in {"", *ALL_KINDS, *ALL_STYLES}
    assert callable(caption)
