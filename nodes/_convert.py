"""IMAGE and MASK tensors to what the core needs and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

    from polaris_core.encoders.base import RGBImage


def first_picture(image: torch.Tensor | None) -> RGBImage | None:
    """The first picture of an IMAGE batch (`b h w c`, 0-1) as `h w 3`, 0-255."""
    return None if image is None else to_pictures(image, 1)[0]


def to_pictures(image: torch.Tensor, most: int | None = None) -> list[RGBImage]:
    """Pictures of an IMAGE batch (`b h w c`, 0-1) as `h w 3`, 0-255: all, or the first ones."""
    from polaris_core.engine.start import check_image

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
