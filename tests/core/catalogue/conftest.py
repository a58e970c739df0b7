"""Shared by the catalogue's tests: files made on the spot, and the real data where it lies."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from polaris_core.catalogue.header import Header

REPOSITORY = Path(__file__).parents[3]

Shapes = Mapping[str, tuple[int, ...] | list[int]]


def _header_bytes(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    table: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    reached = 0
    for key, shape in shapes.items():
        length = 2
        for size in shape:
            length *= size
        offsets = [reached, reached + length]
        table[key] = {"dtype": "F16", "shape": list(shape), "data_offsets": offsets}
        reached += length
    return json.dumps(table).encode(), reached


@pytest.fixture(scope="session")
def write_model() -> Callable[..., Path]:
    """Writes a safetensors file of given shapes; its weights are a hole, so it costs no space."""

    def write(path: Path, shapes: Shapes, metadata: Mapping[str, str] | None = None) -> Path:
        header, data_bytes = _header_bytes(shapes, metadata)
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(8 + len(header) + data_bytes)
        return path

    return write


@pytest.fixture(scope="session")
def header_of() -> Callable[..., Header]:
    """Makes a header of given shapes without a file."""

    def make(shapes: Shapes, metadata: Mapping[str, str] | None = None) -> Header:
        tensors = {key: tuple(shape) for key, shape in shapes.items()}
        return Header(tensors, dict.fromkeys(tensors, "F16"), dict(metadata or {}), 0, 0)

    return make


@pytest.fixture(scope="session")
def golden() -> Path:
    return REPOSITORY / "tests" / "golden"


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data of ../shared/data is not here")
    return folder
