"""What the styles' textures repeat: planes of a whole picture, `128 128`, float32 in [0, 1].

All have a period of 8 or 16 pixels on the picture's own grid, so that every latent cell of 8 × 8
pixels holds one of a few patterns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from miniature.world.names import SIZE_PX

__all__ = [
    "Plane",
    "clipped",
    "dots",
    "flow",
    "grain",
    "leads",
    "seams",
    "stripes",
    "tiles",
    "waves",
]

Plane = npt.NDArray[np.floating[Any]]


def clipped(values: Plane, low: float, high: float) -> Plane:
    """Keep values in a range."""
    return np.minimum(np.maximum(values, low), high)


_Y, _X = np.mgrid[:SIZE_PX, :SIZE_PX].astype(np.float32)


def _plane(values: npt.NDArray[np.generic]) -> Plane:
    plane = np.ascontiguousarray(values, dtype=np.float32)
    plane.setflags(write=False)
    return plane


def stripes(*, rising: bool = True, period_px: int = 16) -> Plane:
    """Diagonal bands, half of the period wide."""
    along = _X + _Y if rising else _X - _Y
    return _plane((along % period_px) < period_px / 2)


def seams(period_px: int, width_px: int) -> Plane:
    """A grid of lines."""
    return _plane((_X % period_px < width_px) | (_Y % period_px < width_px))


def tiles(tones: tuple[float, float, float, float]) -> Plane:
    """Tiles of 8 pixels in four tones, again after 16."""
    two = np.asarray((tones[:2], tones[2:]), np.float32)
    return _plane(np.kron(np.tile(two, (SIZE_PX // 16, SIZE_PX // 16)), np.ones((8, 8))))


def leads(width_px: float) -> Plane:
    """Falling lines with a period of 16."""
    return _plane(width_px > (_X - _Y) % 16)


def dots(period_px: int) -> Plane:
    """Distance in pixels to the centre of each cell (not in [0, 1])."""
    middle = (period_px - 1) / 2
    return _plane(np.hypot(_X % period_px - middle, _Y % period_px - middle))


def flow() -> Plane:
    """Soft blotches with a period of 16."""
    return _plane(0.5 + 0.5 * np.sin(_X * np.pi / 8) * np.sin(_Y * np.pi / 8))


def waves(width_px: float) -> Plane:
    """Wavy veins with a period of 16."""
    return _plane((_Y + 3.0 * np.sin(_X * np.pi / 8)) % 16 < width_px)


def grain(seed: int) -> Plane:
    """Random grains of two pixels, again after 16."""
    cells = np.random.RandomState(seed).rand(8, 8)
    return _plane(np.tile(np.kron(cells, np.ones((2, 2))), (SIZE_PX // 16, SIZE_PX // 16)))
