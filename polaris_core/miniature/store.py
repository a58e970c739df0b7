"""Trained weights in eight bits a number: what the repository keeps.

A tensor of two or more axes is kept as one int8 matrix with a float16 scale for each row (its
first axis); a smaller one as float16. Beside `NAME.safetensors` lies its card `NAME.json`, which
holds among other things the SHA-256 of the file; a file that does not match its card is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput

__all__ = ["load_compact", "quantise", "read_card", "save_compact"]

Array = npt.NDArray[Any]
_SCALE = ".scale"
_LEAST_QUANTISED = 256
"""Tensors with fewer numbers are kept as float16: eight bits would save nothing there."""
_LARGEST = 127


def save_compact(path: Path, tensors: Mapping[str, Array], card: Mapping[str, Any]) -> None:
    """Write a model's weights and its card.

    Args:
        path: The `.safetensors` file; the card is put beside it.
        tensors: Finite numbers; no name may end with `.scale`.
        card: What to say about the model; `sha256` is added.

    Raises:
        InvalidInput: A name that ends with `.scale`, or a number that is not finite.
    """
    from safetensors.numpy import save

    stored: dict[str, Array] = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE):
            raise InvalidInput("a tensor's name may not end with .scale", value=name)
        if not np.isfinite(tensor).all():
            raise InvalidInput("a tensor holds numbers that are not finite", value=name)
        if tensor.ndim < 2 or tensor.size < _LEAST_QUANTISED:
            stored[name] = np.ascontiguousarray(tensor, dtype=np.float16)
        else:
            stored[name], stored[name + _SCALE] = quantise(tensor)
    content = save(stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    full_card = {**card, "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(full_card, indent=2, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")


def load_compact(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read a model's weights, float32 by name.

    Args:
        path: The `.safetensors` file.

    Raises:
        InvalidInput: The file or its card is missing, or they do not belong together.
    """
    from safetensors.numpy import load

    card = read_card(path)
    if not path.is_file():
        raise InvalidInput("there are no stored weights", value=str(path))
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise InvalidInput(
            "the stored weights are not those that the card beside them describes",
            value=str(path),
            hint="Restore both files, or train the model again",
        )
    stored = load(content)
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for name, tensor in stored.items():
        if name.endswith(_SCALE):
            continue
        values = tensor.astype(np.float32)
        scale = stored.get(name + _SCALE)
        if scale is not None:
            values *= np.reshape(scale.astype(np.float32), (-1, *[1] * (values.ndim - 1)))
        tensors[name] = values
    return tensors


def read_card(path: Path) -> dict[str, Any]:
    """Read the card beside stored weights.

    Args:
        path: The `.safetensors` file.

    Raises:
        InvalidInput: There is none, or it is no JSON object.
    """
    card_path = path.with_suffix(".json")
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput("the model's card cannot be read", value=str(card_path)) from error
    if not isinstance(card, dict):
        raise InvalidInput("the model's card is no JSON object", value=str(card_path))
    return card  # pyright: ignore[reportUnknownVariableType]


def quantise(tensor: Array) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float16]]:
    """Eight bits a number and a scale a row: `values * scale` is about the tensor.

    Args:
        tensor: Two axes or more.

    Returns:
        Whole numbers in [-127, 127] of the tensor's shape; the scales, one for each row.
    """
    rows = np.reshape(tensor, (len(tensor), -1)).astype(np.float32)
    smallest = float(np.finfo(np.float16).smallest_normal)
    scale = np.maximum(np.abs(rows).max(axis=1) / _LARGEST, smallest).astype(np.float16)
    values = np.rint(rows / scale.astype(np.float32)[:, None])
    limited = np.minimum(np.maximum(values, -_LARGEST), _LARGEST).astype(np.int8)
    return np.reshape(limited, tensor.shape), scale
