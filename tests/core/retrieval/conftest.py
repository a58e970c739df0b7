"""Zoos for tests: entries of our own, an encoder without weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Preview, Role
from polaris_core.encoders.base import Encoders
from polaris_core.retrieval.zoo import Zoo
from polaris_core.testing import HashingEncoder

MakeEntry = Callable[..., Entry]
MakeZoo = Callable[..., Zoo]


@pytest.fixture
def make_entry(tmp_path: Path) -> MakeEntry:
    """An entry with a file of its own name and, if a colour is given, a preview of that colour."""
    numbers = count()

    def make(name: str, *, colour: tuple[int, int, int] | None = None, **fields) -> Entry:
        number = next(numbers)
        previews = ()
        if colour is not None:
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (32, 32), colour).save(path)
            previews = (Preview(str(path)),)
        fields.setdefault("kind", Kind.LORA)
        fields.setdefault("base_model", BaseModel.SD15)
        fields.setdefault("role", Role.STYLE)
        fields.setdefault("maturity", Maturity.PG)
        fields.setdefault("file", f"{name.replace(' ', '_')}_{number}.safetensors")
        fields.setdefault("root", f"/{fields['kind'].value}s" if fields["file"] else "")
        return Entry(name=name, previews=previews, **fields)

    return make


@pytest.fixture
def make_zoo(tmp_path: Path) -> Iterator[MakeZoo]:
    """A zoo of these entries; `home` names its folder, `encoders` replaces the usual ones."""
    opened: list[Zoo] = []

    def make(
        entries: Sequence[Entry] = (), *, home: str = "zoo", encoders: Encoders | None = None
    ) -> Zoo:
        encoders = encoders or Encoders(HashingEncoder(64), HashingEncoder(64))
        zoo = Zoo.open(tmp_path / home, encoders)
        opened.append(zoo)
        zoo.store.add(entries)
        return zoo

    yield make
    for zoo in opened:
        zoo.close()


@pytest.fixture
def small_zoo(make_entry: MakeEntry, make_zoo: MakeZoo) -> Zoo:
    """Checkpoints and LoRAs of two families and several roles."""
    red, blue = (220, 30, 30), (30, 30, 220)
    checkpoint, sdxl = Kind.CHECKPOINT, BaseModel.SDXL
    return make_zoo(
        [
            make_entry("Realistic Photo", kind=checkpoint, colour=red, tags=("photo",)),
            make_entry("Watercolor Dreams", kind=checkpoint, colour=blue, tags=("watercolor",)),
            make_entry("XL Anime", kind=checkpoint, base_model=sdxl, tags=("anime",)),
            make_entry("Mystery", kind=checkpoint, base_model=BaseModel.UNKNOWN),
            make_entry("Watercolor Wash", colour=blue, trigger_words=("wtrclr",)),
            make_entry("Watercolor XL", base_model=sdxl, colour=blue),
            make_entry("Watercolor Pony", base_model=BaseModel.PONY),
            make_entry("Watercolor Unknown", base_model=BaseModel.UNKNOWN),
            make_entry("Photo Look", colour=red, tags=("photo",)),
            make_entry("Red Fox", role=Role.OBJECT, tags=("fox", "animal")),
            make_entry("Red Fox XL", role=Role.OBJECT, base_model=sdxl, tags=("fox",)),
            make_entry("Fox Girl Inari", role=Role.CHARACTER, tags=("fox",)),
            make_entry("Detail Slider", role=Role.TOOL, tags=("fox", "watercolor")),
            make_entry("Castle", role=Role.BACKGROUND, description="A stone castle on a hill."),
        ]
    )


@pytest.fixture
def red_picture() -> np.ndarray:
    """A picture of the colour of the photographs in `small_zoo`."""
    return np.full((32, 32, 3), (220, 30, 30), np.uint8)
