"""IMAGE and MASK tensors to what the core and the sampler need; all axes are permuted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

    from polaris_core.encoders.base import RGBImage

_CELL_PX = 8
"""Latents stand for squares of this many pixels."""


def first_picture(image: torch.Tensor | None) -> RGBImage | None:
    """The first picture of an IMAGE batch (`b h w c`, 0-1) as `h w 3`, 0-255."""
    return None if image is None else to_pictures(image, 1)[0]


def to_pictures(image: torch.Tensor, most: int | None = None) -> list[RGBImage]:
    """Pictures of an IMAGE batch (`b h w c`, 0-1) as `h w 3`, 0-255: all, or the first ones."""
    check_image(image)
    pixels = image[:most, ..., :3].detach().float().cpu().clamp(0, 1)
    return [(one * 255).round().numpy().astype("uint8") for one in pixels]


def to_image(pictures: Sequence[RGBImage]) -> torch.Tensor:
    """Pictures of one size (`h w 3`, 0-255) as an IMAGE batch."""
    import numpy as np
    import torch

    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255)


def to_mask(masks: Sequence[Any]) -> torch.Tensor:
    """Masks of one size (`h w`, 0-1) as a MASK batch; the arrays are copied."""
    import numpy as np
    import torch

    return torch.from_numpy(np.stack(masks).astype(np.float32))


def first_pil(image: torch.Tensor | None) -> Image | None:
    """The first picture of an IMAGE batch, for language models."""
    from PIL import Image

    pixels = first_picture(image)
    return None if pixels is None else Image.fromarray(pixels)


def check_image(image: torch.Tensor) -> None:
    from polaris_core.errors import InvalidInput

    shape = tuple(getattr(image, "shape", ()))
    if len(shape) != 4 or shape[-1] < 3 or 0 in shape:
        shown = str(shape) if shape else image
        raise InvalidInput("not an IMAGE of shape [batch, height, width, 3]", value=shown)
    if not image.isfinite().all():
        raise InvalidInput("the picture holds NaN or infinity", hint="Look at the node before it")


def check_mask(mask: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """The MASK as `b h w`, 0-1, one per picture; refuses one that is empty or of another size."""
    from polaris_core.errors import InvalidInput

    mask = mask.reshape((-1, *mask.shape[-2:])).float()
    if not mask.isfinite().all():
        raise InvalidInput("the mask holds NaN or infinity", hint="Look at the node before it")
    if mask.shape[-2:] != image.shape[1:3]:
        size = f"mask {mask.shape[-1]}x{mask.shape[-2]}, picture {image.shape[2]}x{image.shape[1]}"
        raise InvalidInput(
            "the mask is not as large as the picture",
            value=size,
            hint="Draw it on the same picture; Load Image gives an empty 64x64 mask "
            "for a picture without transparency",
        )
    if mask.shape[0] not in (1, image.shape[0]):
        raise InvalidInput(
            "there must be one mask, or one per picture",
            value=f"{mask.shape[0]} masks, {image.shape[0]} pictures",
        )
    mask = mask.clamp(0, 1).expand(image.shape[0], -1, -1)
    if not mask.flatten(1).any(dim=1).all():
        raise InvalidInput(
            "the mask is empty, so nothing would change", hint="Draw over what is to change"
        )
    return mask


def grow(mask: torch.Tensor, by_px: int) -> torch.Tensor:
    """Widen a mask (`b h w`) by `by_px` pixels to every side."""
    if by_px <= 0:
        return mask
    from torch.nn import functional as F

    # Two passes of a line are a square, at a fraction of its cost.
    wide = F.max_pool2d(mask[:, None], (1, 2 * by_px + 1), stride=1, padding=(0, by_px))
    return F.max_pool2d(wide, (2 * by_px + 1, 1), stride=1, padding=(by_px, 0))[:, 0]


def pad_to_cells(image: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Repeat the last row and column of `image` up to whole latent cells; the mask gets zeros.

    The picture stays at the top left, so that what is decoded can be laid over it unmoved. The
    host's own encoder would crop around the middle instead, which moves everything.
    """
    from torch.nn import functional as F

    below, right = -image.shape[1] % _CELL_PX, -image.shape[2] % _CELL_PX
    pixels = F.pad(image.movedim(-1, 1), (0, right, 0, below), mode="replicate").movedim(1, -1)
    return pixels, F.pad(mask, (0, right, 0, below))


def blank(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Grey out what lies under the mask, so that nothing of its shape is left to build on."""
    return image + (0.5 - image) * mask.round()[..., None]
