"""Files as sources: dumps, tables and lists as people have them, whole and broken."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.imports import imports, refused
from polaris_core.catalogue.store import Store
from polaris_core.errors import FileProblem, InvalidInput, MissingDependency
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.factory import source_named
from polaris_core.importing.manager_list import ManagerListSource
from polaris_core.importing.run import import_from
from polaris_core.importing.table import TableSource
from polaris_core.progress import silent
from tests.core.importing.sites import Made, civitai_record

RECORDS = [civitai_record(Made(n, f"model {n}")) for n in range(1, 251)]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def pages_of(source):
    return list(source.pages("", lambda revision: False, silent))


def offers_of(source):
    return [offer for page in pages_of(source) for offer in page.offers]


def test_a_dump_with_broken_lines_gives_all_others(store, tmp_path):
    path = tmp_path / "d.jsonl"
    noise = [b"{not json}\n", b"\n", b"[]\n", b'"text"\n', b"\xff\xfe\n", b"null", b"\n"]
    path.write_bytes(b"".join([lines(RECORDS[:2]), *noise, lines(RECORDS[2:4])]))
    report = import_from(store, DumpSource(path))
    assert (report.added, report.refused) == (4, 5)
    assert [r.key for r in refused(store, "dump:d.jsonl")] == [
        *("line 3", "line 5", "line 6", "line 7", "line 8"),
    ]


def test_a_packed_dump_that_breaks_off_keeps_what_could_be_read(store, tmp_path):
    path = tmp_path / "d.jsonl.gz"
    whole = gzip.compress(lines(RECORDS))
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(FileProblem, match="to its end"):
        import_from(store, DumpSource(path))
    kept = len(list(store.all()))
    assert kept >= 100
    path.write_bytes(whole)
    import_from(store, DumpSource(path))
    assert len(list(store.all())) == len(RECORDS)


def test_a_dump_that_was_changed_meanwhile_is_read_from_its_beginning(store, tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_bytes(lines(RECORDS))
    first = next(DumpSource(path).pages("", lambda revision: False, silent))
    path.write_bytes(lines(RECORDS[:10]))
    rest = list(DumpSource(path).pages(first.cursor, lambda revision: False, silent))
    assert [offer.key for offer in rest[0].offers] == [str(r["id"] + 1000) for r in RECORDS[:10]]


def test_a_dump_that_is_gone_is_said_to_be_gone(store, tmp_path):
    with pytest.raises(FileProblem, match="No such file"):
        import_from(store, DumpSource(tmp_path / "gone.jsonl"))
    assert imports(store) == []


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_dump_or_refused_in_our_words(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "d.jsonl"
    path.write_bytes(content)
    with suppress(FileProblem):
        pages_of(DumpSource(path))


def write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)
    return TableSource(path)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param('["ink fox", "brush"]', ("ink fox", "brush"), id="JSON"),
        pytest.param("['ink fox', 'brush']", ("ink fox", "brush"), id="Python"),
        pytest.param("""["fox's ink", 'brush']""", ("fox's ink", "brush"), id="both quotes"),
        pytest.param("ink fox, brush", ("ink fox", "brush"), id="commas"),
        pytest.param("[]", (), id="empty list"),
        pytest.param("", (), id="empty"),
    ],
)
def test_lists_come_in_several_forms(tmp_path, written, words):
    source = write_table(
        tmp_path / "t.csv", [{"adapter_id": "7", "title": "x", "trigger_words": written}]
    )
    [offer] = offers_of(source)
    assert offer.entry.trigger_words == words


def test_a_row_of_stylus(tmp_path):
    row = {
        "adapter_id": "58390.0",
        "alias": "add_detail",
        "title": "Detail Tweaker",
        "base_model": "SD 1.5",
        "description": "<p>old</p>",
        "llm_description": "Adds or takes away detail.",
        "tags": "['concept', 'detailed']",
        "download_url": "https://civitai.com/api/download/models/62833",
        "image_prompts": '["a fox, <lora:add_detail:1>", "None"]',
        "weight": "0.8",
        "stats": "{}",
    }
    [offer] = offers_of(write_table(tmp_path / "t.csv", [row]))
    entry = offer.entry
    assert (offer.key, entry.kind) == ("58390", Kind.LORA)
    assert entry.source == "https://civitai.com/models/58390"
    assert (entry.description, entry.strength) == ("Adds or takes away detail.", 0.8)
    assert entry.example_prompts == ("a fox, <lora:add_detail:1>",)
    assert entry.extra["filename"] == "add_detail"


def test_rows_that_say_too_little_are_refused(store, tmp_path):
    rows = [
        {"title": "", "id": "1"},
        {"title": "no id", "id": ""},
        {"title": "by name", "id": "my-lora"},
        {"title": "elsewhere", "id": "9", "url": "https://files.example/x.safetensors"},
    ]
    report = import_from(store, write_table(tmp_path / "t.csv", rows))
    assert (report.added, report.refused) == (2, 2)
    assert [entry.source for entry in store.all()] == ["", ""], "no number of Civitai's"


@given(st.lists(st.dictionaries(
    st.sampled_from(["id", "title", "tags", "weight", "url", "size", "nsfw", "version_id"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)), max_size=4))  # fmt: skip
def test_any_table_is_read_or_refused_row_by_row(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, sorted({name for row in rows for name in row}) or ["x"])
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), "utf-8", newline="")
    pages = pages_of(TableSource(path))
    assert sum(len(page.offers) + len(page.refused) for page in pages) <= len(rows)


def test_a_parquet_file_that_is_none(tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow, which is not installed")
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 no it is not")
    with pytest.raises(FileProblem, match="not readable as a table"):
        pages_of(TableSource(path))


def test_a_missing_pyarrow_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"")
    with pytest.raises(MissingDependency, match="pip install pyarrow"):
        pages_of(TableSource(path))


def test_a_list_of_models(tmp_path, store):
    path = tmp_path / "model-list.json"
    models = [
        {"name": "W", "type": "checkpoint", "base": "SDXL", "filename": "w.safetensors",
         "url": "https://huggingface.co/a/b/resolve/main/w.safetensors", "size": "6.5GB"},
        {"name": "L", "type": "lora", "base": "FLUX.1", "filename": "l.safetensors",
         "url": "https://files.example/l.safetensors", "size": "12MB", "save_path": "loras/x"},
        {"name": "V", "type": "VAE", "filename": "v.pt", "url": "https://files.example/v.pt"},
        {"name": "R", "type": "x", "url": "<huggingface>", "reference": "https://huggingface.co/r"},
        {"name": "nowhere", "url": "<huggingface>"},
        {"url": "https://files.example/nameless"},
        "text",
    ]  # fmt: skip
    path.write_text(json.dumps({"models": models}), "utf-8")
    report = import_from(store, ManagerListSource(path))
    assert (report.added, report.refused) == (4, 3)
    by_name = {entry.name: entry for entry in store.all()}
    assert by_name["W"].kind is Kind.CHECKPOINT
    assert by_name["W"].size_bytes == round(6.5 * 2**30)
    assert (by_name["L"].kind, by_name["L"].extra["save_path"]) == (Kind.LORA, "loras/x")
    assert (by_name["V"].kind, by_name["V"].unsafe) == (Kind.OTHER, True)
    assert by_name["R"].download == ""


@pytest.mark.parametrize("content", ["", "[]", '{"models": 1}', "{", "[" * 100_000])
def test_a_file_that_is_no_list_of_models(tmp_path, content):
    path = tmp_path / "m.json"
    path.write_text(content, "utf-8")
    with pytest.raises(FileProblem):
        pages_of(ManagerListSource(path))


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("a.jsonl", "dump:a.jsonl"),
        ("a.jsonl.gz", "dump:a.jsonl.gz"),
        ("t.csv", "table:t.csv"),
        ("t.PARQUET", "table:t.PARQUET"),
        ("model-list.json", "manager:model-list.json"),
    ],
)
def test_a_file_is_known_by_its_name(tmp_path, name, origin):
    path = tmp_path / name
    path.touch()
    assert source_named(str(path), tmp_path).origin == origin
    kind = origin.partition(":")[0]
    assert source_named(str(path), tmp_path, name="mine").origin == f"{kind}:mine"


def test_sites_are_known_by_name_and_address(tmp_path):
    assert source_named("civitai", tmp_path).origin == "civitai:civitai.com"
    assert source_named("Civitai:https://c.example", tmp_path).origin == "civitai:c.example"
    some = source_named("civitai", tmp_path, types=("LORA",), base_models=("Pony",))
    assert some.origin == "civitai:civitai.com (LORA, Pony)"
    assert source_named("hf", tmp_path).origin == "huggingface:huggingface.co"
    tagged = source_named("huggingface", tmp_path, tags=("lora",), author="me")
    assert tagged.origin == "huggingface:huggingface.co (lora, me)"
    for wrong in ("", "civitaicom", "x.zip", "civitai:nonsense", "hf:http://hub.example"):
        with pytest.raises(InvalidInput):
            source_named(wrong, tmp_path)
