"""A checkpoint's VAE of TAESD's form, as diffusers' AutoencoderTiny.

In the file both halves are numbered lists of layers. diffusers numbers them alike, but for the
decoder's first, which clamps and holds no weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from polaris_core.encoders.checks import required
from polaris_core.errors import UnsupportedModel

__all__ = ["tiny_autoencoder"]

_ENCODER = "first_stage_model.taesd_encoder."
_DECODER = "first_stage_model.taesd_decoder."
_SCALE = "first_stage_model.vae_scale"
_SHIFT = "first_stage_model.vae_shift"


def tiny_autoencoder(tensors: Mapping[str, Any], latent_scale: float) -> Any:  # noqa: ANN401
    """The VAE, with `scaling_factor` and `shift_factor` such that ComfyUI's latents come out.

    Args:
        tensors: The checkpoint's, by key.
        latent_scale: Latents in the UNet are so much smaller than the VAE's.

    Raises:
        UnsupportedModel: Its layers are not TAESD's.
    """
    diffusers = required("diffusers", "diffusers")
    weights: dict[str, Any] = {}
    for key, tensor in tensors.items():
        if key.startswith(_ENCODER):
            weights[f"encoder.layers.{key.removeprefix(_ENCODER)}"] = tensor.float()
        elif key.startswith(_DECODER):
            number, _, rest = key.removeprefix(_DECODER).partition(".")
            if number.isdigit():
                weights[f"decoder.layers.{int(number) - 1}.{rest}"] = tensor.float()
    scale, shift = _number(tensors, _SCALE, 1.0), _number(tensors, _SHIFT, 0.0)
    if not scale:
        raise UnsupportedModel("its VAE's scale is 0")
    # ComfyUI's latent is (encoded / scale + shift) * latent_scale, diffusers'
    # (encoded - shift_factor) * scaling_factor.
    vae = diffusers.AutoencoderTiny(
        latent_channels=weights["decoder.layers.0.weight"].shape[1],
        scaling_factor=latent_scale / scale,
        shift_factor=-shift * scale,
    )
    try:
        vae.load_state_dict(weights)
    except RuntimeError as error:
        told = str(error).splitlines()[-1].strip()
        raise UnsupportedModel("its VAE's layers are not TAESD's", value=told) from error
    return vae.eval()


def _number(tensors: Mapping[str, Any], key: str, default: float) -> float:
    return float(tensors[key]) if key in tensors else default
