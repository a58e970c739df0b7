from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from polaris_core.catalogue.entry import Kind, Preview
from polaris_core.catalogue.scan import ModelFolder
from polaris_core.encoders.base import Encoders
from polaris_core.errors import IndexMismatch, StoreProblem
from polaris_core.index.exact import ExactIndex
from polaris_core.index.persist import open_index
from polaris_core.retrieval.embed import picture_vectors, text_vectors
from polaris_core.retrieval.two_level import search
from polaris_core.testing import HashingEncoder


class CountingEncoder:
    """A hashing encoder that counts what it is given."""

    def __init__(self, dim: int = 64) -> None:
        self._inner = HashingEncoder(dim)
        self.name, self.dim = self._inner.name, dim
        self.texts = self.pictures = 0

    def encode_texts(self, texts, progress=lambda *_: None):
        self.texts += len(texts)
        return self._inner.encode_texts(texts, progress)

    def encode_images(self, images, progress=lambda *_: None):
        self.pictures += len(images)
        return self._inner.encode_images(images, progress)


def names(hits):
    return [hit.entry.name for hit in hits]


def test_an_update_embeds_only_what_changed(make_entry, make_zoo):
    encoder = CountingEncoder()
    entries = [make_entry(f"fox {n}", colour=(n, 0, 0)) for n in range(8)]
    zoo = make_zoo(entries, encoders=Encoders(encoder, encoder))
    zoo.state()
    assert encoder.pictures == 8
    encoder.texts = encoder.pictures = 0
    zoo.state()
    zoo.store.add(entries)
    zoo.state()
    assert (encoder.texts, encoder.pictures) == (0, 0), "nothing changed"
    zoo.store.add([make_entry("castle", colour=(9, 9, 9))])
    zoo.state()
    assert encoder.pictures == 1
    assert 0 < encoder.texts < 10, "the texts of one entry"


def test_a_new_process_embeds_nothing_again(make_entry, make_zoo):
    make_zoo([make_entry("fox", colour=(1, 1, 1))]).state()
    encoder = CountingEncoder()
    make_zoo(encoders=Encoders(encoder, encoder)).state()
    assert (encoder.texts, encoder.pictures) == (0, 0)


def test_a_build_that_is_stopped_goes_on_where_it_was(make_entry, make_zoo, monkeypatch):
    monkeypatch.setattr("polaris_core.retrieval.parts._ENTRIES_PER_BATCH", 2)
    encoder = CountingEncoder()
    zoo = make_zoo([make_entry(f"fox {n}") for n in range(6)], encoders=Encoders(encoder))

    def stop_late(done, total, what, /):
        if what == "reading descriptions" and done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zoo.state(stop_late)
    before = encoder.texts
    zoo.state()
    assert encoder.texts < 2 * before
    assert len(search(zoo, "fox", Kind.LORA)) == 6


def test_another_encoder_never_gets_the_vectors_of_the_first(make_entry, make_zoo, tmp_path):
    entries = [make_entry("fox"), make_entry("castle")]
    small = make_zoo(entries)
    assert names(search(small, "fox", Kind.LORA))[0] == "fox"
    large = make_zoo(encoders=Encoders(HashingEncoder(128)))
    assert large.key != small.key
    assert names(search(large, "fox", Kind.LORA))[0] == "fox"
    assert large.state().kinds[Kind.LORA].text.dim == 128
    folder = next((tmp_path / "zoo" / "indices" / "lora").glob("text-*/*/*"))
    with pytest.raises(IndexMismatch):
        open_index(folder, "somebody else")


def test_two_zoos_with_other_encoders_share_a_home(make_entry, make_zoo):
    first = make_zoo([make_entry("fox")])
    second = make_zoo(encoders=Encoders(HashingEncoder(32)))
    for zoo in (first, second, first):
        zoo.store.add([make_entry(f"castle {zoo.encoders.text.dim}")])
        for asked in (first, second):
            found = names(search(asked, "castle fox", Kind.LORA))
            assert set(found) == {entry.name for entry in asked.store.all()}


def test_what_another_process_adds_is_found(make_entry, make_zoo):
    here, there = make_zoo([make_entry("fox")]), make_zoo()
    assert names(search(here, "castle", Kind.LORA)) == ["fox"]
    there.store.add([make_entry("castle")])
    assert names(search(here, "castle", Kind.LORA))[0] == "castle"


def test_an_update_scans_folders_and_what_it_found_can_be_sought(make_zoo, tmp_path):
    header = {
        "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": {
            "dtype": "F16",
            "shape": [1, 1280, 1, 1],
            "data_offsets": [0, 2560],
        },
        "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight": {
            "dtype": "F16",
            "shape": [1280, 1, 1, 1],
            "data_offsets": [2560, 5120],
        },
    }
    text = json.dumps(header).encode()
    folder = tmp_path / "loras"
    folder.mkdir()
    content = struct.pack("<Q", len(text)) + text + bytes(5120)
    (folder / "red_fox.safetensors").write_bytes(content)
    (folder / "broken.safetensors").write_bytes(b"nothing")
    zoo = make_zoo()
    report = zoo.update([ModelFolder(folder, Kind.LORA)])
    assert (report.added, len(report.problems)) == (1, 1)
    assert [h.entry.file for h in search(zoo, "fox", Kind.LORA)] == ["red_fox.safetensors"]


