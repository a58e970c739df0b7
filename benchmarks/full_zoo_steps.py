"""The steps of `full_zoo.py`."""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from varied_records import APART, original_text, records_of

from polaris_core.catalogue.entry import Kind, Maturity
from polaris_core.catalogue.imports import ImportState, keep
from polaris_core.catalogue.store import Store
from polaris_core.encoders.base import Embeddings, Encoders
from polaris_core.encoders.cache import CachedTextEncoder, EmbeddingCache
from polaris_core.encoders.factory import text_encoder
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.records import offers_from
from polaris_core.importing.run import import_from
from polaris_core.instructions.intent import EditIntent, InstructionType, Topics
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.shortlist import SlotName
from polaris_core.retrieval.two_level import retrieve_checkpoints, retrieve_loras, search
from polaris_core.retrieval.zoo import CATALOGUE, Zoo

__all__ = ["STEPS"]

Figures = dict[str, float]

_ANYTHING = Filters(max_maturity=Maturity.BLOCKED, on_disk_only=False, include_unsafe=True)
_NOISE = 0.25
_REQUESTS = 24
_ROUNDS = 5
_DEPTHS = (10, 150)


class KnownTexts:
    """Vectors of texts that were encoded before; see the text of `full_zoo.py`."""

    dim = 384

    def __init__(self, options: argparse.Namespace) -> None:
        plain = text_encoder("sentence:all-MiniLM-L6-v2")
        self.name = f"known texts of {plain.name}"
        self._start = f"{plain.name}\0text\0".encode()
        self._cache = EmbeddingCache(options.vectors)
        self._encoder = CachedTextEncoder(plain, self._cache) if options.encode else None
        self._held: dict[str, Embeddings] = {}
        self.asked = self.known = 0

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Unit vectors, shape `n dim`; what was asked before is held in memory."""
        new = [text for text in dict.fromkeys(texts) if text not in self._held]
        if new:
            self._held |= zip(new, self._vectors(new, progress), strict=True)
        rows = np.stack([self._held[text] for text in texts])
        if len(self._held) > 50_000:
            self._held.clear()
        return rows

    def _vectors(self, texts: Sequence[str], progress: Progress) -> Embeddings:
        originals = [original_text(text) for text in texts]
        if self._encoder is not None:
            self._encoder.encode_texts(list(dict.fromkeys(originals)), progress)
        keys = [
            hashlib.sha256(self._start + text.encode("utf-8", "surrogatepass")).digest()[:16]
            for text in originals
        ]
        rows, found = self._cache.find(keys, self.dim)
        self.asked, self.known = self.asked + len(texts), self.known + int(found.sum())
        for row, text, original, known in zip(rows, texts, originals, found, strict=True):
            if not known:
                row[:] = drawn(original, self.dim)
            if text != original:
                row += _NOISE * drawn(text, self.dim)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def drawn(text: str, dim: int) -> Embeddings:
    """A unit vector that has nothing to do with any other."""
    seed = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
    row = np.random.default_rng(seed).standard_normal(dim, np.float32)
    return row / np.linalg.norm(row)


def home_of(options: argparse.Namespace, what: str = "") -> Path:
    """Where the zoo of so many entries is."""
    return options.home / f"zoo-{what or options.entries}"


def size_mib(folder: Path) -> float:
    """Of all files in a folder and below."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20


def read_dump(options: argparse.Namespace) -> Figures:
    """Import all records into a catalogue that is empty, unless it was done before."""
    dump = DumpSource(options.home / f"records-{options.entries}.jsonl.gz", name="records.jsonl.gz")
    with Store.open(home_of(options) / CATALOGUE) as store:
        report = import_from(store, dump, afresh=True)
        figures = {"entries": float(len(store.columns().ids))}
    figures |= {"added": report.added, "refused": report.refused}
    return figures | {"catalogue_mib": size_mib(home_of(options))}


_START = """
import sys, time
import numpy  # ComfyUI has it
begin = time.perf_counter()
from pathlib import Path
from polaris_core.catalogue.store import Store
loaded = time.perf_counter()
with Store.open(Path(sys.argv[1])) as store:
    store.key()
    opened = time.perf_counter()
    store.columns()
print(loaded - begin, opened - loaded, time.perf_counter() - opened, time.perf_counter() - begin)
"""


def start_up(options: argparse.Namespace) -> Figures:
    """Of fresh processes the median: load the code, open the catalogue, read the facets."""
    command = [sys.executable, "-c", _START, str(home_of(options) / CATALOGUE)]
    root = Path(__file__).resolve().parent.parent
    runs = [
        list(map(float, subprocess.run(command, cwd=root, capture_output=True).stdout.split()))
        for _ in range(5)
    ]
    names = ("load_code_s", "open_s", "read_facets_s", "start_up_s")
    return dict(zip(names, map(statistics.median, zip(*runs, strict=True)), strict=True))


def index_all(options: argparse.Namespace) -> Figures:
    """Embed and index everything."""
    encoder = KnownTexts(options)
    with Zoo.open(home_of(options), Encoders(encoder)) as zoo:
        zoo.state(shown)
    share = encoder.known / max(1, encoder.asked)
    return {"vectors_known_share": share, "with_index_mib": size_mib(home_of(options))}


