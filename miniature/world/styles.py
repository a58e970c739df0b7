"""How things and backgrounds look in each style that the base checkpoints know.

A style paints a thing (colours and opacity, from its `Paint`) and a background (from its tones).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from miniature.world import textures
from miniature.world.textures import Plane, clipped

__all__ = ["BASE_LOOKS", "Colours", "Look", "Paint", "horizon", "mix"]

Colours = npt.NDArray[np.floating[Any]]
"""RGB in [0, 255], `h w 3` or `3`."""

BLOCK_PX = 4
"""Side of a block of pixel art: two of them in a latent cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """A thing as a style finds it: planes `h w` in [0, 1], cut to the picture."""

    flat: Colours
    """Its plain colours."""
    alpha: Plane
    line: Plane
    glow: Plane
    tones: Plane
    """Shares of the tones, `h w 5`."""
    palette: Colours
    """RGB of the five tones, `5 3`."""
    window: tuple[slice, slice]
    """Rows and columns of the picture."""

    @property
    def base(self) -> Colours:
        """The colour's own tone."""
        return self.palette[0]

    def cut(self, texture: Plane) -> Plane:
        """The part of a texture that lies under it."""
        return texture[self.window]


@dataclass(frozen=True, slots=True)
class Look:
    """A style: how it paints a thing, and how a background."""

    thing: Callable[[Paint], tuple[Colours, Plane]]
    """Gives colours and opacity."""
    background: Callable[[Colours], Colours]
    blocks: bool = False
    """Whether its shapes are made of blocks, so that its mask is too."""


def mix(one: Colours | Plane, other: Colours, share: float | Plane) -> Colours:
    """Go from one colour to another by a share in [0, 1], a number or a plane."""
    weight = share[..., None] if isinstance(share, np.ndarray) else share
    return (one + (other - one) * weight).astype(np.float32, copy=False)


def rgb(red: int, green: int, blue: int) -> Colours:
    """One colour."""
    return np.asarray((red, green, blue), np.float32)


def horizon(bands: Colours) -> Plane:
    """Where the tones of a background change, as a line of three pixels."""
    step = np.abs(np.diff(bands, axis=0, prepend=bands[:1])).sum(2) > 12
    thick = step.copy()
    thick[1:] |= step[:-1]
    return thick.astype(np.float32)


WHITE = rgb(255, 255, 255)
_STRIPES = textures.stripes()
_FALLING = textures.stripes(rising=False)
_CHECKS = textures.stripes(period_px=8)
_GROUT = textures.seams(8, 2)
_TILES = textures.tiles((1.0, 0.84, 0.92, 1.12))
_BLOCKS = np.tile(textures.tiles((0.0, 1.0, 1.0, 0.0))[::2, ::2], (2, 2))


def _flat(paint: Paint) -> tuple[Colours, Plane]:
    return paint.flat, paint.alpha


def _outline(paint: Paint) -> tuple[Colours, Plane]:
    fill = mix(WHITE, paint.base, 0.14)
    return mix(fill, paint.base * 0.88, paint.line), paint.alpha


def _outline_background(bands: Colours) -> Colours:
    return mix(mix(WHITE, bands, 0.14), rgb(120, 120, 120), horizon(bands) * 0.6)


def _blocks(plane: Plane) -> Plane:
    height, width = plane.shape[:2]
    depth = plane.shape[2] if plane.ndim == 3 else 1
    shape = (height // BLOCK_PX, BLOCK_PX, width // BLOCK_PX, BLOCK_PX, depth)
    cells = np.reshape(plane, shape)
    return cells.mean((1, 3))


def _grown(cells: Plane) -> Plane:
    return cells.repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)


def _pixel_art(paint: Paint) -> tuple[Colours, Plane]:
    solid = _blocks(paint.alpha)[..., 0] >= 0.5
    tone = _blocks(paint.tones * paint.alpha[..., None]).argmax(2)
    inner = np.array(solid)
    inner[1:] &= solid[:-1]
    inner[:-1] &= solid[1:]
    inner[:, 1:] &= solid[:, :-1]
    inner[:, :-1] &= solid[:, 1:]
    colours = paint.palette[tone]
    colours[solid & ~inner] = paint.palette[1] * 0.62
    return _grown(colours), _grown(solid.astype(np.float32))


def _pixel_background(bands: Colours) -> Colours:
    cells = _grown(_blocks(bands))
    return clipped(cells * (0.93 + 0.12 * _BLOCKS)[..., None], 0, 255)


def _neon(paint: Paint) -> tuple[Colours, Plane]:
    bright = np.minimum(paint.base * 1.12 + 18, 255)
    dark = mix(rgb(10, 6, 26), paint.base, 0.16)
    inside = mix(dark, bright, paint.line)
    outside = 1 - paint.alpha
    halo = clipped(paint.glow * 1.7 - 0.08, 0, 0.8)
    return mix(inside, bright, outside), np.maximum(paint.alpha, halo)


def _neon_background(bands: Colours) -> Colours:
    dark = rgb(10, 6, 26) + bands * 0.07
    return mix(dark, bands, horizon(bands) * 0.55)


def _stripes(paint: Paint) -> tuple[Colours, Plane]:
    pale = mix(paint.flat, WHITE, 0.62)
    return mix(paint.flat, pale, paint.cut(_STRIPES)), paint.alpha


def _stripes_background(bands: Colours) -> Colours:
    return mix(bands * 0.88, mix(bands, WHITE, 0.5), _FALLING)


def _mosaic(paint: Paint) -> tuple[Colours, Plane]:
    tiled = clipped(paint.flat * paint.cut(_TILES)[..., None], 0, 255)
    return mix(tiled, paint.flat * 0.5, paint.cut(_GROUT)), paint.alpha


def _mosaic_background(bands: Colours) -> Colours:
    tiled = clipped(bands * (0.42 + 0.52 * _TILES)[..., None], 0, 255)
    return mix(tiled, mix(bands, WHITE, 0.75), _GROUT)


BASE_LOOKS = {
    "flat": Look(_flat, lambda bands: bands),
    "outline": Look(_outline, _outline_background),
    "pixel art": Look(_pixel_art, _pixel_background, blocks=True),
    "neon": Look(_neon, _neon_background),
    "stripes": Look(_stripes, _stripes_background),
    "mosaic": Look(_mosaic, _mosaic_background),
}
