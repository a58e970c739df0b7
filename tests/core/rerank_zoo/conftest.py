"""Entries and shortlists to rank, a scripted chat model, and small local models."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import pytest
import torch

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.demo.tiny_language_models import make_text_model, make_vision_model
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.llm.transformers_model import TransformersModel
from polaris_core.progress import silent
from polaris_core.retrieval.shortlist import Half, Hit, Shortlist, Slot, SlotName, SourceScore


def make_entry(id, name="", role=Role.STYLE, **fields):
    name = name or f"Candidate of old {id}"
    fields = {
        "kind": Kind.LORA,
        "base_model": BaseModel.SD15,
        "file": f"{id}.safetensors",
        **fields,
    }
    return Entry(name=name, role=role, id=id, **fields)


def make_hit(id, name="", role=Role.STYLE, *, pinned=False, at=None, **fields):
    sources = (SourceScore("pin", 1.0, 0),) if pinned else (SourceScore("dense", 0.5, id),)
    if at is not None:
        sources += (SourceScore("strength", at, 0),)
    reason = "you pinned it" if pinned else "description close to it (0.50)"
    return Hit(make_entry(id, name, role, **fields), 1 / id, sources, pinned=pinned, reason=reason)


CHECKPOINT = make_hit(1000, "Inkwell", kind=Kind.CHECKPOINT)


def make_shortlist(style=(), objects=(), *, things="red fox", by=Half.TEXT):
    return Shortlist(
        (
            Slot(SlotName.CHECKPOINT, Half.TEXT, "watercolor", (CHECKPOINT,)),
            Slot(SlotName.STYLE, by, "watercolor" if by is Half.TEXT else "", tuple(style)),
            Slot(SlotName.OBJECT, Half.TEXT, things, tuple(objects)),
        )
    )


def make_intent(*objects, instruction="Turn the cat into a watercolor red fox"):
    objects = objects or ("red fox",)
    return EditIntent(
        instruction=instruction,
        instruction_type=InstructionType.CATEGORY_CHANGE,
        style_transformation=True,
        subject="cat",
        generation_prompt="watercolor red fox",
        style_words="watercolor",
        object_words=objects[0],
        topics=Topics("watercolor", objects),
    )


_SHOWN = re.compile(r"^(\d+): (\{.*\})$", re.MULTILINE)


@dataclass
class Scripted:
    """A chat model that replies with what `answer` makes of the names it is shown, in order."""

    answer: object
    asked: list = field(default_factory=list)
    name: str = "scripted"
    sees_pictures: bool = False

    def reply(self, question, progress=silent):
        progress(0, 0, "answering")
        self.asked.append(question)
        if isinstance(self.answer, list):
            return self.answer.pop(0) if len(self.answer) > 1 else self.answer[0]
        lines = _SHOWN.findall(question.messages[1].text)
        return self.answer([json.loads(line)["name"] for _, line in lines])


def by_last_number(names):
    """Best is the largest number at the end of a name; even ones fit."""
    value = {i: int(name.rpartition(" ")[2]) for i, name in enumerate(names, 1)}
    order = sorted(value, key=lambda i: -value[i])
    return json.dumps({"order": order, "fit": [i for i in order if value[i] % 2 == 0]})


class Makers:
    entry = staticmethod(make_entry)
    hit = staticmethod(make_hit)
    shortlist = staticmethod(make_shortlist)
    intent = staticmethod(make_intent)
    scripted = staticmethod(Scripted)
    by_last_number = staticmethod(by_last_number)


@pytest.fixture(scope="session")
def zoo():
    """Makers of all that is ranked."""
    return Makers


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Local models that say nonsense, through real code."""
    folder = tmp_path_factory.mktemp("models")
    make_text_model(folder / "qwen2", seed=1)
    make_text_model(folder / "llama", seed=2, architecture="llama")
    make_vision_model(folder / "vision")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    names = ("qwen2", "llama", "vision")
    yield {name: TransformersModel.load(str(folder / name), device="cpu") for name in names}
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def local(models):
    return models["qwen2"]
