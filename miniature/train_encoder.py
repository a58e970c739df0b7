"""Train the encoder, a small CLIP, on drawn pictures and what is said of them.

    python -m miniature.train_encoder --state FOLDER [--steps 600] [--device auto|cpu|cuda]

Goes on where it stopped if the folder holds a state. Ends with `encoder.safetensors` among the
models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from miniature.training.encoder import draw_batch, loss_of, make_encoder
from miniature.training.optim import Muon
from miniature.training.reader_data import Drawn, cached
from miniature.training.steps import options_for, train
from polaris_core.miniature.store import save_compact

MODELS = Path(__file__).parent / "models"
_RATE, _ADAM_RATE = 0.02, 2e-3
_LEFT_OUT = ("token_embedding.weight", "num_batches_tracked")
_BY_ADAM = (
    *("positional_embedding", "text_projection", "visual.attnpool.q_proj"),
    *("visual.attnpool.k_proj", "visual.attnpool.positional_embedding"),
    *("transformer.resblocks.0.attn.in_proj", "transformer.resblocks.1.attn.in_proj"),
)
"""Queries and keys among them: orthogonal steps would soon make them look at one token only."""


def fit(model: Any, drawn: Drawn, steps: int, state: Path | None = None) -> list[float]:  # noqa: ANN401
    """Train the encoder in place; gives the losses."""
    import open_clip

    tokenize = open_clip.get_tokenizer("ViT-B-32")
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    optimiser = Muon(named, rate=_RATE, adam_rate=_ADAM_RATE, adam_names=_BY_ADAM)

    def step(rng: np.random.Generator, done: float) -> tuple[Any, float]:
        return loss_of(model, tokenize, draw_batch(drawn, rng), rng)

    return train(model, step, steps, optimiser=optimiser, state=state)


def store(model: Any, training: str, models: Path = MODELS) -> None:  # noqa: ANN401
    """Write the weights and their card; without what is made again from a seed, and counters."""
    card = {
        "name": "miniature-encoder",
        "description": "A CLIP that knows the things, colours and styles of the miniature world.",
        "training": training,
    }
    weights = {
        name: tensor.cpu().numpy()
        for name, tensor in model.state_dict().items()
        if not name.endswith(_LEFT_OUT)
    }
    save_compact(models / "encoder.safetensors", weights, card)


def main() -> None:
    """Read the command line, train, store."""
    options = options_for((__doc__ or "").splitlines()[0], steps=600)
    model = make_encoder().to(options.device)
    drawn = cached(options.state, options.scenes, seed=1)
    fit(model, drawn, options.steps, options.state / "encoder.pt")
    store(model, f"{options.steps} steps on {options.scenes} scenes, seed 0")


if __name__ == "__main__":
    main()
