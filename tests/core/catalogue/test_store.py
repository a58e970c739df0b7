import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polaris_core.catalogue.columns import BASE_MODELS, KINDS, ROLES
from polaris_core.catalogue.entry import (
    AdapterType,
    BaseModel,
    Entry,
    Kind,
    Maturity,
    Preview,
    Role,
)
from polaris_core.catalogue.fingerprints import hash_missing
from polaris_core.catalogue.schema import SCHEMA_VERSION
from polaris_core.catalogue.store import Store
from polaris_core.errors import Cancelled, InvalidInput, StoreProblem, UnknownModel

SHA = "ab12cd34ef" + "0" * 54


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "zoo" / "catalogue.sqlite") as opened:
        yield opened


def lora(file="fox.safetensors", root="/models/loras", **facts):
    return Entry(**{"name": "Ink Fox", "kind": Kind.LORA, "root": root, "file": file, **facts})


# Every text Python can hold, lone surrogates (undecodable file names) and NUL among them.
texts = st.text(st.characters(), max_size=20)
names = st.text(st.sampled_from("abAB é\x1a\udcff\0/.\"'*^日"), min_size=1, max_size=4)
hashes = st.sampled_from(["", *(digit * 64 for digit in "abc")])
tuples_of_texts = st.lists(texts, max_size=3).map(tuple)
entries = st.builds(
    Entry,
    name=names,
    kind=st.sampled_from(Kind),
    base_model=st.sampled_from(BaseModel),
    role=st.sampled_from(Role),
    adapter_type=st.none() | st.sampled_from(AdapterType),
    trigger_words=tuples_of_texts,
    strength=st.none() | st.floats(-10, 10),
    tags=tuples_of_texts,
    training_tags=tuples_of_texts,
    description=texts,
    negative=texts,
    example_prompts=tuples_of_texts,
    previews=st.lists(
        st.builds(Preview, path=texts, url=texts, maturity=st.sampled_from(Maturity), prompt=texts),
        max_size=2,
    ).map(tuple),
    maturity=st.sampled_from(Maturity),
    licence=texts,
    creator=texts,
    source=names | st.just(""),
    root=st.sampled_from(["/models", "/m\udcff"]),
    file=st.just("") | names,
    size_bytes=st.integers(0, 2**63 - 1),
    modified_ns=st.integers(-(2**63), 2**63 - 1),
    sha256=hashes,
    autov3=st.sampled_from(["", "d" * 12]),
    unsafe=st.booleans(),
    extra=st.dictionaries(texts, texts, max_size=2),
)


def identity(entry):
    if entry.file:
        return ("file", entry.root, entry.file)
    return (
        (entry.sha256 and ("sha256", entry.sha256))
        or (entry.source and ("source", entry.source))
        or (entry.autov3 and ("autov3", entry.autov3))
        or ("name", entry.kind, entry.name)
    )


