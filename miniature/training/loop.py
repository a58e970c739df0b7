"""A training that stops and goes on: state on the disk, a line now and then.

On a CPU, workers in lockstep: each is a process with one thread and its own examples. They put
their gradients into shared memory, meet, each change a part of the shared weights, and meet again:
two meetings a step, while threads inside one process would meet hundreds of times and wait for each
other on a busy machine. On a GPU a step is recorded once and played again and again, since the
kernels of such small models are done sooner than Python can ask for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, multiprocessing, nn

from miniature.training.optim import Average, Muon, schedule

__all__ = ["Loss", "Run", "train"]

_SAVE_S = 60
_LINE_S = 20
_WARM_UP = 3
_WAIT_S = 600
"""A worker that is not heard of for so long has died."""
_PLAYED = 10
"""Steps asked of a GPU before it is waited for."""

Loss: TypeAlias = Callable[[nn.Module], Tensor]
"""Takes the model, makes up a batch by torch's chance, gives its mean loss."""


@dataclass(frozen=True)
class Run:
    """How a training goes."""

    state: Path
    """The file that holds the state."""
    minutes: float
    """How long, in all runs together; the schedule follows it."""
    workers: int = 2
    """Processes on a CPU; on a GPU there is one."""
    steps: int | None = None
    """Ends after so many steps if the time is not over before."""
    keep: float = 0.998
    """Of the averaged weights."""
    seed: int = 0
    device: str = "cpu"
    half: bool = True
    """On a GPU, whether sums are done in bfloat16 where that is safe."""

    @property
    def is_half(self) -> bool:
        """Whether sums are done in bfloat16."""
        return self.half and self.device != "cpu"

    def is_over(self, step: int, spent: float) -> bool:
        """Whether this step is the last."""
        return spent >= 60 * self.minutes or (self.steps is not None and step >= self.steps)


def train(model: nn.Module, optimiser: Muon, loss: Loss, run: Run) -> dict[str, Tensor]:
    """Train a model in place.

    Args:
        model: Its weights are put into shared memory.
        optimiser: For all or some of the model's parameters; others stay as they are.
        loss: See `Loss`.
        run: How.

    Returns:
        The averaged weights.
    """
    training = _Training(model, optimiser, loss, run, Average(model, run.keep))
    if run.device == "cpu" and run.workers > 1:
        _by_workers(training)
    else:
        _alone(training)
    return training.average.weights


class _Training:
    """What is trained, how far it is, and what is kept of it."""

    def __init__(
        self, model: nn.Module, optimiser: Muon, loss: Loss, run: Run, average: Average
    ) -> None:
        self.model, self.optimiser, self.loss = model, optimiser, loss
        self.run, self.average = run, average
        self.step, self.spent = 0, 0.0
        if run.state.exists():
            saved = torch.load(run.state, map_location=run.device)
            model.load_state_dict(saved["model"])
            optimiser.load_state_dict(saved["optimiser"])
            for name, tensor in saved["average"].items():
                average.weights[name].copy_(tensor)
            self.step, self.spent = saved["steps"], saved["spent"]
        self._saved = self._noted = self.spent
        self._losses: list[float] = []

    def note(self, step: int, spent: float, loss: float) -> None:
        """Take in how far it is; write a line and save if it is time."""
        self.step, self.spent = step, spent
        is_over = self.run.is_over(step, spent)
        self._losses.append(loss)
        if spent - self._noted > _LINE_S or is_over:
            recent = sum(self._losses) / len(self._losses)
            print(f"{spent:6.0f} s  step {step}  loss {recent:.4f}", flush=True)
            self._noted, self._losses = spent, []
        if spent - self._saved > _SAVE_S or is_over:
            self._saved = spent
            self._save()

    def _save(self) -> None:
        part = self.run.state.with_suffix(".part")
        kept = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.weights,
            "steps": self.step,
            "spent": self.spent,
        }
        torch.save(kept, part)
        part.replace(self.run.state)


def _alone(training: _Training) -> None:
    model, optimiser, run = training.model, training.optimiser, training.run
    torch.manual_seed(run.seed + training.step)
    total, factor = (torch.zeros((), device=run.device) for _ in range(2))
    count = torch.tensor(float(training.step), device=run.device)

    def step() -> None:
        with torch.autocast(run.device, torch.bfloat16, enabled=run.is_half):
            value = training.loss(model)
        gradients = torch.autograd.grad(value, optimiser.parameters)
        count.add_(1)
        optimiser.step(gradients, factor, count)
        training.average.update(model, count)
        total.add_(value.detach())

    began = time.monotonic() - training.spent
    play = step if run.device == "cpu" else _recorded(step)
    at_once = 1 if run.device == "cpu" else _PLAYED
    while not run.is_over(training.step, training.spent):
        total.zero_()
        for _ in range(at_once):
            factor.fill_(schedule((time.monotonic() - began) / (60 * run.minutes)))
            play()
        mean = float(total) / at_once
        training.note(int(count), time.monotonic() - began, mean)


def _recorded(step: Callable[[], None]) -> Callable[[], None]:
    """A step as a CUDA graph. It is done a few times before, at a rate of zero, as torch asks."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def _by_workers(training: _Training) -> None:
    parts = training.run.workers
    training.model.share_memory()
    for tensor in training.average.weights.values():
        tensor.share_memory_()
    size = sum(parameter.numel() for parameter in training.optimiser.parameters)
    shared = _Shared(
        torch.zeros(parts, size).share_memory_(),
        torch.tensor([training.step, training.spent], dtype=torch.float64).share_memory_(),
    )
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(parts, timeout=_WAIT_S)
    helpers = [
        context.Process(target=_work, args=(i, training, shared, barrier)) for i in range(1, parts)
    ]
    for helper in helpers:
        helper.start()
    try:
        _work(0, training, shared, barrier)
        for helper in helpers:
            helper.join()
    finally:
        torch.set_flush_denormal(False)  # the first worker is this process
        for helper in helpers:
            helper.kill()


@dataclass(frozen=True)
class _Shared:
    gradients: Tensor
    """One row a worker."""
    facts: Tensor
    """Steps, seconds."""


def _work(part: int, training: _Training, shared: _Shared, barrier) -> None:  # noqa: ANN001
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    model, optimiser, run = training.model, training.optimiser, training.run
    torch.manual_seed(hash((run.seed, part, training.step)))
    parameters = optimiser.parameters
    sizes = [parameter.numel() for parameter in parameters]
    last = time.monotonic()
    while True:
        value = training.loss(model)
        gradients = torch.autograd.grad(value, parameters)
        torch.cat([g.reshape(-1) for g in gradients], out=shared.gradients[part])
        if part == 0:
            now = time.monotonic()
            shared.facts[0] += 1
            shared.facts[1] += min(now - last, 60)  # a pause does not count
            last = now
        barrier.wait()
        step, spent = int(shared.facts[0]), float(shared.facts[1])
        mean = [
            g.view_as(p)
            for g, p in zip(shared.gradients.mean(0).split(sizes), parameters, strict=True)
        ]
        factor = schedule(spent / (60 * run.minutes))
        optimiser.step(mean, factor, step, part=part, of=run.workers)
        barrier.wait()
        if part == 0:
            training.average.update(model, torch.tensor(float(step)))
            training.note(step, spent, float(value.detach()))
        if run.is_over(step, spent):
            return
