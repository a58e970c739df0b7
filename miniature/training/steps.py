"""A training loop of a fixed number of steps that can be stopped and gone on with."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from miniature.training.ahead import Draw, drawn
from miniature.training.device import chosen_device
from miniature.training.optim import Muon, schedule

__all__ = ["Step", "device_of", "options_for", "train"]

_NOTED, _SAVED_S, _NORM = 25, 60.0, 1.0
_SCENES = 4000

Step = Callable[[Any, float], tuple[Any, float]]
"""Takes what was drawn for it, or chance of its own where nothing draws, and how much of the
training is over, 0 to 1; gives the loss of a new batch, and the share of it that was right."""


def device_of(model: Any) -> Any:  # noqa: ANN401
    """Where a model lies, as torch names it."""
    return next(model.parameters()).device


def options_for(title: str, steps: int, **numbers: int) -> argparse.Namespace:
    """Read a training command's options: `state`, `steps`, `device`, `scenes`, and numbers.

    Args:
        title: What the command does.
        steps: How many unless one says so.
        numbers: More options, with what they are if none is given.
    """
    import torch

    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--state", type=Path, required=True, help="a folder to go on from")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--scenes", type=int, default=_SCENES, help="how many are drawn")
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    options.device = chosen_device(options.device)
    torch.set_flush_denormal(True)
    return options


@dataclass
class _Log:
    """Writes means over some steps to a file."""

    file: Path | None
    losses: list[float]
    right: list[float]

    def add(self, step: int, loss: float, right: float, seconds: float) -> None:
        self.losses.append(loss)
        self.right.append(right)
        if step % _NOTED:
            return
        line = f"step {step}  loss {np.mean(self.losses):.4f}  right {np.mean(self.right):.4f}"
        line += f"  {seconds:.0f} s of processor time"
        self.losses, self.right = [], []
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as out:
                out.write(line + "\n")


def train(
    model: Any,  # noqa: ANN401
    step_of: Step,
    steps: int,
    *,
    optimiser: Muon,
    state: Path | None = None,
    seed: int = 0,
    draw: Draw | None = None,
    workers: int = 0,
) -> list[float]:
    """Train a model in place.

    The chance of a step depends only on the seed and on its number, so that a run which was
    interrupted sees what an uninterrupted one would have seen.

    Args:
        model: What to train.
        step_of: See `Step`.
        steps: How many, in all runs together.
        optimiser: Of the model's parameters.
        state: A file that holds model and optimiser, written every minute; beside it a log. None
            keeps nothing.
        seed: Of the batches.
        draw: Makes from a step's chance what `step_of` is given; None gives it the chance itself.
        workers: How many processes draw ahead; 0 draws in this one.

    Returns:
        The losses of this run's steps.
    """
    import torch

    first, spent = _resumed(model, optimiser, state)
    log = _Log(state.with_suffix(".log") if state else None, [], [])
    began, saved = time.process_time() - spent, time.monotonic()
    losses: list[float] = []
    model.train()
    left = range(first, steps)
    for step, given in zip(left, drawn(draw or _chance, seed, left, workers), strict=True):
        done = step / steps
        loss, right = step_of(given, done)
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _NORM)
        gradients = [
            torch.zeros_like(each) if each.grad is None else each.grad
            for each in optimiser.parameters
        ]
        optimiser.step(gradients, schedule(done), step + 1)
        losses.append(float(loss.detach()))
        log.add(step + 1, losses[-1], right, time.process_time() - began)
        last = step + 1 == steps
        if state is not None and (last or time.monotonic() - saved > _SAVED_S):
            saved = time.monotonic()
            _save(model, optimiser, state, step + 1, time.process_time() - began)
    return losses


def _chance(rng: np.random.Generator) -> np.random.Generator:
    return rng


def _resumed(
    model: Any,  # noqa: ANN401
    optimiser: Muon,
    state: Path | None,
) -> tuple[int, float]:
    """Steps done and seconds spent."""
    import torch

    if state is None or not state.is_file():
        return 0, 0.0
    held = torch.load(state, weights_only=True, map_location=device_of(model))
    model.load_state_dict(held["model"])
    optimiser.load_state_dict(held["optimiser"])
    return held["step"], held["seconds"]


def _save(model: Any, optimiser: Muon, state: Path, step: int, seconds: float) -> None:  # noqa: ANN401
    import torch

    part = state.with_suffix(".part")
    state.parent.mkdir(parents=True, exist_ok=True)
    parts = {"model": model.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({**parts, "step": step, "seconds": seconds}, part)
    part.rename(state)
