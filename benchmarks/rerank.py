"""Reading 150 candidates with a language model: Tree Rerank against the usual ways.

    python benchmarks/rerank.py [--json] [--quick] [--peers] [--shape 0.5b|14b-layer] [--layers N]
                                [--candidates K] [--repetitions N] [--token-budget N]

The shape is Qwen2.5-0.5B's (24 layers, float32, random weights: they tell speed and equality of
scores, not quality); a prefix of 250 tokens and about 100 per candidate. Compared are

    pointwise     sorted batches of 16, padded, prefix and all; only the last row of the head
    listwise      one prompt with everything in it, up to its first answer (no ranking written)
    one round     Tree Rerank, every candidate with its full text
    rounds        first 20 tokens of each, then the best quarter with the full text

and with --peers also

    cross_encoder    the CrossEncoder of sentence-transformers, over the same weights and tokens
    recipe           as the page of Qwen3-Reranker shows it: batches with all rows of the head
    listwise_written the ranking of the one prompt written out (8 tokens of it, and all counted)

`14b-layer` is one layer of Qwen2.5-14B with 200 candidates, over 20,000 tokens. All take their
turns within one process; ratios are medians of the ratios within a turn. The FLOP bound is the time
that the arithmetic would take at the rate of a 4096³ product, measured in every turn.
`--quick` computes 2 of the 24 layers, in 3 turns. On a machine that others use too, the ratios of
processor time (`…_cpu`) are steadier; set OMP_WAIT_POLICY=PASSIVE, so that waiting costs none.
On a GPU see rerank_gpu.py.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, Qwen2Config

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.peers.reading import STEPS, Listwise, cross_encoder, pointwise, recipe
from polaris_core.rerank import Tree, rank

PREFIX, TEXT, SPREAD, SHORT = 250, 100, 25, 20
YES, NO = 5, 9
QUARTER = 0.25

FLOORS = {
    "one_round_vs_batched_pointwise": "floor 3.3, goal 4.2",
    "rounds_vs_batched_pointwise": "floor 6.3, goal 8.5",
    "flop_share": "floor 0.43, goal 0.58",
    "max_abs_diff_fp32": "at most 1e-5",
}
FLOORS_14B = {
    "one_round_vs_listwise_prefill": "floor 1.4, goal 1.7",
    "rounds_vs_listwise_prefill": "floor 3.4, goal 4.5",
    "flop_share": "floor 0.68, goal 0.80",
    "max_abs_diff_fp32": "at most 1e-5",
}
NAMES = {
    "pointwise": "batched_pointwise",
    "listwise": "listwise_prefill",
    "listwise_written": "listwise_written",
    "cross_encoder": "cross_encoder",
    "recipe": "recipe",
}
"""What is compared with, by its name among the figures."""


@dataclass(frozen=True)
class Shape:
    """What the model looks like."""

    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    vocabulary: int

    def config(self) -> Qwen2Config:
        """That of such a model."""
        return Qwen2Config(
            vocab_size=self.vocabulary,
            hidden_size=self.hidden,
            intermediate_size=self.inner,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.key_heads,
            tie_word_embeddings=True,
        )

    def model(self) -> Any:  # noqa: ANN401
        """One of this shape, in float32."""
        torch.manual_seed(0)
        return AutoModelForCausalLM.from_config(self.config(), dtype=torch.float32).eval()

    def operations(self, prefix: int, branches: list[int]) -> float:
        """Floating-point operations of one round: linear layers, and attention to what is seen."""
        keys = self.hidden // self.heads * self.key_heads
        weights = self.hidden * (2 * self.hidden + 2 * keys + 3 * self.inner)
        seen = prefix**2 / 2 + sum(n * prefix + n**2 / 2 for n in branches)
        linear = 2.0 * weights * (prefix + sum(branches))
        return self.layers * (linear + 4.0 * self.hidden * seen)


SHAPES = {
    "0.5b": Shape(24, 896, 4864, 14, 2, 151_936),
    "14b-layer": Shape(1, 5120, 13_824, 40, 8, 4096),
}


def make_tree(count: int, vocabulary: int) -> Tree:
    """Candidates of ragged length; two rounds, the first on the beginning of each."""
    rng = random.Random(0)

    def tokens(n: int) -> list[int]:
        return [rng.randrange(vocabulary) for _ in range(n)]

    full = [tokens(max(30, round(rng.gauss(TEXT, SPREAD)))) for _ in range(count)]
    return Tree.of(tokens(PREFIX), [[b[:SHORT] for b in full], full], (YES, NO))


def product() -> Callable[[], object]:
    """A product of two matrices of 4096 × 4096."""
    a, b = torch.randn(4096, 4096), torch.randn(4096, 4096)
    return lambda: a @ b


def peak_mb(work: Callable[[], object]) -> float:
    """Megabytes that a call needs beyond what was there before, at its peak; NaN where untold."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
        work()
        return (_status("VmHWM") - before) / 1024
    except OSError:
        work()
        return float("nan")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


@dataclass(frozen=True)
class Taken:
    """What everything took, by name, one value a turn."""

    seconds: dict[str, list[float]]
    cpu_seconds: dict[str, list[float]]
    """Of all threads together."""
    memory_mb: dict[str, float]
    """At the peak of the first turn."""


