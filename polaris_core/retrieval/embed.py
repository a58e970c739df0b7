"""Entries to vectors: the text half and the picture half (paper, section 4.4)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from polaris_core.catalogue.entry import Entry
from polaris_core.catalogue.previews import is_picture
from polaris_core.encoders.base import Embeddings, ImageEncoder, RGBImage, TextEncoder
from polaris_core.errors import InvalidInput
from polaris_core.images import read_picture
from polaris_core.progress import Progress, silent
from polaris_core.retrieval.documents import text_fields

__all__ = [
    "picture_fingerprint",
    "picture_vectors",
    "text_fingerprint",
    "text_vectors",
]

_PREVIEWS = 8
_ENTRIES_AT_ONCE = 8
_EDGE_PX = 512
"""Previews are shrunk to this before they are kept in memory; encoders look at less."""


def text_fingerprint(entry: Entry) -> bytes:
    """Bytes that are the same as long as `text_vectors` gives the same vector."""
    said = repr([(field.weight, field.texts) for field in text_fields(entry)])
    return said.encode("utf-8", "surrogatepass")


def picture_fingerprint(entry: Entry) -> bytes:
    """Bytes that are the same as long as the previews' files have not changed."""
    facts: list[tuple[str, int, int]] = []
    for path in _picture_paths(entry):
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        facts.append((path, status.st_size, status.st_mtime_ns))
    return repr(facts).encode("utf-8", "surrogatepass")


def text_vectors(
    entries: Sequence[Entry], encoder: TextEncoder, progress: Progress = silent
) -> Embeddings:
    """The weighted mean of each entry's fields, at unit length; shape `n dim`.

    Raises:
        PolarisError: As the encoder does.
    """
    fields = [text_fields(entry) for entry in entries]
    texts = [text for of_entry in fields for field in of_entry for text in field.texts]
    vectors = encoder.encode_texts(texts, progress)
    means = np.zeros((len(entries), encoder.dim))
    at = 0
    for row, of_entry in enumerate(fields):
        for field in of_entry:
            means[row] += field.weight * vectors[at : at + len(field.texts)].mean(axis=0)
            at += len(field.texts)
    return _unit(means)


def picture_vectors(
    entries: Sequence[Entry], encoder: ImageEncoder, progress: Progress = silent
) -> Embeddings:
    """The mean of each entry's previews, at unit length; zero without previews; shape `n dim`.

    Previews that are gone or broken are left out: the scan has reported them.

    Raises:
        PolarisError: As the encoder does.
    """
    means = np.zeros((len(entries), encoder.dim))
    for start in range(0, len(entries), _ENTRIES_AT_ONCE):
        progress(start, len(entries), "looking at previews")
        pictures: list[RGBImage] = []
        owners: list[int] = []
        for row, entry in enumerate(entries[start : start + _ENTRIES_AT_ONCE], start=start):
            for path in _picture_paths(entry):
                with suppress(InvalidInput):
                    pictures.append(np.asarray(read_picture(path, _EDGE_PX)))
                    owners.append(row)
        if pictures:
            vectors = encoder.encode_images(pictures, _checked(progress))
            np.add.at(means, owners, vectors)
    return _unit(means)


def _picture_paths(entry: Entry) -> list[str]:
    paths = (preview.path for preview in entry.previews)
    return [path for path in paths if path and is_picture(path)][:_PREVIEWS]


def _checked(progress: Progress) -> Progress:
    """Lets the encoder be stopped without its own count being shown."""
    return lambda done, total, what: progress(0, 0, what)


def _unit(rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Embeddings:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
