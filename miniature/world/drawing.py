"""From a scene to its picture, and to the exact pixels of its things and their parts."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from miniature.world.names import PALETTE, SIZE_PX
from miniature.world.new_styles import NEW_LOOKS
from miniature.world.scene import Scene, Thing
from miniature.world.sprites import MARGIN_PX, Sprite, sprite
from miniature.world.styles import BASE_LOOKS, BLOCK_PX, Colours, Paint
from miniature.world.textures import Plane, clipped

__all__ = ["Mask", "draw", "masks", "opacity", "parts"]

Mask = npt.NDArray[np.bool_]

_LOOKS = BASE_LOOKS | NEW_LOOKS
_HORIZONS_PX = (64, 72, 80, 88)
_BANDS = {
    "plain": ((236, 234, 228), (236, 234, 228), (224, 221, 213)),
    "meadow": ((206, 228, 244), (188, 216, 170), (164, 202, 142)),
    "desert": ((250, 236, 206), (238, 212, 164), (224, 194, 142)),
    "sea": ((226, 238, 246), (150, 196, 216), (120, 174, 204)),
    "night": ((52, 54, 92), (70, 70, 108), (46, 58, 66)),
    "snow": ((196, 208, 224), (246, 249, 252), (232, 240, 248)),
}
"""Sky, far ground and near ground."""


def draw(scene: Scene) -> npt.NDArray[np.uint8]:
    """Draw a scene.

    Returns:
        RGB, `128 128 3`; the same for the same scene.
    """
    picture = np.array(_background(scene.background, scene.style, scene.seed % len(_HORIZONS_PX)))
    for thing in scene.things:
        style = scene.style_of(thing)
        window, inner = _windows(thing)
        colours, alpha = _LOOKS[style].thing(_paint(thing, window, inner))
        under = picture[window]
        share = alpha[..., None]
        picture[window] = under * (1 - share) + colours * share  # exact where share is 1
    return (picture + 0.5).astype(np.uint8)


def masks(scene: Scene) -> Mask:
    """The visible pixels of each thing: those of which it covers at least half.

    Returns:
        `n 128 128`, in the order of the things; no pixel belongs to two.
    """
    found = np.zeros((len(scene.things), SIZE_PX, SIZE_PX), np.bool_)
    for index, thing in enumerate(scene.things):
        window, inner = _windows(thing)
        solid = _solid(
            scene.style_of(thing), sprite(thing.kind, thing.size_px, thing.flipped), inner
        )
        found[:index, window[0], window[1]] &= ~solid
        found[index, window[0], window[1]] = solid
    return found


def parts(scene: Scene) -> list[dict[str, Mask]]:
    """The visible pixels of each thing's parts.

    Returns:
        For each thing its parts by name, `128 128`; together they are its mask.
    """
    found: list[dict[str, Mask]] = []
    for thing, whole in zip(scene.things, masks(scene), strict=True):
        window, inner = _windows(thing)
        shape = sprite(thing.kind, thing.size_px, thing.flipped)
        labels = np.full((SIZE_PX, SIZE_PX), -1, np.int8)
        labels[window] = shape.labels[inner]
        labels = _nearest(labels, whole)
        found.append({name: whole & (labels == at) for at, name in enumerate(shape.parts)})
    return found


def opacity(scene: Scene, thing: Thing) -> Plane:
    """How much a thing hides of what is behind it, glow included, `128 128` in [0, 1]."""
    plane = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    window, inner = _windows(thing)
    plane[window] = _LOOKS[scene.style_of(thing)].thing(_paint(thing, window, inner))[1]
    return plane


def _windows(thing: Thing) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where it lies in the picture and in its sprite, in whole blocks; the margin is cut first."""
    side = thing.size_px + 2 * MARGIN_PX
    outer: list[slice] = []
    inner: list[slice] = []
    for centre in (thing.centre_xy[1], thing.centre_xy[0]):
        start = centre - side // 2
        low = max(-(-start // BLOCK_PX) * BLOCK_PX, 0)
        high = max(min((start + side) // BLOCK_PX * BLOCK_PX, SIZE_PX), low)
        outer.append(slice(low, high))
        inner.append(slice(low - start, high - start))
    return (outer[0], outer[1]), (inner[0], inner[1])


def _paint(thing: Thing, window: tuple[slice, slice], inner: tuple[slice, slice]) -> Paint:
    shape = sprite(thing.kind, thing.size_px, thing.flipped)
    palette = _palette(thing.colour)
    tones = shape.tones[inner] / np.float32(255)
    return Paint(
        flat=tones @ palette,
        alpha=shape.alpha[inner] / np.float32(255),
        line=shape.line[inner] / np.float32(255),
        glow=shape.glow[inner] / np.float32(255),
        tones=tones,
        palette=palette,
        window=window,
    )


@cache
def _palette(colour: str) -> Colours:
    base = np.asarray(PALETTE[colour], np.float32)
    dark = base * 0.66
    light = base + (255 - base) * 0.45
    ends = np.asarray(((28, 26, 30), (252, 252, 250)), np.float32)
    palette = np.concatenate([base[None], dark[None], light[None], ends])
    palette.setflags(write=False)
    return palette


def _solid(style: str, shape: Sprite, inner: tuple[slice, slice]) -> Mask:
    alpha = shape.alpha[inner]
    if not _LOOKS[style].blocks:
        return alpha >= 128
    height, width = alpha.shape
    shape_of_cells = (height // BLOCK_PX, BLOCK_PX, width // BLOCK_PX, BLOCK_PX)
    cells = np.reshape(alpha, shape_of_cells)
    solid = (cells / np.float32(255)).mean((1, 3)) >= 0.5
    return solid.repeat(BLOCK_PX, 0).repeat(BLOCK_PX, 1)


def _nearest(labels: npt.NDArray[np.int8], whole: Mask) -> npt.NDArray[np.int8]:
    """Give pixels of the thing without a label (corners of blocks) that of a neighbour."""
    for _ in range(2 * BLOCK_PX):
        missing = whole & (labels < 0)
        if not missing.any():
            break
        around = [np.roll(labels, step, axis) for axis in (0, 1) for step in (1, -1)]
        labels = np.where(missing, np.stack(around).max(0), labels)
    return labels


@cache
def _background(background: str, style: str, height: int) -> Colours:
    sky, far, near = (np.asarray(tone, np.float32) for tone in _BANDS[background])
    horizon = _HORIZONS_PX[height]
    rows = np.arange(SIZE_PX, dtype=np.float32)
    bands = sky + (far - sky) * (rows >= horizon)[:, None]
    bands = bands + (near - far) * (rows >= horizon + 24)[:, None]
    plain = np.repeat(bands[:, None], SIZE_PX, 1).astype(np.float32)
    picture = clipped(_LOOKS[style].background(plain), 0, 255).astype(np.float32)
    picture.setflags(write=False)
    return picture
