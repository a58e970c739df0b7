"""SD1.5's noise, the loss of predicting it, and sampling by DDIM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from miniature.training.prompts import UNCONDITIONAL, encoded, tokens_of

__all__ = ["noise_loss", "sample", "signal"]

_STEPS = 1000
_MOST_SNR = 5.0
"""Min-SNR weighting (Hang et al. 2023): steps with little noise count less."""
_LEAST_SNR = 0.1
"""Where most is noise the prompt decides, but the error of the noise hardly tells: it counts up to
eleven times."""


@cache
def signal(device: torch.device | str = "cpu") -> Tensor:
    """Share of the picture's variance left at each of 1000 time steps: cumulated alphas."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, _STEPS, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float().to(device)


def noise_loss(
    unet: nn.Module,
    latents: Tensor,
    context: Tensor,
    bias: Tensor,
    *,
    mostly_noise: bool = False,
    blind: float = 0.0,
) -> Tensor:
    """Weighted square error of the predicted noise.

    Args:
        unet: A `NarrowUNet`.
        latents: Pictures, `batch 4 h w`.
        context: Encodings of what is said of them, `batch tokens 768`.
        bias: Added to the scores of the tokens, `batch tokens`.
        mostly_noise: Whether steps with much noise come oftener and count more.
        blind: Share of examples of nothing but noise. The noisiest step of SD1.5 still holds a
            trace of the picture (Lin et al. 2024), from which a model tells a dark background
            without reading of it; sampling begins without that trace.
    """
    batch, device = len(latents), latents.device
    first = torch.rand((), device=device)
    spread = (torch.arange(batch, device=device) / batch + first) % 1  # evenly over all time steps
    spread = spread.sqrt() if mostly_noise else spread
    steps = (spread * _STEPS).long().clamp(max=_STEPS - 1)
    noise = torch.randn_like(latents)
    unseen = torch.rand(batch, device=device) < blind
    steps = torch.where(unseen, _STEPS - 1, steps)
    kept = signal(device)[steps][:, None, None, None]
    noisy = kept.sqrt() * latents + (1 - kept).sqrt() * noise
    noisy = torch.where(unseen[:, None, None, None], noise, noisy)
    wanted = (noisy - kept.sqrt() * latents) / (1 - kept).sqrt()
    error = functional.mse_loss(unet(noisy, steps, context, bias).float(), wanted, reduction="none")
    ratio = (kept / (1 - kept)).flatten()
    least = _LEAST_SNR / 4 if mostly_noise else _LEAST_SNR
    weight = ratio.clamp(max=_MOST_SNR) / ratio * (1 + 1 / (ratio + least))
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
