"""What a sampler starts from: the picture to encode, and what of it may change.

Pictures and masks are torch tensors here, pictures `b h w c` and masks `b h w`, all 0 to 1, as
ComfyUI has them: the Adaptive Editor and the standalone engine both start here, so that the same
plan starts the same way in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from polaris_core.encoders.checks import required
from polaris_core.errors import InvalidInput
from polaris_core.planning.plan import EditPlan, MaskMode

__all__ = [
    "CELL_PX",
    "Start",
    "blank",
    "check_image",
    "check_mask",
    "grow",
    "pad_to_cells",
    "start",
]

CELL_PX = 8
"""Latents stand for squares of this many pixels."""

Tensor = Any


@dataclass(frozen=True, eq=False)
class Start:
    """A picture on its way to the sampler."""

    pixels: Tensor
    """`b h w 3`, whole cells high and wide: what is encoded."""
    region: Tensor
    """`b h w`, of the same size; 1 is what changes."""
    is_masked: bool
    """Whether the sampler must keep what lies outside the region."""


def start(plan: EditPlan, image: Tensor | None, mask: Tensor | None) -> Start | None:
    """The picture and the region of a plan; None if it starts from nothing.

    Args:
        plan: Says whether to start from `image`, and how its mask is used.
        image: `b h w c`; the first three channels are taken.
        mask: `b h w`; 1 is what changes.

    Raises:
        InvalidInput: The picture or the mask cannot be used.
    """
    if image is None or not plan.intent.instruction_type.edits_picture:
        return None
    check_image(image)
    colours: Tensor = image[..., :3]
    if plan.mask.mode is MaskMode.NONE or mask is None:
        return Start(*pad_to_cells(colours, colours.new_ones(colours.shape[:3])), is_masked=False)
    region = grow(check_mask(mask, colours), plan.mask.grow_px)
    pixels, region = pad_to_cells(colours, region)
    return Start(blank(pixels, region) if plan.mask.fill else pixels, region, is_masked=True)


def check_image(image: Tensor) -> None:
    """Make sure that it is a picture.

    Raises:
        InvalidInput: It is not.
    """
    shape = tuple(getattr(image, "shape", ()))
    if len(shape) != 4 or shape[-1] < 3 or 0 in shape:
        shown = str(shape) if shape else image
        raise InvalidInput("not an IMAGE of shape [batch, height, width, 3]", value=shown)
    if not image.isfinite().all():
        raise InvalidInput("the picture holds NaN or infinity", hint="Look at the node before it")


def check_mask(mask: Tensor, image: Tensor) -> Tensor:
    """The mask as `b h w`, 0-1, one per picture.

    Raises:
        InvalidInput: It is empty, of another size, or of another number.
    """
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


def grow(mask: Tensor, by_px: int) -> Tensor:
    """Widen a mask by `by_px` pixels to every side."""
    if by_px <= 0:
        return mask
    pool = required("torch.nn.functional", "torch").max_pool2d
    # Two passes of a line are a square, at a fraction of its cost.
    wide = pool(mask[:, None], (1, 2 * by_px + 1), stride=1, padding=(0, by_px))
    return pool(wide, (2 * by_px + 1, 1), stride=1, padding=(by_px, 0))[:, 0]


def pad_to_cells(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Repeat the last row and column of `image` up to whole latent cells; the mask gets zeros.

    The picture stays at the top left, so that what is decoded can be laid over it unmoved.
    ComfyUI's own encoder would crop around the middle instead, which moves everything.
    """
    pad = required("torch.nn.functional", "torch").pad
    below, right = -image.shape[1] % CELL_PX, -image.shape[2] % CELL_PX
    pixels = pad(image.movedim(-1, 1), (0, right, 0, below), mode="replicate").movedim(1, -1)
    return pixels, pad(mask, (0, right, 0, below))


def blank(image: Tensor, mask: Tensor) -> Tensor:
    """Grey out what lies under the mask, so that nothing of its shape is left to build on."""
    return image + (0.5 - image) * mask.round()[..., None]
