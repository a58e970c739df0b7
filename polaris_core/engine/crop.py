"""A region cut out with some of its surroundings, edited at full size, and stitched back.

A checkpoint draws things as large as it has seen them. Asked for a fox in a region of a tenth of a
picture, it draws a tenth of a fox; in a piece around the region that is as large as its training
pictures, the whole fox. Pictures and masks are torch tensors, as in `start`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import required
from polaris_core.engine.start import CELL_PX, Start, check_image, check_mask, start
from polaris_core.errors import InvalidInput
from polaris_core.instructions.intent import EditIntent, InstructionType
from polaris_core.planning.plan import EditPlan, MaskMode
from polaris_core.regions.algebra import SoftMask

__all__ = ["LEAST_PX", "MOST_PX", "Crop", "choose_crop", "context_for", "piece_of", "start_piece"]

_CONTEXT = 1.15
_CONTEXT_OF_NOTHING = 3.0
"""Where something is taken away, what stands around must be seen to be continued."""
_MOST_ENLARGED = 4
"""A region that is smaller still gets more surroundings instead."""
LEAST_PX, MOST_PX = 64, 8192
"""Between which a piece's longer edge may be asked for."""

Tensor = Any


@dataclass(frozen=True, slots=True)
class Crop:
    """Where pictures were cut, and how large the piece is that is edited; all in pixels."""

    picture_wh: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    size_wh: tuple[int, int]
    """Of the piece, whole latent cells unless nothing was cut."""

    @classmethod
    def none(cls, picture_wh: tuple[int, int]) -> Crop:
        """Nothing cut."""
        wide, high = picture_wh
        return cls(picture_wh, 0, 0, wide, high, picture_wh)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was cut: pictures stay as they are."""
        return (self.width, self.height) == self.picture_wh

    def image(self, image: Tensor) -> Tensor:
        """The piece of pictures, `b h w 3`, 0 to 1, at the size at which it is edited."""
        return image if self.is_whole else _resized(self._cut(image), self.size_wh)

    def mask(self, mask: Tensor) -> Tensor:
        """The piece of masks, `b h w`, 0 to 1."""
        if self.is_whole:
            return mask
        return _resized(self._cut(mask[..., None]), self.size_wh)[..., 0]

    def region(self, mask: Tensor) -> Tensor:
        """What of the whole picture a mask of the piece lets change, `b h w`, 0 to 1."""
        wide, high = self.picture_wh
        if self.is_whole:
            return mask[:, :high, :wide]
        whole = mask.new_zeros((mask.shape[0], high, wide))
        small = _resized(mask[..., None], (self.width, self.height))[..., 0]
        whole[:, self._rows, self._columns] = small
        return whole

    def stitch(self, image: Tensor, piece: Tensor, mask: Tensor) -> Tensor:
        """Lay an edited piece over the pictures that it was cut from.

        Args:
            image: The pictures, `b h w 3`, 0 to 1.
            piece: `b h w 3`, as large as what was edited; one, or one per picture.
            mask: `b h w` of the piece: 1 is taken from it; where it is 0, and outside the piece,
                pixels stay as they are.

        Returns:
            `b h w 3`, 0 to 1.

        Raises:
            InvalidInput: Sizes or numbers do not fit each other.
        """
        wide, high = self.picture_wh
        self._check(image, self.picture_wh, "the picture", 1)
        self._check(piece, self.size_wh, "the edited piece", CELL_PX)
        self._check(mask[..., None], self.size_wh, "the mask of the piece", CELL_PX)
        count = max(part.shape[0] for part in (image, piece, mask))
        if any(part.shape[0] not in (1, count) for part in (image, piece, mask)):
            raise InvalidInput(
                "there must be one piece and one mask, or one per picture",
                value=f"{image.shape[0]} pictures, {piece.shape[0]} pieces, {mask.shape[0]} masks",
            )
        new = image[..., :3].expand(count, -1, -1, -1).clone()
        inner_wh = (self.width, self.height)
        small = piece[:, :high, :wide] if self.is_whole else _resized(piece, inner_wh)
        share = self._cut(self.region(mask))[..., None]
        old = self._cut(new)
        new[:, self._rows, self._columns] = old + (small[..., :3].to(old) - old) * share.to(old)
        return new

    @property
    def _rows(self) -> slice:
        return slice(self.top, self.top + self.height)

    @property
    def _columns(self) -> slice:
        return slice(self.left, self.left + self.width)

    def _cut(self, tensor: Tensor) -> Tensor:
        return tensor[:, self._rows, self._columns]

    @staticmethod
    def _check(tensor: Tensor, size_wh: tuple[int, int], what: str, cell_px: int) -> None:
        """Up to whole cells it may be larger: a sampler gives whole cells."""
        check_image(tensor.expand(-1, -1, -1, 3) if tensor.shape[-1] == 1 else tensor)
        found = (tensor.shape[2], tensor.shape[1])
        whole = tuple(-(-edge // cell_px) * cell_px for edge in size_wh)
        if found not in (size_wh, whole):
            raise InvalidInput(
                f"{what} is not as large as when it was cut",
                value=f"{found[0]}x{found[1]}, not {size_wh[0]}x{size_wh[1]}",
                hint="Give what was cut and edited, unscaled",
            )


def choose_crop(image: Tensor, mask: Tensor, *, size_px: int, context: float = _CONTEXT) -> Crop:
    """Where to cut.

    Args:
        image: Pictures, `b h w 3`, 0 to 1; all are cut at one place.
        mask: `b h w`, 0 to 1; 1 is what changes.
        size_px: The piece is enlarged until its longer edge has so many pixels, 64 to 8192: what
            the checkpoint draws best. A larger piece keeps its size.
        context: The piece's edge by that of the region, 1 to 16.

    Returns:
        The square around all that any mask lets change, as far as the picture reaches; all of the
        picture if little would be cut off.

    Raises:
        InvalidInput: Picture or mask cannot be used, or a number is out of its range.
    """
    if not LEAST_PX <= size_px <= MOST_PX:
        hint = f"{LEAST_PX} to {MOST_PX} pixels"
        raise InvalidInput("the size of a piece is out of range", value=size_px, hint=hint)
    if not 1 <= context <= 16:
        raise InvalidInput("the context is out of range", value=context, hint="1 to 16")
    check_image(image)
    marked = check_mask(mask, image).amax(0) > 0
    high, wide = marked.shape
    top, bottom = _ends(marked.any(1))
    left, right = _ends(marked.any(0))
    edge = math.ceil(max(bottom - top, right - left) * context)
    edge = max(edge, -(-size_px // _MOST_ENLARGED))
    width, height = min(edge, wide), min(edge, high)
    if width == wide and height == high:
        return Crop.none((wide, high))
    scale = max(1.0, size_px / max(width, height))
    size = tuple(max(CELL_PX, round(e * scale / CELL_PX) * CELL_PX) for e in (width, height))
    return Crop(
        (wide, high),
        _placed((left + right - width) // 2, width, wide),
        _placed((top + bottom - height) // 2, height, high),
        width,
        height,
        (size[0], size[1]),
    )


def context_for(intent: EditIntent | None) -> float:
    """The edge of the piece by the longer edge of the region that suits an edit."""
    removes = intent is not None and intent.instruction_type is InstructionType.REMOVE
    return _CONTEXT_OF_NOTHING if removes else _CONTEXT


def start_piece(
    plan: EditPlan, image: Tensor | None, mask: Tensor | None, size_px: int
) -> tuple[Start | None, Crop]:
    """What a plan's sampler starts from, and what piece of the picture it is.

    Args:
        plan: Says how picture and mask are used.
        image: `b h w 3`, 0 to 1.
        mask: `b h w`, 0 to 1; 1 is what changes.
        size_px: See `choose_crop`; 0: nothing is cut.

    Returns:
        What `start` gives for the piece, and the piece; nothing is cut where no mask is used.

    Raises:
        InvalidInput: As `choose_crop` and `start` do.
    """
    if image is None:
        return start(plan, None, None), Crop.none((0, 0))
    check_image(image)
    crop = Crop.none((image.shape[2], image.shape[1]))
    if mask is None:
        return start(plan, image, None), crop
    if size_px and plan.mask.mode is MaskMode.INSIDE:
        crop = choose_crop(image, mask, size_px=size_px, context=context_for(plan.intent))
    return start(plan, crop.image(image), crop.mask(mask)), crop


def piece_of(
    picture: RGBImage, mask: SoftMask | None, size_px: int, intent: EditIntent | None = None
) -> RGBImage:
    """What of a picture is edited, to be looked at: the look there is to be kept.

    Args:
        picture: `h w 3`, bytes.
        mask: `h w`, 0 to 1; None: all of it.
        size_px: See `choose_crop`; 0: all of it.
        intent: The edit.

    Raises:
        InvalidInput: As `choose_crop` does.
    """
    if mask is None or not size_px:
        return picture
    torch = required("torch", "torch")
    image = torch.from_numpy(picture.astype(np.float32))[None] / 255
    region = torch.from_numpy(mask.astype(np.float32))[None]
    crop = choose_crop(image, region, size_px=size_px, context=context_for(intent))
    piece = crop.image(image)[0]
    return (255 * piece).round().numpy().astype(np.uint8)


def _ends(marked: Tensor) -> tuple[int, int]:
    """The first marked place and the one after the last, of a line."""
    places = marked.nonzero()[:, 0]
    return int(places[0]), int(places[-1]) + 1


def _placed(start: int, length: int, whole: int) -> int:
    return min(max(start, 0), whole - length)


def _resized(image: Tensor, size_wh: tuple[int, int]) -> Tensor:
    functional = required("torch.nn.functional", "torch")
    size_hw = (size_wh[1], size_wh[0])
    if tuple(image.shape[1:3]) == size_hw:
        return image
    channels = image.movedim(-1, 1).float()
    # Pixels smoothly, since they are looked at; masks without overshooting.
    mode = "bicubic" if image.shape[-1] > 1 else "bilinear"
    resized = functional.interpolate(channels, size_hw, mode=mode, antialias=True)
    return resized.clamp(0, 1).movedim(1, -1)
