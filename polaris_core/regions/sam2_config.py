"""The config.json of a SAM 2: what it may say, so that loading runs, fetches and swells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from polaris_core.errors import InvalidInput

__all__ = ["WANTED", "plain_config"]

WANTED = (
    "Give the folder of a SAM 2 of transformers, with config.json and model.safetensors; get one "
    "with: hf download facebook/sam2.1-hiera-small"
)

_KINDS = ("sam2", "sam2_video")
_PARTS = ("vision_config", "prompt_encoder_config", "mask_decoder_config")
_ACTING = frozenset(
    {
        "_attn_implementation",
        "attn_implementation",
        "auto_map",
        "dtype",
        "kernel_config",
        "torch_dtype",
    }
)
"""Fields by which transformers fetches or runs what others wrote, or keeps numbers otherwise."""
_DEEPEST, _LONGEST = 8, 64
_LARGEST, _MOST_REPEATED, _LARGEST_PICTURE_PX = 65_536, 256, 4096


def plain_config(config: Mapping[str, object]) -> dict[str, Any]:
    """The parts of a config that make the picture model, without fields that act.

    Args:
        config: As read from config.json; that of the video model has more parts, which are left.

    Raises:
        InvalidInput: It is of another model or of a quantised one, or no SAM 2 has such sizes.
    """
    kind = config.get("model_type")
    if kind not in _KINDS:
        raise InvalidInput("the folder holds another model", value=kind, hint=WANTED)
    _check_quantisation(config)
    vision = _of_kind(config.get("vision_config"), "sam2_vision_model")
    _of_kind(vision.get("backbone_config"), "sam2_hiera_det_model")
    return {part: _plain(config.get(part), part) for part in _PARTS}


def _of_kind(part: object, wanted: str) -> Mapping[str, object]:
    """A part of the config, which may leave out its kind but not be of another one."""
    if part is None:
        return {}
    fields = cast("Mapping[str, object]", part) if isinstance(part, dict) else None
    kind = "no fields" if fields is None else fields.get("model_type", wanted)
    if fields is None or kind != wanted:
        raise InvalidInput(f"the model is not built of a {wanted}", value=kind, hint=WANTED)
    return fields


def _check_quantisation(config: Mapping[str, object]) -> None:
    if how := config.get("quantization_config"):
        raise InvalidInput("a quantised SAM 2 cannot be used", value=how, hint=WANTED)


def _plain(config: Any, key: str, depth: int = 0) -> Any:  # noqa: ANN401
    """A value without fields that act, and without sizes that no SAM 2 has."""
    if isinstance(config, dict):
        fields = cast("dict[str, Any]", config)
        _check_quantisation(fields)
        kept = {k: v for k, v in fields.items() if k not in _ACTING}
        if depth < _DEEPEST:
            return {k: _plain(v, k, depth + 1) for k, v in kept.items()}
    elif isinstance(config, list):
        items = cast("list[Any]", config)
        if len(items) <= _LONGEST and depth < _DEEPEST:
            return [_plain(item, key, depth + 1) for item in items]
    elif not _counts(config) or -_LARGEST <= config <= _most(key):
        return config
    raise InvalidInput("no SAM 2 is built like this", value=f"{key}: {config}", hint=WANTED)


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _most(key: str) -> int:
    if any(word in key for word in ("layers", "blocks", "depth", "num_")):
        return _MOST_REPEATED
    return _LARGEST_PICTURE_PX if key == "image_size" else _LARGEST
