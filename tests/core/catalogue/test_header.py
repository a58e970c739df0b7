from __future__ import annotations

import json
import os
import struct
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.header import HEADER_LIMIT_BYTES, read_header
from polaris_core.errors import BrokenHeader, FileProblem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F16", "F32", "F4", "XX"]) | JSON,
        "shape": st.lists(st.integers(-2, 4), max_size=4) | JSON,
        "data_offsets": st.lists(st.integers(-2, 64), min_size=1, max_size=3) | JSON,
    },
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("headers") / "model.safetensors"


def pack(header: bytes, data: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(begin: int, end: int, shape: list[int], dtype: str = "F16") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@given(
    shapes=st.dictionaries(
        st.text(min_size=1).filter(lambda key: key != "__metadata__"),
        st.lists(st.integers(0, 5), max_size=4),
        max_size=8,
    ),
    metadata=st.dictionaries(st.text(), st.text(), max_size=4),
)
def test_what_was_written_is_read(place, write_model, shapes, metadata):
    header = read_header(write_model(place, shapes, metadata))

    assert header.tensors == {key: tuple(shape) for key, shape in shapes.items()}
    assert header.metadata == metadata
    assert header.size_bytes == place.stat().st_size
    assert header.modified_ns == place.stat().st_mtime_ns


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(place, content):
    place.write_bytes(content)
    with suppress(BrokenHeader):
        read_header(place)


@given(
    st.dictionaries(st.text(max_size=8), TENSOR | JSON, max_size=4),
    st.integers(0, 80),
    st.integers(-3, 3),
)
def test_any_json_is_read_or_refused(place, table, data_bytes, lie):
    header = json.dumps(table).encode()
    place.write_bytes(pack(header, bytes(data_bytes), max(0, len(header) + lie)))
    with suppress(BrokenHeader):
        read_header(place)


@given(st.data())
def test_a_damaged_byte_is_read_or_refused(place, write_model, data):
    good = write_model(place, {"a.lora_down.weight": (4, 8), "a.alpha": ()}, {"k": "v"})
    content = bytearray(good.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    place.write_bytes(bytes(content))
    with suppress(BrokenHeader):
        read_header(place)


def test_every_truncation_is_refused(place, write_model):
    content = write_model(place, {"a": (2, 3)}, {"k": "v"}).read_bytes()
    for length in range(len(content)):
        place.write_bytes(content[:length])
        with pytest.raises(BrokenHeader) as caught:
            read_header(place)
        assert caught.value.path == str(place)


def table_bytes(**tensors: object) -> bytes:
    return json.dumps(tensors).encode()


HOSTILE = {
    "empty file": b"",
    "length beyond the limit": pack(b"{}", length=2**63),
    "length of minus one": pack(b"{}", length=2**64 - 1),
    "header longer than the file": pack(b"{}", length=3),
    "data after the tensors": pack(b"{}", b"x"),
    "not an object": pack(b"[]"),
    "blanks before the object": pack(b" {}"),
    "garbage after the object": pack(b"{}x"),
    "not UTF-8": pack(b'{"\xff": 1}'),
    "a key twice": pack(
        b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},'
        b'"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}',
        b"x",
    ),
    "a key twice, once escaped": pack(
        b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},'
        b'"\\u0061":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}',
        b"x",
    ),
    "dtype twice": pack(b'{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', b"x"),
    "deep": pack(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "NaN": pack(b'{"a":NaN}'),
    "Infinity in a shape": pack(
        b'{"a":{"dtype":"U8","shape":[Infinity],"data_offsets":[0,1]}}', b"x"
    ),
    "a number of 5,000 digits": pack(
        b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,1]}}', b"x"
    ),
    "metadata that is a list": pack(b'{"__metadata__":[]}'),
    "metadata that is a number": pack(b'{"__metadata__":{"a":1}}'),
    "a tensor that is a string": pack(table_bytes(a="x")),
    "a tensor that is a list": pack(table_bytes(a=[])),
    "no dtype": pack(table_bytes(a={"shape": [], "data_offsets": [0, 0]})),
    "unknown dtype": pack(table_bytes(a=tensor(0, 1, [1], "F3")), b"x"),
    "a list as dtype": pack(table_bytes(a={"dtype": [], "shape": [], "data_offsets": [0, 0]})),
    "negative size": pack(table_bytes(a=tensor(0, 2, [-1])), b"xx"),
    "true as a size": pack(b'{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', b"x"),
    "a fraction as a size": pack(b'{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', b"x"),
    "sizes that overflow": pack(table_bytes(a=tensor(0, 2, [2**61, 2**61, 8])), b"xx"),
    "a thousand dimensions": pack(table_bytes(a=tensor(0, 2, [1] * 1000)), b"xx"),
    "negative begin": pack(table_bytes(a=tensor(-2, 0, [1])), b""),
    "end before begin": pack(table_bytes(a=tensor(2, 0, [1])), b"xx"),
    "end after the file": pack(table_bytes(a=tensor(0, 4, [2])), b"xx"),
    "three offsets": pack(b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,1]}}', b"x"),
    "shorter than its shape": pack(table_bytes(a=tensor(0, 2, [2])), b"xx"),
    "overlap": pack(table_bytes(a=tensor(0, 4, [2]), b=tensor(2, 6, [2])), b"x" * 6),
    "the same place twice": pack(table_bytes(a=tensor(0, 4, [2]), b=tensor(0, 4, [2])), b"x" * 4),
    "a hole": pack(table_bytes(a=tensor(0, 2, [1]), b=tensor(4, 6, [1])), b"x" * 6),
    "a hole before the first": pack(table_bytes(a=tensor(2, 4, [1])), b"x" * 4),
}


