"""What the miniature generator makes of prompts, with and without its LoRAs.

The judge was trained on drawn pictures only. Half of the prompts name combinations of thing, colour
and style that no training has seen. Needs the stored weights of `miniature/models`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image

from miniature.judging import Judge
from miniature.sampling_quality import Generator, lora_shares, of_prompts, single_scenes
from miniature.world import NEW_STYLES, Scene
from miniature.world.captions import describe
from polaris_core.errors import PolarisError
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.stored import FOLDER, StoredWeights


def main() -> int:
    """Measure, print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--per-lora", type=int, default=25)
    parser.add_argument("--weights", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="a PNG of the first 60 pictures, to look at")
    parser.add_argument("--json", action="store_true", help="also print one JSON object")
    options = parser.parse_args()
    try:
        figures = measure(options)
    except PolarisError as error:
        print(error, file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
    return 0


def measure(options: argparse.Namespace) -> dict[str, float]:
    """All figures, by name; printed as they come."""
    stored, judge = StoredWeights(options.weights), Judge(options.weights)
    needed = {model.weights for model in zoo_models()} - {""}
    stored.check({"vae"} | needed)
    checkpoints = [model for model in zoo_models() if model.nature == "checkpoint"]
    plain = Generator(stored, stored.unet(checkpoints[0]))
    figures: dict[str, float] = {}
    half = options.prompts // 2
    for split in ("train", "held_out"):
        scenes = single_scenes(half, options.seed + 1, split)
        shares = of_prompts(plain, judge, scenes, options.seed)
        found = {"object": shares.kind, "colour": shares.colour, "style": shares.style}
        figures |= {f"{name}_{split}": share for name, share in found.items()}
        print(split, "  ".join(f"{name} {share:.3f}" for name, share in found.items()))
        if options.sheet and split == "held_out":
            draw_sheet(plain, scenes[:60], options.seed).save(options.sheet, format="PNG")
    for name in ("object", "colour", "style"):
        figures[name] = (figures[f"{name}_train"] + figures[f"{name}_held_out"]) / 2
    figures |= looks(stored, judge, options)
    gained: dict[str, list[tuple[float, float]]] = {"style": [], "object": []}
    for model, with_it, without in lora_shares(stored, judge, options.per_lora, options.seed):
        is_style = model.teaches in NEW_STYLES
        pair = (with_it.style, without.style) if is_style else (with_it.kind, without.kind)
        gained["style" if is_style else "object"].append(pair)
        print(f"{model.card.name:24} with {pair[0]:.3f}  without {pair[1]:.3f}")
    for name, pairs in gained.items():
        with_them, without_them = np.mean(pairs, axis=0)
        figures[f"{name}_lora_with"] = float(with_them)
        figures[f"{name}_lora_without"] = float(without_them)
        figures[f"{name}_lora_with_least"] = min(pair[0] for pair in pairs)
        figures[f"{name}_lora_without_most"] = max(pair[1] for pair in pairs)
    for name, value in figures.items():
        print(f"{name:28} {value:.3f}")
    return figures


def looks(stored: StoredWeights, judge: Judge, options: argparse.Namespace) -> dict[str, float]:
    """Of each checkpoint the share of its own look where a prompt names none."""
    figures: dict[str, float] = {}
    scenes = single_scenes(options.per_lora, options.seed + 2, "train", styles=("flat",))
    prompts = [describe(scene).removesuffix(", flat style") for scene in scenes]
    for model in zoo_models():
        if model.nature == "checkpoint":
            made = Generator(stored, stored.unet(model)).sample(prompts, options.seed)
            own = model.teaches or "flat"
            share = np.mean([said.style == own for said in judge.of_pictures(made)])
            figures[f"look_{model.weights}"] = float(share)
    return figures


def draw_sheet(generator: Generator, scenes: list[Scene], seed: int) -> Image.Image:
    """Sampled pictures, ten a row."""
    made = generator.sample([describe(scene) for scene in scenes], seed)
    sheet = Image.new("RGB", (1300, 130 * -(-len(made) // 10)), "white")
    for number, pixels in enumerate(made):
        sheet.paste(Image.fromarray(pixels), (number % 10 * 130, number // 10 * 130))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
