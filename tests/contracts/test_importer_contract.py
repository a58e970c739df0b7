"""One suite over every importer, against made-up models written down in each source's own form."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polaris_core.catalogue.entry import BaseModel, Kind, Terms
from polaris_core.catalogue.imports import imports
from polaris_core.catalogue.rows import packed
from polaris_core.catalogue.store import Store
from polaris_core.errors import Cancelled
from polaris_core.importing.civitai_api import CivitaiSource
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.http import Site
from polaris_core.importing.huggingface import HubSource
from polaris_core.importing.manager_list import ManagerListSource
from polaris_core.importing.run import import_from
from polaris_core.importing.table import TableSource
from polaris_core.progress import silent
from tests.core.importing.sites import (
    HURRIED,
    CivitaiPages,
    HubPages,
    Made,
    civitai_record,
    serving,
)

MODELS = [
    Made(
        number,
        f"{look} {thing}",
        kind="Checkpoint" if thing == "world" else "LORA",
        words=(f"{look.lower()}{number}",) if number % 2 else (),
        tags=("style", look.lower()),
        text=f"Pictures of a {thing} in {look.lower()}, with number {number} in every corner.",
        base=["SD 1.5", "SDXL 1.0", "Pony", "Flux.1 D"][number % 4],
        prompts=(f"a {thing}, {look.lower()}",),
    )
    for number, (look, thing) in enumerate(
        [(look, thing) for look in ("Ink", "Chalk", "Neon", "Clay", "Lace") for thing in
         ("fox", "castle", "world", "dress")], start=1
    )
]  # fmt: skip
BASES = {
    "SD 1.5": BaseModel.SD15,
    "SDXL 1.0": BaseModel.SDXL,
    "Pony": BaseModel.PONY,
    "Flux.1 D": BaseModel.FLUX,
}
NAMES = ["civitai", "dump", "packed dump", "csv", "parquet", "manager", "hub"]


def write_dump(path, models):
    lines = "".join(json.dumps(civitai_record(made)) + "\n" for made in models).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def table_rows(models):
    return [
        {
            "adapter_id": made.number,
            "title": made.name,
            "type": made.kind,
            "base_model": made.base,
            "description": made.text,
            "tags": list(made.tags),
            "trigger_words": list(made.words),
            "image_prompts": list(made.prompts),
            "download_url": f"https://civitai.com/api/download/models/{made.version}",
            "sha256": made.sha256,
            "size_bytes": made.size,
        }
        for made in models
    ]


def write_csv(path, models):
    rows = table_rows(models)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {k: str(v) if isinstance(v, list) else v for k, v in r.items()} for r in rows
        )
    return path


def write_parquet(path, models):
    reason = "Parquet needs pyarrow, which is not installed"
    parquet = pytest.importorskip("pyarrow.parquet", reason=reason)
    import pyarrow

    parquet.write_table(pyarrow.Table.from_pylist(table_rows(models)), path)
    return path


def write_manager_list(path, models):
    told = [
        {
            "name": made.name,
            "type": "checkpoint" if made.kind == "Checkpoint" else "lora",
            "base": made.base,
            "save_path": "default",
            "description": made.text,
            "reference": f"https://civitai.com/models/{made.number}",
            "filename": f"m{made.number}.safetensors",
            "url": f"https://civitai.com/api/download/models/{made.version}",
            "size": "6.5GB",
        }
        for made in models
    ]
    path.write_text(json.dumps({"models": told}), "utf-8")
    return path


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Every importer by name, and what serves it; asking for one that cannot be is a skip."""
    import huggingface_hub.constants

    folder = tmp_path_factory.mktemp("sources")
    patch = pytest.MonkeyPatch()
    patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    with ExitStack() as stack:
        stack.callback(patch.undo)
        civitai = stack.enter_context(serving(CivitaiPages(list(map(civitai_record, MODELS)))))
        pages = HubPages(MODELS)
        hub = stack.enter_context(serving(pages))
        pages.url = hub.url
        dump = write_dump(folder / "a.jsonl", MODELS)
        yield {
            "civitai": lambda: CivitaiSource(Site(civitai.url, patience=HURRIED)),
            "dump": lambda: DumpSource(dump),
            "packed dump": lambda: DumpSource(write_dump_once(folder / "b.jsonl.gz")),
            "csv": lambda: TableSource(write_csv(folder / "t.csv", MODELS)),
            "parquet": lambda: TableSource(write_parquet(folder / "t.parquet", MODELS)),
            "manager": lambda: ManagerListSource(write_manager_list(folder / "m.json", MODELS)),
            "hub": lambda: HubSource(endpoint=hub.url, patience=HURRIED),
        }


