"""A picture's superpixels, and the tree in which they are merged, the most alike first.

Superpixels are those of Felzenszwalb and Huttenlocher (2004), which keep thin things whole. Two
neighbours are as far apart as Ward's criterion says: the difference of their mean colours, weighted
by their sizes. Every region of the tree is a set of superpixels; a region is distinct if it is
merged much later than it arose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import required
from polaris_core.progress import Progress, silent

__all__ = ["Labels", "MergeTree", "merge_tree", "superpixels"]

Labels = npt.NDArray[np.int32]
"""Shape `h w`: the superpixel of each pixel, numbered from 0 without gaps."""

_MOST_SUPERPIXELS = 1000
_LEAST_PX = 60
_BLUR_PX = 0.8
_SOFTENING = 0.02
"""Share of the largest distance that counts as nothing: noise is not told apart below it."""


@dataclass(frozen=True)
class MergeTree:
    """Regions from the superpixels (the first ones) to the whole picture (the last one)."""

    labels: Labels
    order: npt.NDArray[np.int64]
    """The superpixels, such that every region's are consecutive."""
    spans: npt.NDArray[np.int64]
    """Of each region, where its superpixels begin and end in `order`; shape `regions 2`."""
    parents: npt.NDArray[np.int64]
    """Into which region each is merged; the last one's is itself."""
    distinctness: npt.NDArray[np.float64]
    """0 to 1; the whole picture's is 0."""

    @property
    def areas_px(self) -> npt.NDArray[np.int64]:
        """Pixels of each region, shape `regions`."""
        sizes = np.bincount(self.labels.ravel(), minlength=len(self.order))
        before = np.concatenate([[0], np.cumsum(sizes[self.order])])
        return before[self.spans[:, 1]] - before[self.spans[:, 0]]

    def members(self, region: int) -> npt.NDArray[np.bool_]:
        """Which superpixels a region has, shape `superpixels`; index it by labels for a mask."""
        inside = np.zeros(len(self.order), np.bool_)
        first, end = self.spans[region]
        inside[self.order[first:end]] = True
        return inside


def superpixels(picture: RGBImage, scale: float) -> Labels:
    """Divide a picture into at most 1,000 parts of little contrast inside.

    Args:
        picture: Shape `h w 3`, some hundred pixels an edge.
        scale: Larger values give fewer, larger parts.

    Raises:
        MissingDependency: scikit-image is not installed.
    """
    segmentation = required("skimage.segmentation", "scikit-image")
    least_px = _LEAST_PX
    while True:
        found: Labels = segmentation.felzenszwalb(
            picture, scale=scale, sigma=_BLUR_PX, min_size=least_px
        ).astype(np.int32)
        if found.max() < _MOST_SUPERPIXELS:
            return found
        scale, least_px = 2 * scale, 2 * least_px


def merge_tree(picture: RGBImage, labels: Labels, progress: Progress = silent) -> MergeTree:
    """Merge superpixels, two neighbouring regions at a time, until one is left.

    Raises:
        MissingDependency: scikit-image is not installed.
    """
    merging = _Merging(int(labels.max()) + 1, progress)
    neighbours = _neighbours(picture, labels)
    for one, other, edge in neighbours.edges(data=True):
        edge["weight"] = merging.distance(neighbours, one, other)
    required("skimage.graph", "scikit-image").merge_hierarchical(
        labels,
        neighbours,
        thresh=np.inf,
        rag_copy=False,
        in_place_merge=True,
        merge_func=merging.merge,
        weight_func=merging.weigh,
    )
    return merging.tree(labels)


def _neighbours(picture: RGBImage, labels: Labels) -> Any:  # noqa: ANN401
    """Which superpixels touch, and their colours, as scikit-image's graph has it.

    Its own `rag_mean_color` calls Python at every pixel and takes ten times as long.
    """
    colours = required("skimage.color", "scikit-image").rgb2lab(picture)
    graph = required("skimage.graph", "scikit-image").RAG()
    flat = labels.ravel()
    sizes = np.bincount(flat)
    totals = [np.bincount(flat, colours[..., channel].ravel()) for channel in range(3)]
    for name, size, total in zip(range(len(sizes)), sizes, np.stack(totals, 1), strict=True):
        about = {"labels": [name], "pixel count": size, "total color": total}
        graph.add_node(name, about | {"mean color": total / size})
    beside = (labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])
    pairs = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in beside])
    apart = pairs[pairs[:, 0] != pairs[:, 1]]
    for one, other in np.unique(np.sort(apart, axis=1), axis=0).tolist():
        graph.add_edge(one, other)
    return graph


class _Merging:
    """Writes down what scikit-image merges."""

    def __init__(self, count: int, progress: Progress) -> None:
        self._count, self._progress = count, progress
        self._region = list(range(count))
        """Which region a node of the graph stands for now."""
        self._parts: list[tuple[int, int]] = []
        """The two parts of each region that is no superpixel."""
        self._heights = [0.0] * count
        """At what distance each region arose."""

    def distance(self, graph: Any, one: int, other: int) -> float:  # noqa: ANN401
        a, b = graph.nodes[one], graph.nodes[other]
        size_a, size_b = a["pixel count"], b["pixel count"]
        apart = np.linalg.norm(a["mean color"] - b["mean color"])
        return float(apart * np.sqrt(size_a * size_b / (size_a + size_b)))

    def weigh(self, graph: Any, _: int, kept: int, other: int) -> dict[str, float]:  # noqa: ANN401
        return {"weight": self.distance(graph, kept, other)}

    def merge(self, graph: Any, gone: int, kept: int) -> None:  # noqa: ANN401
        self._progress(len(self._parts), self._count, "merging superpixels")
        height = max(self._heights[-1], graph[gone][kept]["weight"])
        self._parts.append((self._region[gone], self._region[kept]))
        self._heights.append(height)
        self._region[kept] = len(self._heights) - 1
        a, b = graph.nodes[gone], graph.nodes[kept]
        b["total color"] = b["total color"] + a["total color"]
        b["pixel count"] += a["pixel count"]
        b["mean color"] = b["total color"] / b["pixel count"]

    def tree(self, labels: Labels) -> MergeTree:
        total = len(self._heights)
        sizes = np.ones(total, np.int64)
        parents = np.full(total, total - 1)
        for region, (one, other) in enumerate(self._parts, self._count):
            sizes[region] = sizes[one] + sizes[other]
            parents[[one, other]] = region
        spans = np.zeros((total, 2), np.int64)
        spans[:, 1] = sizes
        for region in range(total - 1, self._count - 1, -1):  # parts lie one after the other
            one, other = self._parts[region - self._count]
            spans[one] = spans[region, 0] + np.array([0, sizes[one]])
            spans[other] = spans[one, 1] + np.array([0, sizes[other]])
        heights = np.array(self._heights)
        softened = heights + _SOFTENING * heights[-1] + np.finfo(float).tiny
        return MergeTree(
            labels=labels,
            order=np.argsort(spans[: self._count, 0]),
            spans=spans,
            parents=parents,
            distinctness=1 - np.minimum(1, softened / np.maximum(heights[parents], softened)),
        )
