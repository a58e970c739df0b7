"""Pictures to latents and back."""

from __future__ import annotations

from typing import Any

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import required

__all__ = ["as_bytes", "decode", "encode"]

Tensor = Any


def encode(vae: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
    """The latent, `b c h w`, of pictures, `b h w 3`, 0 to 1: no chance is in it."""
    encoded = vae.encode(pixels.movedim(-1, 1).to(vae.device) * 2 - 1)
    # TAESD's form gives latents, the other a distribution of them.
    latent = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    return (latent - (vae.config.shift_factor or 0)) * vae.config.scaling_factor


def decode(vae: Any, latent: Tensor) -> Tensor:  # noqa: ANN401
    """Pictures, `b h w 3`, 0 to 1, of latents, `b c h w`."""
    inside = latent / vae.config.scaling_factor + (vae.config.shift_factor or 0)
    pixels = vae.decode(inside.to(vae.dtype)).sample
    return ((pixels + 1) / 2).clamp(0, 1).movedim(1, -1).float().cpu()


def as_bytes(decoded: Tensor) -> RGBImage:
    """The first of decoded pictures, `h w 3`, bytes."""
    torch = required("torch", "torch")
    return (decoded[0] * 255).round().to(torch.uint8).numpy()