def taken_in_turns(works: dict[str, Callable[[], object]], turns: int) -> Taken:
    """Let each work in turn, again and again."""
    taken = Taken({name: [] for name in works}, {name: [] for name in works}, {})
    for turn in range(turns):
        for name, work in works.items():
            start, cpu_start = time.perf_counter(), time.process_time()
            if turn:
                work()
            else:
                taken.memory_mb[name] = peak_mb(work)
            taken.seconds[name].append(time.perf_counter() - start)
            taken.cpu_seconds[name].append(time.process_time() - cpu_start)
    return taken


def ratio(times: dict[str, list[float]], a: str, b: str) -> float:
    """Median over the turns of the time of `a` by that of `b`."""
    return statistics.median(x / y for x, y in zip(times[a], times[b], strict=True))


def works_of(
    model: Any,  # noqa: ANN401
    tree: Tree,
    options: argparse.Namespace,
) -> dict[str, Callable[[], object]]:
    """Everything that takes its turn, by name."""
    full = Tree(tree.prefix, tree.rounds[-1:], tree.answers)
    gemm, prompt = product(), Listwise(model, tree)
    works: dict[str, Callable[[], object]] = {
        "gemm": lambda: [gemm() for _ in range(3)],
        "one_round": lambda: rank(model, full, token_budget=options.token_budget),
        "rounds": lambda: rank(model, tree, share=QUARTER, token_budget=options.token_budget),
        "listwise": prompt.read,
    }
    if options.peers:
        works["write"] = prompt.write
        works["recipe"] = lambda: recipe(model, tree)
        try:
            works["cross_encoder"] = cross_encoder(model, full)
        except ModuleNotFoundError:
            print("the CrossEncoder is left out: pip install sentence-transformers")
    if options.shape != "14b-layer":
        works["pointwise"] = lambda: pointwise(model, tree)
    return works


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Every figure."""
    shape: Shape = SHAPES[options.shape]
    shape = Shape(**{**vars(shape), "layers": options.layers or shape.layers})
    model, tree = shape.model(), make_tree(options.candidates, shape.vocabulary)
    full = Tree(tree.prefix, tree.rounds[-1:], tree.answers)
    with torch.no_grad():
        works = works_of(model, tree, options)
        works["gemm"]()
        rank(model, Tree(full.prefix, ((full.prefix,),), full.answers))
        taken = taken_in_turns(works, options.repetitions)
    figures: dict[str, float] = {}
    for times, ending in ((taken.seconds, ""), (taken.cpu_seconds, "_cpu")):
        if "write" in times:
            part = Listwise(model, tree).ranking_tokens / STEPS
            pairs = zip(times["listwise"], times["write"], strict=True)
            times["listwise_written"] = [read + part * write for read, write in pairs]
        for other in (name for name in NAMES if name in times):
            for ours in ("one_round", "rounds"):
                figures[f"{ours}_vs_{NAMES[other]}{ending}"] = ratio(times, other, ours)
    lengths = [len(branch) for branch in full.rounds[0]]
    bound = shape.operations(len(full.prefix), lengths) / (3 * 2 * 4096**3)
    figures["flop_share"] = bound * ratio(taken.seconds, "gemm", "one_round")
    figures["flop_share_cpu"] = bound * ratio(taken.cpu_seconds, "gemm", "one_round")
    figures["gemm_gflops"] = 3 * 2 * 4096**3 / statistics.median(taken.seconds["gemm"]) / 1e9
    figures["max_abs_diff_fp32"] = largest_difference(model, full)
    figures |= {f"{name}_s": statistics.median(times) for name, times in taken.seconds.items()}
    figures |= {f"{name}_cpu_s": statistics.median(t) for name, t in taken.cpu_seconds.items()}
    figures |= {f"{name}_peak_mb": mb for name, mb in taken.memory_mb.items() if name != "gemm"}
    return figures


def largest_difference(model: Any, tree: Tree) -> float:  # noqa: ANN401
    """Between the scores of the tree and those of asking about each of ten candidates alone."""
    scores = rank(model, tree).scores
    some = range(0, tree.candidates, max(1, tree.candidates // 10))
    few = Tree(tree.prefix, (tuple(tree.rounds[0][i] for i in some),), tree.answers)
    alone = rank(model, few, backend="one_by_one").scores
    return max(abs(scores[i] - one) for i, one in zip(some, alone, strict=True))


def main() -> None:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peers", action="store_true", help="other libraries too")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="0.5b")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--candidates", type=int)
    parser.add_argument("--repetitions", type=int)
    parser.add_argument("--token-budget", type=int)
    options = parser.parse_args()
    large = options.shape == "14b-layer"
    options.candidates = options.candidates or (200 if large else 150)
    options.repetitions = options.repetitions or 3
    if options.quick and not large:
        options.layers = options.layers or 2
    figures = measure(options)
    layers = options.layers or SHAPES[options.shape].layers
    print(f"{options.shape} shape, {layers} layers, float32, {options.candidates} candidates")
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    goals = FLOORS_14B if large else FLOORS
    for name, value in figures.items():
        shown = f"{value:.1e}" if name.startswith("max_abs") else f"{value:.3f}"
        print(f"{name:<34}{shown:>12}   {goals.get(name, '')}")
    if options.json:
        print(json.dumps({name: float(f"{value:.4g}") for name, value in figures.items()}))


if __name__ == "__main__":
    main()
