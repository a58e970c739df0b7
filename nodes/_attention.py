"""Where an InstructPix2Pix model looks for the words of an object that is to be added.

The model is given the picture and the instruction and makes the first few steps of its edit. Its
cross-attention layers tell how much each place looks at the object's words: where that is much,
the model is about to draw the object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _attention_words as texts
from ._attention_steps import SCHEDULE_STEPS, TokenMaps, make_steps, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from polaris_core.progress import Progress
    from polaris_core.regions.attention_maps import AttentionMap

_CHANNELS = 8
"""What InstructPix2Pix takes in: the noisy latent picture, and the given one."""
_CELL_PX = 64
_LEAST_PX = 256
_MOST_PX = 512
"""Longer edge at work: what these models were trained at, and what they are mostly used at."""


def addition_maps(
    model: Any,
    clip: Any,
    vae: Any,
    image: torch.Tensor,
    instruction: str,
    object_words: str,
    *,
    steps: int = 4,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[AttentionMap | None]:
    """One map per picture: how much the model looks at the object's words there.

    Every picture is worked on alone, so its map does not depend on the batch. `model` stays as it
    is; a copy that shares its weights is worked with.

    Args:
        model: MODEL of an InstructPix2Pix checkpoint.
        clip: Its CLIP.
        vae: Its VAE.
        image: `b h w c`, 0-1.
        instruction: What the model is told, at most 2,000 characters.
        object_words: What is added, as it stands in the instruction, or words of it.
        steps: So many of the first steps of a schedule of ten are made, 1 to 10.
        seed: For the noise; the same for every picture.
        progress: Told after every step.

    Returns:
        `h w` float32 in the picture's size, least value 0 and largest 1. None where the model
        looks everywhere alike, or computes no numbers.

    Raises:
        InvalidInput: The parts are not those of an InstructPix2Pix checkpoint, the instruction is
            too long or does not hold the object's words, or `image` is no picture.
    """
    import torch

    from polaris_core.engine.start import check_image
    from polaris_core.errors import InvalidInput

    if not 1 <= steps <= SCHEDULE_STEPS:
        raise InvalidInput(f"steps must be from 1 to {SCHEDULE_STEPS}", value=steps)
    check_image(image)
    _check_parts(model, clip, vae)
    positions = texts.positions(clip, instruction, object_words)
    maps: list[AttentionMap | None] = []
    with torch.no_grad():
        told, untold = (texts.encoded(model, clip, text) for text in (instruction, ""))
        for i, picture in enumerate(image[..., :3].split(1)):
            report = _report(progress, i * steps, len(image) * steps)
            latent = _encoded(model, vae, picture)
            seen = TokenMaps(positions)
            make_steps(
                watched(model, seen),
                _beside(told, latent),
                _beside(untold, latent),
                latent,
                steps=steps,
                seed=seed,
                after_step=report,
            )
            maps.append(seen.maps.combined(picture.shape[1], picture.shape[2]))
    return maps


def _check_parts(model: Any, clip: Any, vae: Any) -> None:
    from polaris_core.errors import InvalidInput

    hint = "Load an InstructPix2Pix checkpoint, for example timbrooks/instruct-pix2pix"
    parts = {"MODEL": model, "CLIP": clip, "VAE": vae}
    missing = [name for name, part in parts.items() if part is None]
    if missing:
        raise InvalidInput(f"there is no {' and no '.join(missing)}", hint=hint)
    if not hasattr(model, "model"):
        raise InvalidInput("not a MODEL", value=model, hint=hint)
    config = model.model.model_config
    channels = config.unet_config.get("in_channels")
    if channels != _CHANNELS or not hasattr(model.model.diffusion_model, "input_blocks"):
        given = f"{type(config).__name__} with {channels or 'unknown'} input channels"
        raise InvalidInput("the model is not an InstructPix2Pix", value=given, hint=hint)


def _encoded(model: Any, vae: Any, picture: torch.Tensor) -> torch.Tensor:
    """The picture's latent at the size of work, `1 c h w`."""
    from torch.nn import functional as F

    from polaris_core.errors import InvalidInput

    size = _size_at_work(picture.shape[1], picture.shape[2])
    if picture.shape[1:3] != size:
        planes = picture.movedim(-1, 1).float()
        planes = F.interpolate(planes, size, mode="bilinear", antialias=True)
        picture = planes.clamp(0, 1).movedim(1, -1)
    latent = vae.encode(picture)
    wanted = (1, model.model.latent_format.latent_channels, size[0] // 8, size[1] // 8)
    if latent.shape != wanted:
        raise InvalidInput(
            "the VAE does not belong to the InstructPix2Pix model",
            value=f"latent of shape {tuple(latent.shape)} instead of {wanted}",
            hint="Take MODEL, CLIP and VAE of the same checkpoint",
        )
    return latent


def _size_at_work(height_px: int, width_px: int) -> tuple[int, int]:
    """Height and width with a longer edge of 256 to 512, both multiples of 64."""
    longer = max(height_px, width_px)
    scale = min(max(longer, _LEAST_PX), _MOST_PX) / longer / _CELL_PX
    height, width = (_CELL_PX * max(1, round(edge * scale)) for edge in (height_px, width_px))
    return height, width


def _beside(conditioning: list[Any], latent: torch.Tensor) -> list[Any]:
    """With the picture, as ComfyUI's InstructPixToPixConditioning does it."""
    import node_helpers

    return node_helpers.conditioning_set_values(conditioning, {"concat_latent_image": latent})


def _report(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    """Tells `progress` how many steps of all pictures are made, and stops when the user cancels."""
    from comfy.model_management import throw_exception_if_processing_interrupted

    def report(made: int) -> None:
        throw_exception_if_processing_interrupted()
        if progress is not None:
            progress(before + made, total, "InstructPix2Pix looks for a place")

    report(0)
    return report
