"""Tree Rerank on a GPU: both fast backends against one long prompt, at Qwen2.5-14B's shape.

    python benchmarks/rerank_gpu.py [--json] [--candidates K ...] [--layers N] [--repetitions N]

48 layers in bfloat16 with random weights take about 28 GB. For K = 150 and 300 it measures one
round and two, by the cascade and by flex attention, against listwise prefill and sorted padded
batches, and which share of the rate of an 8192³ product one round reaches. With
`--device cpu --shape 0.5b --layers 1` the same lines run where there is no GPU, to see that they
work.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.peers.reading import Listwise, pointwise
from benchmarks.rerank import QUARTER, SHAPES, Shape, make_tree
from polaris_core.rerank import Tree, rank

SHAPES_HERE = {**SHAPES, "14b": Shape(48, 5120, 13_824, 40, 8, 152_064)}
BACKENDS = ("cascade", "flex")


def model_of(shape: Shape, device: str) -> Any:  # noqa: ANN401
    """One of this shape in bfloat16, made where it is to compute."""
    torch.manual_seed(0)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(shape.config(), dtype=torch.bfloat16).eval()


def wait(device: str) -> None:
    """Until all that was asked of the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(work: Callable[[], object], device: str, repetitions: int) -> list[float]:
    """What it takes each time, after once that does not count."""
    work()
    taken: list[float] = []
    for _ in range(repetitions):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        taken.append(time.perf_counter() - start)
    return taken


def peak_mb(work: Callable[[], object], device: str) -> float:
    """Megabytes beyond what was there before, at the peak; NaN without a GPU."""
    if device != "cuda":
        return float("nan")
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    wait(device)
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def works_of(model: Any, tree: Tree) -> dict[str, Callable[[], object]]:  # noqa: ANN401
    """Everything that is timed, by name."""
    full = Tree(tree.prefix, tree.rounds[-1:], tree.answers)
    works: dict[str, Callable[[], object]] = {
        "listwise": Listwise(model, tree).read,
        "pointwise": lambda: pointwise(model, tree),
    }
    for backend in BACKENDS:
        works[f"{backend}_one_round"] = lambda b=backend: rank(model, full, backend=b)
        works[f"{backend}_rounds"] = lambda b=backend: rank(model, tree, share=QUARTER, backend=b)
    return works


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Every figure, by the number of candidates."""
    shape = SHAPES_HERE[options.shape]
    shape = Shape(**{**vars(shape), "layers": options.layers or shape.layers})
    model, device = model_of(shape, options.device), options.device
    size = 8192 if device == "cuda" else 1024
    a, b = torch.randn(2, size, size, device=device, dtype=torch.bfloat16).unbind()
    figures: dict[str, float] = {}
    with torch.no_grad():
        product = statistics.median(seconds(lambda: a @ b, device, 10))
        figures["gemm_tflops"] = rate = 2 * size**3 / product / 1e12
        for count in options.candidates:
            tree = make_tree(count, shape.vocabulary)
            works = works_of(model, tree)
            took = {
                name: statistics.median(seconds(work, device, options.repetitions))
                for name, work in works.items()
            }
            bound = shape.operations(len(tree.prefix), [len(b) for b in tree.rounds[-1]])
            for name, one in took.items():
                figures[f"{name}_s_k{count}"] = one
                figures[f"{name}_peak_mb_k{count}"] = peak_mb(works[name], device)
            for backend in BACKENDS:
                one = took[f"{backend}_one_round"]
                figures[f"{backend}_flop_share_k{count}"] = bound / one / 1e12 / rate
                for other in ("listwise", "pointwise"):
                    for ours in ("one_round", "rounds"):
                        figures[f"{backend}_{ours}_vs_{other}_k{count}"] = (
                            took[other] / took[f"{backend}_{ours}"]
                        )
    return figures


def main() -> int:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--shape", choices=sorted(SHAPES_HERE), default="14b")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--candidates", type=int, nargs="+", default=[150, 300])
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("this benchmark needs a GPU, and there is none here", file=sys.stderr)
        return 3
    figures = measure(options)
    where = torch.cuda.get_device_name() if options.device == "cuda" else "the CPU"
    print(f"{options.shape} shape, bfloat16, on {where}, torch {torch.__version__}")
    for name, value in figures.items():
        print(f"{name:<40}{value:>12.3f}")
    if options.json:
        print(json.dumps({name: float(f"{value:.4g}") for name, value in figures.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
