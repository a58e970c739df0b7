"""Sample the preview of every model of the zoo with the model itself.

    python -m miniature.make_previews

Of a few tries the first is kept in which the judge sees what the model is for, as an uploader would
choose. Models of other families show what the LoRA of the same subject draws. Writes
`miniature/models/previews/*.webp`.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from pathlib import Path

from PIL import Image

from miniature.judging import Judge
from miniature.sampling_quality import Generator
from miniature.training.crops import Picture
from miniature.world import ALL_KINDS, COLOURS
from polaris_core.miniature.cards import ZooModel, zoo_models
from polaris_core.miniature.stored import FOLDER, StoredWeights, baked

_TRIES = 8
_QUALITY = 90


def main() -> None:
    """Sample and write them; says of which no try was judged right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", type=Path, default=FOLDER)
    options = parser.parse_args()
    stored, judge = StoredWeights(options.weights), Judge(options.weights)
    folder: Path = options.weights / "previews"
    folder.mkdir(exist_ok=True)
    for model in zoo_models():
        made, right = preview(stored, judge, model)
        file = folder / f"{model.card.stem}.webp"
        Image.fromarray(made).save(file, quality=_QUALITY, method=6)
        sys.stdout.write(f"{file.name}{'' if right else '  not judged right'}\n")


def preview(stored: StoredWeights, judge: Judge, model: ZooModel) -> tuple[Picture, bool]:
    """A picture of what a model's card wants drawn, and whether the judge sees that there."""
    generator = _generator(stored, model)
    seed = zlib.crc32(model.card.file.encode("utf-8")) % 10_000
    prompt = model.card.drawing
    tries = generator.sample([prompt] * _TRIES, seed)
    said = prompt.replace(",", " ").split()
    kind = next(name for name in ALL_KINDS if name in said)
    colour = next((name for name in COLOURS if name in said), None)
    for made, seen in zip(tries, judge.of_pictures(tries), strict=True):
        fits = seen.kind == kind and colour in (None, seen.colour)
        if fits and (model.teaches in ("", kind) or seen.style == model.teaches):
            return made, True
    return tries[0], False


def _generator(stored: StoredWeights, model: ZooModel) -> Generator:
    models = zoo_models()
    if model.nature == "checkpoint":
        return Generator(stored, stored.unet(model))
    plain = stored.unet(models[0])
    if model.nature == "wrong base":
        same = (m for m in models if m.nature == "lora" and m.teaches == model.teaches)
        model = next(same, model)
        if not model.weights:
            return Generator(stored, plain)
    return Generator(stored, baked(plain, stored.lora(model)))


if __name__ == "__main__":
    main()
