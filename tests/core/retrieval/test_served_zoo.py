"""A zoo whose vectors are in a database, against the same zoo with files."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polaris_core.catalogue.entry import Kind
from polaris_core.catalogue.upsert import mark_changed
from polaris_core.encoders.base import Encoders
from polaris_core.errors import IndexProblem, IndexUnreachable
from polaris_core.index.service import SERVICE_FILE, TOKEN_VARIABLE, Service, read_service
from polaris_core.retrieval.two_level import search
from polaris_core.testing import HashingEncoder
from tests.core.retrieval.test_zoo import CountingEncoder, names
from tests.milvus_server import LiteServer, milvus

ROOT = Path(__file__).resolve().parents[3]
WORDS = ["fox", "castle", "train", "cake", "violin", "glacier", "lantern", "harbour"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with milvus(tmp_path_factory.mktemp("milvus")) as found:
        yield found


@pytest.fixture
def serve(tmp_path):
    """Name a database for the zoo in a folder."""

    def write(address, home="zoo"):
        (tmp_path / home).mkdir(exist_ok=True)
        text = json.dumps({"address": str(address)})
        (tmp_path / home / SERVICE_FILE).write_text(text, "utf-8")

    return write


def entries_of(make_entry, count=40):
    return [
        make_entry(
            f"{WORDS[n % 8]} {WORDS[n // 8 % 8]} {n}", colour=(n * 6, 9, 200) if n % 3 else None
        )
        for n in range(count)
    ]


def found(zoo):
    """What searches by text and by picture find, with scores."""
    state = zoo.state()
    index, encoder = state.kinds[Kind.LORA], zoo.encoders.text
    hits = [index.text.search(vector, 9) for vector in encoder.encode_texts(WORDS)]
    hits += [index.picture.search(vector, 9, index.ids[::2]) for vector in np.eye(64)[:9]]
    texts = [names(search(zoo, word, Kind.LORA)) for word in WORDS]
    return [(h.ids.tolist(), h.scores.tolist()) for h in hits], texts, state.usual_look


def test_it_finds_what_files_find_and_embeds_only_what_nobody_has(
    address, make_entry, make_zoo, serve
):
    entries = entries_of(make_entry)
    wanted = found(make_zoo(entries, home="files"))
    serve(address)
    first = CountingEncoder()
    zoo = make_zoo(entries, encoders=Encoders(first, first))
    assert zoo.state().kinds[Kind.LORA].text.kind == "served"
    assert found(zoo) == wanted
    serve(address, "other")
    other = CountingEncoder()
    there = make_zoo(entries, home="other", encoders=Encoders(other, other))
    there.state()
    assert (first.pictures, other.texts, other.pictures) == (26, 0, 0)
    assert found(there) == wanted


def test_another_catalogue_in_the_same_collection_disturbs_nobody(
    address, make_entry, make_zoo, serve
):
    few, many = entries_of(make_entry, 9), entries_of(make_entry, 64)
    wanted = found(make_zoo(few, home="files"))
    serve(address, "many")
    make_zoo(many, home="many").state()
    serve(address)
    zoo = make_zoo(few)
    assert found(zoo) == wanted
    zoo.store.add([make_entry("an extraordinary zeppelin")])
    assert names(search(zoo, "zeppelin", Kind.LORA))[0] == "an extraordinary zeppelin"


def test_it_follows_changes_and_removals_as_files_do_and_embeds_no_more(
    address, make_entry, make_zoo, serve
):
    entries = entries_of(make_entry, 30)
    serve(address)
    counting = CountingEncoder()
    plain = make_zoo(entries, home="files")
    zoo = make_zoo(entries, encoders=Encoders(counting, counting))
    for step in range(3):
        found(zoo)
        before = counting.pictures
        changed = replace(entries[step], description="violins and lanterns by a glacier")
        new = [make_entry("a zeppelin")] if step else []
        for one in (plain, zoo):
            one.store.add([changed, *new])
            with one.store.writing() as connection:
                connection.execute("DELETE FROM entries WHERE id = ?", (20 + step,))
                mark_changed(connection)
        index = zoo.state().kinds[Kind.LORA].text
        assert index.kind == "served"
        assert 20 + step not in index.ids
        assert counting.pictures == before
        assert found(zoo)[0] == found(plain)[0]


def test_a_collection_that_was_dropped_is_noticed_and_filled_again(
    address, make_entry, make_zoo, serve
):
    from pymilvus import MilvusClient

    serve(address)
    zoo = make_zoo(entries_of(make_entry), encoders=Encoders(HashingEncoder(48)))
    collection = zoo.state().kinds[Kind.LORA].text.collection
    client = MilvusClient(uri=address, dedicated=True)
    client.drop_collection(collection.name)
    with pytest.raises(IndexProblem, match=r"was dropped.*Search again"):
        search(zoo, "never asked before", Kind.LORA)
    wanted = names(search(zoo, "fox", Kind.LORA))
    assert zoo.state().kinds[Kind.LORA].text.collection.name != collection.name
    counting = CountingEncoder(48)
    again = make_zoo(encoders=Encoders(counting))
    assert names(search(again, "fox", Kind.LORA)) == wanted
    assert len(wanted) == 20
    assert counting.texts < 20, "the vectors come from the cache"
    assert again.state().kinds[Kind.LORA].text.collection.name != collection.name


_READER = """
import sys
from pathlib import Path
from polaris_core.catalogue.entry import Kind
from polaris_core.encoders.base import Encoders
from polaris_core.retrieval.two_level import search
from polaris_core.retrieval.zoo import Zoo
from polaris_core.testing import HashingEncoder
with Zoo.open(Path(sys.argv[1]), Encoders(HashingEncoder(64), HashingEncoder(64))) as zoo:
    for word in sys.argv[2:] * 3:
        print([hit.entry.name for hit in search(zoo, word, Kind.LORA)])
