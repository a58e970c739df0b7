"""Many small attention maps of a UNet to one map of the picture.

Every cross-attention layer tells, for each place of its own coarse grid, how much that place looks
at some words. `MapSum` adds such maps as they come, one sum per grid, so that what is kept does
not grow with layers and steps. At the end the grids are brought to the finest of them, averaged
with each layer counting the same, and brought to the picture.

That maps of all layers, heads and steps are averaged unweighted follows DAAM (Tang et al., What
the DAAM: Interpreting Stable Diffusion Using Cross Attention, 2022).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from polaris_core.errors import InvalidInput

__all__ = ["AttentionMap", "MapSum"]

AttentionMap = npt.NDArray[np.float32]
"""`h w`, 0 to 1: how much a pixel has to do with the words."""

_LEAST_CONTRAST = 1e-5
"""Maps that vary less, relative to their largest value, hold rounding and nothing else."""


class MapSum:
    """The sum of attention maps.

    Attributes:
        added: How many maps it holds.
        dropped: How many were left out because they hold NaN or infinity.
    """

    def __init__(self) -> None:
        self.added = 0
        self.dropped = 0
        self._sums: dict[tuple[int, int], npt.NDArray[np.float64]] = {}

    def add(self, layer_map: npt.NDArray[np.floating[Any]]) -> None:
        """Add the map of one layer at one step.

        Args:
            layer_map: `h w` of the layer's own grid. A map with NaN or infinity, which half
                precision can produce, is left out and counted.

        Raises:
            InvalidInput: It is not a map of at least one place.
        """
        if layer_map.ndim != 2 or not layer_map.size:
            raise InvalidInput("not an attention map of shape [h, w]", value=layer_map.shape)
        if not np.isfinite(layer_map).all():
            self.dropped += 1
            return
        grid = (layer_map.shape[0], layer_map.shape[1])
        total = self._sums.setdefault(grid, np.zeros(grid))
        total += layer_map
        self.added += 1

    def combined(self, height_px: int, width_px: int) -> AttentionMap | None:
        """The average of all maps, stretched so that its least value is 0 and its largest 1.

        Returns:
            `h w` of the given size; None if the maps say nothing: none was added, or the average
            is the same everywhere.

        Raises:
            InvalidInput: The size is not positive.
        """
        if height_px < 1 or width_px < 1:
            raise InvalidInput("no picture has this size", value=f"{width_px}x{height_px}")
        if not self.added:
            return None
        finest = (max(h for h, _ in self._sums), max(w for _, w in self._sums))
        level, everything = 0.0, np.zeros(finest, np.float32)
        for _, values in sorted(self._sums.items()):
            level += float(np.abs(values).max())
            # What all of a grid has in common tells nothing and would only cost digits.
            everything += _resized(values - values.mean(), *finest)
        even = _stretched(everything, _LEAST_CONTRAST * level)
        if even is None:
            return None
        return _stretched(_resized(even, height_px, width_px), _LEAST_CONTRAST)


def _stretched(values: AttentionMap, least_contrast: float) -> AttentionMap | None:
    least, contrast = values.min(), np.ptp(values)
    return (values - least) / contrast if contrast > least_contrast else None


def _resized(values: npt.NDArray[np.floating[Any]], height: int, width: int) -> AttentionMap:
    """Interpolate linearly, or average where it shrinks; the borders lie on each other."""
    from PIL import Image

    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
