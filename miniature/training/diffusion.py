"""SD1.5's noise, the loss of predicting it, and sampling by DDIM."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from miniature.training.prompts import UNCONDITIONAL, encoded, tokens_of, with_chance

__all__ = ["noise_loss", "sample", "signal"]

_STEPS = 1000
_MOST_SNR = 5.0
"""Min-SNR weighting (Hang et al. 2023): steps with little noise count less."""
_LEAST_SNR = 0.1
"""Where most is noise the prompt decides, but the error of the noise hardly tells: it counts up to
eleven times."""


@cache
def signal() -> Tensor:
    """Share of the picture's variance left at each of 1000 time steps: cumulated alphas."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, _STEPS, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float()


def noise_loss(
    unet: nn.Module, latents: Tensor, captions: Sequence[str], rng: random.Random
) -> Tensor:
    """Weighted square error of the predicted noise.

    Args:
        unet: A `NarrowUNet`.
        latents: Pictures, `batch 4 h w`.
        captions: Their captions.
        rng: Chooses what of the captions is said.
    """
    batch, device = len(latents), latents.device
    chances = torch.rand(batch, device=device)
    spread = (torch.arange(batch, device=device) + chances) / batch  # evenly over all time steps
    steps = (spread * _STEPS).long().clamp(max=_STEPS - 1)
    kept = signal().to(device)[steps][:, None, None, None]
    noise = torch.randn_like(latents)
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    context, bias = encoded([with_chance(caption, rng) for caption in captions], device)
    error = functional.mse_loss(unet(noisy, steps, context, bias).float(), noise, reduction="none")
    ratio = (kept / (1 - kept)).flatten()
    weight = ratio.clamp(max=_MOST_SNR) / ratio * (1 + 1 / (ratio + _LEAST_SNR))
    return (error.mean((1, 2, 3)) * weight).mean()


@torch.no_grad()
def sample(
    unet: Callable[..., Tensor],
    prompts: Sequence[str],
    *,
    seed: int,
    steps: int = 20,
    guidance: float = 4.0,
    size: int = 16,
) -> Tensor:
    """Sample latents by DDIM.

    Args:
        unet: A `NarrowUNet`.
        prompts: One for each picture.
        seed: Of the noise.
        steps: How many.
        guidance: How much more the prompt counts than none.
        size: Side of the latents.

    Returns:
        Of shape `prompts 4 size size`.
    """
    batch = len(prompts)
    x = torch.randn(batch, 4, size, size, generator=torch.Generator().manual_seed(seed))
    nothing = list(tokens_of(UNCONDITIONAL))
    context, bias = encoded([*(list(tokens_of(p)) for p in prompts), *[nothing] * batch])
    times = torch.linspace(_STEPS - 1, 0, steps + 1).long()
    for now, then in pairwise(times):
        both = unet(torch.cat([x, x]), now.expand(2 * batch), context, bias)
        with_prompt, without = both.chunk(2)
        noise = without + guidance * (with_prompt - without)
        kept, later = signal()[now], signal()[then]
        clean = (x - (1 - kept).sqrt() * noise) / kept.sqrt()
        x = later.sqrt() * clean + (1 - later).sqrt() * noise
    return (x - (1 - later).sqrt() * noise) / later.sqrt()
