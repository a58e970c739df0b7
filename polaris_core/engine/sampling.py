"""The sampler: Euler's method, with what lies outside the mask put back at every step.

The steps are those of ComfyUI's KSampler with `euler` and `normal`, so that a plan makes the same
picture in both. A latent x at noise level σ is the picture plus σ times noise; the UNet tells the
noise, and each step walks along it to the next level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from polaris_core.encoders.checks import required
from polaris_core.engine.prompts import Conditioning
from polaris_core.engine.schedule import highest, timestep_of
from polaris_core.progress import Progress, silent

__all__ = ["noise_for", "noised", "predictor", "sample"]

Tensor = Any
Predictor = Callable[[Tensor, float], Tensor]
"""From a noisy latent and its level to the picture it seems to hold."""

_SAME = 1e-5
"""Share by which two noise levels may differ and be the same."""


def noise_for(latent: Tensor, seed: int) -> Tensor:
    """Noise of the latent's shape, the same on every machine, as ComfyUI draws it."""
    torch = required("torch", "torch")
    generator = torch.Generator("cpu").manual_seed(seed)
    return torch.randn(latent.shape, generator=generator, dtype=torch.float32).to(latent)


def noised(latent: Tensor, noise: Tensor, sigma: float) -> Tensor:
    """Where sampling starts: the latent with noise of a level.

    At the highest level the picture is as good as gone; there the noise alone gets the deviation
    that both have together.
    """
    is_highest = sigma >= highest() * (1 - _SAME)
    return latent + noise * ((1 + sigma**2) ** 0.5 if is_highest else sigma)


def predictor(
    pipeline: Any,  # noqa: ANN401
    positive: Conditioning,
    negative: Conditioning,
    guidance: float,
    size_hw: tuple[int, int],
) -> Predictor:
    """What the UNet makes of noisy latents.

    Args:
        pipeline: Of diffusers.
        positive: The prompt.
        negative: What is to be avoided.
        guidance: How much further from the negative prompt than the prompt itself goes; at 1 the
            negative one is not read.
        size_hw: Of the picture in pixels; SDXL is told.
    """
    torch = required("torch", "torch")
    unet, dtype = pipeline.unet, pipeline.unet.dtype
    told = [positive] if guidance == 1 else [positive, negative]
    # One call for both where they are equally long.
    batches = [told] if len({c.words.shape for c in told}) == 1 else [[c] for c in told]

    def predict(x: Tensor, sigma: float) -> Tensor:
        scaled = (x / (1 + sigma**2) ** 0.5).to(dtype)
        noises: list[Tensor] = []
        for batch in batches:
            extra = None
            if positive.whole is not None:
                sizes = [*size_hw, 0, 0, *size_hw]
                extra = {
                    "text_embeds": torch.cat([c.whole for c in batch]).to(dtype),
                    "time_ids": torch.tensor([sizes] * len(batch)).to(scaled),
                }
            output = unet(
                scaled.expand(len(batch), -1, -1, -1),
                timestep_of(sigma),
                encoder_hidden_states=torch.cat([c.words for c in batch]).to(dtype),
                added_cond_kwargs=extra,
            )
            noises += output.sample.float().split(1)
        noise = noises[0] if guidance == 1 else noises[1] + guidance * (noises[0] - noises[1])
        return x - sigma * noise

    return predict


def sample(
    predict: Predictor,
    latent: Tensor,
    noise: Tensor,
    sigmas: Sequence[float],
    *,
    mask: Tensor | None = None,
    progress: Progress = silent,
) -> Tensor:
    """From noise to a picture.

    Args:
        predict: The UNet with its prompts.
        latent: What the picture starts from, `1 c h w`; zeros for a new one.
        noise: Of the same shape.
        sigmas: Noise levels, falling, the last one 0.
        mask: `1 1 h w`, 0 to 1; outside it the latent is kept. None: all may change.
        progress: Called at every step.
    """
    x = noised(latent, noise, sigmas[0])
    for i, (sigma, following) in enumerate(pairwise(sigmas)):
        progress(i, len(sigmas) - 1, "sampling")
        if mask is None:
            picture = predict(x, sigma)
        else:
            seen = x * mask + (latent + noise * sigma) * (1 - mask)
            picture = predict(seen, sigma) * mask + latent * (1 - mask)
        x = x + (x - picture) * ((following - sigma) / sigma)
    progress(len(sigmas) - 1, len(sigmas) - 1, "sampled")
    return x
