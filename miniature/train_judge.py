"""Train the judge, which says what a picture of the miniature world shows.

    python -m miniature.train_judge --state FOLDER [--steps 1100] [--device auto|cpu|cuda]

Goes on where it stopped if the folder holds a state. Ends with `judge.safetensors` among the
models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from miniature.training.judge import Labelled, labelled, loss_of, make_judge, weathered
from miniature.training.optim import Muon
from miniature.training.reader_data import cached
from miniature.training.steps import device_of, options_for, train
from polaris_core.miniature.store import save_compact

MODELS = Path(__file__).parent / "models"
_BATCH = 48
_RATE, _ADAM_RATE = 0.02, 2e-3


def fit(judge: Any, data: Labelled, steps: int, state: Path | None = None) -> list[float]:  # noqa: ANN401
    """Train the judge in place; gives the losses."""
    optimiser = Muon(judge.named_parameters(), rate=_RATE, adam_rate=_ADAM_RATE)

    def step(rng: np.random.Generator, done: float) -> tuple[Any, float]:
        chosen = rng.integers(0, len(data.pictures), _BATCH)
        pictures = weathered(data.pictures[chosen], rng, device_of(judge))
        loss, right = loss_of(judge, pictures, data.labels[chosen])
        return loss, float(right.all(1).mean())

    return train(judge, step, steps, optimiser=optimiser, state=state)


def store(judge: Any, training: str, models: Path = MODELS) -> None:  # noqa: ANN401
    """Write the weights and their card."""
    card = {
        "name": "miniature-judge",
        "description": "Says kind, colour and style of a drawn thing.",
        "training": training,
    }
    weights = {name: tensor.cpu().numpy() for name, tensor in judge.state_dict().items()}
    save_compact(models / "judge.safetensors", weights, card)


def main() -> None:
    """Read the command line, train, store."""
    options = options_for((__doc__ or "").splitlines()[0], steps=1100)
    judge = make_judge().to(options.device)
    data = labelled(cached(options.state, options.scenes, seed=1))
    fit(judge, data, options.steps, options.state / "judge.pt")
    store(judge, f"{options.steps} steps of {_BATCH} on {len(data.pictures)} squares, seed 0")


if __name__ == "__main__":
    main()
