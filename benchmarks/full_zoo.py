"""What the community's whole library costs: importing, embedding, indexing, searching, adding.

    python benchmarks/full_zoo.py [--json] [--entries N] [--data FOLDER] [--home FOLDER]

The records are those of the two dumps in ../shared/data, varied until they are 6,500 checkpoints
and 75,000 adapters (see `varied_records.py`). Without that folder nothing is measured.

Vectors are all-MiniLM-L6-v2's where it has read the text before (`--vectors`, a cache of them that
`--encode` fills, which takes an hour or so): of a varied text that of the original with noise, at
a cosine of .97. Others are drawn at random. No encoder's speed is in the figures.
Every step runs in a process of its own, whose memory is that of the step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from full_zoo_steps import STEPS  # noqa: E402
from varied_records import write_dump  # noqa: E402

Figures = dict[str, float]


def measure(options: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """All figures as they come, by name with their unit at the end."""
    home: Path = options.home
    home.mkdir(parents=True, exist_ok=True)
    dump = home / f"records-{options.entries}.jsonl.gz"
    if not dump.is_file():
        write_dump(options.data, dump.with_suffix(".part"), options.entries)
        os.replace(dump.with_suffix(".part"), dump)
    yield "records", options.entries
    for name in options.steps or STEPS:
        yield from in_own_process(name, options).items()


def in_own_process(name: str, options: argparse.Namespace) -> Figures:
    """The figures of one step."""
    command = [sys.executable, __file__, "--step", name, "--home", str(options.home)]
    command += ["--data", str(options.data), "--entries", str(options.entries)]
    command += ["--vectors", str(options.vectors)] + ["--encode"] * options.encode
    command += ["--every", str(options.every)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run_step(name: str, options: argparse.Namespace) -> Figures:
    """One step, with what it took."""
    step: Callable[[argparse.Namespace], Figures] = STEPS[name]
    memory = Memory()
    memory.start()
    begin, cpu = time.perf_counter(), time.process_time()
    found = step(options)
    took = {"s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    took |= {"memory_before_mib": memory.before, "memory_peak_mib": memory.peak}
    return found | {f"{name}_{unit}": value for unit, value in took.items()}


class Memory(threading.Thread):
    """Watches how much memory this process has of its own: files that are mapped do not count."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.peak = own_memory_mib()

    def run(self) -> None:
        """Look a few times a second."""
        while True:
            self.peak = max(self.peak, own_memory_mib())
            time.sleep(0.1)


def own_memory_mib() -> float:
    """As it is now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=81_500)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--home", type=Path, help="kept, and gone on with; else a temporary one")
    parser.add_argument("--vectors", type=Path, help="a cache of vectors of texts")
    parser.add_argument("--encode", action="store_true", help="encode what the cache lacks")
    parser.add_argument("--every", type=int, default=1, help="of the prompts, only every Nth")
    parser.add_argument("--steps", nargs="*", choices=[*STEPS], help="only these")
    parser.add_argument("--step", choices=[*STEPS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (options.data / "zoo").is_dir():
        print(f"the real records are not there: {options.data}", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        options.home = options.home or Path(folder)
        options.vectors = options.vectors or options.home / "texts.sqlite"
        if options.step:
            print(json.dumps(run_step(options.step, options)))
            return 0
        found: Figures = {}
        for name, value in measure(options):
            found[name] = value
            if not options.json:
                print(f"{name:<36}{value:>14,.3f}", flush=True)
        if options.json:
            print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
