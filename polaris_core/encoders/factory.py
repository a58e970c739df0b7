"""Encoders by a short text, one instance of each per process."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from polaris_core.encoders.base import ImageEncoder, TextEncoder
from polaris_core.encoders.clip import ClipEncoder
from polaris_core.encoders.clip_folder import clip_folder
from polaris_core.encoders.hashing import HashingEncoder
from polaris_core.encoders.sentence import SentenceEncoder
from polaris_core.errors import InvalidInput

__all__ = ["image_encoder", "text_encoder"]

_ACCEPTED = (
    "Accepted are sentence:all-MiniLM-L6-v2, sentence:OWNER/NAME, sentence:/folder, "
    "clip:ViT-L-14/openai, clip:MODEL/TAG, clip:MODEL//file.safetensors, clip:/folder, and hashing"
)

_lock = threading.Lock()
_made: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
"""Those in use: weights that nobody holds any more are given back."""


def text_encoder(spec: str) -> TextEncoder:
    """The text encoder that `spec` names; the same instance each time.

    Args:
        spec: `sentence:NAME`, `sentence:/folder`, `clip:MODEL/TAG` (a bare `clip` is
            `clip:ViT-L-14/openai`), `clip:MODEL//file.safetensors`, `clip:/folder`, or `hashing`.

    Raises:
        InvalidInput: `spec` is none of these.
        MissingDependency: A package is not installed.
        MissingWeights: The weights are not on this machine.
    """
    return _encoder(spec)


def image_encoder(spec: str) -> ImageEncoder:
    """The image encoder that `spec` names; the same instance each time.

    Args:
        spec: As for `text_encoder`, without `sentence:`, which sees no pictures.

    Raises:
        InvalidInput: `spec` is none of these.
        MissingDependency: A package is not installed.
        MissingWeights: The weights are not on this machine.
    """
    if spec.partition(":")[0] == "sentence":
        raise InvalidInput("a sentence encoder cannot read pictures", value=spec, hint=_ACCEPTED)
    return _encoder(spec)


def _encoder(spec: str) -> Any:  # noqa: ANN401
    with _lock:
        encoder = _made.get(spec)
        if encoder is None:
            encoder = _made[spec] = _new(spec)
        return encoder


def _new(spec: str) -> Any:  # noqa: ANN401
    family, _, rest = spec.partition(":")
    if spec == "hashing":
        return HashingEncoder()
    if family == "sentence" and rest:
        return SentenceEncoder(rest)
    if spec == "clip":
        return ClipEncoder()
    if family == "clip" and clip_folder(rest) is not None:
        return ClipEncoder(rest)
    model, slash, weights = rest.partition("/")
    if family == "clip" and model and slash and weights:
        return ClipEncoder(model, weights)
    raise InvalidInput("no such encoder", value=spec, hint=_ACCEPTED)