def ask(options: argparse.Namespace) -> Figures:
    """Open the indices in a fresh process, and retrieve as the nodes do."""
    rows = silver(options)
    chosen = [row for row in rows if len(row["topics"]) >= 2][:_REQUESTS]
    figures: Figures = {}
    with Zoo.open(home_of(options), Encoders(KnownTexts(options))) as zoo:
        figures["open_index_s"] = timed(zoo.state)
        figures["first_retrieval_ms"] = 1000 * timed(lambda: retrieve(zoo, intent_of(chosen[0])))
        times: list[float] = []
        cpu = 0.0
        for row in chosen:
            intent = intent_of(row)
            retrieve(zoo, intent)  # the encoder's answers are in memory from now on
            before = time.process_time()
            times += [1000 * timed(lambda i=intent: retrieve(zoo, i)) for _ in range(_ROUNDS)]
            cpu += time.process_time() - before
    figures["retrieval_p50_ms"] = statistics.median(times)
    figures["retrieval_mean_cpu_ms"] = 1000 * cpu / len(times)
    best = [min(times[n : n + _ROUNDS]) for n in range(0, len(times), _ROUNDS)]
    figures["retrieval_undisturbed_ms"] = statistics.median(best)
    figures["retrieval_worst_request_ms"] = max(best)
    return figures


def add_one(options: argparse.Namespace) -> Figures:
    """One LoRA more: until it is found by the catalogue, by the whole search, and by its vector."""
    record = copy.deepcopy(records_of(options.data, "lora")[0])
    number = time.time_ns() // 1_000_000
    name = f"Quixotic Zeppelin {number}"
    record |= {"id": number, "name": name}
    record["modelVersions"][0] |= {"id": number, "files": [], "trainedWords": [name]}
    [offer, *_] = offers_from(record, "latest", "https://civitai.com")
    figures: Figures = {}
    with Zoo.open(home_of(options), Encoders(KnownTexts(options))) as zoo:
        zoo.state()
        search(zoo, "a castle", Kind.LORA, _ANYTHING)
        begin, cpu = time.perf_counter(), time.process_time()
        keep(zoo.store, ImportState("one more"), [offer])
        assert [e.name for e in zoo.store.find(name)] == [name]
        figures["one_more_in_catalogue_s"] = time.perf_counter() - begin
        hits = search(zoo, name, Kind.LORA, _ANYTHING)
        assert hits[0].entry.name == name
        assert {"dense", "words"} <= {score.source for score in hits[0].sources}
        figures["one_more_by_search_s"] = time.perf_counter() - begin
        figures["one_more_by_search_cpu_s"] = time.process_time() - cpu
    return figures


def recall(options: argparse.Namespace) -> Figures:
    """The share of Stylus's picks found, in the dump alone and in the whole zoo."""
    encoder = KnownTexts(options)
    figures: Figures = {}
    with Zoo.open(home_of(options, "dump"), Encoders(encoder)) as zoo:
        if not len(zoo.store.columns().ids):
            for record in records_of(options.data, "lora"):
                keep(zoo.store, ImportState("dump"), offers_from(record, "latest", _SITE))
        zoo.state(shown)
        small = found_share(zoo, options)
    with Zoo.open(home_of(options), Encoders(encoder)) as zoo:
        zoo.state(shown)
        large = found_share(zoo, options)
    for name, share in small.items():
        figures[f"recall_{name}_dump"] = share
        figures[f"recall_{name}_all"] = large[name]
        figures[f"recall_{name}_fall"] = share - large[name]
    return figures


_SITE = "https://civitai.com"


def found_share(zoo: Zoo, options: argparse.Namespace) -> Figures:
    """By kind of query and depth: of picks or their copies, and of the picks themselves."""
    models = {entry.id: model_of(entry.source) for entry in zoo.store.all(Kind.LORA)}
    there = {model for model, _ in models.values()}
    found: dict[str, list[bool]] = {}
    for row in silver(options):
        asked = [("topic", topic, picks) for topic, picks in row["topics"].items()]
        asked.append(("prompt", row["prompt"], [p for _, _, picks in asked for p in picks]))
        for kind, text, picks in asked:
            hits = search(zoo, text, Kind.LORA, _ANYTHING, max(_DEPTHS))
            order = [models[hit.entry.id] for hit in hits]
            for depth in _DEPTHS:
                first = set(order[:depth])
                any_copy = {model for model, _ in first}
                for pick in there.intersection(picks):
                    found.setdefault(f"{kind}_itself_at_{depth}", []).append((pick, 0) in first)
                    found.setdefault(f"{kind}_at_{depth}", []).append(pick in any_copy)
    return {name: statistics.fmean(hits) for name, hits in found.items()}


def model_of(source: str) -> tuple[int, int]:
    """From a page on Civitai the model's number, and which copy of it this is: 0 for itself."""
    page, _, version = source.partition("?modelVersionId=")
    return int(page.rpartition("/")[2]), int(version) // APART


def silver(options: argparse.Namespace) -> list[dict]:
    """Prompts with their topics and picks."""
    lines = (options.data / "retrieval" / "stylus_silver.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return rows[:: options.every]


def intent_of(row: dict) -> EditIntent:
    """An intent as the parser would give it: the first topic as style, the others as objects."""
    style, *objects = row["topics"]
    topics = Topics(style, tuple(objects[:3]))
    prompt = row["prompt"]
    kind = InstructionType.CATEGORY_CHANGE
    return EditIntent(prompt, kind, True, generation_prompt=prompt, topics=topics)


def retrieve(zoo: Zoo, intent: EditIntent) -> None:
    """Both levels, as the nodes do it."""
    best = retrieve_checkpoints(zoo, intent, filters=_ANYTHING).best(SlotName.CHECKPOINT)
    assert best is not None
    entry = best.entry
    retrieve_loras(zoo, intent, base=entry.base_model, checkpoint=entry, filters=_ANYTHING)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def shown(done: int, total: int, what: str, /) -> None:
    """A line now and then."""
    if done % 4096 == 0:
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


STEPS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "import": read_dump,
    "import_again": read_dump,
    "start": start_up,
    "index": index_all,
    "ask": ask,
    "add": add_one,
    "recall": recall,
}
"""By name, in their order."""