"""


def test_two_processes_read_at_once(address, make_entry, make_zoo, serve, tmp_path):
    serve(address)
    zoo = make_zoo(entries_of(make_entry))
    wanted = [str(names(search(zoo, word, Kind.LORA))) for word in WORDS] * 3
    command = [sys.executable, "-c", _READER, str(tmp_path / "zoo"), *WORDS]
    readers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    said = [reader.communicate(timeout=120)[0].decode().splitlines() for reader in readers]
    assert said == [wanted, wanted]


def test_a_server_that_is_away_is_said_to_be_and_searched_again_when_it_is_back(
    make_entry, make_zoo, serve, tmp_path
):
    server = LiteServer(tmp_path / "milvus")
    serve(server.address)
    zoo = make_zoo(entries_of(make_entry, 70))
    with pytest.raises(IndexUnreachable, match=f"does not answer: {server.address}"):
        zoo.state()
    server.start()
    try:
        wanted = found(zoo)
        server.stop()
        with pytest.raises(IndexUnreachable):
            found(zoo)
        server.start()
        assert found(zoo) == wanted
    finally:
        server.stop()


def test_a_server_of_something_else_is_said_to_be_none_of_milvus(make_entry, make_zoo, serve):
    import grpc

    other = grpc.server(ThreadPoolExecutor(1))
    port = other.add_insecure_port("127.0.0.1:0")
    other.start()
    serve(f"http://127.0.0.1:{port}")
    with pytest.raises(IndexUnreachable, match=f"no Milvus: http://127.0.0.1:{port}"):
        make_zoo([make_entry("a fox")]).state()
    other.stop(None).wait()


def test_a_file_serves_one_process_and_tells_the_second_one_what_to_do(
    make_entry, make_zoo, serve, tmp_path
):
    entries = entries_of(make_entry)
    wanted = found(make_zoo(entries, home="files"))
    serve(tmp_path / "vectors.db")
    assert found(make_zoo(entries)) == wanted
    command = [sys.executable, "-c", _READER, str(tmp_path / "zoo"), "fox"]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "another process has it open" in second.stderr
    assert "milvus-lite server" in second.stderr


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param("{", "one object", id="no JSON"),
        pytest.param('{"adress": "x"}', "one object", id="a misspelt name"),
        pytest.param('{"address": 3}', "one object", id="a number"),
        pytest.param('{"address": "absent/vectors.db"}', "absent", id="no such folder"),
        pytest.param('{"address": "vectors.sqlite"}', "index.db", id="another file"),
        pytest.param('{"address": "http://me:secret@host:1"}', "://", id="a password"),
        pytest.param('{"address": "http://127.0.0.1:19530/path"}', "index.db", id="a path"),
        pytest.param('{"address": "a.db", "search": "quick"}', "exact", id="no such search"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, text, hint):
    (tmp_path / SERVICE_FILE).write_text(text, "utf-8")
    with pytest.raises(ValueError, match=hint) as refused:
        read_service(tmp_path)
    assert "secret" not in str(refused.value)


def test_the_environment_goes_first_and_alone_holds_the_token(tmp_path, monkeypatch):
    (tmp_path / SERVICE_FILE).write_text('{"address": "own.db", "search": "fast"}', "utf-8")
    assert read_service(tmp_path) == Service(str(tmp_path / "own.db"), fast=True)
    monkeypatch.setenv("POLARIS_INDEX", "https://vectors.example.com")
    monkeypatch.setenv(TOKEN_VARIABLE, "root:Milvus")
    service = read_service(tmp_path)
    assert service == Service("https://vectors.example.com", "root:Milvus", fast=True)
    assert "Milvus" not in repr(service)
    monkeypatch.setenv("POLARIS_INDEX", "http://vectors.example.com")
    with pytest.raises(ValueError, match="unencrypted") as refused:
        read_service(tmp_path)
    assert "Milvus" not in str(refused.value)
