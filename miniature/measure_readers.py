"""Measure the stored judge, encoder and language model on what they never saw.

python -m miniature.measure_readers [judge] [encoder] [language_model]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from miniature.training import measures
from miniature.training.judge import labelled
from miniature.training.reader_data import draw_scenes
from miniature.training.reader_words import HELD_OUT_NOUNS, HELD_OUT_STYLES, NOUNS, STYLES
from miniature.training.requests import Vocabulary, draw_question
from miniature.training.zoo_questions import zoo_questions
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.llm.transformers_model import TransformersModel
from polaris_core.miniature.readers import write_encoder, write_language_model

MODELS = Path(__file__).parent / "models"


def of_judge(scenes: int = 500) -> Iterator[str]:
    """Its figures, a line each."""
    judge = measures.load_judge(MODELS / "judge.safetensors")
    for seed, split in ((3, "train"), (2, "held_out")):
        data = labelled(draw_scenes(scenes, seed, "train" if split == "train" else "held_out"))
        kind, colour, style = measures.judged_rightly(judge, data).mean(0)
        which = "known combinations" if split == "train" else "held-out combinations"
        yield (
            f"judge, new scenes of {which}, {len(data.pictures)} squares: "
            f"kind {kind:.3f}, colour {colour:.3f}, style {style:.3f}"
        )


def of_encoder(count: int = 200) -> Iterator[str]:
    """Its figures, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        write_encoder(MODELS / "encoder.safetensors", Path(folder))
        encoder = ClipEncoder(folder, device="cpu")
        by_text, by_picture = measures.captions_found(encoder, count)
        yield f"encoder, R@1 of {count} held-out: text {by_text:.3f}, picture {by_picture:.3f}"
        chosen = measures.masks_chosen(encoder, count // 2)
        yield f"encoder, right mask in {count // 2} held-out scenes of two: {chosen:.3f}"


def of_language_model(count: int = 60) -> Iterator[str]:
    """Its figures, a line each."""
    with tempfile.TemporaryDirectory() as folder:
        write_language_model(MODELS / "language_model.safetensors", Path(folder))
        model = TransformersModel.load(folder, device="cpu")
        for name, words in (
            ("known words, new combinations", Vocabulary(NOUNS, STYLES)),
            ("words never seen", Vocabulary(HELD_OUT_NOUNS, HELD_OUT_STYLES)),
        ):
            rng = np.random.default_rng(77)
            asked = [draw_question(rng, words, 10) for _ in range(count)]
            scores = measures.scores_of(model, asked)
            first = [q.fits[int(np.argmax(s))] for q, s in zip(asked, scores, strict=True)]
            area = measures.auc(scores, [q.fits for q in asked])
            yield f"language model, {name}: AUC {area:.3f}, first fits {np.mean(first):.3f}"
        kept: list[bool] = []
        for intent, topic, entries, right in zoo_questions():
            names = measures.topic_kept(model, intent, topic, entries)
            kept.append(bool(names) and names[0] in right)
        yield f"language model, Tree Rerank over the zoo's cards: first right {np.mean(kept):.3f}"


def main() -> None:
    """Print the figures of those that are named, or of all."""
    known = {"judge": of_judge, "encoder": of_encoder, "language_model": of_language_model}
    for name in sys.argv[1:] or known:
        for line in known[name]():
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
