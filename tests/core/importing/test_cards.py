"""Model cards as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind, Maturity, Terms
from polaris_core.importing.cards import Repository, WeightsFile, offers_of_card

SHA = "ab" * 32
README = """---
tags: [lora]
---
# Ink *Fox* LoRA

<Gallery />

## Model description

Foxes in **ink**, see [the paper](https://example.org/paper). ![a fox](fox.png)

| step | loss |
|------|------|
| 100  | 0.1  |

## Trigger words

You should use `INKFOX` to trigger the look.

## Download model

Weights are in Safetensors format.

```py
pipe.load_lora_weights("maker/ink-fox")
```
"""
CARD = {
    "license": "other",
    "license_name": "flux-1-dev-non-commercial-license",
    "base_model": ["black-forest-labs/FLUX.1-dev"],
    "instance_prompt": "INKFOX",
    "widget": [
        {"text": "INKFOX in snow", "output": {"url": "images/1.png"}},
        {"text": "-", "parameters": {"negative_prompt": "blurry"}},
        "no widget",
    ],
}


def repository(**changes):
    facts = {
        "id": "maker/ink-fox",
        "revision": "0" * 40,
        "tags": ("lora", "diffusers", "text-to-image", "fox", "base_model:x", "en"),
        "files": (
            WeightsFile("ink-fox.safetensors", 9 << 20, SHA),
            WeightsFile("README.md", 10),
            WeightsFile("unet/part.safetensors", 5 << 30),
        ),
        "card": CARD,
        "readme": README,
    }
    return Repository(**{**facts, **changes})


def test_a_card_of_a_lora():
    [offer] = offers_of_card(repository())
    entry = offer.entry
    assert offer.key == "maker/ink-fox/ink-fox.safetensors"
    assert offer.revision == f"maker/ink-fox@{'0' * 40}"
    assert (entry.name, entry.kind, entry.base_model) == ("Ink Fox LoRA", Kind.LORA, BaseModel.FLUX)
    assert entry.trigger_words == ("INKFOX",)
    assert entry.tags == ("fox",)
    assert "Foxes in ink, see the paper." in entry.description
    assert "INKFOX to trigger" in entry.description
    for noise in ("load_lora_weights", "Gallery", "fox.png", "loss", "Safetensors", "example.org"):
        assert noise not in entry.description
    assert entry.example_prompts == ("INKFOX in snow",)
    assert entry.negative == "blurry"
    page = "https://huggingface.co/maker/ink-fox"
    assert [p.url for p in entry.previews] == [f"{page}/resolve/{'0' * 40}/images/1.png"]
    assert (entry.source, entry.sha256, entry.size_bytes) == (page, SHA, 9 << 20)
    assert entry.download == f"{page}/resolve/{'0' * 40}/ink-fox.safetensors"
    assert entry.licence == "flux-1-dev-non-commercial-license"
    assert entry.terms == Terms(commercial=False, derivatives=True)
    assert entry.creator == "maker"


def test_which_files_are_models():
    large = WeightsFile("world.safetensors", 6 << 30)
    [checkpoint] = offers_of_card(repository(tags=(), files=(large,)))
    assert checkpoint.entry.kind is Kind.CHECKPOINT
    assert offers_of_card(repository(files=(large,))) == [], "merged weights beside a LoRA's tag"
    assert offers_of_card(repository(tags=())) == [], "a small file of a checkpoint's repository"
    usual = WeightsFile("pytorch_lora_weights.safetensors", 5)
    [one] = offers_of_card(repository(files=(usual, WeightsFile("epoch-1.safetensors", 5))))
    assert one.key.endswith("pytorch_lora_weights.safetensors")
    both = (WeightsFile("b.safetensors", 5), WeightsFile("a.safetensors", 5))
    names = [offer.entry.name for offer in offers_of_card(repository(files=both))]
    assert names == ["Ink Fox LoRA: a", "Ink Fox LoRA: b"]


@pytest.mark.parametrize("heading", ["# Model card for maker/ink-fox", "", "# x", f"# {'x' * 200}"])
def test_a_title_that_says_nothing_gives_way_to_the_name(heading):
    [offer] = offers_of_card(repository(readme=f"{heading}\n\ntext"))
    assert offer.entry.name == "ink-fox"


def test_what_is_not_for_all_audiences_is_mature():
    [offer] = offers_of_card(repository(tags=("lora", "not-for-all-audiences")))
    assert offer.entry.maturity is Maturity.X


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(CARD, JSON)),
    st.text(st.sampled_from("-#*`|[]()!<>\n ab~=_"), max_size=200),
)
def test_any_card_is_read(card, readme):
    [offer] = offers_of_card(repository(card=card, readme=readme))
    assert offer.entry.name