def write_dump_once(path):
    return path if path.exists() else write_dump(path, MODELS)


@pytest.fixture(params=NAMES)
def source(request, sources):
    return sources[request.param]()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "catalogue.sqlite") as opened:
        yield opened


def shown(store):
    return Counter(packed(replace(entry, id=0)) for entry in store.all())


def test_every_model_is_there_as_the_source_describes_it(source, store):
    report = import_from(store, source)
    assert (report.added, report.refused, report.resumed) == (len(MODELS), 0, False)
    by_name = {entry.name: entry for entry in store.all()}
    assert len(by_name) == len(MODELS)
    knows_hashes = not source.origin.startswith("manager")
    knows_words = not source.origin.startswith("manager")
    for made in MODELS:
        entry = by_name[made.name]
        assert entry.kind is (Kind.CHECKPOINT if made.kind == "Checkpoint" else Kind.LORA)
        assert entry.base_model is BASES[made.base]
        assert made.text in entry.description
        assert entry.origins == (source.origin,)
        assert not entry.on_disk
        assert entry.download.startswith("http")
        assert entry.source.startswith("http")
        assert entry.size_bytes > 0
        if knows_hashes:
            assert (entry.sha256, entry.size_bytes) == (made.sha256, made.size)
        if knows_words:
            assert entry.trigger_words == made.words
            assert entry.example_prompts == made.prompts


def test_licences_are_read(sources, store):
    import_from(store, sources["civitai"]())
    by_name = {entry.name: entry for entry in store.all()}
    for made in MODELS:
        wanted = Terms(commercial=made.number % 3 > 0, credit=made.number % 2 > 0, derivatives=True)
        assert by_name[made.name].terms == wanted


def test_importing_twice_is_importing_once(source, store):
    first = import_from(store, source)
    before, key = shown(store), store.key()
    again = import_from(store, source)
    assert (again.added, again.changed) == (0, 0)
    assert again.unchanged > 0
    whole = import_from(store, source, afresh=True)
    assert (whole.added, whole.changed, whole.unchanged) == (0, 0, first.added)
    assert shown(store) == before
    assert store.key() == key
    [state] = imports(store)
    assert (state.cursor, state.offers) == ("", len(MODELS))


class Stops:
    """Stops an import at one of its reports."""

    def __init__(self, at):
        self.left = at

    def __call__(self, done, total, what, /):
        self.left -= 1
        if self.left < 0:
            raise Cancelled


@pytest.mark.parametrize("name", NAMES)
def test_an_import_that_is_stopped_anywhere_goes_on(sources, name):
    uninterrupted = run_with_stops(sources[name], ())

    @settings(max_examples=8)
    @given(st.lists(st.integers(0, 12), max_size=4))
    def law(stops):
        assert run_with_stops(sources[name], stops) == uninterrupted

    law()


def run_with_stops(make, stops):
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "catalogue.sqlite") as store,
    ):
        for at in stops:
            try:
                import_from(store, make(), Stops(at))
            except Cancelled:
                continue
            break
        import_from(store, make())
        [state] = imports(store)
        assert state.cursor == ""
        return shown(store), state.offers


class Recorded:
    """A source that was read before."""

    def __init__(self, source):
        self.origin, self.newest_first = source.origin, source.newest_first
        self._pages = list(source.pages("", lambda _revision: False, silent))

    def pages(self, cursor, known, progress):
        starts = ["", *(page.cursor for page in self._pages)]
        return iter(self._pages[starts.index(cursor) :])


def test_the_order_of_sources_does_not_matter(sources):
    names = [name for name in NAMES if name != "parquet"]
    recorded = [Recorded(sources[name]()) for name in names]
    told = {}

    @settings(max_examples=12)
    @given(st.permutations(recorded))
    def law(order):
        with (
            tempfile.TemporaryDirectory() as folder,
            Store.open(Path(folder) / "catalogue.sqlite") as store,
        ):
            for source in order:
                import_from(store, source)
            assert len(list(store.all())) == len(MODELS), "one entry a model"
            assert told.setdefault("", shown(store)) == shown(store)

    law()


def test_pages_after_a_cursor_are_those_of_an_uninterrupted_reading(source):
    def read(cursor):
        return list(source.pages(cursor, lambda _revision: False, silent))

    whole = read("")
    offers = [
        [offer for page in whole[start:] for offer in page.offers] for start in range(len(whole))
    ]
    for start, (page, _) in enumerate(pairwise(whole), start=1):
        rest = [offer for part in read(page.cursor) for offer in part.offers]
        # The hub's listing is begun anew; what is known already it is asked not to repeat.
        assert rest == (offers[0] if source.origin.startswith("huggingface") else offers[start])
