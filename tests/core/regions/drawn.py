"""Things drawn by hand over photographs that scikit-image ships, and how well they are proposed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import skimage.data
from skimage.draw import polygon2mask

from polaris_core.regions.proposal import Box, Proposal


@dataclass(frozen=True)
class Drawn:
    """A thing in a photograph."""

    photograph: str
    box_xyxy: Box
    corners: tuple[int, ...]
    """Of its outline: x, y, x, y …"""

    @property
    def picture(self) -> np.ndarray:
        """Shape `h w 3`, bytes."""
        return getattr(skimage.data, self.photograph)()

    def best_box_iou(self, proposals: Iterable[Proposal]) -> float:
        """How well the best proposal's box fits the drawn one."""
        return max(box_iou(proposal.box_xyxy, self.box_xyxy) for proposal in proposals)

    def best_outline_iou(self, proposals: Iterable[Proposal]) -> float:
        """How well the best proposal's pixels fit those inside the drawn outline."""
        outline = np.reshape(self.corners, (-1, 2))[:, ::-1]
        drawn = polygon2mask(self.picture.shape[:2], outline)
        return max(float((p.mask & drawn).sum() / (p.mask | drawn).sum()) for p in proposals)


def box_iou(one: Iterable[float], other: Iterable[float]) -> float:
    """Of two boxes, 0 to 1."""
    (x0, y0, x1, y1), (u0, v0, u1, v1) = one, other
    common = max(0, min(x1, u1) - max(x0, u0)) * max(0, min(y1, v1) - max(y0, v0))
    return common / ((x1 - x0) * (y1 - y0) + (u1 - u0) * (v1 - v0) - common)


# The face is from hairline to chin, without hair; the cup has its handle and no saucer; the rocket
# is without its tower.
# fmt: off
THINGS = {
    "cat": Drawn("cat", (0, 0, 398, 300), (
        42, 0, 398, 0, 380, 40, 358, 75, 362, 130, 352, 190, 318, 225, 305, 262, 262, 285,
        270, 300, 0, 300, 0, 125, 30, 105, 34, 60,
    )),
    "face": Drawn("astronaut", (178, 70, 272, 184), (
        184, 75, 200, 72, 225, 82, 262, 90, 268, 130, 262, 150, 245, 178, 225, 184, 200, 172,
        184, 150, 178, 130, 180, 95,
    )),
    "cup": Drawn("coffee", (172, 18, 408, 306), (
        172, 105, 180, 75, 210, 38, 250, 22, 290, 18, 340, 27, 380, 48, 402, 85, 406, 115,
        395, 170, 380, 205, 340, 255, 300, 285, 262, 282, 235, 292, 218, 308, 198, 292, 196, 275,
        208, 250, 220, 238, 195, 210, 178, 170,
    )),
    "rocket": Drawn("rocket", (310, 127, 335, 406), (
        322, 127, 333, 145, 334, 175, 332, 190, 331, 406, 312, 406, 312, 190, 310, 175, 311, 145,
    )),
}
# fmt: on
