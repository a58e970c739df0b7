"""How errors are told to a page."""

from __future__ import annotations

from polaris_core.errors import (
    Busy,
    Cancelled,
    FetchProblem,
    FileProblem,
    IncompatibleAdapter,
    InvalidInput,
    MissingDependency,
    MissingWeights,
    NothingFits,
    NotOffered,
    PolarisError,
    UnknownModel,
)
from polaris_core.page.cards import Json

__all__ = ["status_of", "told"]

_STATUS: tuple[tuple[type[PolarisError], int], ...] = (
    (InvalidInput, 400),
    (UnknownModel, 404),
    (FileProblem, 404),
    (Busy, 409),
    (MissingDependency, 409),
    (MissingWeights, 409),
    (IncompatibleAdapter, 409),
    (NothingFits, 409),
    (Cancelled, 409),
    (NotOffered, 409),
    (FetchProblem, 502),
)


def status_of(error: PolarisError) -> int:
    """The status of HTTP that fits an error; 500 where the request could do nothing about it."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def told(error: PolarisError) -> Json:
    """What a page is told of an error."""
    return {
        "error": error.problem + (f": {error.value}" if error.value else ""),
        "hint": error.hint,
    }
