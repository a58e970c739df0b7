"""What an encoder is: something that maps texts or pictures to unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from polaris_core.progress import Progress, silent

__all__ = [
    "Embeddings",
    "Encoders",
    "ImageEncoder",
    "PictureTextEncoder",
    "RGBImage",
    "TextEncoder",
]

Embeddings = npt.NDArray[np.float32]
"""Shape `n dim`, rows of unit length."""

RGBImage = npt.NDArray[np.uint8]
"""Shape `h w 3`, values 0-255."""


@runtime_checkable
class TextEncoder(Protocol):
    """Maps texts to unit vectors."""

    @property
    def name(self) -> str:
        """Model and weights, such that equal names give equal vectors; caches are keyed by it."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Embed each text; an empty text is embedded like any other.

        Raises:
            MissingDependency: A package is not installed.
            MissingWeights: The weights are not on this machine.
        """
        ...


@runtime_checkable
class ImageEncoder(Protocol):
    """Maps pictures to unit vectors, in the space of its own text encoder if it has one."""

    @property
    def name(self) -> str:
        """Model and weights, such that equal names give equal vectors; caches are keyed by it."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def encode_images(self, images: Sequence[RGBImage], progress: Progress = silent) -> Embeddings:
        """Embed each picture.

        Raises:
            MissingDependency: A package is not installed.
            MissingWeights: The weights are not on this machine.
        """
        ...


@runtime_checkable
class PictureTextEncoder(TextEncoder, ImageEncoder, Protocol):
    """Maps texts and pictures to unit vectors of one space, as CLIP does."""


@dataclass(frozen=True)
class Encoders:
    """The encoders of the two halves. Without `image` there is no search by picture."""

    text: TextEncoder
    image: ImageEncoder | None = None
