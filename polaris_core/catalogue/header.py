"""Read the header of a safetensors file: keys, shapes and metadata, never a weight.

A file is `length (8 bytes, little-endian) · JSON of that length · tensors`. Everything in it is
hostile until checked: the length is bounded before anything is allocated, and the tensors must
fill the rest of the file exactly, without holes or overlaps, each as long as its dtype and shape
say. What passes here is what the safetensors library itself would open.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from polaris_core.catalogue.files import UNREADABLE, open_regular, reason_of
from polaris_core.errors import BrokenHeader, FileProblem

__all__ = ["HEADER_LIMIT_BYTES", "Header", "read_header"]

HEADER_LIMIT_BYTES = 64 * 2**20

_FIRST_READ_BYTES = 64 * 1024
_DIMENSION_LIMIT = 2**62
_RANK_LIMIT = 32
_VALUES_LIMIT = 2**22
"""JSON values in one header; a parsed value takes up to 64 bytes of memory."""

_BITS = {
    **dict.fromkeys(["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"], 8),
    **dict.fromkeys(["F8_E4M3FNUZ", "F8_E5M2FNUZ"], 8),
    **dict.fromkeys(["U16", "I16", "F16", "BF16"], 16),
    **dict.fromkeys(["U32", "I32", "F32"], 32),
    **dict.fromkeys(["U64", "I64", "F64", "C64"], 64),
    **dict.fromkeys(["F6_E2M3", "F6_E3M2"], 6),
    "F4": 4,
}


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says about its tensors."""

    tensors: dict[str, tuple[int, ...]]
    """Shape of each tensor by its key."""
    dtypes: dict[str, str]
    """Dtype of each tensor by its key, in the format's spelling (`F16`, `BF16`, …)."""
    metadata: dict[str, str]
    """The `__metadata__` strings, as they stand in the file."""
    size_bytes: int
    """Size of the whole file."""
    modified_ns: int
    """When the file was last changed, in nanoseconds since 1970."""


class _Refused(Exception):
    """A reason to refuse the header; becomes `BrokenHeader` where the path is known."""

    def __init__(self, problem: str, value: object = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.value = value


def read_header(path: Path | str, *, limit_bytes: int = HEADER_LIMIT_BYTES) -> Header:
    """Read and check the header of the safetensors file at `path`.

    Args:
        path: The file; it is opened once and only its header is read.
        limit_bytes: Headers longer than this are refused before they are read.

    Raises:
        BrokenHeader: The file is truncated, lies about a length, or is not safetensors.
        FileProblem: The system does not let us read the file, or it vanished (then the
            cause is a `FileNotFoundError`).
    """
    try:
        raw, size_bytes, modified_ns = _read(path, limit_bytes)
        table = _parse(raw)
        metadata = _metadata(table.pop("__metadata__", None))
        tensors, dtypes = _tensors(table, size_bytes - 8 - len(raw))
    except _Refused as error:
        hint = "download the file again, or remove it"
        raise BrokenHeader(error.problem, path=str(path), value=error.value, hint=hint) from error
    except UNREADABLE as error:
        hint = "check that the file is still there and may be read"
        problem, reason = "cannot be read", reason_of(error)
        raise FileProblem(problem, path=str(path), value=reason, hint=hint) from error
    return Header(tensors, dtypes, metadata, size_bytes, modified_ns)


def _read(path: Path | str, limit_bytes: int) -> tuple[bytes, int, int]:
    with open_regular(path) as (descriptor, status):
        start = os.read(descriptor, _FIRST_READ_BYTES)
        if len(start) < 8:
            raise _Refused("too short for a safetensors file", f"{status.st_size} bytes")
        length = int.from_bytes(start[:8], "little")
        if length > limit_bytes:
            raise _Refused(f"its header is longer than {limit_bytes} bytes", f"{length} bytes")
        if length > status.st_size - 8:
            raise _Refused("its header is longer than the file", f"{length} bytes")
        raw = start[8 : 8 + length]
        if len(raw) < length:
            raw += _read_exactly(descriptor, length - len(raw))
        return raw, status.st_size, status.st_mtime_ns


def _read_exactly(descriptor: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = os.read(descriptor, count)
        if not part:
            raise _Refused("it became shorter while it was read")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise _Refused("its header holds a key twice")
    return table


def _no_constant(name: str) -> NoReturn:
    raise _Refused("its header holds a number that JSON does not know", name)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _parse(raw: bytes) -> dict[str, Any]:
    if not raw.startswith(b"{"):
        raise _Refused("not a safetensors file: its header is no JSON object", repr(raw[:16]))
    if len(raw) > _VALUES_LIMIT and sum(map(raw.count, (b",", b"[", b"{"))) > _VALUES_LIMIT:
        raise _Refused(f"its header holds more than {_VALUES_LIMIT} values")
    try:
        return cast("dict[str, Any]", _DECODER.decode(raw.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise _Refused("its header is not UTF-8", error.reason) from error
    except ValueError as error:  # malformed JSON, or an integer of thousands of digits
        raise _Refused("its header is not JSON", str(error)) from error
    except RecursionError as error:
        raise _Refused("its header is nested too deeply") from error


def _metadata(found: object) -> dict[str, str]:
    if found is None:
        return {}
    if type(found) is not dict:
        raise _Refused("its __metadata__ is no object", found)
    table = cast("dict[str, object]", found)
    for key, value in table.items():
        if type(value) is not str:
            raise _Refused("its __metadata__ holds something that is no string", key)
    return cast("dict[str, str]", table)


def _tensors(
    table: dict[str, Any], data_bytes: int
) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    shapes: dict[str, tuple[int, ...]] = {}
    dtypes: dict[str, str] = {}
    spans: list[tuple[int, int]] = []
    for key, facts in table.items():
        try:
            dtype, shape, (begin, end) = facts["dtype"], facts["shape"], facts["data_offsets"]
            count, bits = _count(shape), _BITS[dtype]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _Refused("it describes a tensor wrongly", key) from error
        if type(begin) is not int or type(end) is not int or not 0 <= begin <= end <= data_bytes:
            raise _Refused("a tensor lies outside the file", key)
        if (end - begin) * 8 != count * bits:
            raise _Refused("a tensor is not as long as its shape says", key)
        shapes[key] = tuple(shape)
        dtypes[key] = dtype
        spans.append((begin, end))
    _check_spans(spans, data_bytes)
    return shapes, dtypes


def _count(shape: object) -> int:
    if type(shape) is not list:
        raise TypeError
    count = 1
    sizes = cast("list[object]", shape)
    if len(sizes) > _RANK_LIMIT:
        raise ValueError
    for size in sizes:
        if type(size) is not int or not 0 <= size < _DIMENSION_LIMIT:
            raise ValueError
        count *= size
    return count


def _check_spans(spans: list[tuple[int, int]], data_bytes: int) -> None:
    spans.sort()
    reached = 0
    for begin, end in spans:
        if begin != reached:
            raise _Refused("its tensors overlap or leave a hole", f"at byte {begin}")
        reached = end
    if reached != data_bytes:
        raise _Refused("the file goes on after its tensors", f"{data_bytes - reached} bytes")
