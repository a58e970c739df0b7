"""Files that are meant by what they are, not by what they are called."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Role
from polaris_core.catalogue.store import Store
from polaris_core.errors import InvalidInput, UnknownModel
from polaris_core.retrieval.candidates import resolve_pins
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.identity import FileIdentity, find_file, identity_of
from polaris_core.retrieval.pins import Pin, Pins
from polaris_core.retrieval.shortlist import SlotName


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def put(store, folder, file: str, content: bytes, name: str = "Wash") -> Entry:
    """A LoRA whose hash nobody knows."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    entry = Entry(
        name,
        Kind.LORA,
        BaseModel.SD15,
        Role.STYLE,
        root=str(folder),
        file=file,
        size_bytes=len(content),
        modified_ns=path.stat().st_mtime_ns,
    )
    [id] = store.add([entry])
    return store.entry(id)


def frozen(content: bytes, **facts) -> Pins:
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content), **facts}
    return Pins((Pin("wash.safetensors", slot=SlotName.STYLE, identity=FileIdentity(**facts)),))


def test_a_renamed_file_is_found_by_its_hash_which_is_then_known(store, tmp_path):
    entry = put(store, tmp_path / "loras", "other/name.safetensors", b"wash")
    put(store, tmp_path / "loras", "same_size.safetensors", b"fish", "Fish")
    pins = Pins.parse(str(frozen(b"wash")))
    [found] = resolve_pins(store, pins, Filters()).pinned[SlotName.STYLE]
    assert found.id == entry.id
    assert store.entry(entry.id).sha256 == hashlib.sha256(b"wash").hexdigest()


def test_another_file_of_the_same_name_is_not_taken_and_the_source_is_named(store, tmp_path):
    put(store, tmp_path / "loras", "wash.safetensors", b"fish")
    pins = frozen(b"wash", source="https://example.org/wash")
    with pytest.raises(UnknownModel, match=r"https://example\.org/wash"):
        resolve_pins(store, pins, Filters())


def test_without_a_hash_name_and_size_decide(store, tmp_path):
    entry = put(store, tmp_path / "loras", "wash.safetensors", b"wash")
    match = find_file(FileIdentity("W", size_bytes=4), entry.file, store, kind=Kind.LORA)
    assert match is not None
    assert (match.entry.id, match.by) == (entry.id, "name and size")
    assert find_file(FileIdentity("W", size_bytes=5), entry.file, store, kind=Kind.LORA) is None
    assert (
        find_file(FileIdentity("W", size_bytes=4), entry.file, store, kind=Kind.CHECKPOINT) is None
    )


def test_of_many_files_of_one_size_none_is_hashed_on_a_guess(store, tmp_path):
    for number in range(17):
        put(store, tmp_path / "loras", f"{number}.safetensors", b"%04d" % number, f"L{number}")
    with pytest.raises(UnknownModel):
        resolve_pins(store, frozen(b"0003"), Filters())
    assert not any(entry.sha256 for entry in store.all())


def test_a_pickled_file_is_never_opened_for_it(store, tmp_path):
    entry = put(store, tmp_path / "loras", "wash.safetensors", b"wash")
    store.add([replace(entry, unsafe=True)])
    with pytest.raises(UnknownModel):
        resolve_pins(store, frozen(b"wash"), Filters())


def test_an_identity_is_read_as_it_was_written(store, tmp_path):
    entry = put(store, tmp_path / "loras", "wash.safetensors", b"wash")
    identity = identity_of(replace(entry, sha256="0a" * 32, source="https://example.org/é"))
    assert FileIdentity.parse(str(identity)) == identity
    with pytest.raises(InvalidInput):
        FileIdentity.parse("[" * 100_000)
