"""The chain end to end on held-out instructions over the miniature zoo.

The real grammar, search, planner and engine, on drawn pictures of combinations that no training has
seen, judged by a network that was trained on drawn pictures only. The true mask is used for the
edit; the masker's own is measured against it. Needs the stored weights of `miniature/models`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image

from miniature.chain import Chain, Verdict, held_out_edits, judge_edit, outside, overlap, wanted
from miniature.judging import Judge
from miniature.narrow_engine import NarrowEngine
from miniature.through_comfyui import HostChain
from miniature.world import Edit, draw
from polaris_core.engine.engine import Engine
from polaris_core.errors import PolarisError
from polaris_core.miniature.stored import FOLDER
from polaris_core.miniature.zoo import make_miniature_zoo
from polaris_core.planning.plan import EditPlan

JUDGED = ("add", "replace", "restyle", "recolour")
Figures = dict[str, float]


def main() -> int:
    """Measure, print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--masks", type=int, default=None, help="how many; default: all")
    parser.add_argument("--through-comfyui", type=int, default=0, metavar="N")
    parser.add_argument("--text-encoder", default="sentence:all-MiniLM-L6-v2", help="or clip")
    parser.add_argument(
        "--narrow", action="store_true", help="sample by the narrow networks: the same, sooner"
    )
    parser.add_argument("--weights", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="a PNG of the first 40 edits, to look at")
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            figures = measure(options, Path(folder))
        except PolarisError as error:
            print(error, file=sys.stderr)
            return 3
    for name, value in figures.items():
        print(f"{name:28} {value:.3f}")
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> Figures:
    """All figures, by name."""
    make_miniature_zoo(folder, weights=options.weights)
    judge = Judge(options.weights)
    engine = NarrowEngine(options.weights) if options.narrow else Engine("cpu")
    chain = Chain(folder, folder / "zoo", options.text_encoder, engine)
    edits = list(held_out_edits(options.edits, options.seed))
    seen: dict[str, list[float]] = defaultdict(list)
    begin, planned = time.perf_counter(), plans(chain, edits, seen)
    seen["plan_ms"] = [1000 * (time.perf_counter() - begin) / max(1, len(edits))]
    made: dict[int, np.ndarray] = {}
    for place in sorted(planned, key=lambda i: str(planned[i].checkpoint)):  # loaded once each
        made[place] = carried_out(chain, judge, planned[place], edits[place], place, seen)
        show_progress(len(made), len(planned), "edits")
    for place, edit in enumerate(edits[: options.masks]):
        measure_mask(chain, edit, seen)
        show_progress(place + 1, len(edits[: options.masks]), "masks")
    if options.through_comfyui:
        count = options.through_comfyui
        through_comfyui(folder, judge, planned, edits, made, count, chain.text, seen)
    if options.sheet:
        draw_sheet(edits, made).save(options.sheet, format="PNG")
    return {name: float(np.mean(values)) for name, values in seen.items()}


def plans(chain: Chain, edits: list[Edit], seen: dict[str, list[float]]) -> dict[int, EditPlan]:
    """The plan of each edit that could be planned, by its place."""
    found: dict[int, EditPlan] = {}
    for place, edit in enumerate(edits):
        sought = wanted(edit)
        try:
            shortlist, plan = chain.decide(edit, draw(edit.before))
        except PolarisError as error:
            print(f"not planned: {edit.instruction!r}: {error}", file=sys.stderr)
            seen["retrieval_top1"] += [0.0] * len(sought)
            seen["edit_right" if edit.type in JUDGED else f"{edit.type}_right"].append(0)
            continue
        found[place] = plan
        for slot, taught in sought.items():
            best = shortlist.best(slot)
            first = best is not None and chain.taught(best.entry.file) == taught
            seen["retrieval_top1"].append(first)
            seen[f"retrieval_top1_{slot.value}"].append(first)
        applied = {chain.taught(step.pick.file) for step in plan.loras}
        seen["asked_loras_applied"].append(applied >= set(sought.values()))
        seen["needless_loras"].append(bool(applied - set(sought.values())))
    return found


def carried_out(
    chain: Chain,
    judge: Judge,
    plan: EditPlan,
    edit: Edit,
    seed: int,
    seen: dict[str, list[float]],
) -> np.ndarray:
    """Make a picture and judge it."""
    picture = draw(edit.before)
    begin = time.perf_counter()
    made = chain.carry_out(plan, edit, picture, seed)
    seen["edit_s"].append(time.perf_counter() - begin)
    note("", judge_edit(judge, edit, made), edit, seen)
    left = outside(plan, edit)
    if left is not None:
        seen["outside_exact"].append(bool((made[left] == picture[left]).all()))
    return made


def note(prefix: str, verdict: Verdict, edit: Edit, seen: dict[str, list[float]]) -> None:
    """Count a verdict where it belongs."""
    if edit.type in JUDGED:
        seen[f"{prefix}edit_right"].append(verdict.right)
        seen[f"{prefix}edit_colour"].append(verdict.colour)
    if not prefix:
        whole = edit.type == "restyle" and edit.index is None
        seen["restyle_all_right" if whole else f"{edit.type}_right"].append(verdict.right)


def measure_mask(chain: Chain, edit: Edit, seen: dict[str, list[float]]) -> None:
    """Compare the masker's region with the true one."""
    if overlap(edit, edit.mask) is None:
        return
    try:
        share = overlap(edit, chain.found_mask(edit, draw(edit.before))) or 0.0
    except PolarisError as error:
        print(f"no mask: {edit.instruction!r}: {error}", file=sys.stderr)
        share = 0.0
    name = "mask_iou_background" if edit.type == "background" else "mask_iou"
    seen[name].append(share)
    seen[f"{name}_over_half"].append(share > 0.5)


def through_comfyui(
    base: Path,
    judge: Judge,
    planned: dict[int, EditPlan],
    edits: list[Edit],
    made: dict[int, np.ndarray],
    count: int,
    text: str,
    seen: dict[str, list[float]],
) -> None:
    """The same edits by ComfyUI's nodes, which parse, search and plan anew."""
    with HostChain(base, text) as host:
        for place in sorted(planned)[:count]:
            edit, picture = edits[place], draw(edits[place].before)
            other, plan = host.carry_out(edit, picture, place)
            note("comfyui_", judge_edit(judge, edit, other), edit, seen)
            left = outside(plan, edit)
            if left is not None:
                seen["comfyui_outside_exact"].append(bool((other[left] == picture[left]).all()))
            picks = [(step.slot, step.pick.sha256) for step in plan.loras]
            same = picks == [(step.slot, step.pick.sha256) for step in planned[place].loras]
            seen["comfyui_same_picks"].append(same)
            seen["comfyui_apart"].append(float(np.abs(other.astype(int) - made[place]).mean()))
            show_progress(place + 1, count, "edits in ComfyUI")


def draw_sheet(edits: list[Edit], made: dict[int, np.ndarray]) -> Image.Image:
    """Before, true result and what was made, side by side, four edits a row."""
    shown = sorted(made)[:40]
    sheet = Image.new("RGB", (4 * 400, 136 * -(-len(shown) // 4)), "white")
    for number, place in enumerate(shown):
        edit = edits[place]
        for column, pixels in enumerate((draw(edit.before), draw(edit.after), made[place])):
            x, y = number % 4 * 400 + column * 130, number // 4 * 136
            sheet.paste(Image.fromarray(pixels), (x, y))
    return sheet


def show_progress(done: int, total: int, what: str) -> None:
    """A line that overwrites itself."""
    if sys.stderr.isatty() or done % 20 == 0:
        print(f"{done}/{total} {what}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
