"""How long does a page of cards take in a catalogue of 80,000 entries?

    python benchmarks/page.py [--entries 80000] [--json]

Entries are generated, with descriptions, tags and trigger words of the usual lengths. A row tells
the median and the longest of pages at ten places of the list, from the first to the last.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.catalogue.entry import BaseModel, Entry, Kind, Maturity, Role  # noqa: E402
from polaris_core.catalogue.store import Store  # noqa: E402
from polaris_core.page.browse import Browser, CardQuery  # noqa: E402

WORDS = (
    *("fox", "castle", "watercolor", "ink", "neon", "forest", "portrait", "knight", "river"),
    *("anime", "robot", "dress", "storm"),
)
QUERIES = {
    "all, by name": CardQuery(),
    "all, newest first": CardQuery(order="newest"),
    "all, largest first": CardQuery(order="size"),
    "LoRAs of sdxl": CardQuery(kinds=frozenset({Kind.LORA}), families=frozenset({BaseModel.SDXL})),
    "characters on disk": CardQuery(roles=frozenset({Role.CHARACTER}), on_disk=True),
    "with the word fox": CardQuery(words="fox"),
    "beginning with w": CardQuery(words="w"),
}


def entries(count: int) -> list[Entry]:
    """As many LoRAs, and a checkpoint for every twenty of them."""
    dice = random.Random(7)
    bases, roles = list(BaseModel)[:7], list(Role)
    made: list[Entry] = []
    for number in range(count):
        words = dice.choices(WORDS, k=40)
        made.append(
            Entry(
                name=f"{words[0].title()} {words[1]} {number}",
                kind=Kind.CHECKPOINT if number % 20 == 0 else Kind.LORA,
                base_model=dice.choice(bases),
                role=dice.choice(roles),
                trigger_words=(f"{words[2]} style", words[3]),
                tags=tuple(words[4:10]),
                description=" ".join(words * 8),
                example_prompts=tuple(" ".join(dice.choices(WORDS, k=30)) for _ in range(4)),
                maturity=dice.choice([Maturity.PG, Maturity.UNKNOWN, Maturity.R]),
                root="/models",
                file=f"{words[0]}/{number}.safetensors",
                size_bytes=dice.randrange(10**6, 10**9),
                modified_ns=dice.randrange(10**18),
            )
        )
    return made


def pages(browser: Browser, query: CardQuery) -> list[tuple[float, float]]:
    """Milliseconds by the clock and of the processor, of ten pages, from the first to the last."""
    total = browser.page(query)["total"]
    times: list[tuple[float, float]] = []
    for place in range(10):
        offset = max(0, total - query.limit) * place // 9
        start = time.perf_counter(), time.process_time()
        browser.page(CardQuery(**{**vars_of(query), "offset": offset}))
        ends = time.perf_counter(), time.process_time()
        times.append((1000 * (ends[0] - start[0]), 1000 * (ends[1] - start[1])))
    return times


def vars_of(query: CardQuery) -> dict[str, object]:
    """The fields of a query."""
    return {name: getattr(query, name) for name in query.__slots__}


def main() -> None:
    """Fill a catalogue, ask for pages, print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=80_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(Path(folder) / "catalogue.sqlite") as store,
    ):
        store.add(entries(options.entries))
        browser = Browser(store)
        start = time.perf_counter(), time.process_time()
        browser.page(CardQuery())
        first = [1000 * (time.perf_counter() - start[0]), 1000 * (time.process_time() - start[1])]
        rows = {name: pages(browser, query) for name, query in QUERIES.items()}
    if options.json:
        print(json.dumps({name: max(times) for name, times in rows.items()}))
        return
    print(f"{options.entries:,} entries, pages of 60: milliseconds by the clock (of the processor)")
    print(f"{'the first page of all':24} {first[0]:7.1f} ({first[1]:.1f})")
    for name, times in rows.items():
        clock, own = zip(*times, strict=True)
        middle = f"median {statistics.median(clock):7.1f} ({statistics.median(own):.1f})"
        print(f"{name:24} {middle}   longest {max(clock):7.1f} ({max(own):.1f})")


if __name__ == "__main__":
    main()
