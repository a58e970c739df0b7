"""A CLIP of one's own: a folder in the form in which open_clip's models are shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from polaris_core.encoders.weights import read_config
from polaris_core.errors import InvalidInput, MissingWeights

__all__ = ["FOLDER_WEIGHTS", "clip_folder", "open_folder"]

FOLDER_WEIGHTS = "open_clip_model.safetensors"
_CONFIG = "open_clip_config.json"
_FOREIGN = ("hf_model_name", "hf_tokenizer_name", "timm_model_name")
"""With these a model's parts would be looked for elsewhere."""
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")


def clip_folder(model: str) -> Path | None:
    """The folder, if this names one that holds a model of open_clip's form."""
    try:
        folder = Path(model).expanduser()
        return folder if (folder / _CONFIG).is_file() else None
    except (OSError, RuntimeError, ValueError):  # what no path can be, or no user's home
        return None


def open_folder(folder: Path) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The name by which open_clip loads it, what it is built of, how pictures are prepared.

    Raises:
        InvalidInput: The configuration cannot be read, or wants parts from elsewhere.
        MissingWeights: There are no weights as safetensors.
    """
    told = read_config(folder / _CONFIG)
    config, prepared = told.get("model_cfg"), told.get("preprocess_cfg", {})
    parts = [_part(config, key) for key in ("vision_cfg", "text_cfg")]
    if not isinstance(config, dict) or not isinstance(prepared, dict) or None in parts:
        raise InvalidInput(
            "a CLIP folder's configuration has another form",
            value=folder / _CONFIG,
            hint="It needs a model_cfg with embed_dim, vision_cfg and text_cfg",
        )
    foreign = [key for part in parts if part for key in _FOREIGN if part.get(key)]
    if foreign:
        raise InvalidInput(
            "this CLIP is made of parts that are not in its folder",
            value=f"{folder / _CONFIG}: {', '.join(foreign)}",
            hint="Choose a model of open_clip's own classes",
        )
    if not (folder / FOLDER_WEIGHTS).is_file():
        raise MissingWeights("the folder lacks the CLIP's weights", value=folder / FOLDER_WEIGHTS)
    chosen = cast("dict[str, Any]", prepared)
    settings = {key: chosen[key] for key in _PREPROCESSING if key in chosen}
    return f"local-dir:{folder}", cast("dict[str, Any]", config), settings


def _part(config: object, key: str) -> dict[str, Any] | None:
    if not isinstance(config, dict):
        return None
    whole = cast("dict[str, Any]", config)
    part = whole.get(key)
    if not isinstance(part, dict) or not isinstance(whole.get("embed_dim"), int):
        return None
    return cast("dict[str, Any]", part)