class StoreIsADictionary(RuleBasedStateMachine):
    """The catalogue against a plain dictionary from what makes an entry the same to the entry."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "catalogue.sqlite"
        self.store = Store.open(self.path)
        self.model = {}

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    @rule(added=st.lists(entries, max_size=4))
    def add(self, added):
        before, key = dict(self.model), self.store.key()
        for entry, id in zip(added, self.store.add(added), strict=True):
            old = self.model.get(identity(entry))
            assert old is None or old.id == id
            same_file = old and (old.size_bytes, old.modified_ns) == (
                entry.size_bytes,
                entry.modified_ns,
            )
            kept = old.sha256 if same_file and entry.file and not entry.sha256 else entry.sha256
            self.model[identity(entry)] = replace(entry, id=id, sha256=kept)
        if before != self.model:
            assert self.store.key() != key

    @rule()
    def open_again(self):
        self.store.close()
        self.store = Store.open(self.path)

    @rule(text=names | texts, kind=st.none() | st.sampled_from(Kind))
    def find_any_text(self, text, kind):
        for entry in self.store.find(text, kind=kind):
            assert entry in self.model.values()
            assert kind in (None, entry.kind)

    @rule(data=st.data())
    def find_by_a_name(self, data):
        plain = [e for e in self.model.values() if e.name.isalnum() and e.name.isascii()]
        if plain:
            entry = data.draw(st.sampled_from(plain))
            assert entry in self.store.find(entry.name.swapcase(), limit=10_000)

    @rule(data=st.data())
    def resolve(self, data):
        if self.model:
            entry = data.draw(st.sampled_from(list(self.model.values())))
            if entry.sha256:
                alike = [e for e in self.model.values() if e.sha256 == entry.sha256]
                assert by_id(self.store.resolve(entry.sha256)) == by_id(alike)
                assert by_id(self.store.resolve(entry.autov2)) == by_id(alike)
            if entry.file and entry.file == entry.file.strip():
                assert entry in self.store.resolve(f"{entry.root}/{entry.file}")

    @invariant()
    def all_is_there(self):
        expected = by_id(self.model.values())
        assert list(self.store.all()) == expected
        ids = [entry.id for entry in expected]
        assert self.store.entries(ids[::-1]) == expected[::-1]
        columns = self.store.columns()
        assert columns.ids.tolist() == ids
        assert [KINDS[code] for code in columns.kind] == [e.kind for e in expected]
        assert [BASE_MODELS[c] for c in columns.base_model] == [e.base_model for e in expected]
        assert [ROLES[code] for code in columns.role] == [e.role for e in expected]
        assert columns.maturity.tolist() == [e.maturity for e in expected]
        assert columns.unsafe.tolist() == [e.unsafe for e in expected]
        assert columns.on_disk.tolist() == [e.on_disk for e in expected]
        assert sum(self.store.counts().values()) == len(expected)


def by_id(entries):
    return sorted(entries, key=lambda entry: entry.id)


StoreIsADictionary.TestCase.settings = settings(max_examples=40, stateful_step_count=12)
test_a_store_behaves_as_a_dictionary = StoreIsADictionary.TestCase


@given(st.text() | st.text(st.sampled_from('"*^(){}:+-\0 abANDORNEAR\udcff'), max_size=30))
@settings(max_examples=300)
def test_any_text_may_be_sought(any_text_store, text):
    assert any_text_store.find(text) is not None
    assert any_text_store.resolve(text) is not None


@pytest.fixture(scope="module")
def any_text_store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("zoo") / "catalogue.sqlite") as opened:
        opened.add([lora(description='AND "or" NEAR(a b) column:value')])
        yield opened


def test_words_are_sought_in_name_file_words_tags_and_description_without_case_and_accents(store):
    [id] = store.add(
        [
            lora(
                "sub/kitsune_v2.safetensors",
                name="Ink Fox",
                trigger_words=("inkfoxstyle", "brush"),
                tags=("aquarelle", "animal"),
                description="Après la pluie, 水彩 water-colour.",
            )
        ]
    )
    for text in ("ink", "KITSUNE v2", "inkfox", "brush", "animal ink", "apres", "水", "water-col"):
        assert [e.id for e in store.find(text)] == [id], text
    for text in ("nk", "ink cat", "brus ink", "", "  ", "***", "\0"):
        assert store.find(text) == [], text


def test_a_word_in_the_name_counts_more_than_one_in_the_description(store):
    told = lora("a.safetensors", name="Something", description="like a fox")
    named = lora("b.safetensors", name="Fox", description="an animal")
    store.add([told, named, lora("c.safetensors", name="Other", kind=Kind.CHECKPOINT)])
    assert [e.name for e in store.find("fox")] == ["Fox", "Something"]
    assert len(store.find("fox", limit=1)) == 1
    assert store.find("fox", kind=Kind.CHECKPOINT) == []
    with pytest.raises(InvalidInput):
        store.find("fox", limit=0)


def test_what_was_changed_is_found_by_its_new_words_alone(store):
    store.add([lora(description="castle")])
    store.add([lora(description="dragon")])
    assert store.find("castle") == []
    assert len(store.find("dragon")) == 1


@pytest.fixture
def pinned(store):
    store.add(
        [
            lora("styles/Ink_Fox.safetensors", name="Ink Fox, the style", sha256=SHA),
            lora("ink_fox.safetensors", name="other", autov3="fedcba987654"),
            lora("Ink_Fox.safetensors", root="/models/checkpoints", kind=Kind.CHECKPOINT, name="C"),
            Entry(name="Ink Fox, the style", kind=Kind.LORA, sha256="9" * 64),
            lora("v1.5.safetensors", name="Straße É"),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("wanted", "files"),
    [
        pytest.param(SHA, ["styles/Ink_Fox.safetensors"], id="sha256"),
        pytest.param(SHA.upper(), ["styles/Ink_Fox.safetensors"], id="sha256 in capitals"),
        pytest.param("AB12CD34EF", ["styles/Ink_Fox.safetensors"], id="AutoV2"),
        pytest.param("0x" + SHA[:12], ["styles/Ink_Fox.safetensors"], id="beginning of sha256"),
        pytest.param(SHA[:9], [], id="too short for a hash"),
        pytest.param("FEDCBA987654", ["ink_fox.safetensors"], id="AutoV3"),
        pytest.param("styles/Ink_Fox.safetensors", ["styles/Ink_Fox.safetensors"], id="path"),
        pytest.param("styles\\ink_fox", ["styles/Ink_Fox.safetensors"], id="path as in Windows"),
        pytest.param("/models/loras/ink_fox.safetensors", ["ink_fox.safetensors"], id="absolute"),
        pytest.param("ink_fox", ["ink_fox.safetensors"], id="exact stem goes first"),
        pytest.param("INK_FOX.SAFETENSORS", ["ink_fox.safetensors", "Ink_Fox.safetensors"], id="A"),
        pytest.param("ink_fox.ckpt", [], id="another suffix is another file"),
        pytest.param("v1.5", ["v1.5.safetensors"], id="a dot in the stem"),
        pytest.param(" Ink Fox, the style ", ["styles/Ink_Fox.safetensors", ""], id="title"),
        pytest.param("STRASSE E\u0301", ["v1.5.safetensors"], id="title, other case and spelling"),
        pytest.param("", [], id="nothing"),
        pytest.param("no such thing", [], id="unknown"),
    ],
)
def test_a_pin_means(pinned, wanted, files):
    assert [e.file for e in pinned.resolve(wanted)] == files


def test_a_pin_may_be_limited_to_a_kind(pinned):
    assert [e.name for e in pinned.resolve("Ink_Fox", kind=Kind.CHECKPOINT)] == ["C"]
    assert pinned.resolve(SHA, kind=Kind.CHECKPOINT) == []


def test_a_hash_stays_while_the_file_is_the_same(store):
    entry = lora(size_bytes=10, modified_ns=5)
    [id] = store.add([entry])
    store.set_sha256(id, "0x" + SHA.upper())
    key = store.key()
    assert store.add([entry]) == [id]
    assert store.entry(id).sha256 == SHA
    assert store.key() == key, "nothing has changed"
    store.add([replace(entry, description="its sidecar was changed")])
    assert store.entry(id).sha256 == SHA
    store.add([replace(entry, modified_ns=6)])
    assert store.entry(id).sha256 == ""
    assert store.key() != key


def test_an_entry_that_is_not_on_disk_is_one_row_before_and_after_its_hash_is_known(store):
    [id] = store.add([Entry(name="far", kind=Kind.LORA, source="https://models.example/1")])
    store.set_sha256(id, SHA)
    assert store.add([Entry(name="far away", kind=Kind.LORA, sha256=SHA)]) == [id]
    assert [e.name for e in store.all()] == ["far away"]


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(lora(name=""), id="no name"),
        pytest.param(lora(size_bytes=2**63), id="size"),
        pytest.param(lora(modified_ns=-(2**63) - 1), id="time"),
        pytest.param(lora(sha256="abc"), id="hash"),
        pytest.param(lora(sha256=SHA.upper()), id="hash in capitals"),
    ],
)
def test_entries_are_added_all_or_none(store, entry):
    key = store.key()
    with pytest.raises(InvalidInput):
        store.add([lora("good.safetensors"), entry])
    assert list(store.all()) == []
    assert store.key() == key


@pytest.mark.parametrize("id", [0, -1, 7, 2**63, 2**80])
def test_an_unknown_id_is_said_to_be_unknown(store, id):
    store.add([lora()])
    with pytest.raises(UnknownModel):
        store.entry(id)
    with pytest.raises(UnknownModel):
        store.set_sha256(id, SHA)


def test_ids_may_come_from_numpy(store):
    store.add([lora(f"{i}.safetensors") for i in range(1200)])
    ids = store.columns().ids[::-1]
    assert [e.id for e in store.entries(ids)] == ids.tolist()


def test_columns_cannot_be_written_to(store):
    store.add([lora()])
    columns = store.columns()
    for array in vars(columns).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_columns_of_the_family_and_role(store):
    store.add(
        [
            lora("a", base_model=BaseModel.PONY, role=Role.STYLE),
            lora("b", base_model=BaseModel.SDXL, role=Role.OBJECT),
            lora("c", base_model=BaseModel.SD15, kind=Kind.CHECKPOINT),
        ]
    )
    columns = store.columns()
    assert columns.is_family(BaseModel.ILLUSTRIOUS).tolist() == [True, True, False]
    assert columns.is_role(Role.STYLE, Role.UNKNOWN).tolist() == [True, False, True]
    assert columns.is_kind(Kind.CHECKPOINT).tolist() == [False, False, True]


def test_many_threads_may_use_one_store(store):
    failed = []

    def work(number):
        try:
            for i in range(20):
                [id] = store.add([lora(f"{number}-{i}.safetensors")])
                assert store.entry(id).file == f"{number}-{i}.safetensors"
                assert id in store.columns().ids
                store.find("ink")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(list(store.all())) == 120


def test_two_processes_may_make_the_same_catalogue_at_once(tmp_path):
    code = """
