"""SD1.5 single files: a trained UNet and autoencoder, a text encoder by rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from polaris_core.demo.sparse import Array, write_sparse
from polaris_core.demo.tiny_vae import tiny_vae
from polaris_core.errors import InvalidInput
from polaris_core.miniature.text import text_encoder
from polaris_core.miniature.widen import widen

__all__ = ["wide_vae", "write_checkpoint"]


def wide_vae(narrow: Mapping[str, Array], prefix: str = "first_stage_model.") -> dict[str, Array]:
    """A TAESD of full width that does what the narrow autoencoder does.

    Args:
        narrow: Tensors named `taesd_encoder.…` and `taesd_decoder.…`; what is missing becomes zero.
        prefix: Put before every key.

    Returns:
        All tensors, float16, with the scale of SD1.5's latents.

    Raises:
        InvalidInput: A tensor that a TAESD has not, or that is too large.
    """
    wide = {
        name: tensor if name.endswith(("vae_scale", "vae_shift")) else np.zeros_like(tensor)
        for name, tensor in tiny_vae(prefix).items()
    }
    for name, tensor in narrow.items():
        place = wide.get(prefix + name)
        too_large = place is None or any(
            have > full for have, full in zip(tensor.shape, place.shape, strict=True)
        )
        if place is None or too_large:
            raise InvalidInput("the autoencoder has no place for a tensor", value=name)
        place[tuple(slice(have) for have in tensor.shape)] = tensor
    return wide


def write_checkpoint(
    path: Path,
    unet: Mapping[str, Array],
    vae: Mapping[str, Array],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint.

    Args:
        path: The `.safetensors` file.
        unet: The narrow UNet's tensors.
        vae: The narrow autoencoder's.
        metadata: For the header.

    Raises:
        InvalidInput: A tensor without a place.
    """
    write_sparse(path, widen(unet) | text_encoder() | wide_vae(vae), metadata or {})
