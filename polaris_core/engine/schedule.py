"""Which noise levels a sampler passes, as ComfyUI's scheduler `normal` chooses them."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput

__all__ = ["highest", "sigmas_for", "timestep_of"]

_STEPS = 1000
_FIRST, _LAST = 0.00085, 0.012
_MOST_STEPS = 1000


@functools.cache
def _log_sigmas() -> npt.NDArray[np.float64]:
    """Logarithms of the noise levels that SD1.5 and SDXL were trained at, rising, shape `1000`.

    A level is the noise's standard deviation beside a picture of 1.
    """
    roots: npt.NDArray[np.float64] = np.linspace(_FIRST**0.5, _LAST**0.5, _STEPS, dtype=np.float64)
    kept = np.cumprod(1 - np.square(roots))
    return 0.5 * np.log((1 - kept) / kept)


def highest() -> float:
    """The highest noise level."""
    return float(np.exp(_log_sigmas()[-1]))


def sigmas_for(steps: int, denoise: float = 1.0) -> list[float]:
    """Noise levels from the first to 0: `steps` + 1 of them, or fewer if there are no more.

    Args:
        steps: Steps that are made, from 1 to 1,000.
        denoise: In (0, 1]: less than 1 begins lower, at the end of a longer way.

    Raises:
        InvalidInput: A number out of its range.
    """
    if not 1 <= steps <= _MOST_STEPS:
        raise InvalidInput("steps are out of range", value=steps, hint=f"From 1 to {_MOST_STEPS}")
    if not 0 < denoise <= 1:
        raise InvalidInput("denoise is out of range", value=denoise, hint="More than 0, up to 1")
    whole = steps if denoise > 0.9999 else int(steps / denoise)
    times = np.linspace(_STEPS - 1, 0, whole)
    levels = np.exp(np.interp(times, np.arange(_STEPS), _log_sigmas()))
    return [*levels.tolist(), 0.0][-(steps + 1) :]


def timestep_of(sigma: float) -> int:
    """The trained noise level nearest to `sigma`, by its number."""
    return int(np.abs(_log_sigmas() - np.log(sigma)).argmin())