@pytest.mark.parametrize("content", [pytest.param(c, id=name) for name, c in HOSTILE.items()])
def test_a_hostile_file_is_refused_by_name(place, content):
    place.write_bytes(content)
    with pytest.raises(BrokenHeader) as caught:
        read_header(place)
    assert caught.value.path == str(place)
    assert caught.value.problem
    assert caught.value.hint


def test_a_header_longer_than_the_limit_is_refused_before_it_is_read(place):
    place.write_bytes(struct.pack("<Q", HEADER_LIMIT_BYTES + 1))
    os.truncate(place, HEADER_LIMIT_BYTES * 4)
    begun = time.perf_counter()
    with pytest.raises(BrokenHeader, match="longer than"):
        read_header(place)
    assert time.perf_counter() - begun < 0.1


def test_the_limit_can_be_lowered(place, write_model):
    write_model(place, {"a": (1,)})
    with pytest.raises(BrokenHeader, match="longer than 16 bytes"):
        read_header(place, limit_bytes=16)


def test_a_header_of_millions_of_values_is_refused_unparsed(place):
    place.write_bytes(pack(b'{"a":[' + b"[]," * 2_200_000 + b"[]]}"))
    with pytest.raises(BrokenHeader, match="values"):
        read_header(place)


def test_a_header_longer_than_the_first_read_is_read_whole(place, write_model):
    shapes = {f"lora_unet_block_{number}.lora_down.weight": (4, 8) for number in range(3000)}
    header = read_header(write_model(place, shapes))
    assert len(header.tensors) == 3000


def test_half_bytes_are_counted_in_bits(place):
    place.write_bytes(pack(table_bytes(a=tensor(0, 2, [4], "F4")), b"xx"))
    assert read_header(place).tensors == {"a": (4,)}


def test_a_file_without_tensors_is_a_file(place):
    place.write_bytes(pack(b"{}"))
    assert read_header(place).tensors == {}


@pytest.mark.parametrize("name", ["gone.safetensors", "nul\0.safetensors"])
def test_a_file_that_vanished_is_a_file_problem(tmp_path, name):
    with pytest.raises(FileProblem) as caught:
        read_header(tmp_path / name)
    assert not isinstance(caught.value, BrokenHeader)
    assert caught.value.hint


def test_a_vanished_file_is_told_by_the_cause(tmp_path):
    with pytest.raises(FileProblem) as caught:
        read_header(tmp_path / "gone.safetensors")
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_a_folder_with_a_models_name_is_a_file_problem(tmp_path):
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(FileProblem):
        read_header(tmp_path / "folder.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_with_a_models_name_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(FileProblem, match="not a regular file"):
        read_header(tmp_path / "pipe.safetensors")
