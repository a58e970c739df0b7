"""What is shown of files and offers depends on what there is, never on how it came about."""

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role, Terms
from polaris_core.catalogue.imports import (
    ImportState,
    Refused,
    forget_import,
    imports,
    keep,
    known_revision,
    refused,
)
from polaris_core.catalogue.marks import Mark, grouped, marks_of
from polaris_core.catalogue.offers import Offer
from polaris_core.catalogue.rows import packed, unpacked
from polaris_core.catalogue.store import Store
from polaris_core.catalogue.unite import completed, rank_of, unite
from polaris_core.catalogue.upsert import remove
from polaris_core.errors import InvalidInput

SHAS = [digit * 64 for digit in "abc"]
PAGES = [
    "",
    "https://civitai.com/models/1",
    "https://civitai.com/models/1?modelVersionId=11",
    "https://civitai.com/models/1?modelVersionId=12",
    "https://civitai.com/models/2?modelVersionId=21",
    "https://elsewhere.example/models/1",
]
FILES = [
    "",
    "https://civitai.com/api/download/models/11",
    "https://huggingface.co/a/b/resolve/main/x.safetensors",
    "https://hf-mirror.com/a/b/resolve/0123/x.safetensors",
    "https://files.example/x.safetensors",
]
ORIGINS = ["civitai:civitai.com", "dump:a.jsonl", "dump:b.jsonl", "table:stylus.csv", "odd"]

told = st.builds(
    Entry,
    name=st.sampled_from(["Ink Fox", "Tusche", "fox"]),
    kind=st.sampled_from([Kind.LORA, Kind.CHECKPOINT]),
    base_model=st.sampled_from([BaseModel.UNKNOWN, BaseModel.SDXL, BaseModel.PONY]),
    role=st.sampled_from([Role.UNKNOWN, Role.STYLE]),
    sha256=st.sampled_from(["", *SHAS]),
    autov3=st.sampled_from(["", "d" * 12, "e" * 12]),
    source=st.sampled_from(PAGES),
    download=st.sampled_from(FILES),
    description=st.sampled_from(["", "a fox", "a fox in ink, wet on wet"]),
    trigger_words=st.sampled_from([(), ("ink",), ("fox", "ink")]),
    terms=st.builds(Terms, *[st.sampled_from([None, True, False])] * 3),
    maturity=st.sampled_from([Maturity.UNKNOWN, Maturity.PG, Maturity.X]),
    size_bytes=st.sampled_from([0, 5, 6]),
    extra=st.sampled_from([{}, {"autov2": "a" * 10}, {"clip_skip": "2"}]),
)
offers = st.builds(Offer, key=st.sampled_from("123"), entry=told, revision=st.sampled_from("xy"))
files = st.builds(
    lambda entry, file: replace(entry, root="/models", file=file, download="", modified_ns=1),
    told,
    st.sampled_from(["ink.safetensors", "fox.safetensors"]),
)


# The reference: everything from the sets alone, by comparing all with all.


def alike(first, second, everyone):
    """Whether two owners share a mark that tells them to be the same model."""
    for mark in first:
        for other in second:
            if mark.name != other.name:
                continue
            if not mark.is_weak:
                return True
            sure = {m.told for marks in everyone for m in marks if m.name == mark.name} - {""}
            if "" in (mark.told, other.told) and (mark.told == other.told or len(sure) == 1):
                return True
    return False


def groups_of(owners):
    """Lists of names of owners that a chain of likeness joins."""
    left, groups = dict(owners), []
    while left:
        waiting, group = [min(left)], []
        while waiting:
            name = waiting.pop()
            if name in left:
                marks = left.pop(name)
                group.append(name)
                waiting += [n for n, m in left.items() if alike(marks, m, owners.values())]
        groups.append(sorted(group))
    return groups


def expected(offered, on_disk):
    """The entries that must be there: without ids, in no order."""
    marks = {name: marks_of(entry) for name, entry in offered.items()}
    said = {n: replace(e, origins=(n[0],)) for n, e in offered.items()}
    shown, had = [], set()
    for entry in on_disk.values():
        groups = groups_of({**marks, ("", ""): marks_of(entry)})
        mine = [n for g in groups if ("", "") in g for n in g if n != ("", "")]
        had |= set(mine)
        shown.append(completed(entry, [said[n] for n in sorted(mine, key=lambda n: rank_of(*n))]))
    alone = {name: m for name, m in marks.items() if name not in had}
    for group in groups_of(alone):
        shown.append(unite([said[n] for n in sorted(group, key=lambda n: rank_of(*n))]))
    return Counter(map(packed, shown))


