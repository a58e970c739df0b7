"""What every encoder asks of its input."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.errors import InvalidInput, MissingDependency

__all__ = ["checked_image", "checked_text", "required"]

_CHARACTERS = 65536
"""Read of a text at the most: far more than any encoder here takes in."""


def checked_image(image: RGBImage) -> RGBImage:
    """The picture itself.

    Raises:
        InvalidInput: It is not `h w 3` bytes, or has no pixels.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise InvalidInput(
            "a picture must be h × w × 3 bytes", value=f"{image.dtype} {image.shape}"
        )
    return image


def checked_text(text: str) -> str:
    """The text as tokenizers can read it: of bounded length, lone surrogates replaced."""
    return text[:_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def required(package: str, install: str) -> Any:  # noqa: ANN401  packages without types
    """Import a package that is not needed by everyone.

    Raises:
        MissingDependency: It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingDependency(
            f"the package {package} cannot be imported",
            value=str(error),
            hint=f"Install it: pip install {install}",
        ) from error
