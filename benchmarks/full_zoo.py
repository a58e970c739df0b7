"""What the community's whole library costs: importing, opening, adding, memory, disk.

    python benchmarks/import_catalogue.py [--json] [--entries N] [--data FOLDER] [--index]

The records are those of the two dumps in ../shared/data, read as often as it takes with other
numbers, hashes and names: 6,500 checkpoints and 75,000 adapters by default. Without that folder
nothing is measured. With `--index` the zoo is indexed too, with vectors that are drawn instead of
computed, so that no encoder's speed is in the figures.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from polaris_core.catalogue.entry import Kind, Maturity  # noqa: E402
from polaris_core.catalogue.imports import ImportState, keep  # noqa: E402
from polaris_core.catalogue.offers import Offer  # noqa: E402
from polaris_core.encoders.base import Embeddings, Encoders  # noqa: E402
from polaris_core.importing.records import offers_from  # noqa: E402
from polaris_core.progress import Progress, silent  # noqa: E402
from polaris_core.retrieval.filters import Filters  # noqa: E402
from polaris_core.retrieval.two_level import search  # noqa: E402
from polaris_core.retrieval.zoo import CATALOGUE, Zoo  # noqa: E402

_CHECKPOINTS = 6_500 / 81_500
_LOOKS = [
    "amber",
    "ash",
    "birch",
    "brass",
    "chalk",
    "clay",
    "cobalt",
    "copper",
    "coral",
    "cotton",
    "crimson",
    "dusk",
    "ember",
    "fern",
    "flint",
    "frost",
    "glass",
    "gold",
    "indigo",
    "iron",
    "ivory",
    "jade",
    "lace",
    "lilac",
    "linen",
    "lunar",
    "maple",
    "marble",
    "mint",
    "moss",
]


def records_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The real records of one kind that list a version."""
    path = folder / "zoo" / f"civitai_2023-07_{kind}_clean.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [record for line in lines if (record := json.loads(line))["modelVersions"]]


