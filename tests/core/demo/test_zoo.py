from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest

from polaris_core.catalogue.entry import Kind, Maturity, Role
from polaris_core.catalogue.reading import read_entry
from polaris_core.demo.sidecars import FORMATS
from polaris_core.demo.zoo import demo_cards, make_demo_zoo
from polaris_core.errors import Cancelled

CARDS = demo_cards()
BASES = {
    "SD 1.5": "sd15",
    "SD 2.1 768": "sd2",
    "SDXL 1.0": "sdxl",
    "Flux.1 D": "flux",
    "Pony": "pony",
    "Illustrious": "illustrious",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "models"
    make_demo_zoo(folder, runnable=False)
    return folder


@pytest.fixture(scope="module")
def read(models):
    def entry_of(card):
        folder, _, file = card.file.partition("/")
        return read_entry(models / folder, f"{file}.safetensors").entry

    return entry_of


def test_it_is_as_large_and_as_mixed_as_promised():
    assert sum(not card.is_lora for card in CARDS) >= 12
    assert sum(card.is_lora for card in CARDS) >= 60
    assert Counter(card.base for card in CARDS).most_common(1)[0][0] == "SD 1.5"
    assert {card.base for card in CARDS} == set(BASES)
    assert {card.format for card in CARDS} == set(FORMATS)
    assert {card.role for card in CARDS} >= {
        *("style", "object", "character", "clothing", "pose", "concept", "background", "tool")
    }
    assert len({card.file for card in CARDS}) == len({card.name for card in CARDS}) == len(CARDS)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.file)
def test_the_catalogue_reads_what_the_card_says(read, card):
    entry = read(card)
    assert entry.kind is (Kind.LORA if card.is_lora else Kind.CHECKPOINT)
    assert entry.base_model.value == BASES[card.base]
    assert len(entry.previews) == 1
    if card.format != "header":
        assert list(entry.trigger_words) == card.trigger_list
        assert entry.strength == card.strength
        assert "<" not in entry.description
        assert card.description.startswith("<") or card.description in entry.description
    if card.format not in ("header", "a1111"):
        assert entry.name == card.name
        assert set(entry.tags) == set(card.tag_list)
        assert entry.role is Role(card.role) or card.maturity > 1
    if card.maturity > 1:
        assert entry.maturity > Maturity.PG13


def test_what_the_demo_asks_for_is_there_and_so_are_its_traps():
    def named(*words):
        return {c.base for c in CARDS if all(w in f"{c.name} {c.tags}".lower() for w in words)}

    assert named("watercolor", "style") >= {"SD 1.5", "SDXL 1.0", "Flux.1 D"}
    assert named("fox", "animal") >= {"SD 1.5", "SDXL 1.0", "Flux.1 D", "Pony"}
    assert any("watercolor" in c.tags and c.base == "SD 1.5" for c in CARDS if not c.is_lora)
    for near_miss in ("wolf", "red panda", "ink wash", "gouache"):
        assert "SD 1.5" in named(near_miss)


def test_pickled_placeholders_are_text_and_have_no_sidecars(models):
    unsafe = [p for p in models.rglob("*") if p.suffix in (".ckpt", ".pt")]
    assert len(unsafe) == 3
    assert all(b"placeholder" in path.read_bytes() for path in unsafe)


def test_sidecars_tell_the_true_hash_and_link_to_no_site(models):
    texts = [p.read_text("utf-8") for p in models.rglob("*") if p.suffix in (".info", ".json")]
    assert len(texts) > 60
    assert not any("http" in text for text in texts)
    for path in models.rglob("loras/**/*.civitai.info"):
        weights = path.with_name(path.name.replace(".civitai.info", ".safetensors"))
        told = json.loads(path.read_text("utf-8"))["files"][0]["hashes"]["SHA256"].lower()
        assert told == hashlib.sha256(weights.read_bytes()).hexdigest()


def stamps(folder) -> dict:
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file() and p.suffix}


def test_a_second_call_keeps_what_is_there_and_mends_what_is_missing(models):
    before = stamps(models)
    lost = models / f"{CARDS[-1].file}.safetensors"
    lost.unlink()
    (models / "loras" / "mine.safetensors").write_bytes(b"mine")
    make_demo_zoo(models, runnable=False)
    after = stamps(models)
    assert lost.is_file()
    assert (models / "loras" / "mine.safetensors").read_bytes() == b"mine"
    changed = {path for path, stamp in before.items() if after[path] != stamp}
    assert all(path.name.startswith(lost.stem) or path.name[0] == "." for path in changed)


def test_a_runnable_zoo_replaces_one_of_headers_and_a_cancelled_one_is_made_anew(tmp_path):
    make_some = 3

    def stop(done, total, what):
        if done == make_some:
            raise Cancelled

    with pytest.raises(Cancelled):
        make_demo_zoo(tmp_path, runnable=True, progress=stop)
    sizes = {p.name: p.stat().st_size for p in tmp_path.rglob("*.safetensors")}
    assert len(sizes) == make_some
    assert sizes["damp_paper_v2.safetensors"] > 200e6
    with pytest.raises(Cancelled):
        make_demo_zoo(tmp_path, runnable=False, progress=stop)
    smaller = next(tmp_path.rglob("damp_paper_v2.safetensors")).stat().st_size
    assert smaller < 20e6
