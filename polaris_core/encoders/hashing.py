"""Texts and pictures to vectors without any weights: for tests, and to try things out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import Embeddings, RGBImage
from polaris_core.encoders.checks import checked_image
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent

__all__ = ["HashingEncoder"]

_GRID = 4
_LEVELS = 8


class HashingEncoder:
    """A deterministic encoder that knows spelling and colour, and nothing else.

    A text is its words and their groups of three letters, so texts that share words or spellings
    are near each other; a picture is its colours and where they stand. Every such feature owns a
    random direction drawn from its hash. Texts and pictures share no features: one finds texts by
    texts and pictures by pictures.
    """

    def __init__(self, dim: int = 256) -> None:
        if dim < 1:
            raise InvalidInput("a vector needs at least one value", value=dim)
        self._dim = dim

    @property
    def name(self) -> str:
        """Equal names give equal vectors, on every machine."""
        return f"hashing:{self._dim}"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Embed each text, shape `n dim`; an empty text has a vector of its own."""
        rows = np.zeros((len(texts), self._dim))
        for i, text in enumerate(texts):
            progress(i, len(texts), "embedding texts")
            for feature, weight in _text_features(text):
                rows[i] += weight * _direction(feature, self._dim)
        return _unit(rows)

    def encode_images(self, images: Sequence[RGBImage], progress: Progress = silent) -> Embeddings:
        """Embed each picture, shape `n dim`.

        Raises:
            InvalidInput: A picture is not `h w 3` bytes, or has no pixels.
        """
        rows = np.zeros((len(images), self._dim))
        for i, image in enumerate(images):
            progress(i, len(images), "embedding pictures")
            for feature, weight in _image_features(checked_image(image)):
                rows[i] += weight * _direction(feature, self._dim)
        return _unit(rows)


@lru_cache(maxsize=1 << 16)
def _direction(feature: str, dim: int) -> npt.NDArray[np.int8]:
    """A vector of ±1 that belongs to this feature."""
    stream = hashlib.shake_128(feature.encode("utf-8", "surrogatepass")).digest((dim + 7) // 8)
    bits = np.unpackbits(np.frombuffer(stream, np.uint8))[:dim]
    return bits.astype(np.int8) * 2 - 1


def _text_features(text: str) -> Iterator[tuple[str, float]]:
    yield "text", 0.1
    for word in re.findall(r"\w+", text.lower()):
        yield f"word {word}", 1.0
        framed = f" {word} "
        for at in range(len(framed) - 2):
            yield f"letters {framed[at : at + 3]}", 0.3


def _image_features(image: RGBImage) -> Iterator[tuple[str, float]]:
    yield "picture", 0.1
    tones = (image // (256 // _LEVELS)).astype(np.int64) @ np.array([_LEVELS**2, _LEVELS, 1])
    counts = np.bincount(tones.ravel())
    for tone in np.flatnonzero(counts).tolist():
        yield f"tone {tone}", float(counts[tone]) / tones.size
    height, width = image.shape[:2]
    for row in range(_GRID):
        for column in range(_GRID):
            top, left = row * height // _GRID, column * width // _GRID
            bottom = max(top + 1, (row + 1) * height // _GRID)
            right = max(left + 1, (column + 1) * width // _GRID)
            mean = image[top:bottom, left:right].mean(axis=(0, 1)) / 255.0
            for channel, value in enumerate(mean.tolist()):
                yield f"place {row} {column} {channel}", (value - 0.5) / _GRID


def _unit(rows: npt.NDArray[np.float64]) -> Embeddings:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
