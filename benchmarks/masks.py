"""Proposals of regions: time against segment-anything's own generator, memory, what is found.

    python benchmarks/masks.py [--json] [--rounds N]

Time: our generator with its selection against `SamAutomaticMaskGenerator`, at the same settings and
on the same model with small random weights, each giving masks of the whole picture. Two models are
timed: one whose decoder is as large as that of the official weights (where most of the time goes),
and a very small one (where the handling of masks is what counts). The ratio is the median over
rounds taken in turn; the larger of the two is `time_vs_reference`. The ratio of processor times
stands beside it, for machines with other work.

Memory: growth of the process, in a process of its own, while one picture is worked on. `peak_mb` is
the largest of our proposers' at 4,096 × 4,096.

Found: of four things drawn by hand over photographs, those for which some proposal's box, or
outline, overlaps by 0.6 or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.regions.grid import GridSettings  # noqa: E402
from polaris_core.regions.proposal import Proposer  # noqa: E402
from polaris_core.regions.sam import SamProposer  # noqa: E402
from polaris_core.regions.sam2 import Sam2Proposer  # noqa: E402
from polaris_core.regions.superpixels import SuperpixelProposer  # noqa: E402
from tests.core.regions.drawn import THINGS  # noqa: E402
from tests.core.regions.small_models import ARCHITECTURE, small_sam, small_sam2  # noqa: E402

Work = Callable[[np.ndarray], list[int]]
"""Finds all masks of a picture, and says how large each is."""

# As large as the official decoder; the picture encoder, which both run once, stays small.
FULL = replace(ARCHITECTURE, grid=64, prompt_width=256, decoder_mlp=2048, quality_width=256)
SETTINGS = GridSettings(points_per_side=8, points_per_batch=32, least_quality=1e-9)
SETTINGS = replace(SETTINGS, least_stability=0.2)
FEWER = replace(SETTINGS, points_per_side=4)
FOUND = 0.6


def photograph(edge: int | None = None) -> np.ndarray:
    """Shape `h w 3`; if asked, a square of this edge."""
    picture = THINGS["face"].picture
    if edge is None:
        return picture
    return np.array(Image.fromarray(picture).resize((edge, edge), Image.Resampling.BICUBIC))


def reference(model: Any, settings: GridSettings) -> Work:  # noqa: ANN401
    """segment-anything's own generator."""
    from segment_anything import SamAutomaticMaskGenerator

    generator = SamAutomaticMaskGenerator(
        model,
        points_per_side=settings.points_per_side,
        points_per_batch=settings.points_per_batch,
        pred_iou_thresh=settings.least_quality,
        stability_score_thresh=settings.least_stability,
    )
    return lambda picture: [found["segmentation"].size for found in generator.generate(picture)]


def masks_of(proposer: Proposer) -> Work:
    """Every mask is unpacked, one after the other."""
    return lambda picture: [proposal.mask.size for proposal in proposer.propose(picture)]


WORKS: dict[str, Callable[[], Work]] = {
    "superpixels": lambda: masks_of(SuperpixelProposer()),
    "sam, small": lambda: masks_of(SamProposer(small_sam(), settings=SETTINGS)),
    "sam, full decoder": lambda: masks_of(
        SamProposer(small_sam(architecture=FULL), settings=FEWER)
    ),
    "sam2, small": lambda: masks_of(Sam2Proposer(small_sam2(), settings=SETTINGS)),
    "reference, small": lambda: reference(small_sam(), SETTINGS),
    "reference, full decoder": lambda: reference(small_sam(architecture=FULL), FEWER),
}


class Seconds(NamedTuple):
    """How long one call takes."""

    clock: float
    processor: float
    """Of all threads: what other work on the machine changes little."""


def seconds(work: Work, picture: np.ndarray) -> Seconds:
    """Of one call."""
    start, used = time.perf_counter(), time.process_time()
    work(picture)
    return Seconds(time.perf_counter() - start, time.process_time() - used)


def interleaved(names: Sequence[str], rounds: int) -> dict[str, list[Seconds]]:
    """Of each at 512 × 512, taken in turn, the first of each left out."""
    works = {name: WORKS[name]() for name in names}
    picture = photograph()
    for work in works.values():
        work(picture)
    taken: dict[str, list[Seconds]] = {name: [] for name in names}
    for i in range(rounds):
        for name in names if i % 2 else reversed(names):
            taken[name].append(seconds(works[name], picture))
    return taken


def peak_mb(name: str, edge: int) -> float:
    """Growth of a fresh process over one picture of this edge."""
    done = subprocess.run(
        [sys.executable, __file__, "--peak", name, "--edge", str(edge)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def measure_peak(name: str, edge: int) -> float:
    """The same, of this process; a small picture first, so that all is loaded."""
    work, picture = WORKS[name](), photograph(edge)
    work(photograph(64))
    before = resident_mb("VmRSS")
    work(picture)
    return resident_mb("VmHWM") - before


def resident_mb(field: str) -> float:
    """What Linux says of this process: `VmRSS` now, `VmHWM` at the most so far."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def measure(rounds: int) -> dict[str, float]:
    """Every figure."""
    figures: dict[str, float] = {}
    for model in ("small", "full decoder"):
        ours, theirs = f"sam, {model}", f"reference, {model}"
        taken = interleaved([ours, theirs], rounds)
        pairs = list(zip(taken[ours], taken[theirs], strict=True))
        for name in (ours, theirs):
            figures[f"{name}: seconds"] = statistics.median(one.clock for one in taken[name])
        for ratio, by in ((f"sam, {model}: ratio", 0), (f"sam, {model}: processor ratio", 1)):
            figures[ratio] = statistics.median(one[by] / other[by] for one, other in pairs)
    for name in ("superpixels", "sam2, small"):
        taken = interleaved([name], rounds)[name]
        figures[f"{name}: seconds"] = statistics.median(one.clock for one in taken)
    for edge in (1024, 4096):
        for name in WORKS:
            if not (name.startswith("reference") and edge == 4096):  # it holds a whole batch
                figures[f"{name}: MB at {edge}"] = peak_mb(name, edge)
    proposals = {
        name: SuperpixelProposer().propose(thing.picture) for name, thing in THINGS.items()
    }
    for name, thing in THINGS.items():
        figures[f"{name}: box IoU"] = thing.best_box_iou(proposals[name])
        figures[f"{name}: outline IoU"] = thing.best_outline_iou(proposals[name])
    figures["time_vs_reference"] = max(
        figures[f"sam, {m}: ratio"] for m in ("small", "full decoder")
    )
    ours = [name for name in WORKS if not name.startswith("reference")]
    figures["peak_mb"] = max(figures[f"{name}: MB at 4096"] for name in ours)
    for kind in ("box", "outline"):
        found = sum(bool(figures[f"{name}: {kind} IoU"] >= FOUND) for name in THINGS)
        figures["photographs_found" if kind == "box" else "outlines_found"] = found
    return figures


def main() -> None:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peak", choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument("--edge", type=int, default=4096, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(measure_peak(options.peak, options.edge))
        return
    figures = measure(options.rounds)
    goals = {"time_vs_reference": "at most 1.05", "photographs_found": "at least 3 of 4"}
    for name, value in figures.items():
        print(f"{name:<42}{value:>10.3f}   {goals.get(name, '')}")
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
