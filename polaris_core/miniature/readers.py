"""The stored encoder and language model as folders that any loader of such models reads.

    encoder         open_clip_config.json, open_clip_model.safetensors      clip:FOLDER
    language model  config.json, model.safetensors, tokenizer.json, …       local:FOLDER

Of the encoder's texts the table of tokens is not stored: it was never trained, and is made again
from its seed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput
from polaris_core.miniature.store import load_compact, read_card

__all__ = ["ENCODER", "token_table", "write_encoder", "write_language_model"]

ENCODER: dict[str, Any] = {
    "embed_dim": 128,
    "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 20, "patch_size": None},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 2},
}
"""The encoder as open_clip's CLIP class is told it."""
_PREPROCESSING = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
_TABLE = "token_embedding.weight"
_TABLE_SEED, _TABLE_DEVIATION = 1907, 0.1
_COUNTED = ".running_mean"
_COUNTER = ".num_batches_tracked"
_SCALAR = "logit_scale"


def token_table() -> npt.NDArray[np.float32]:
    """The encoder's vectors of tokens, `49408 128`, the same on every machine."""
    text = ENCODER["text_cfg"]
    drawn = np.random.RandomState(_TABLE_SEED).standard_normal((text["vocab_size"], text["width"]))
    return (_TABLE_DEVIATION * drawn).astype(np.float32)


def write_encoder(stored: Path, folder: Path) -> None:
    """Write the encoder in the form in which open_clip's models are shared.

    Args:
        stored: `encoder.safetensors` of the stored weights.
        folder: Made if it is not there; files in it are replaced.

    Raises:
        InvalidInput: The stored weights are missing or not those of their card.
    """
    weights: dict[str, npt.NDArray[Any]] = dict(load_compact(stored))
    weights[_SCALAR] = np.array(weights[_SCALAR].item(), np.float32)
    weights[_TABLE] = token_table()
    for name in [name for name in weights if name.endswith(_COUNTED)]:
        weights[name.removesuffix(_COUNTED) + _COUNTER] = np.zeros((), np.int64)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": ENCODER, "preprocess_cfg": _PREPROCESSING}
    _write_json(folder / "open_clip_config.json", config)
    _save(weights, folder / "open_clip_model.safetensors")


def write_language_model(stored: Path, folder: Path) -> None:
    """Write the language model in the form in which transformers' models are shared.

    Args:
        stored: `language_model.safetensors` of the stored weights; beside it lies its tokenizer.
        folder: Made if it is not there; files in it are replaced.

    Raises:
        InvalidInput: The stored weights are missing or not those of their card.
    """
    weights, card = load_compact(stored), read_card(stored)
    tokenizer = stored.with_suffix(".tokenizer.json")
    try:
        words = tokenizer.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput("the language model's tokenizer is missing", value=tokenizer) from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(words, encoding="utf-8")
    for name in ("config", "tokenizer_config", "generation_config"):
        _write_json(folder / f"{name}.json", card["files"][name])
    _save(weights, folder / "model.safetensors")


def _save(weights: Mapping[str, npt.NDArray[Any]], path: Path) -> None:
    from safetensors.numpy import save

    path.write_bytes(save(dict(weights), {"format": "pt"}))


def _write_json(path: Path, content: Any) -> None:  # noqa: ANN401
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
