"""Real records and sidecars lose nothing that an entry has a place for.

What the entry should say is read here by plain look-ups, without the code under test.
"""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
from pathlib import Path

import pytest

from polaris_core.catalogue.entry import Kind, Maturity
from polaris_core.catalogue.imports import imports, refused
from polaris_core.catalogue.sidecars import read_sidecar
from polaris_core.catalogue.store import Store
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.manager_list import ManagerListSource
from polaris_core.importing.run import import_from
from polaris_core.importing.table import TableSource

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def data():
    if not DATA.is_dir():
        pytest.skip("the real data of ../shared/data is not here")
    return DATA


def first_weights(version):
    files = [f for f in version["files"] if f["type"] in ("Model", "Pruned Model")]
    return next((f for f in files if f.get("primary")), files[0] if files else None)


def letters(text):
    """What plain text says, however it is set."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def said_in(page):
    """What HTML says, however it is set."""
    tag = r"<(?!lora:|lyco:|hypernet:)[a-z/!][^<>]*>"
    return letters(html.unescape(re.sub(tag, "", page, flags=re.IGNORECASE)))


def plain(text):
    # Marks that turn the reading order are taken out of names on purpose.
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


# One row a field of the record that the entry has a place for: field, wanted, found.
FIELDS = {
    "name": (lambda r, v, f: plain(r["name"]), lambda e: e.name),
    "type": (lambda r, v, f: r["type"] == "Checkpoint", lambda e: e.kind is Kind.CHECKPOINT),
    "base model": (lambda r, v, f: v["baseModel"], lambda e: e.extra["base_model"]),
    "creator": (
        lambda r, v, f: (r.get("creator") or {}).get("username", ""),
        lambda e: e.creator,
    ),
    "tags": (
        lambda r, v, f: {plain(tag).lower() for tag in r["tags"] if plain(tag)},
        lambda e: {tag.lower() for tag in e.tags},
    ),
    "model id": (lambda r, v, f: str(r["id"]), lambda e: e.extra["model_id"]),
    "version id": (lambda r, v, f: str(v["id"]), lambda e: e.extra["version_id"]),
    "version name": (lambda r, v, f: plain(v["name"]), lambda e: e.extra.get("version_name", "")),
    "page": (
        lambda r, v, f: f"https://civitai.com/models/{r['id']}?modelVersionId={v['id']}",
        lambda e: e.source,
    ),
    "download": (lambda r, v, f: f["downloadUrl"] if f else "", lambda e: e.download),
    "sha256": (
        lambda r, v, f: f["hashes"].get("SHA256", "").lower() if f else "",
        lambda e: e.sha256,
    ),
    "size": (lambda r, v, f: round(f["sizeKB"] * 1024) if f else 0, lambda e: e.size_bytes),
    "credit": (lambda r, v, f: not r["allowNoCredit"], lambda e: e.terms.credit),
    "derivatives": (lambda r, v, f: r["allowDerivatives"], lambda e: e.terms.derivatives),
    "commercial use": (
        lambda r, v, f: r["allowCommercialUse"] in ("Image", "Rent", "Sell"),
        lambda e: e.terms.commercial,
    ),
    "pictures": (
        lambda r, v, f: [i["url"] for i in v["images"] if i.get("type") != "video"][:16],
        lambda e: [p.url for p in e.previews],
    ),
    "maturity of pictures": (
        lambda r, v, f: [level(i) for i in v["images"] if i.get("type") != "video"][:16],
        lambda e: [p.maturity for p in e.previews],
    ),
}


def level(picture):
    names = {"None": 1, "Soft": 2, "Mature": 4, "X": 8}
    return Maturity(names.get(picture.get("nsfw"), 0))


@pytest.mark.parametrize("kind", ["lora", "checkpoint"])
def test_every_field_of_every_record_is_in_its_entry(data, tmp_path, kind):
    path = data / "zoo" / f"civitai_2023-07_{kind}_clean.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    offers = {
        o.key: o.entry for page in DumpSource(path).pages("", never, quiet) for o in page.offers
    }
    lost = dict.fromkeys([*FIELDS, "description", "trigger words", "example prompts"], 0)
    with_version = [r for r in records if r["modelVersions"]]
    for record in with_version:
        version = record["modelVersions"][0]
        file = first_weights(version)
        entry = offers[str(version["id"])]
        for name, (wanted, found) in FIELDS.items():
            lost[name] += wanted(record, version, file) != found(entry)
        lost["description"] += said_in(record["description"] or "") != letters(entry.description)
        said = " ".join(entry.trigger_words).lower()
        lost["trigger words"] += any(
            plain(re.sub(r"<[^<>]*>", " ", w)).strip(" ,;").lower() not in said
            for w in version["trainedWords"][:64]
        )
        prompts = {letters(p["meta"]["prompt"][:3000]) for p in version["images"][:16]
                   if isinstance((p.get("meta") or {}).get("prompt"), str)}  # fmt: skip
        kept = {letters(prompt[:3000]) for prompt in entry.example_prompts}
        lost["example prompts"] += not prompts - {""} <= kept
    print(f"\n{kind}: {len(with_version)} of {len(records)} records list a version")
    assert {name: count for name, count in lost.items() if count} == {}
    assert len(offers) == len({str(r["modelVersions"][0]["id"]) for r in with_version})


def never(revision):
    return False


def quiet(done, total, what, /):
    pass


def test_both_dumps_and_the_manager_list_make_one_catalogue(data, tmp_path):
    zoo = data / "zoo"
    with Store.open(tmp_path / "catalogue.sqlite") as store:
        for kind in ("lora", "checkpoint"):
            import_from(store, DumpSource(zoo / f"civitai_2023-07_{kind}_clean.jsonl.gz"))
        report = import_from(store, ManagerListSource(zoo / "comfyui_manager_model-list.json"))
        listed = json.loads((zoo / "comfyui_manager_model-list.json").read_text("utf-8"))["models"]
        states = imports(store)
        entries = list(store.all())
        assert refused(store, report.origin) == []
        by_address = {e.source: e for e in entries} | {e.download: e for e in entries}
        for model in listed:
            address = model["url"] if model["url"].startswith("http") else model["reference"]
            entry = by_address[address]
            told = {m["size"] for m in listed if address in (m["url"], m["reference"])}
            if entry.origins[0] == report.origin:
                assert entry.extra["size_told"] in told
            else:  # a dump tells of the same file, and knows more of it
                assert entry.sha256
                assert report.origin in entry.origins
        offered = sum(state.offers for state in states)
        assert len(entries) <= offered
        with_hash = [e.sha256 for e in entries if e.sha256]
        assert len(with_hash) == len(set(with_hash)), "one entry a file"
        print(f"\n{offered} offers are {len(entries)} entries")


def test_a_table_of_the_records_says_what_they_say(data, tmp_path):
    """Stylus's own columns, filled from the dump, meet the dump's entries model by model."""
    path = data / "zoo" / "civitai_2023-07_lora_clean.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line, _ in zip(lines, range(300), strict=False)]
    table = tmp_path / "stylus.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        names = ["adapter_id", "title", "base_model", "description", "tags", "trigger_words",
                 "download_url"]  # fmt: skip
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        for r in records:
            v = r["modelVersions"][0]
            row = (r["id"], r["name"], v["baseModel"], r["description"], str(r["tags"]),
                   str(v["trainedWords"]), v["files"][0].get("downloadUrl"))  # fmt: skip
            writer.writerow(dict(zip(names, row, strict=True)))
    dump = tmp_path / "few.jsonl"
    dump.write_text("".join(json.dumps(r) + "\n" for r in records), "utf-8")
    with Store.open(tmp_path / "catalogue.sqlite") as store:
        import_from(store, DumpSource(dump))
        before = len(list(store.all()))
        assert import_from(store, TableSource(table)).added == 300
        entries = list(store.all())
        assert len(entries) == before
        assert all(len(e.origins) == 2 for e in entries)


def test_real_sidecars_keep_what_they_say(data):
    folder = data / "sidecars" / "lora_manager"
    for path in sorted(folder.glob("*.metadata.json")):
        told = json.loads(path.read_text("utf-8"))
        civitai = told["civitai"]
        facts = read_sidecar(path, ".metadata.json", size_bytes=told["size"])
        assert facts.name == plain(told["model_name"])
        assert facts.sha256 == told["sha256"].lower()
        assert told["base_model"] in facts.base_models
        assert set(map(str.lower, told["tags"])) <= set(map(str.lower, facts.tags))
        assert said_in(told["modelDescription"]) == letters(facts.description)
        assert facts.creator == civitai["creator"]["username"]
        assert facts.extra["version_id"] == str(civitai["id"])
        said = " ".join(facts.trigger_words)
        assert all(plain(word).strip(" ,") in said for word in civitai["trainedWords"])
        for answer, name, same in (
            (facts.terms.credit, "allowNoCredit", False),
            (facts.terms.derivatives, "allowDerivatives", True),
        ):
            if name in civitai["model"]:
                assert answer is (civitai["model"][name] is same)
        assert facts.download.startswith("https://civitai.com/api/download/models/")
