"""A training that stops and goes on: workers in lockstep, state on the disk, a line now and then.

Each worker is a process with one thread and its own examples. They put their gradients into shared
memory, meet, each change a part of the shared weights, and meet again: two meetings a step, while
threads inside one process would meet hundreds of times and wait for each other on a busy machine.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, multiprocessing, nn

from miniature.training.optim import Average, Muon, schedule

__all__ = ["Run", "train"]

_SAVE_S = 60
_LINE_S = 20


@dataclass(frozen=True)
class Run:
    """How a training goes."""

    state: Path
    """The file that holds the state."""
    minutes: float
    """How long, in all runs together; the schedule follows it."""
    workers: int = 2
    steps: int | None = None
    """Ends after so many steps if the time is not over before."""
    keep: float = 0.998
    """Of the averaged weights."""
    seed: int = 0
    device: str = "cpu"
    """On "cuda" there is one worker, and sums are done in bfloat16 where that is safe."""

    @property
    def parts(self) -> int:
        """How many workers there are."""
        return self.workers if self.device == "cpu" else 1


def train(
    model: nn.Module, optimiser: Muon, loss: Callable[[nn.Module, random.Random], Tensor], run: Run
) -> dict[str, Tensor]:
    """Train a model in place.

    Args:
        model: Its weights are put into shared memory.
        optimiser: For all or some of the model's parameters; others stay as they are.
        loss: Takes the model and a source of chance, makes up a batch, gives its mean loss.
        run: How.

    Returns:
        The averaged weights.
    """
    model.share_memory()
    size = sum(parameter.numel() for parameter in optimiser.parameters)
    shared = _Shared(
        torch.zeros(run.parts, size, device=run.device).share_memory_(),
        torch.zeros(4, dtype=torch.float64).share_memory_(),
    )
    average = Average(model, run.keep)
    for tensor in average.weights.values():
        tensor.share_memory_()
    if run.state.exists():
        saved = torch.load(run.state, map_location=run.device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights = {name: t.share_memory_() for name, t in saved["average"].items()}
        average.steps = saved["steps"]
        shared.facts[0], shared.facts[1] = saved["steps"], saved["spent"]
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(run.parts)
    arguments = (model, optimiser, loss, run, shared, average, barrier)
    helpers = [context.Process(target=_work, args=(i, *arguments)) for i in range(1, run.parts)]
    for helper in helpers:
        helper.start()
    try:
        _work(0, *arguments)
        for helper in helpers:
            helper.join()
    finally:
        for helper in helpers:
            helper.kill()
    return average.weights


@dataclass(frozen=True)
class _Shared:
    gradients: Tensor
    facts: Tensor
    """Steps, seconds, whether to stop, mean loss."""


def _work(part, model, optimiser, loss, run, shared, average, barrier) -> None:  # noqa: ANN001
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    rng = random.Random(f"{run.seed} {part} {int(shared.facts[0])}")
    torch.manual_seed(rng.randrange(1 << 31))
    parameters = optimiser.parameters
    sizes = [parameter.numel() for parameter in parameters]
    last = time.monotonic()
    saved = noted = float(shared.facts[1])
    losses: list[float] = []
    while True:
        with torch.autocast(run.device, torch.bfloat16, enabled=run.device != "cpu"):
            value = loss(model, rng)
        gradients = torch.autograd.grad(value, parameters)
        torch.cat([g.reshape(-1) for g in gradients], out=shared.gradients[part])
        losses.append(float(value.detach()))
        if part == 0:
            now = time.monotonic()
            shared.facts[0] += 1
            shared.facts[1] += min(now - last, 60)  # a pause does not count
            last = now
            too_many = run.steps is not None and shared.facts[0] >= run.steps
            shared.facts[2] = float(shared.facts[1] >= 60 * run.minutes or too_many)
        barrier.wait()
        step, spent, stop = int(shared.facts[0]), float(shared.facts[1]), bool(shared.facts[2])
        mean = [
            g.view_as(p)
            for g, p in zip(shared.gradients.mean(0).split(sizes), parameters, strict=True)
        ]
        optimiser.step(mean, schedule(spent / (60 * run.minutes)), step, part=part, of=run.parts)
        barrier.wait()
        if part == 0:
            average.update(model)
            if spent - noted > _LINE_S or stop:
                recent = sum(losses) / len(losses)
                print(f"{spent:6.0f} s  step {step}  loss {recent:.4f}", flush=True)
                noted, losses = spent, []
            if spent - saved > _SAVE_S or stop:
                saved = spent
                _save(run.state, model, optimiser, average, spent)
        if stop:
            return


def _save(file: Path, model: nn.Module, optimiser: Muon, average: Average, spent: float) -> None:
    part = file.with_suffix(".part")
    torch.save(
        {
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "average": average.weights,
            "steps": average.steps,
            "spent": spent,
        },
        part,
    )
    part.replace(file)