import sys
from pathlib import Path
from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.store import Store
sys.stdin.read(1)
with Store.open(Path(sys.argv[1])) as store:
    for i in range(50):
        store.add([Entry(name="x", kind=Kind.LORA, root="/m", file=f"{i}.safetensors")])
"""
    path = tmp_path / "new" / "catalogue.sqlite"
    command = [sys.executable, "-c", code, str(path)]
    root = str(Path(__file__).parents[3])
    runs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root})
        for _ in range(3)
    ]
    for run in runs:
        run.stdin.write(b"g")
        run.stdin.close()
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    with Store.open(path) as store:
        assert len(list(store.all())) == 50


# What version 1 was: without the keys by which pins find names and files.
VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, base_model TEXT NOT NULL, role TEXT NOT NULL, maturity INTEGER NOT NULL,
    unsafe INTEGER NOT NULL, on_disk INTEGER NOT NULL, root TEXT NOT NULL, file TEXT NOT NULL,
    source TEXT NOT NULL, sha256 TEXT NOT NULL, autov3 TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, name TEXT NOT NULL, words TEXT NOT NULL, tags TEXT NOT NULL,
    description TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX entries_facets ON entries (kind, base_model, role, maturity, unsafe, on_disk);
CREATE INDEX entries_sha256 ON entries (sha256) WHERE sha256 != '';
CREATE INDEX entries_autov3 ON entries (autov3) WHERE autov3 != '';
CREATE VIRTUAL TABLE searched USING fts5 (name, file, words, tags, description, content='entries',
    content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN
    INSERT INTO searched (rowid, name, file, words, tags, description)
    VALUES (new.id, new.name, new.file, new.words, new.tags, new.description); END;
CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN
    INSERT INTO searched (searched, rowid, name, file, words, tags, description) VALUES
    ('delete', old.id, old.name, old.file, old.words, old.tags, old.description); END;
CREATE TRIGGER entries_changed AFTER UPDATE OF name, file, words, tags, description ON entries BEGIN
    INSERT INTO searched (searched, rowid, name, file, words, tags, description) VALUES
    ('delete', old.id, old.name, old.file, old.words, old.tags, old.description);
    INSERT INTO searched (rowid, name, file, words, tags, description)
    VALUES (new.id, new.name, new.file, new.words, new.tags, new.description); END;
CREATE TABLE files (path TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL,
    signature TEXT NOT NULL, id INTEGER) WITHOUT ROWID;
CREATE TABLE problems (root TEXT NOT NULL, owner TEXT NOT NULL, class TEXT NOT NULL,
    path TEXT NOT NULL, problem TEXT NOT NULL, value TEXT NOT NULL, hint TEXT NOT NULL);
CREATE INDEX problems_owner ON problems (owner, root);
CREATE TABLE roots (root TEXT PRIMARY KEY, device TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('store', 'abc'), ('generation', 3);
INSERT INTO entries VALUES (7, 'file:/models/loras/sub/Ink.safetensors', 'lora', 'sdxl', 'style',
    1, 0, 1, '/models/loras', 'sub/Ink.safetensors', '', '', '', 10, 20, 'Ink Fox', '["ink"]',
    '[]', 'a fox', '{"strength":0.8,"extra":{"clip_skip":"2"}}');
INSERT INTO entries VALUES (9, 'file:/models/loras/x', 'lora', 'sdxl', 'style', 1, 0, 1,
    '/models/loras', char(26) || '"B\\udcff.safetensors"', '', '', '', 10, 20,
    char(26) || '"B\\udcff"', '[]', '[]', '', '{}');
PRAGMA application_id = 1347374145;
PRAGMA user_version = 1;
"""


