"""What the community's whole library costs: importing, opening, adding, memory, disk.

    python benchmarks/import_catalogue.py [--json] [--entries N] [--data FOLDER]

The records are those of the two dumps in ../shared/data, read as often as it takes with other
numbers, hashes and names: 6,500 checkpoints and 75,000 adapters by default. Without that folder
nothing is measured. One more LoRA is searchable when its name is found, by the words of the
catalogue and by the encoder `hashing`, which costs next to nothing; a real one has one text more
to embed.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.catalogue.entry import Kind, Maturity  # noqa: E402
from polaris_core.catalogue.imports import ImportState, keep  # noqa: E402
from polaris_core.catalogue.store import Store  # noqa: E402
from polaris_core.encoders.base import Encoders  # noqa: E402
from polaris_core.encoders.factory import text_encoder  # noqa: E402
from polaris_core.importing.records import offers_from  # noqa: E402
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
import resource, sys
from pathlib import Path
from polaris_core.catalogue.store import Store
from polaris_core.importing.dump import DumpSource
from polaris_core.importing.run import import_from
def mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = mib()
with Store.open(Path(sys.argv[1])) as store:
    report = import_from(store, DumpSource(Path(sys.argv[2])), afresh=True)
print(report.seconds, before, mib(), report.added, report.refused)
"""


def imported(catalogue: Path, dump: Path) -> list[float]:
    """Import in a fresh process: seconds, MiB before and at the most, added, refused."""
    command = [sys.executable, "-c", _IMPORT, str(catalogue), str(dump)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return list(map(float, done.stdout.split()))


_START = """
import sys, time
begin = time.perf_counter()
from pathlib import Path
from polaris_core.catalogue.store import Store
with Store.open(Path(sys.argv[1])) as store:
    store.key(); columns = store.columns()
print(time.perf_counter() - begin, len(columns.ids))
"""


def start_up_s(catalogue: Path) -> float:
    """A fresh process: importing the catalogue's code, opening it, reading what filters need."""
    command = [sys.executable, "-c", _START, str(catalogue)]
    times = [
        float(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.split()[0])
        for _ in range(5)
    ]
    return sorted(times)[2]


def one_more(zoo: Zoo, record: dict[str, Any]) -> tuple[float, float]:
    """Seconds until one LoRA more is found by words, and by the encoder."""
    record = copy.deepcopy(record)
    record |= {"id": 999_999_999, "name": "Quixotic Zeppelin"}
    record["modelVersions"][0] |= {"id": 999_999_998, "files": []}
    begin = time.perf_counter()
    keep(
        zoo.store, ImportState("civitai:one"), offers_from(record, "latest", "https://civitai.com")
    )
    assert [e.name for e in zoo.store.find("quixotic zeppelin")] == ["Quixotic Zeppelin"]
    words_s = time.perf_counter() - begin
    anything = Filters(max_maturity=Maturity.BLOCKED, on_disk_only=False)
    hits = search(zoo, "quixotic zeppelin", Kind.LORA, anything, k=1)
    assert hits[0].entry.name == "Quixotic Zeppelin"
    return words_s, time.perf_counter() - begin


def measure(data: Path, entries: int) -> dict[str, float]:
    """All figures, by name with their unit at the end."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "zoo"
        dump = Path(folder) / "records.jsonl.gz"
        dump_mib = write_dump(data, dump, entries) / 2**20
        import_s, before_mib, after_mib, added, refused = imported(home / CATALOGUE, dump)
        again_s = imported(home / CATALOGUE, dump)[0]
        with Store.open(home / CATALOGUE) as store:
            count = len(store.columns().ids)
        disk_mib = size_mib(home)
        opened_s = start_up_s(home / CATALOGUE)
        with Zoo.open(home, Encoders(text_encoder("hashing"), None)) as zoo:
            begin = time.perf_counter()
            zoo.state()
            indexed_s = time.perf_counter() - begin
            words_s, found_s = one_more(zoo, records_of(data, "lora")[0])
        return {
            "records": entries,
            "entries": count,
            "dump_mib": dump_mib,
            "offers": added,
            "refused": refused,
            "import_s": import_s,
            "records_per_s": entries / import_s,
            "import_again_s": again_s,
            "memory_before_mib": before_mib,
            "memory_peak_mib": after_mib,
            "disk_mib": disk_mib,
            "start_up_s": opened_s,
            "index_hashing_s": indexed_s,
            "one_more_by_words_s": words_s,
            "one_more_by_encoder_s": found_s,
        }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=81_500)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    if not (options.data / "zoo").is_dir():
        print(f"the real records are not there: {options.data}", file=sys.stderr)
        return 1
    found = measure(options.data, options.entries)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:<24}{value:>12,.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
