"""Muon for matrices, Adam for the rest, a schedule, and averaged weights.

Muon (K. Jordan 2024) makes each matrix's step orthogonal: a few small batches go further than with
Adam, which is what counts on two cores. All state lies in shared memory, so that worker processes
can each do a part of a step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

__all__ = ["Average", "Muon", "schedule"]

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_BETAS = (0.9, 0.98)
_GENTLE = (".to_q.", ".to_k.")
_GENTLY = 0.1
"""Orthogonal steps make queries and keys grow together until attention looks at one token only and
learns nothing more: that happened within 1500 steps. So these layers take a tenth of a step."""


def _orthogonal(matrix: Tensor) -> Tensor:
    """Five Newton–Schulz steps, which bring all singular values near 1.

    A step multiplies by a polynomial of the Gram matrix, so the steps are done on that small
    square and the matrix is multiplied once.
    """
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    gram = x @ x.T
    one = torch.eye(len(gram), device=gram.device)
    product = one
    for _ in range(5):
        factor = a * one + b * gram + c * (gram @ gram)
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x.T if tall else x


class Muon:
    """One optimiser for a whole model.

    Args:
        named: Parameters by name. Matrices and kernels get Muon's step, others Adam's.
        rate: Of Muon; a step changes each matrix by this share of an orthogonal one.
        adam_rate: Of Adam.
        adam_names: Parameters whose name starts so get Adam although they are matrices.
    """

    def __init__(
        self,
        named: Iterable[tuple[str, nn.Parameter]],
        *,
        rate: float = 0.02,
        adam_rate: float = 2e-3,
        adam_names: tuple[str, ...] = (),
    ) -> None:
        self.rate, self.adam_rate = rate, adam_rate
        self.parameters: list[nn.Parameter] = []
        self.orthogonal: list[bool] = []
        self.rates: list[float] = []
        for name, parameter in named:
            self.parameters.append(parameter)
            self.rates.append(_GENTLY if any(part in name for part in _GENTLE) else 1.0)
            self.orthogonal.append(parameter.ndim > 1 and not name.startswith(adam_names or "\0"))
        self.first = [torch.zeros_like(p).detach().share_memory_() for p in self.parameters]
        self.second = [torch.zeros_like(p).detach().share_memory_() for p in self.parameters]
        order = sorted(range(len(self.parameters)), key=lambda i: -self.parameters[i].numel())
        self._order = order

    @torch.no_grad()
    def step(
        self,
        gradients: Sequence[Tensor],
        factor: float | Tensor,
        count: int | Tensor,
        *,
        part: int = 0,
        of: int = 1,
    ) -> None:
        """Change the weights.

        Args:
            gradients: One for each parameter.
            factor: What the schedule says, 0 to 1.
            count: Which step this is, from 1.
            part: Which share of the parameters to change, if others do the rest.
            of: How many shares there are.
        """
        for i in self._order[part::of]:
            if self.orthogonal[i]:
                self._muon(i, gradients[i], factor)
            else:
                self._adam(i, gradients[i], factor, count)

    def _muon(self, i: int, gradient: Tensor, factor: float | Tensor) -> None:
        self.first[i].lerp_(gradient, 0.05)
        ahead = gradient.lerp(self.first[i], 0.95)
        update = _orthogonal(ahead.reshape(len(ahead), -1)).reshape(ahead.shape)
        stretch = max(1.0, len(ahead) ** 2 / ahead.numel()) ** 0.5
        self.parameters[i].sub_(update * (factor * (self.rate * self.rates[i] * stretch)))

    def _adam(self, i: int, gradient: Tensor, factor: float | Tensor, count: int | Tensor) -> None:
        slow, fast = _BETAS
        self.first[i].lerp_(gradient, 1 - slow)
        self.second[i].lerp_(gradient.square(), 1 - fast)
        scale = (self.second[i] / (1 - fast**count)).sqrt_().add_(1e-8)
        rate = factor * self.adam_rate / (1 - slow**count)
        self.parameters[i].sub_(self.first[i] / scale * rate)

    def state_dict(self) -> dict[str, list[Tensor]]:
        """What a later run needs to go on."""
        return {"first": self.first, "second": self.second}

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Go on from what `state_dict` gave."""
        for name in ("first", "second"):
            for mine, theirs in zip(getattr(self, name), state[name], strict=True):
                mine.copy_(theirs)


def schedule(done: float, *, warm_up: float = 0.02, last: float = 0.02) -> float:
    """Learning rate's share: up in a straight line, then down along a cosine.

    Args:
        done: How much of the training is over, 0 to 1.
        warm_up: Which part of it goes up.
        last: The share at the end.
    """
    if done < warm_up:
        return max(done, 0.05 * warm_up) / warm_up
    along = min((done - warm_up) / (1 - warm_up), 1.0)
    return last + (1 - last) * 0.5 * (1 + math.cos(math.pi * along))


class Average:
    """An exponential average of a model's weights, which samples better than the last ones.

    Args:
        model: Whose weights.
        keep: The share kept at each step, once there have been enough of them.
    """

    def __init__(self, model: nn.Module, keep: float = 0.998) -> None:
        self.keep = keep
        self.weights = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, count: Tensor) -> None:
        """Take a step's weights in.

        Args:
            model: The same.
            count: Which step this is, from 1, a number on the model's device.
        """
        share = 1 - (count / (count + 10)).clamp(max=self.keep)
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value, share)