class TheCatalogueFollowsFromItsSources(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name) / "catalogue.sqlite")
        self.offered, self.on_disk = {}, {}

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    @rule(origin=st.sampled_from(ORIGINS), page=st.lists(offers, max_size=4))
    def a_page_is_read(self, origin, page):
        before, key = self.shown(), self.store.key()
        keep(self.store, ImportState(origin, "there", 1), page)
        self.offered |= {(origin, offer.key): offer.entry for offer in page}
        assert self.shown() == before or self.store.key() != key

    @rule(origin=st.sampled_from(ORIGINS))
    def a_source_is_forgotten(self, origin):
        if any(state.origin == origin for state in imports(self.store)):
            forget_import(self.store, origin)
            self.offered = {n: e for n, e in self.offered.items() if n[0] != origin}
            assert all(state.origin != origin for state in imports(self.store))

    @rule(file=files)
    def a_file_is_read(self, file):
        before, key = self.shown(), self.store.key()
        self.store.add([file])
        self.on_disk[file.file] = self.with_kept_hash(file)
        assert self.shown() == before or self.store.key() != key

    @rule(data=st.data())
    def a_file_is_gone(self, data):
        if self.on_disk:
            name = data.draw(st.sampled_from(sorted(self.on_disk)))
            [entry] = [e for e in self.store.all() if e.file == name]
            with self.store.writing() as connection:
                remove(connection, entry.id)
            del self.on_disk[name]

    @rule(data=st.data(), sha256=st.sampled_from(SHAS))
    def a_file_is_hashed(self, data, sha256):
        if self.on_disk:
            name = data.draw(st.sampled_from(sorted(self.on_disk)))
            [entry] = [e for e in self.store.all() if e.file == name]
            self.store.set_sha256(entry.id, sha256)
            self.on_disk[name] = replace(self.on_disk[name], sha256=sha256)

    @invariant()
    def what_is_shown_follows_from_what_there_is(self):
        assert self.shown() == expected(self.offered, self.on_disk)

    @invariant()
    def every_offer_is_shown_by_one_entry(self):
        with self.store.reading() as connection:
            rows = connection.execute(
                "SELECT o.id, e.id FROM offers o LEFT JOIN entries e ON e.id = o.entry"
            ).fetchall()
            [[found]] = connection.execute("SELECT count(*) FROM searched").fetchall()
        assert len(rows) == len(self.offered)
        assert all(entry is not None for _, entry in rows)
        assert found == len(list(self.store.all()))

    def shown(self):
        return Counter(packed(replace(entry, id=0)) for entry in self.store.all())

    def with_kept_hash(self, file):
        old = self.on_disk.get(file.file)
        same = old and old.size_bytes == file.size_bytes and not file.sha256
        return replace(file, sha256=old.sha256) if same else file


TheCatalogueFollowsFromItsSources.TestCase.settings = settings(
    max_examples=30, stateful_step_count=14
)
test_the_catalogue_follows_from_its_sources = TheCatalogueFollowsFromItsSources.TestCase


@given(st.dictionaries(st.integers(1, 30), st.lists(st.sampled_from(
    [Mark("sha256:a"), Mark("sha256:b"), Mark("autov2:x"), Mark("autov2:x", "a"),
     Mark("autov2:x", "b"), Mark("model:s/1"), Mark("model:s/1", "11"), Mark("version:s/11")]),
    max_size=3, unique_by=lambda mark: mark.name), max_size=8))  # fmt: skip
def test_groups_are_those_of_comparing_all_with_all(owners):
    assert sorted(map(sorted, grouped(owners))) == sorted(map(sorted, groups_of(owners)))


@given(told)
def test_a_packed_entry_comes_back(entry):
    assert unpacked(packed(entry)) == entry


def keep_one(store, origin, *entries):
    page = [Offer(str(number), entry) for number, entry in enumerate(entries)]
    return keep(store, ImportState(origin), page)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def test_one_model_of_three_sources_is_one_entry_with_the_best_of_each(store):
    civitai = Entry(
        "Ink Fox",
        Kind.LORA,
        base_model=BaseModel.SD15,
        description="fox",
        sha256=SHAS[0],
        source=PAGES[2],
        download=FILES[1],
        size_bytes=9,
        terms=Terms(commercial=True, credit=True),
        licence="credit required",
    )
    hub = Entry(
        "fox-lora",
        Kind.LORA,
        description="Foxes drawn in ink, with washes of colour",
        sha256=SHAS[0],
        download=FILES[2],
        terms=Terms(commercial=False),
        trigger_words=("inkfox",),
    )
    table = Entry("Ink", Kind.LORA, extra={"autov2": "a" * 10}, tags=("fox",), strength=0.7)
    keep_one(store, "table:t.csv", table)
    keep_one(store, "huggingface:hub", hub)
    keep_one(store, "civitai:civitai.com", civitai)
    [entry] = store.all()
    assert (entry.name, entry.description) == ("Ink Fox", hub.description)
    assert (entry.download, entry.size_bytes, entry.sha256) == (FILES[1], 9, SHAS[0])
    assert (entry.trigger_words, entry.strength, entry.tags) == (("inkfox",), 0.7, ("fox",))
    assert entry.terms == Terms(commercial=False, credit=True)
    assert entry.origins == ("civitai:civitai.com", "huggingface:hub", "table:t.csv")
    assert store.find("washes") == [entry]


