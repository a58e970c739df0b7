"""Entries get their files, keep their ids, and lose nothing that was known of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Preview, Role
from polaris_core.catalogue.gentle import hash_gently, hash_state
from polaris_core.catalogue.scan import ModelFolder, scan
from polaris_core.catalogue.store import Store
from polaris_core.errors import (
    AddressRefused,
    Cancelled,
    InvalidInput,
    NotOffered,
    WrongContent,
)
from polaris_core.fetching.addresses import Rules
from polaris_core.fetching.complete import complete
from polaris_core.fetching.entries import fetch_entry, offer_of
from polaris_core.fetching.settings import Settings
from tests.core.fetching.conftest import QUICK
from tests.core.fetching.sites import gives, lora_bytes, model_bytes, says, sha256


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "home" / "catalogue.sqlite") as opened:
        yield opened


@pytest.fixture
def folders(folder, tmp_path):
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    return [ModelFolder(checkpoints, Kind.CHECKPOINT), ModelFolder(folder, Kind.LORA)]


def settings_for(site, **changed):
    return Settings(Rules.of((), [site.origin]), civitai=site.origin, **changed)


def offered(site, **changed):
    facts = {
        "name": "Wet Edge Watercolour",
        "kind": Kind.LORA,
        "base_model": BaseModel.SD15,
        "role": Role.STYLE,
        "trigger_words": ("wet edge", "a, b"),
        "strength": 0.7,
        "tags": ("style", "watercolor"),
        "training_tags": ("fox",),
        "description": "First <b>paragraph & more\nSecond",
        "negative": "photo",
        "example_prompts": ("a fox, wet edge <lora:w:0.7>",),
        "previews": (Preview("", "https://image.example/1.jpg", Maturity.PG, "a fox"),),
        "maturity": Maturity.PG,
        "licence": "credit required; no commercial use",
        "creator": "brush",
        "source": "https://models.example/wet-edge",
        "size_bytes": len(site.content),
        "sha256": sha256(site.content),
        "autov3": "0123456789ab",
        "download": site.url,
        "extra": {"base_model": "SD 1.5", "clip_skip": "2"},
    }
    return Entry(**facts | changed)


def test_an_entry_gets_its_file_and_keeps_its_id_and_all_that_was_known(store, folders, make_site):
    site = make_site(lora_bytes())
    (id,) = store.add([offered(site)])
    before = store.entry(id)
    after = fetch_entry(store, before, folders, settings_for(site), limits=QUICK)
    assert after.on_disk
    assert (after.file, after.size_bytes) == ("model.safetensors", len(site.content))
    on_disk = {"root", "file", "modified_ns", "adapter_type"}
    for name in Entry.__slots__:
        if name not in on_disk:
            assert getattr(after, name) == getattr(before, name), name
    report = scan(store, folders)
    assert (report.added, report.changed, report.removed) == (0, 0, 0)
    assert store.entry(id) == after
    assert fetch_entry(store, after, folders, settings_for(site)) == after
    assert len(site.asked) == 1


def test_a_file_that_is_here_under_another_name_is_not_fetched(store, folders, make_site, folder):
    site = make_site(lora_bytes())
    (folder / "mine.safetensors").write_bytes(site.content)
    scan(store, folders)
    hash_gently(store, share=1)
    (id,) = store.add([offered(site)])
    assert fetch_entry(store, store.entry(id), folders, settings_for(site)).file == (
        "mine.safetensors"
    )
    assert site.asked == []


def test_what_was_left_when_a_worker_died_before_the_catalogue_knew_is_gone_on_from(
    store, folders, make_site, folder
):
    """The file has its name, a scan has found it, and nobody knows yet whose file it is."""
    site = make_site(lora_bytes())
    (id,) = store.add([offered(site)])
    (folder / "model.safetensors").write_bytes(site.content)
    assert scan(store, folders).added == 1
    after = fetch_entry(store, store.entry(id), folders, settings_for(site), limits=QUICK)
    assert (after.id, after.name, after.sha256) == (id, offered(site).name, offered(site).sha256)
    assert [entry.id for entry in store.all()] == [id]
    report = scan(store, folders)
    assert (report.added, report.changed, report.removed) == (0, 0, 0)
    assert site.asked == []


def test_another_file_of_the_name_stays(store, folders, make_site, folder):
    site = make_site(lora_bytes())
    (folder / "model.safetensors").write_bytes(b"mine")
    (id,) = store.add([offered(site)])
    after = fetch_entry(store, store.entry(id), folders, settings_for(site), limits=QUICK)
    assert after.file == f"model.{sha256(site.content)[:8]}.safetensors"
    assert (folder / "model.safetensors").read_bytes() == b"mine"


def test_what_stands_beside_the_file_stays(store, folders, make_site, folder):
    site = make_site(lora_bytes())
    (folder / "model.polaris.json").write_text('{"name": "Mine"}')
    (id,) = store.add([offered(site)])
    after = fetch_entry(store, store.entry(id), folders, settings_for(site), limits=QUICK)
    assert after.name == "Mine"


def test_what_nobody_offers_cannot_be_fetched(store, folders, site):
    entry = offered(site)
    for bad in (
        replace(entry, download=""),
        replace(entry, sha256=""),
        replace(entry, unsafe=True),
    ):
        with pytest.raises(NotOffered) as told:
            fetch_entry(store, bad, folders, settings_for(site))
        assert "https://models.example/wet-edge" in told.value.hint
    with pytest.raises(InvalidInput):
        fetch_entry(store, replace(entry, kind=Kind.OTHER), folders, settings_for(site))
    with pytest.raises(InvalidInput):
        fetch_entry(store, entry, folders[:1], settings_for(site))
    assert site.asked == []


def test_civitai_tells_the_address_by_the_version(site):
    entry = offered(
        site,
        source="https://civitai.com/models/5?modelVersionId=12",
        download="",
        extra={"version_id": "12"},
    )
    offer = offer_of(entry)
    assert offer.address == "https://civitai.com/api/download/models/12"
    assert offer.name == "Wet_Edge_Watercolour.safetensors"


def test_runs_fetch_nothing_unless_it_was_allowed(site):
    entry = offered(site)
    with pytest.raises(AddressRefused, match="may not fetch LoRAs by themselves"):
        Settings().check_automatic(entry)
    allowed = Settings(automatic=frozenset({Kind.LORA}), automatic_largest_bytes=len(site.content))
    allowed.check_automatic(entry)
    for bad in (
        replace(entry, kind=Kind.CHECKPOINT),
        replace(entry, size_bytes=entry.size_bytes + 1),
        replace(entry, size_bytes=0),
    ):
        with pytest.raises(AddressRefused):
            allowed.check_automatic(bad)


def version_of(content: bytes) -> dict:
    return {
        "id": 12,
        "modelId": 5,
        "name": "v1",
        "baseModel": "SD 1.5",
        "trainedWords": ["wet edge"],
        "model": {"name": "Wet Edge", "type": "LORA", "tags": ["style"]},
        "files": [{"type": "Model", "sizeKB": 1, "hashes": {"SHA256": sha256(content).upper()}}],
    }


@pytest.fixture
def on_disk(store, folders, folder):
    content = lora_bytes()
    (folder / "what.safetensors").write_bytes(content)
    scan(store, folders)
    return store.resolve("what")[0], content


def test_a_site_that_is_asked_by_hash_completes_what_is_known(
    store, folders, folder, make_site, on_disk
):
    entry, content = on_disk
    site = make_site(b"")
    body = json.dumps(version_of(content)).encode()
    site.plan = [says(429, Retry_After="0"), gives(body, Content_Type="application/json")]
    after = complete(store, entry, folders, settings_for(site), limits=QUICK)
    assert site.asked[-1].path == f"/api/v1/model-versions/by-hash/{sha256(content)}"
    assert (after.id, after.name, after.trigger_words) == (entry.id, "Wet Edge", ("wet edge",))
    assert after.source == "https://civitai.com/models/5?modelVersionId=12"
    assert after.sha256 == sha256(content)
    assert json.loads((folder / "what.civitai.info").read_text()) == version_of(content)
    assert complete(store, after, folders, settings_for(site)) == after
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (says(404), NotOffered),
        (gives(b"<html>"), WrongContent),
        (gives(b"[1]"), WrongContent),
        (gives(b"[" * 100_000), WrongContent),
        (gives(b"{}", Content_Encoding="gzip"), WrongContent),
        (gives(bytes(9 << 20)), WrongContent),
        (gives(json.dumps(version_of(b"another")).encode()), WrongContent),
    ],
)
def test_an_answer_that_is_none_changes_nothing(
    store, folders, folder, make_site, on_disk, step, error
):
    entry, _ = on_disk
    site = make_site(b"")
    site.always = step
    with pytest.raises(error):
        complete(store, entry, folders, settings_for(site), limits=QUICK)
    assert [path.name for path in folder.iterdir()] == ["what.safetensors"]


def test_hashing_in_the_background_rests_reports_stops_and_goes_on(store, folders, folder):
    for number in range(4):
        content = lora_bytes(seed=number) + b""
        (folder / f"{number}.safetensors").write_bytes(content)
    scan(store, folders)
    assert hash_state(store).missing == 4
    told = []

    def stop_at_the_third(done, total, what):
        told.append((done, total))
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        hash_gently(store, stop_at_the_third, share=1)
    assert hash_state(store).hashed == 2
    busy = [True, True, False, False]
    report = hash_gently(store, share=0.5, is_busy=lambda: bool(busy) and busy.pop(0))
    assert report.hashed == 2
    assert report.problems == ()
    assert hash_state(store) == type(hash_state(store))(4, 0, 0)
    assert {e.sha256 for e in store.all()} == {sha256(lora_bytes(seed=n)) for n in range(4)}


def test_a_broken_file_is_never_put_into_the_catalogue(store, folders, make_site, folder):
    site = make_site(model_bytes())
    (id,) = store.add([offered(site, sha256="0" * 63 + "1")])
    with pytest.raises(WrongContent):
        fetch_entry(store, store.entry(id), folders, settings_for(site), limits=QUICK)
    assert not store.entry(id).on_disk
    assert list(folder.iterdir()) == []
