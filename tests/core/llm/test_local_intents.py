"""Intents by models that say nothing but nonsense: real code, small random weights."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
import torch
from PIL import Image

from polaris_core.demo.tiny_language_models import make_text_model, make_vision_model
from polaris_core.instructions.intent import EditIntent
from polaris_core.instructions.parser import parse
from polaris_core.instructions.prompt import question_for
from polaris_core.instructions.reply import intent_from_reply
from polaris_core.instructions.schema import INTENT_SCHEMA
from polaris_core.instructions.serialize import intent_from_json, intent_to_json
from polaris_core.llm.transformers_model import TransformersModel

WORDS = "make add remove turn paint cat dog sky red oil watercolor the a into left of fox 狐 é"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_vision_model(folder / "vision")
    make_text_model(folder / "qwen2")
    make_text_model(folder / "llama", architecture="llama")
    names = ("vision", "qwen2", "llama")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several only wait for each other over so little work
    yield {name: TransformersModel.load(str(folder / name), device="cpu") for name in names}
    torch.set_num_threads(threads)


def drawing(seed: int) -> Image.Image:
    drawn = random.Random(seed)
    size = drawn.randint(1, 200), drawn.randint(1, 200)
    return Image.frombytes("RGB", size, drawn.randbytes(size[0] * size[1] * 3))


def sentence(seed: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS.split(), k=1 + seed % 12))


def assert_valid(intent: dict) -> None:
    assert list(intent) == list(INTENT_SCHEMA["properties"])
    assert intent["instruction_type"] in INTENT_SCHEMA["properties"]["instruction_type"]["enum"]
    assert all(isinstance(intent[f], bool) for f in ("style_transformation", "contour_compatible"))
    for field, limit in INTENT_SCHEMA["properties"].items():
        if limit["type"] == "string" and "maxLength" in limit:
            assert isinstance(intent[field], str)
            assert len(intent[field]) <= limit["maxLength"]
    lists = [intent["foreground"], intent["remaining"], intent["topics"]["objects"]]
    assert all(isinstance(text, str) for texts in lists for text in texts)


def two_hundred(model: TransformersModel) -> list[EditIntent]:
    """Every tenth is let run to its end, the others are cut off somewhere."""
    intents = []
    for seed in range(200):
        text = sentence(seed)
        question = question_for(text, drawing(seed))
        if seed % 10:
            question = replace(question, max_tokens=seed // 5 + 1)
        reply = model.reply(question)
        assert_valid(json.loads(reply))
        intent = intent_from_reply(reply, text, has_picture=True, parser=model.name)
        assert intent_from_json(intent_to_json(intent)) == intent
        intents.append(intent)
    return intents


def test_two_hundred_pictures_and_sentences_give_two_hundred_valid_intents(models):
    intents = two_hundred(models["vision"])
    assert len(set(intents)) > 20


def test_two_hundred_sentences_give_a_text_only_model_two_hundred_valid_intents(models):
    intents = two_hundred(models["qwen2"])
    assert len(set(intents)) > 20


@pytest.mark.parametrize("architecture", ["vision", "qwen2", "llama"])
def test_a_sentence_is_parsed_by_any_architecture(models, architecture):
    model = models[architecture]
    text = "Replace the cat with a watercolor fox"
    intent = parse(text, picture=drawing(1), model=model, fallback=False)
    assert intent.parser == model.name
