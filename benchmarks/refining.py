"""What refining is worth to retrieval: the same search over plain and over refined descriptions.

    python benchmarks/refining.py [--half dev|test|both] [--rerank N] [--json]

The zoo is the LoRAs of a Civitai snapshot, the questions are those of `retrieval_quality`: topics
and whole prompts, with what Stylus's composer picked. The rules were made by looking at the even
rows (dev) only; the odd ones (test) are what to report. Beside the share of picks found among the
first 1, 10, 50 and 150 stands how often a LoRA is found by its own name, since words that help
strangers must not hide those who are known.

"By one text" is the same without our fields, words and fusion: each LoRA is the vector of one text,
all that was written about it or all that the refiner made of that, and only cosines count.

With --rerank the tiny relevance model of `pruning` is trained for N steps on plain texts and the
topics of the dev half, reads the first 50 candidates for each topic of the other half, and it is
counted how often the first is a pick: candidates and texts plain, and both refined.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.retrieval_quality import DATA, EVERYTHING, RECORDS, default_cache, fill, queries
from polaris_core.catalogue.entry import Entry, Kind
from polaris_core.encoders.base import Encoders
from polaris_core.encoders.cache import CachedTextEncoder, EmbeddingCache
from polaris_core.encoders.factory import text_encoder
from polaris_core.errors import MissingWeights
from polaris_core.refining.rules import RuleRefiner
from polaris_core.refining.run import refine
from polaris_core.retrieval.documents import clean_name
from polaris_core.retrieval.two_level import search
from polaris_core.retrieval.words import phrases
from polaris_core.retrieval.zoo import Zoo

DEPTHS = (1, 10, 50, 150)
HALVES = {"dev": (0,), "test": (1,), "both": (0, 1)}
NAMED = 300
"""LoRAs that are sought by their own names."""
READ = 50

Row = dict[str, object]


def rows_of(half: str) -> list[Row]:
    """The rows of one half of the silver set."""
    lines = (DATA / "retrieval" / "stylus_silver.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [row for at, row in enumerate(rows) if at % 2 in HALVES[half]]


def ready(cache: Path, kept: CachedTextEncoder, *, refined: bool) -> tuple[Zoo, dict[int, int]]:
    """A zoo of all LoRAs, indexed, and their ids in it by their ids on Civitai."""
    home = cache / (f"refined-{RuleRefiner().name}" if refined else "plain")
    zoo = Zoo.open(home, Encoders(kept))
    ids = fill(zoo, DATA / "zoo" / RECORDS)
    if refined:
        print(refine(zoo.store, RuleRefiner()).summary())
    began = time.perf_counter()
    zoo.state()
    print(f"{home.name}: indexed after {time.perf_counter() - began:.1f} s")
    return zoo, ids


def orders(zoo: Zoo, texts: Iterable[str]) -> dict[str, list[int]]:
    """The ids found for each text, best first."""
    return {
        text: [hit.entry.id for hit in search(zoo, text, Kind.LORA, EVERYTHING, max(DEPTHS))]
        for text in dict.fromkeys(texts)
    }


def shares(
    asked: Sequence[tuple[str, str, set[int]]], found: dict[str, list[int]], ids: dict[int, int]
) -> dict[str, float]:
    """The share of picks among the first few, by kind of question and depth."""
    got: dict[str, list[bool]] = {}
    for kind, text, picks in asked:
        for wanted in sorted(ids[pick] for pick in picks if pick in ids):
            for depth in DEPTHS:
                got.setdefault(f"{kind}_at_{depth}", []).append(wanted in found[text][:depth])
    return {key: sum(hits) / len(hits) for key, hits in got.items()}


def orders_by_one_text(
    entries: Sequence[Entry], kept: CachedTextEncoder, texts: Iterable[str], *, refined: bool
) -> dict[str, list[int]]:
    """The ids found for each text by the cosine with one text a LoRA, best first."""
    ids = np.array([entry.id for entry in entries])
    vectors = kept.encode_texts([one_text(entry, refined=refined) for entry in entries])
    asked = list(dict.fromkeys(texts))
    scores = kept.encode_texts(asked) @ vectors.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, : max(DEPTHS)]
    return dict(zip(asked, ids[best].tolist(), strict=True))


def one_text(entry: Entry, *, refined: bool) -> str:
    """All that was written about a LoRA, or all that the refiner made of it."""
    if refined:
        said = entry.refined
        assert said is not None
        return f"{said.what}. {said.purpose} {', '.join(said.shows)}"
    parts = (entry.name, ", ".join(entry.tags), ", ".join(entry.trigger_words), entry.description)
    return ". ".join(parts)


def by_own_name(zoo: Zoo) -> dict[str, float]:
    """How often a LoRA is found by what people call it; of those whose name is in Latin letters."""
    entries = [e for e in zoo.store.all(Kind.LORA) if len(clean_name(e.name)) > 4]
    some = random.Random(0).sample([e for e in entries if clean_name(e.name).isascii()], NAMED)
    found = orders(zoo, (clean_name(e.name) for e in some))
    places = [
        found[clean_name(e.name)].index(e.id) if e.id in found[clean_name(e.name)] else 999
        for e in some
    ]
    return {f"name_at_{depth}": sum(p < depth for p in places) / len(places) for depth in (1, 10)}


def read_first(
    zoos: dict[str, Zoo], ids: dict[int, int], steps: int, most: int
) -> dict[str, float]:
    """How often the tiny model puts a pick first, by what is retrieved and read."""
    from benchmarks.models.tiny_reader import Lora, Question, Reader, train
    from polaris_core.rerank import rank, tree_of_texts
    from polaris_core.rerank.candidate_text import full_text, short_text
    from polaris_core.rerank.tree_judge import FULL_TOKENS

    plain = {e.id: e for e in zoos["plain"].store.all(Kind.LORA)}
    known = {id: Lora(short_text(e), full_text(e), _asked(e)) for id, e in plain.items()}
    places = {id: place for place, id in enumerate(known)}
    topics = {half: _topics(rows_of(half), ids) for half in ("dev", "test")}
    reader = Reader(known)
    learnt = [
        Question(t, frozenset(places[p] for p in picks)) for t, picks in topics["dev"].items()
    ]
    train(reader, learnt, steps)
    apart = [topic for topic in topics["test"] if topic not in topics["dev"]]
    apart = random.Random(1).sample(apart, min(most, len(apart)))
    figures: dict[str, float] = {"topics_read": len(apart)}
    for name, zoo in zoos.items():
        first_read = first_found = 0
        for topic in apart:
            hits = search(zoo, topic, Kind.LORA, EVERYTHING, READ)
            texts = [full_text(hit.entry) for hit in hits]
            tree = tree_of_texts(
                reader.tokenizer,
                f"[CLS] {topic} [SEP]",
                texts,
                closing=" [SEP]",
                sizes=(FULL_TOKENS,),
            )
            tree = replace(tree, prefix=reader.prefix(topic))
            best = rank(reader.model, tree, keep=1).kept[0]
            first_read += hits[best].entry.id in topics["test"][topic]
            first_found += hits[0].entry.id in topics["test"][topic]
        figures[f"{name}_first_as_found"] = first_found / len(apart)
        figures[f"{name}_first_as_read"] = first_read / len(apart)
    return figures


def _asked(entry: Entry) -> tuple[str, ...]:
    sentences = [s.strip() for s in entry.description.replace("\n", ".").split(".")]
    return (*entry.tags, entry.name, *(s[:80] for s in sentences if len(s) > 15))


def _topics(rows: Sequence[Row], ids: dict[int, int]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for kind, topic, picks in queries(rows):
        there = {ids[pick] for pick in picks if pick in ids}
        if kind == "topic" and there:
            found.setdefault(topic, set()).update(there)
    return found


def main() -> int:
    """Measure, print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=sorted(HALVES), default="test")
    parser.add_argument("--encoder", default="sentence:all-MiniLM-L6-v2")
    parser.add_argument("--cache", type=Path, default=default_cache().with_name("refining"))
    parser.add_argument("--rerank", type=int, default=0, metavar="STEPS")
    parser.add_argument("--topics", type=int, default=120, help="read at the most")
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    if not (DATA / "zoo" / RECORDS).is_file():
        print(f"this benchmark needs {RECORDS}, which is not there", file=sys.stderr)
        return 3
    try:
        encoder = text_encoder(options.encoder)
    except MissingWeights as error:
        print(error, file=sys.stderr)
        return 3
    kept = CachedTextEncoder(encoder, EmbeddingCache(options.cache / "texts.sqlite"))
    asked = list(queries(rows_of(options.half)))
    kept.encode_texts([part for _, text, _ in asked for part in (text, *phrases(text))])
    zoos: dict[str, Zoo] = {}
    figures: dict[str, dict[str, float]] = {}
    ids: dict[int, int] = {}
    for name in ("plain", "refined"):
        zoos[name], ids = ready(options.cache, kept, refined=name == "refined")
        found = orders(zoos[name], (text for _, text, _ in asked))
        figures[name] = shares(asked, found, ids) | by_own_name(zoos[name])
    entries = list(zoos["refined"].store.all(Kind.LORA))
    for name in ("plain", "refined"):
        texts = (text for _, text, _ in asked)
        found = orders_by_one_text(entries, kept, texts, refined=name == "refined")
        by_one = shares(asked, found, ids)
        figures[name] |= {f"{key}_by_one_text": share for key, share in by_one.items()}
    print(f"{options.half + ' half':<26}   plain  refined")
    for key, value in figures["plain"].items():
        other = figures["refined"][key]
        print(f"{key:<26}{value:8.4f}{other:9.4f}{other - value:+9.4f}")
    if options.rerank:
        figures["rerank"] = read_first(zoos, ids, options.rerank, options.topics)
        print("\n".join(f"{key:<28}{value:8.3f}" for key, value in figures["rerank"].items()))
    for zoo in zoos.values():
        zoo.close()
    if options.json:
        print(json.dumps({"half": options.half, **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
