"""How the text encoders of a checkpoint are built, read from the keys and shapes of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polaris_core.catalogue.entry import BaseModel
from polaris_core.errors import UnsupportedModel

__all__ = ["TextShape", "read_texts"]

Shapes = Mapping[str, tuple[int, ...]]

_FIRST = 49406
_LAST = 49407
_SD15 = "cond_stage_model.transformer.text_model."
_SDXL_L = "conditioner.embedders.0.transformer.text_model."
_SDXL_G = "conditioner.embedders.1.model."
_HEAD = 64
"""Channels of one head, in every CLIP text encoder of these families."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """A CLIP text encoder's measures."""

    part: str
    """Its name in a diffusers pipeline."""
    class_name: str
    """Its class in transformers."""
    width: int
    inner: int
    layers: int
    words: int
    """Size of the vocabulary."""
    positions: int
    activation: str
    projection: int
    """Width of what it says of a text as a whole."""
    pad: int
    """The token that fills a text up."""

    def config(self) -> dict[str, Any]:
        """What transformers' encoder is built from."""
        return {
            "model_type": "clip_text_model",
            "architectures": [self.class_name],
            "hidden_size": self.width,
            "intermediate_size": self.inner,
            "num_hidden_layers": self.layers,
            "num_attention_heads": max(1, self.width // _HEAD),
            "vocab_size": self.words,
            "max_position_embeddings": self.positions,
            "hidden_act": self.activation,
            "projection_dim": self.projection,
            "bos_token_id": _FIRST,
            "eos_token_id": _LAST,
            "pad_token_id": self.pad,
        }


def read_texts(shapes: Shapes, family: BaseModel) -> tuple[TextShape, ...]:
    """The text encoders of a checkpoint of this family, in the order in which they are joined.

    Raises:
        UnsupportedModel: One is missing.
    """
    if family is BaseModel.SD15:
        return (_clip(shapes, _SD15),)
    return _clip(shapes, _SDXL_L), _open_clip(shapes, _SDXL_G)


def _clip(shapes: Shapes, prefix: str) -> TextShape:
    words = _found(shapes, f"{prefix}embeddings.token_embedding.weight")
    return TextShape(
        part="text_encoder",
        class_name="CLIPTextModel",
        width=words[1],
        inner=_found(shapes, f"{prefix}encoder.layers.0.mlp.fc1.weight")[0],
        layers=_count(shapes, prefix + "encoder.layers.{}.layer_norm1.weight"),
        words=words[0],
        positions=_found(shapes, f"{prefix}embeddings.position_embedding.weight")[0],
        activation="quick_gelu",
        projection=words[1],
        pad=_LAST,
    )


def _open_clip(shapes: Shapes, prefix: str) -> TextShape:
    words = _found(shapes, f"{prefix}token_embedding.weight")
    return TextShape(
        part="text_encoder_2",
        class_name="CLIPTextModelWithProjection",
        width=words[1],
        inner=_found(shapes, f"{prefix}transformer.resblocks.0.mlp.c_fc.weight")[0],
        layers=_count(shapes, prefix + "transformer.resblocks.{}.ln_1.weight"),
        words=words[0],
        positions=_found(shapes, f"{prefix}positional_embedding")[0],
        activation="gelu",
        projection=_found(shapes, f"{prefix}text_projection")[1],
        pad=0,
    )


def _found(shapes: Shapes, key: str) -> tuple[int, ...]:
    shape = shapes.get(key, ())
    if len(shape) != 2:
        raise UnsupportedModel("it lacks a text encoder", value=key)
    return shape


def _count(shapes: Shapes, pattern: str) -> int:
    number = 0
    while pattern.format(number) in shapes:
        number += 1
    return number
