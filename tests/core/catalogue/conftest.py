"""Shared by the catalogue's tests: files made on the spot, and the real data where it lies."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from polaris_core.catalogue.header import Header

REPOSITORY = Path(__file__).parents[3]

Shapes = Mapping[str, tuple[int, ...] | list[int]]


def _tensor(dtype: str, shape: list[int], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.fixture(scope="session")
def write_model() -> Callable[..., Path]:
    """Writes a safetensors file of given shapes; its weights are a hole, so it costs no space.

    With `size_bytes` a last tensor fills the file up to that size.
    """

    def write(
        path: Path,
        shapes: Shapes,
        metadata: Mapping[str, str] | None = None,
        size_bytes: int = 0,
    ) -> Path:
        table: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
        reached = 0
        for key, shape in shapes.items():
            length = 2 * math.prod(shape)
            table[key] = _tensor("F16", list(shape), reached, reached + length)
            reached += length
        header = json.dumps(table).encode()
        if size_bytes:
            room = len(header) + 200
            rest = size_bytes - 8 - room - reached
            table["padding"] = _tensor("U8", [rest], reached, reached + rest)
            header = json.dumps(table).encode().ljust(room)
            reached += rest
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(8 + len(header) + reached)
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
