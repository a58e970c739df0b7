"""Write safetensors files that are mostly zeros without storing the zeros.

The `safetensors` package writes every byte. Where most of a file is zero (a text encoder whose
layers do nothing), seeking over the zeros makes it a sparse file: a quarter of a gigabyte to a
reader, some megabytes on the disk, and written in a fraction of the time.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "write_sparse"]

Array = npt.NDArray[np.floating[Any]]

_BLOCK_BYTES = 1 << 16
_TYPES = {"float16": "F16", "float32": "F32"}


def write_sparse(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write tensors in the given order; blocks of zeros become holes.

    Args:
        path: The file; it is written beside and renamed.
        tensors: Of type float16 or float32. `numpy.zeros` costs no memory until it is touched.
        metadata: For the header's `__metadata__`; left out if empty.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _TYPES[str(tensor.dtype)],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        begin = file.tell()
        for tensor in tensors.values():
            _write(file, begin, np.ascontiguousarray(tensor).data.cast("B"))
            begin += tensor.nbytes
        file.truncate(begin)
    part.replace(path)


def _write(file: BinaryIO, begin: int, content: memoryview) -> None:
    for offset in range(0, len(content), _BLOCK_BYTES):
        block = content[offset : offset + _BLOCK_BYTES]
        if np.frombuffer(block, np.uint8).any():
            file.seek(begin + offset)
            file.write(block)
