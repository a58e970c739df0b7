"""What the sampler starts from: LATENT and the MASK that lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from polaris_core.planning.plan import EditPlan


def start_latent(
    plan: EditPlan,
    vae: Any,
    image: torch.Tensor | None,
    mask: torch.Tensor | None,
    size: tuple[int, int, int],
) -> tuple[dict[str, Any], torch.Tensor]:
    """LATENT and MASK for a plan.

    Args:
        plan: Says whether to start from `image`, and how its mask is used.
        vae: The host's VAE.
        image: `b h w c`, 0-1.
        mask: `b h w`, 0-1; 1 is what changes.
        size: (width, height, pictures) of a new picture.

    Returns:
        The latent, with `noise_mask` where only a region changes, and the mask, `b h w`, as large
        as what the latent decodes to.
    """
    from polaris_core.engine.start import start

    begin = start(plan, image, mask)
    if begin is None:
        return _empty(*size)
    latent: dict[str, Any] = {"samples": vae.encode(begin.pixels)}
    if begin.is_masked:
        latent["noise_mask"] = begin.region[:, None]
    return latent, begin.region


def _empty(width: int, height: int, pictures: int) -> tuple[dict[str, Any], torch.Tensor]:
    import comfy.model_management
    import torch

    samples = torch.zeros(
        [pictures, 4, height // 8, width // 8],
        device=comfy.model_management.intermediate_device(),
    )
    # With this key the sampler turns zeros into the channels and the scale the model wants.
    latent = {"samples": samples, "downscale_ratio_spacial": 8}
    return latent, torch.ones(pictures, height // 8 * 8, width // 8 * 8)