def varied(records: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """`count` records: the real ones, then the same with other numbers, hashes and names."""
    for number in range(count):
        turn, place = divmod(number, len(records))
        record = records[place]
        if turn:
            record = copy.deepcopy(record)
            record["id"] += turn * 10_000_000
            word = _LOOKS[(number * 7 + turn) % len(_LOOKS)]
            record["name"] = f"{record['name']} {word} {turn}"
            record["tags"] = [*record["tags"], word]
            for version in record["modelVersions"]:
                version["id"] += turn * 10_000_000
                version["downloadUrl"] = f"https://civitai.com/api/download/models/{version['id']}"
                for file in version["files"]:
                    file["downloadUrl"] = version["downloadUrl"]
                    told = f"{file['hashes'].get('SHA256', '')}{turn}".encode()
                    file["hashes"] = {"SHA256": hashlib.sha256(told).hexdigest()}
        yield record


def write_dump(folder: Path, path: Path, entries: int) -> int:
    """Write a dump of so many records; returns its size in bytes."""
    checkpoints = round(entries * _CHECKPOINTS)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        for kind, count in (("checkpoint", checkpoints), ("lora", entries - checkpoints)):
            for record in varied(records_of(folder, kind), count):
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path.stat().st_size


def size_mib(folder: Path) -> float:
    """Of all files in a folder and below."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20


_IMPORT = """
import sys, time
from pathlib import Path
from polaris_core.catalogue.store import Store
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.run import import_from
def mib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
before = mib()
with Store.open(Path(sys.argv[1])) as store:
    report = import_from(store, DumpSource(Path(sys.argv[2])), afresh=True)
print(report.seconds, time.process_time(), before, mib(), report.added, report.refused)
"""


def imported(catalogue: Path, dump: Path) -> list[float]:
    """Import in a fresh process: seconds, those of the CPU, MiB before and most, added, refused."""
    command = [sys.executable, "-c", _IMPORT, str(catalogue), str(dump)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return list(map(float, done.stdout.split()))


_START = """
import sys, time
begin = time.perf_counter()
from pathlib import Path
from polaris_core.catalogue.store import Store
loaded = time.perf_counter()
with Store.open(Path(sys.argv[1])) as store:
    store.key()
    opened = time.perf_counter()
    store.columns()
print(loaded - begin, opened - loaded, time.perf_counter() - opened)
"""


def start_up(catalogue: Path) -> list[float]:
    """Of fresh processes the median: seconds to load the code, to open, to read the facets."""
    command = [sys.executable, "-c", _START, str(catalogue)]
    runs = [
        list(map(float, subprocess.run(command, cwd=ROOT, capture_output=True).stdout.split()))
        for _ in range(5)
    ]
    return [statistics.median(times) for times in zip(*runs, strict=True)]


class Drawn:
    """Gives each text a vector of its own, at no cost worth speaking of."""

    name = "drawn"
    dim = 384

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Unit vectors; those of two texts have nothing to do with each other."""
        rows = np.empty((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            digest = hashlib.shake_128(text.encode("utf-8", "replace")).digest(self.dim)
            row[:] = np.frombuffer(digest, np.int8)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)


def one_more(data: Path) -> Offer:
    """A LoRA that is like no other."""
    record = copy.deepcopy(records_of(data, "lora")[0])
    record |= {"id": 999_999_999, "name": "Quixotic Zeppelin"}
    record["modelVersions"][0] |= {"id": 999_999_998, "files": []}
    return offers_from(record, "latest", "https://civitai.com")[0]


def measure(data: Path, entries: int, index: bool) -> Iterator[tuple[str, float]]:
    """All figures as they come, by name with their unit at the end."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "zoo"
        catalogue = home / CATALOGUE
        dump = Path(folder) / "records.jsonl.gz"
        yield "records", entries
        yield "dump_mib", write_dump(data, dump, entries) / 2**20
        import_s, cpu_s, before_mib, peak_mib, offers, refused = imported(catalogue, dump)
        yield from (("offers", offers), ("refused", refused))
        yield from (("import_s", import_s), ("import_cpu_s", cpu_s))
        yield from (("memory_before_mib", before_mib), ("memory_peak_mib", peak_mib))
        yield "disk_mib", size_mib(home)
        yield "import_again_s", imported(catalogue, dump)[0]
        names = ("load_code_s", "open_s", "read_facets_s")
        yield from zip(names, start_up(catalogue), strict=True)
        offer = one_more(data)
        with Zoo.open(home, Encoders(Drawn(), None)) as zoo:
            yield "entries", len(zoo.store.columns().ids)
            if index:
                begin, cpu_begin = time.perf_counter(), time.process_time()
                zoo.state()
                yield "index_s", time.perf_counter() - begin
                yield "index_cpu_s", time.process_time() - cpu_begin
                yield "disk_with_index_mib", size_mib(home)
            begin, cpu_begin = time.perf_counter(), time.process_time()
            keep(zoo.store, ImportState("civitai:one"), [offer])
            assert [e.name for e in zoo.store.find("quixotic zeppelin")] == [offer.entry.name]
            yield "one_more_by_words_s", time.perf_counter() - begin
            if index:
                anything = Filters(max_maturity=Maturity.BLOCKED, on_disk_only=False)
                hits = search(zoo, "quixotic zeppelin", Kind.LORA, anything, k=20)
                assert offer.entry.name in [hit.entry.name for hit in hits]
                yield "one_more_by_search_s", time.perf_counter() - begin
                yield "one_more_by_search_cpu_s", time.process_time() - cpu_begin


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=81_500)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--index", action="store_true", help="index it too")
    options = parser.parse_args()
    if not (options.data / "zoo").is_dir():
        print(f"the real records are not there: {options.data}", file=sys.stderr)
        return 1
    found: dict[str, float] = {}
    for name, value in measure(options.data, options.entries, options.index):
        found[name] = value
        if not options.json:
            print(f"{name:<24}{value:>14,.3f}", flush=True)
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