def test_ten_shared_digits_join_nobody_where_two_files_have_them(store):
    twin = "a" * 10 + "b" * 54
    keep_one(store, "civitai:c", Entry("a", Kind.LORA, sha256=SHAS[0]))
    keep_one(store, "dump:d", Entry("short", Kind.LORA, extra={"autov2": "a" * 10}))
    assert len(list(store.all())) == 1
    keep_one(store, "dump:e", Entry("twin", Kind.LORA, sha256=twin))
    assert sorted(e.name for e in store.all()) == ["a", "short", "twin"]


def test_a_hash_that_is_given_to_everything_joins_a_few_at_most(store):
    many = [Entry(f"model {n}", Kind.LORA, autov3="d" * 12) for n in range(300)]
    keep_one(store, "civitai:c", *many)
    assert len(list(store.all())) == 1 + 300 - 64
    keep_one(store, "civitai:c", *many)
    assert len(list(store.all())) == 1 + 300 - 64
    other = Path(store.path).with_name("other.sqlite")
    with Store.open(other) as backwards:
        for number in reversed(range(300)):
            keep(backwards, ImportState("civitai:c"), [Offer(str(number), many[number])])
        assert Counter(e.name for e in backwards.all()) == Counter(e.name for e in store.all())


def test_a_file_on_disk_takes_what_it_lacks_and_gives_it_back(store):
    file = Entry(
        "ink", Kind.LORA, root="/m", file="ink.safetensors", sha256=SHAS[0], description="mine"
    )
    far = Entry(
        "Ink Fox", Kind.LORA, sha256=SHAS[0], description="a long one, by its maker", tags=("fox",)
    )
    [id] = store.add([file])
    keep_one(store, "civitai:c", far)
    [entry] = store.all()
    assert (entry.id, entry.name, entry.description) == (id, "Ink Fox", "mine")
    assert (entry.tags, entry.origins, entry.on_disk) == (("fox",), ("civitai:c",), True)
    assert store.add([file]) == [id], "scanned again"
    assert store.entry(id) == entry
    forget_import(store, "civitai:c")
    assert list(store.all()) == [replace(file, id=id)]
    keep_one(store, "civitai:c", far)
    with store.writing() as connection:
        remove(connection, id)
    assert [(e.name, e.on_disk) for e in store.all()] == [("Ink Fox", False)]


def test_what_was_refused_is_told_until_it_is_accepted(store):
    state = ImportState("dump:d")
    keep(store, state, [Offer("1", Entry("", Kind.LORA))], [Refused("line 2", "no JSON", "x", "")])
    assert [r.key for r in refused(store, "dump:d")] == ["1", "line 2"]
    keep(store, state, [Offer("1", Entry("named", Kind.LORA), "r1")])
    assert [r.key for r in refused(store, "dump:d")] == ["line 2"]
    assert known_revision(store, "dump:d", "r1")
    assert not known_revision(store, "dump:other", "r1")
    with pytest.raises(InvalidInput, match="nothing was imported"):
        forget_import(store, "dump:other")


@pytest.mark.parametrize(
    ("entry", "marks"),
    [
        (Entry("x", Kind.LORA, sha256=SHAS[0]), ["autov2:aaaaaaaaaa", f"sha256:{SHAS[0]}"]),
        (Entry("x", Kind.LORA, source=PAGES[1]), ["model:civitai/1"]),
        (
            Entry("x", Kind.LORA, source="https://civitai.red/models/1/name?modelVersionId=11"),
            ["model:civitai/1", "version:civitai/11"],
        ),
        (Entry("x", Kind.LORA, source=PAGES[5]), ["model:elsewhere.example/1"]),
        (Entry("x", Kind.LORA, download=FILES[1]), ["version:civitai/11"]),
        (Entry("x", Kind.LORA, download=FILES[2]), ["file:hub/a/b/x.safetensors"]),
        (Entry("x", Kind.LORA, download=FILES[3]), ["file:hub/a/b/x.safetensors"]),
        (Entry("x", Kind.LORA, download=FILES[4]), ["file:files.example/x.safetensors"]),
        (Entry("x", Kind.LORA, source="https://[", download="?"), []),
    ],
)
def test_marks_come_from_hashes_and_addresses(entry, marks):
    assert [mark.name for mark in marks_of(entry)] == marks


@given(st.text(), st.text())
def test_any_address_has_marks_or_none(source, download):
    marks_of(Entry("x", Kind.LORA, source=source, download=download))
