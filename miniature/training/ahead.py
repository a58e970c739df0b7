"""What the steps of a training learn from, drawn ahead by other processes if there are some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["Draw", "drawn"]

_AHEAD = 4

Draw = Callable[[np.random.Generator], Any]
"""Makes from chance what a step learns from. For other processes it has to be picklable."""


class _Draws:
    """A data set of torch's, by step."""

    def __init__(self, draw: Draw, seed: int) -> None:
        self.draw, self.seed = draw, seed

    def __getitem__(self, step: int) -> Any:  # noqa: ANN401
        return self.draw(np.random.default_rng((self.seed, step)))


def drawn(draw: Draw, seed: int, steps: range, workers: int = 0) -> Iterator[Any]:
    """What each of some steps learns from, in their order.

    It depends on the seed and on the step's number only, and not on who draws it.

    Args:
        draw: See `Draw`.
        seed: Of all steps.
        steps: Their numbers.
        workers: How many processes draw; with 0 this one does, when it is asked.
    """
    draws = _Draws(draw, seed)
    if not workers or not steps:
        return map(draws.__getitem__, steps)
    from torch.utils.data import DataLoader

    loader: Any = DataLoader(
        draws,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        collate_fn=_as_it_is,
        prefetch_factor=_AHEAD,
        multiprocessing_context="spawn",  # a forked process must not touch a GPU
    )
    return iter(loader)


def _as_it_is(batch: Any) -> Any:  # noqa: ANN401
    return batch