def test_a_catalogue_of_version_1_is_brought_up_to_date(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    old = sqlite3.connect(path)
    old.executescript(VERSION_1)
    old.close()
    with Store.open(path) as store:
        [ink, odd] = store.all()
        assert (ink.id, ink.strength, ink.extra) == (7, 0.8, {"clip_skip": "2"})
        assert store.resolve("ink") == store.resolve("INK FOX") == store.find("fox") == [ink]
        assert store.resolve("b\udcff") == store.resolve("B\udcff.safetensors") == [odd]
        assert store.key() == "abc-3"
        assert store.add([replace(ink, description="new")]) == [7]
        assert store.add([lora("z.safetensors")]) == [10]
    version = sqlite3.connect(path)
    assert version.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    version.close()


def make_newer(path):
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def make_other(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE somebody (else_ TEXT)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make_newer, id="of a newer version"),
        pytest.param(make_other, id="another program's database"),
        pytest.param(lambda path: path.write_bytes(b"dear diary"), id="a text"),
        pytest.param(lambda path: path.write_bytes(b"SQLite format 3\0"), id="cut off"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path, make):
    path = tmp_path / "catalogue.sqlite"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreProblem) as raised:
        Store.open(path)
    assert raised.value.hint
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["catalogue.sqlite"]


