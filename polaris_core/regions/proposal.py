"""What a proposal is, a part of a picture that may be a thing; and what proposes them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import RGBImage
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent

__all__ = ["Box", "Mask", "Proposal", "Proposer", "mask_iou"]

Mask = npt.NDArray[np.bool_]
"""Shape `h w`, True inside."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels from the top left corner; right and bottom are outside."""

_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.int64)
"""How many bits of a byte are set."""


@dataclass(frozen=True)
class Proposal:
    """One mask, kept small: at 4,096 × 4,096 some tens of kilobytes, never over 2 MiB.

    Equal proposals are equal values. The mask is made anew each time it is asked for.
    """

    size_hw: tuple[int, int]
    """Height and width of the picture."""
    box_xyxy: Box
    """The smallest box around the mask."""
    area_px: int
    """How many pixels are inside, at least 1."""
    score: float
    """How good the mask is by its proposer's own account, 0 to 1; larger is better."""
    packed: bytes = field(repr=False)
    """Deflated bits of the rows of the box, from the byte in which its left edge lies."""

    @classmethod
    def of(
        cls,
        mask: Mask,
        score: float,
        size_hw: tuple[int, int] | None = None,
        x: int = 0,
        y: int = 0,
    ) -> Proposal:
        """The proposal of a mask.

        Args:
            mask: Of the whole picture; or of a part of it, if `size_hw` is given.
            score: Brought into 0 to 1.
            size_hw: Height and width of the picture that `mask` is a part of.
            x: Where the part's left edge lies in the picture.
            y: Where its top edge lies.

        Raises:
            InvalidInput: The mask is not `h w` booleans, is empty, or leaves the picture; or the
                score is not a number.
        """
        if mask.ndim != 2 or mask.dtype != np.bool_:
            raise InvalidInput("a mask must be h × w booleans", value=f"{mask.dtype} {mask.shape}")
        if not np.isfinite(score):
            raise InvalidInput("a proposal's score must be a number", value=score)
        height, width = size_hw or (mask.shape[0], mask.shape[1])
        if x < 0 or y < 0 or y + mask.shape[0] > height or x + mask.shape[1] > width:
            raise InvalidInput(
                "a mask leaves its picture", value=f"{mask.shape} at {x}, {y} in {height} × {width}"
            )
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not rows.size:
            raise InvalidInput("a proposal needs at least one pixel", value=mask.shape)
        inside = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        left, top = int(columns[0]) + x, int(rows[0]) + y
        box = (left, top, left + inside.shape[1], top + inside.shape[0])
        bits = np.packbits(np.pad(inside, ((0, 0), (left % 8, 0))), axis=1)
        return cls(
            size_hw=(height, width),
            box_xyxy=box,
            area_px=int(np.count_nonzero(inside)),
            score=float(min(1.0, max(0.0, score))),
            packed=zlib.compress(bits.tobytes(), 1),
        )

    @property
    def mask(self) -> Mask:
        """The mask of the whole picture, shape `h w`; a new array at each call."""
        left, top, right, bottom = self.box_xyxy
        whole = np.zeros(self.size_hw, np.bool_)
        whole[top:bottom, left:right] = self.crop
        return whole

    @property
    def crop(self) -> Mask:
        """The mask inside its box; a new array at each call."""
        left, _, right, _ = self.box_xyxy
        bits = np.unpackbits(self.bits(), axis=1)
        return bits[:, left % 8 : left % 8 + right - left].astype(np.bool_)

    def bits(self) -> npt.NDArray[np.uint8]:
        """Eight pixels a byte: the rows of the box, the bytes of a row that the box touches."""
        left, top, right, bottom = self.box_xyxy
        shape = (bottom - top, (right + 7) // 8 - left // 8)
        return np.ndarray(shape, np.uint8, zlib.decompress(self.packed))


class Proposer(Protocol):
    """Finds parts of a picture that may be things, knowing nothing of what is sought."""

    @property
    def name(self) -> str:
        """Short, for messages and caches: the method, and the weights if there are any."""
        ...

    def describe(self) -> str:
        """What it is and what it can be expected to find, in a sentence or two."""
        ...

    def propose(self, picture: RGBImage, progress: Progress = silent) -> tuple[Proposal, ...]:
        """Masks in pixels of the picture: distinct, none of them tiny, the largest first.

        Args:
            picture: Shape `h w 3`, bytes.
            progress: Called between pieces of the work; whatever it raises passes through.

        Raises:
            InvalidInput: The picture is something else.
            MissingDependency: A package is not installed.
        """
        ...


def mask_iou(one: Proposal, other: Proposal) -> float:
    """Pixels in both masks over pixels in either, 0 to 1.

    Raises:
        InvalidInput: They are of pictures of different size.
    """
    if one.size_hw != other.size_hw:
        raise InvalidInput(
            "the proposals are of different pictures", value=f"{one.size_hw}, {other.size_hw}"
        )
    both = _common_px(one, other)
    return both / (one.area_px + other.area_px - both)


def _common_px(one: Proposal, other: Proposal) -> int:
    parts: list[npt.NDArray[np.uint8]] = []
    top = max(one.box_xyxy[1], other.box_xyxy[1])
    bottom = min(one.box_xyxy[3], other.box_xyxy[3])
    first = max(one.box_xyxy[0], other.box_xyxy[0]) // 8
    last = (min(one.box_xyxy[2], other.box_xyxy[2]) + 7) // 8
    if top >= bottom or first >= last:
        return 0
    for proposal in (one, other):
        left, above = proposal.box_xyxy[0] // 8, proposal.box_xyxy[1]
        parts.append(proposal.bits()[top - above : bottom - above, first - left : last - left])
    return int(_ONES[parts[0] & parts[1]].sum())
