"""Packages that only those need who run a language model on this machine."""

from __future__ import annotations

import importlib
from typing import Any

from polaris_core.errors import MissingDependency

__all__ = ["required"]


def required(module: str, install: str) -> Any:  # noqa: ANN401  packages without types
    """Import a module of a package that is not needed by everyone.

    Raises:
        MissingDependency: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependency(
            f"the package {install} cannot be imported",
            value=str(error),
            hint=f"Install it: pip install {install}",
        ) from error