def test_a_hash_that_becomes_known_costs_no_indexing(make_entry, make_zoo):
    zoo = make_zoo([make_entry("fox")])
    before = zoo.state()
    zoo.store.set_sha256(1, "ab" * 32)
    after = zoo.state()
    assert after.key != before.key
    assert after.kinds[Kind.LORA] is before.kinds[Kind.LORA]


def test_a_new_lora_leaves_the_checkpoints_as_they_are(make_entry, make_zoo):
    zoo = make_zoo([make_entry("fox"), make_entry("photo", kind=Kind.CHECKPOINT)])
    before = zoo.state()
    zoo.store.add([make_entry("castle")])
    after = zoo.state()
    assert after.kinds[Kind.CHECKPOINT] is before.kinds[Kind.CHECKPOINT]
    assert len(after.kinds[Kind.LORA].ids) == 2


def test_what_is_added_while_indices_are_built_is_in_them(make_entry, make_zoo, monkeypatch):
    monkeypatch.setattr("polaris_core.retrieval.zoo._PAUSE_S", 0.0)
    zoo = make_zoo([make_entry("fox")])
    added = []

    def add_once(done, total, what, /):
        if what == "reading descriptions" and not added:
            added.append(make_entry("castle"))
            make_zoo(added)

    assert len(zoo.state(add_once).kinds[Kind.LORA].ids) == 2
    assert set(names(search(zoo, "castle fox", Kind.LORA))) == {"fox", "castle"}


def test_the_key_changes_with_content_and_encoders(make_entry, make_zoo):
    zoo = make_zoo([make_entry("fox")])
    before = zoo.key
    zoo.store.add([make_entry("castle")])
    assert zoo.key != before
    assert make_zoo(encoders=Encoders(HashingEncoder(64))).key != zoo.key, "no image encoder"


def test_reindexing_embeds_everything_again(make_entry, make_zoo):
    encoder = CountingEncoder()
    zoo = make_zoo([make_entry("fox")], encoders=Encoders(encoder))
    zoo.state()
    before = encoder.texts
    zoo.reindex()
    assert encoder.texts == 2 * before
    assert names(search(zoo, "fox", Kind.LORA)) == ["fox"]


def test_a_damaged_index_is_built_again(make_entry, make_zoo, tmp_path):
    zoo = make_zoo([make_entry("fox")])
    zoo.state()
    zoo.close()
    for path in (tmp_path / "zoo" / "indices").rglob("*.bin"):
        path.write_bytes(b"")
    assert names(search(make_zoo(), "fox", Kind.LORA)) == ["fox"]


def test_a_closed_zoo_says_so(make_zoo):
    with make_zoo() as zoo:
        pass
    with pytest.raises(StoreProblem):
        zoo.state()


def test_one_half_alone_finds_what_the_whole_vector_would(small_zoo):
    index = small_zoo.state().kinds[Kind.LORA]
    text, picture = index.text.rows, index.picture.rows
    halves = np.zeros((len(text.ids), text.dim + picture.dim), np.float32)
    halves[np.isin(text.ids, text.row_ids), : text.dim] = text.vectors
    halves[np.isin(picture.ids, picture.row_ids), text.dim :] = picture.vectors
    whole = ExactIndex.of(text.ids, halves)
    [query] = small_zoo.encoders.text.encode_texts(["red fox"])
    padded = np.concatenate([query, np.zeros(picture.dim, np.float32)])
    alone, together = index.text.search(query, 5), whole.search(padded, 5)
    assert alone.ids.tolist() == together.ids.tolist()
    assert alone.scores == pytest.approx(together.scores)


def test_an_entry_without_previews_has_no_picture_half(small_zoo, red_picture):
    index = small_zoo.state().kinds[Kind.LORA]
    [query] = small_zoo.encoders.image.encode_images([red_picture])
    found = index.picture.search(query, 50).ids
    shown = {entry.id for entry in small_zoo.store.all(Kind.LORA) if entry.previews}
    assert set(found.tolist()) == shown


def test_vectors_are_of_unit_length(make_entry):
    entries = [make_entry("fox", colour=(9, 0, 0)), make_entry("castle")]
    encoder = HashingEncoder(32)
    assert np.linalg.norm(text_vectors(entries, encoder), axis=1) == pytest.approx([1, 1])
    assert np.linalg.norm(picture_vectors(entries, encoder), axis=1) == pytest.approx([1, 0])


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"<html>", None])
def test_a_broken_preview_is_left_out(make_entry, tmp_path, content):
    path = tmp_path / "broken.png"
    if content is not None:
        path.write_bytes(content)
    good = tmp_path / "good.png"
    Image.new("RGBA", (2000, 10), (1, 2, 3, 4)).save(good)
    entry = replace(make_entry("fox"), previews=(Preview(str(path)), Preview(str(good))))
    alone = replace(entry, previews=entry.previews[1:])
    both, one = picture_vectors([entry, alone], HashingEncoder(8))
    assert both == pytest.approx(one)
    assert one.any()