def test_a_place_that_cannot_hold_a_catalogue_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "catalogue.sqlite", tmp_path / "nul\0"):
        with pytest.raises(StoreProblem):
            Store.open(path)


def test_a_damaged_catalogue_is_a_store_problem(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    with Store.open(path) as store:
        store.add([lora(f"{i}.safetensors", description="x" * 500) for i in range(200)])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreProblem), Store.open(path) as store:
        list(store.all())


def test_a_value_of_a_newer_polaris_is_a_store_problem(store):
    store.add([lora()])
    with store.writing() as connection:
        connection.execute("UPDATE entries SET role = 'vibe'")
    with pytest.raises(StoreProblem):
        list(store.all())
    with pytest.raises(StoreProblem):
        store.columns()
    with pytest.raises(StoreProblem):
        store.counts()


def test_a_closed_store_says_so(tmp_path):
    store = Store.open(tmp_path / "catalogue.sqlite")
    store.close()
    store.close()
    with pytest.raises(StoreProblem, match="closed"):
        store.key()


def test_missing_hashes_are_computed_and_go_on_after_a_stop(store, tmp_path):
    import hashlib

    for number in range(4):
        (tmp_path / f"{number}.safetensors").write_bytes(bytes([number]) * (number + 1))
    stats = [(tmp_path / f"{number}.safetensors").stat() for number in range(4)]
    ids = store.add(
        [
            lora(
                f"{number}.safetensors",
                root=str(tmp_path),
                size_bytes=status.st_size,
                modified_ns=status.st_mtime_ns,
            )
            for number, status in enumerate(stats)
        ]
        + [lora("gone.safetensors", root=str(tmp_path), size_bytes=9)]
        + [lora("never.pt", unsafe=True), Entry(name="far", kind=Kind.LORA)]
    )
    (tmp_path / "3.safetensors").write_bytes(b"changed")

    def stop_at_the_second(done, total, what, /):
        if done > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        hash_missing(store, stop_at_the_second)
    assert [bool(e.sha256) for e in store.entries(ids)] == [True] + [False] * 6
    assert hash_missing(store, limit=1).hashed == 1
    report = hash_missing(store)
    assert report.hashed == 1
    assert sorted(Path(p.path).name for p in report.problems) == [
        "3.safetensors",
        "gone.safetensors",
    ]
    expected = [hashlib.sha256(bytes([n]) * (n + 1)).hexdigest() for n in range(3)]
    assert [e.sha256 for e in store.entries(ids[:3])] == expected


_OTHER_PROCESS = """
import sys
from pathlib import Path
from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.catalogue.store import Store
with Store.open(Path(sys.argv[1])) as store:
    print(len(list(store.all())))
    store.add([Entry(sys.argv[2], Kind.LORA)])
"""


def in_another_process(path: Path, name: str) -> int:
    """Adds an entry there; how many it found before."""
    command = [sys.executable, "-c", _OTHER_PROCESS, str(path), name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_two_stores_of_one_process_keep_their_locks_against_another(tmp_path):
    path = tmp_path / "catalogue.sqlite"
    with ExitStack() as stack:
        first = stack.enter_context(Store.open(path))
        first.add([lora("first.safetensors")])
        second = stack.enter_context(Store.open(path))
        second.add([lora("second.safetensors")])
        assert in_another_process(path, "third") == 2
        assert path.with_name("catalogue.sqlite-wal").exists()
        first.add([lora("fourth.safetensors")])
        assert in_another_process(path, "fifth") == 4
        assert len(list(second.all())) == 5
