"""How many of the LoRAs that Stylus's composer chose are found by the search that users get.

The zoo is the LoRAs of a Civitai snapshot, asked by text alone: no filter, no checkpoint. A topic
is what Stylus cut out of a prompt; a whole prompt is relevant to the picks of all its topics.
Shown is the share of picks found among the first 10 and the first 150. The picks are a language
model's and noisy: good for comparing methods, not as an absolute score.

The first run embeds some thousand LoRAs (minutes on a CPU); later ones take them from the cache.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from polaris_core.catalogue.civitai import entries_from_model
from polaris_core.catalogue.entry import Kind, Maturity
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.cache import CachedTextEncoder, EmbeddingCache
from polaris_core.encoders.factory import text_encoder
from polaris_core.errors import MissingWeights, PolarisError
from polaris_core.retrieval.filters import Filters
from polaris_core.retrieval.two_level import search
from polaris_core.retrieval.words import phrases
from polaris_core.retrieval.zoo import Zoo

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RECORDS = "civitai_2023-07_lora_clean.jsonl.gz"
DEPTHS = (10, 150)
EVERYTHING = Filters(max_maturity=Maturity.BLOCKED, on_disk_only=False, include_unsafe=True)


def main() -> int:
    """Measure, print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--zoo", type=Path, default=DATA / "zoo/civitai_2023-07_lora_clean.jsonl.gz"
    )
    parser.add_argument("--silver", type=Path, default=DATA / "retrieval/stylus_silver.jsonl")
    parser.add_argument("--encoder", default="sentence:all-MiniLM-L6-v2")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    for path in (options.zoo, options.silver):
        if not path.is_file():
            print(f"this benchmark needs {path.name}, which is not at {path}", file=sys.stderr)
            return 3
    try:
        figures = measure(options.zoo, options.silver, options.encoder, options.cache)
    except MissingWeights as error:
        print(error, file=sys.stderr)
        return 3
    except PolarisError as error:
        print(error, file=sys.stderr)
        return 1
    print("query    @10    @150")
    for asked in ("topic", "prompt"):
        shares = [figures[f"{asked}_at_{depth}"] for depth in DEPTHS]
        print(f"{asked:8} {shares[0]:.3f}  {shares[1]:.3f}")
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))
    return 0


def measure(records: Path, silver: Path, encoder: str, cache: Path) -> dict[str, float]:
    """The share of picks found, by kind of query and depth."""
    start = time.perf_counter()
    state = hashlib.sha256(records.read_bytes()).hexdigest()[:16]
    plain = text_encoder(encoder)
    with Zoo.open(cache / state, Encoders(plain)) as zoo:
        ids = fill(zoo, records)
        zoo.state(shown_progress)
    kept = CachedTextEncoder(plain, EmbeddingCache(cache / "queries.sqlite"))
    with Zoo.open(cache / state, Encoders(kept)) as zoo:
        print(f"{len(set(ids.values()))} LoRAs ready after {time.perf_counter() - start:.1f} s")
        lines = silver.read_text("utf-8").splitlines()
        asked = list(queries([json.loads(line) for line in lines if line.strip()]))
        # Encoded together only because that is faster: each search finds its own in the cache.
        kept.encode_texts([part for _, text, _ in asked for part in (text, *phrases(text))])
        found: dict[str, list[bool]] = {}
        for kind, text, picks in asked:
            hits = search(zoo, text, Kind.LORA, EVERYTHING, max(DEPTHS))
            order = [hit.entry.id for hit in hits]
            wanted = {ids[pick] for pick in picks if pick in ids}
            for depth in DEPTHS:
                got = found.setdefault(f"{kind}_at_{depth}", [])
                got.extend(id in order[:depth] for id in wanted)
    return {key: sum(hits) / len(hits) for key, hits in found.items()}


def fill(zoo: Zoo, records: Path) -> dict[int, int]:
    """Put all LoRAs into the catalogue; their ids there by their ids on Civitai."""
    with gzip.open(records, "rt", encoding="utf-8") as lines:
        models = [json.loads(line) for line in lines]
    entries = [(model["id"], entry) for model in models for entry in entries_from_model(model)]
    stored = zoo.store.add(entry for _, entry in entries)
    return dict(zip((id for id, _ in entries), stored, strict=True))


def queries(rows: list[dict[str, object]]) -> Iterator[tuple[str, str, set[int]]]:
    """Every topic and every prompt with the picks that are relevant to it."""
    for row in rows:
        topics: dict[str, list[int]] = row["topics"]
        for topic, picks in topics.items():
            yield "topic", topic, set(picks)
        yield "prompt", str(row["prompt"]), {pick for picks in topics.values() for pick in picks}


def default_cache() -> Path:
    """Where embeddings are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "polaris-zoo" / "retrieval-quality"


def shown_progress(done: int, total: int, what: str, /) -> None:
    """A line now and then."""
    if total and (done == total or done % 256 == 0):
        print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
