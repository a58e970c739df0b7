"""All masks of a picture from a model that answers points.

    picture ─▶ crops ─▶ points ─▶ model ─▶ quality ─▶ full size ─▶ stability ─▶ not cut off
                                                                                      │
    proposals ◀── distinct between crops ◀── distinct within a crop ◀── packed bits ◀─┘

The method of Segment Anything (Kirillov et al., 2023, appendix B), with the same results as its own
generator. Here masks are enlarged to the picture's size a few at a time, and only those whose
quality counts; at rest they are packed bits. So memory is bounded at any size of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent
from polaris_core.regions.grid import Crop, GridSettings, Points, crops
from polaris_core.regions.proposal import Box, Proposal

__all__ = ["PointModel", "Precision", "device_of", "generate"]

_LOGITS_AT_ONCE = 2**24
"""Logits at full size held at a time, 4 bytes each."""
_NEAR_EDGE_PX = 20

Precision = Literal["float32", "bfloat16", "float16"]
"""Of the picture encoder, where most of the work is; all else is done in float32."""

Tensor = Any
"""A torch.Tensor; torch is imported where it is used and has no strict types."""


class PointModel(Protocol):
    """A model that looks at a picture once and then answers points with masks."""

    @property
    def enlarged_px(self) -> int:
        """Values that one mask takes while it is enlarged, whatever the picture's size."""
        ...

    @property
    def layers(self) -> Sequence[Any]:
        """Modules that looking passes through one after the other."""
        ...

    def look(self, picture: RGBImage) -> Any:  # noqa: ANN401
        """What it makes of a picture, to be given back with the points."""
        ...

    def answer(
        self,
        seen: Any,  # noqa: ANN401
        points: Points,
        size_hw: tuple[int, int],
    ) -> tuple[Tensor, Tensor]:
        """Several masks a point: logits of shape `n masks h' w'`, qualities of `n masks`."""
        ...

    def enlarge(self, logits: Tensor, size_hw: tuple[int, int]) -> Tensor:
        """Logits of shape `k h' w'` at the picture's size, `k h w`; inside is above 0."""
        ...


def generate(
    model: PointModel,
    picture: RGBImage,
    settings: GridSettings | None = None,
    progress: Progress = silent,
) -> tuple[Proposal, ...]:
    """All masks that count, the best first; their boxes are distinct, their masks may be tiny.

    Raises:
        InvalidInput: The model answers with values that are no numbers.
    """
    import torch

    with torch.no_grad():
        found = _Search(model, picture, settings or GridSettings(), progress).run()
    return tuple(one.proposal for one in found)


def device_of(model: Any) -> Any:  # noqa: ANN401
    """Where a torch module's weights are now; the host may move them between calls."""
    return next(model.parameters()).device


@dataclass(frozen=True)
class _Found:
    """A mask that counts."""

    proposal: Proposal
    edges_xyxy: tuple[int, int, int, int]
    """The box, but with its last pixels in place of what is outside: distinctness goes by these."""
    quality: float
    crop_px: int


class _Search:
    def __init__(
        self, model: PointModel, picture: RGBImage, settings: GridSettings, progress: Progress
    ) -> None:
        self._model, self._picture, self._settings = model, picture, settings
        self._parts = list(crops((picture.shape[0], picture.shape[1]), settings))
        self._progress = progress
        self._total = sum(len(part.points) for part in self._parts)
        self._done = 0

    def run(self) -> list[_Found]:
        found: list[_Found] = []
        for part in self._parts:
            here = list(self._in_crop(part))
            found += _distinct(here, [one.quality for one in here], self._settings.box_iou)
        if len(self._parts) > 1:
            smallest = [1 / one.crop_px for one in found]
            found = _distinct(found, smallest, self._settings.crop_box_iou)
        self._report()
        return found

    def _report(self) -> None:
        self._progress(self._done, self._total, "looking for regions")

    def _in_crop(self, part: Crop) -> Iterator[_Found]:
        """What counts of one crop."""
        left, top, right, bottom = part.box_xyxy
        size_hw = (bottom - top, right - left)
        with _before_each(self._model.layers, self._report):
            seen = self._model.look(self._picture[top:bottom, left:right])
        for at in range(0, len(part.points), self._settings.points_per_batch):
            self._report()
            points = part.points[at : at + self._settings.points_per_batch]
            logits, quality = self._model.answer(seen, points, size_hw)
            if not bool(quality.isfinite().all()):
                raise InvalidInput(
                    "the segmenter answers with values that are no numbers",
                    hint="Its weights are broken, or need more precision than they were given",
                )
            logits, quality = logits.flatten(0, 1), quality.flatten(0, 1)
            kept = quality > self._settings.least_quality
            yield from self._counting(part.box_xyxy, logits[kept], quality[kept])
            self._done += len(points)

    def _counting(self, crop: Box, logits: Tensor, quality: Tensor) -> Iterator[_Found]:
        """Those that are stable, not empty, and not cut off by the crop."""
        height, width = self._picture.shape[0], self._picture.shape[1]
        size_hw = (crop[3] - crop[1], crop[2] - crop[0])
        few = max(1, _LOGITS_AT_ONCE // max(size_hw[0] * size_hw[1], self._model.enlarged_px))
        for at in range(0, len(logits), few):
            large = self._model.enlarge(logits[at : at + few], size_hw)
            stability = _stability(large, self._settings.stability_offset)
            for i in (stability >= self._settings.least_stability).nonzero()[:, 0].tolist():
                mask = (large[i] > 0).cpu().numpy()
                if not mask.any():
                    continue
                score = float(quality[at + i])
                proposal = Proposal.of(mask, score, (height, width), crop[0], crop[1])
                x0, y0, x1, y1 = proposal.box_xyxy
                edges = (x0, y0, x1 - 1, y1 - 1)
                if not _cut_off(edges, crop, (0, 0, width, height)):
                    yield _Found(proposal, edges, score, size_hw[0] * size_hw[1])


def _stability(logits: Tensor, offset: float) -> Tensor:
    """IoU of the masks cut above and below the threshold, shape `k`; NaN for empty ones."""
    return _count(logits > offset) / _count(logits > -offset)


def _count(masks: Tensor) -> Tensor:
    """Pixels inside each mask, shape `k`; on a CPU numpy counts a hundred times faster."""
    if masks.device.type != "cpu":
        return masks.sum((-1, -2))
    return masks.new_tensor([np.count_nonzero(mask) for mask in masks.numpy()], dtype=int)


def _cut_off(edges: Box, crop: Box, whole: Box) -> bool:
    """Whether a mask ends near an edge of its crop that is no edge of the picture."""
    return any(
        abs(edge - of_crop) <= _NEAR_EDGE_PX < abs(edge - of_whole)
        for edge, of_crop, of_whole in zip(edges, crop, whole, strict=True)
    )


def _distinct(found: list[_Found], scores: list[float], iou: float) -> list[_Found]:
    """Non-maximum suppression of boxes, the best score first."""
    import torch
    from torchvision.ops import nms

    if not found:
        return []
    boxes = torch.tensor([one.edges_xyxy for one in found], dtype=torch.float32)
    kept: Tensor = nms(boxes, torch.tensor(scores, dtype=torch.float32), iou)
    return [found[i] for i in kept.tolist()]


@contextmanager
def _before_each(layers: Sequence[Any], report: Callable[[], None]) -> Generator[None]:
    """Report before each of these modules runs, so that looking can be stopped between them."""

    def hook(*_: object) -> None:
        report()

    hooks = [layer.register_forward_pre_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for added in hooks:
            added.remove()
