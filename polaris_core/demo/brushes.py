"""What the styles of the preview pictures are painted with: noise, edges, a trembling hand.

Pictures are squares of `SIZE_PX`, RGB unless said otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter, ImageOps

__all__ = [
    "SIZE_PX",
    "curve",
    "edges",
    "gradient",
    "grain",
    "jitter",
    "light",
    "mosaic",
    "noise",
    "plain",
]

SIZE_PX = 512


def plain(colour: str) -> Image.Image:
    """One colour."""
    return Image.new("RGB", (SIZE_PX, SIZE_PX), colour)


def curve(image: Image.Image, change: Callable[[int], int]) -> Image.Image:
    """Change every value of every channel alike."""
    return image.point([change(value) for value in range(256)] * len(image.getbands()))


def light() -> Image.Image:
    """White in the middle, black in the corners."""
    spot = ImageOps.invert(Image.radial_gradient("L")).resize((SIZE_PX, SIZE_PX))
    return spot.convert("RGB")


def grain(
    image: Image.Image, chance: random.Random, cell_px: int, tone: str, *, low: int
) -> Image.Image:
    """Darken spots of about the size of a cell towards a tone; the less, the higher `low`."""
    return ImageChops.multiply(
        image, ImageOps.colorize(noise(chance, cell_px, low=low), tone, "white")
    )


def gradient(top: str, bottom: str) -> Image.Image:
    """From one colour at the top to another at the bottom."""
    mask = Image.linear_gradient("L").resize((SIZE_PX, SIZE_PX))
    return Image.composite(plain(bottom), plain(top), mask)


def noise(chance: random.Random, cell_px: int, *, low: int = 0, high: int = 255) -> Image.Image:
    """Soft clouds of grey (L), with spots about as large as a cell."""
    rng = np.random.default_rng(chance.randrange(1 << 30))
    cells = SIZE_PX // cell_px + 1
    grid = rng.integers(low, high + 1, (cells, cells)).astype(np.uint8)
    size = (SIZE_PX, SIZE_PX)
    return Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)


def edges(image: Image.Image, width: int = 1) -> Image.Image:
    """Lines where colours change, white on black (L)."""
    found = ImageOps.autocontrast(image.convert("L").filter(ImageFilter.FIND_EDGES))
    found = ImageOps.expand(ImageOps.crop(found, 4), 4, 0)
    return curve(found.filter(ImageFilter.MaxFilter(2 * width + 1)), lambda v: 255 * (v > 40))


def jitter(image: Image.Image, chance: random.Random, reach_px: float, cell_px: int) -> Image.Image:
    """Push every pixel a little aside, neighbours alike: a hand that trembles."""
    pixels = np.asarray(image)
    lengths = (image.height, image.width)
    rows, columns = (
        (place + _push(chance, reach_px, cell_px)).clip(0, length - 1).astype(np.intp)
        for place, length in zip(np.indices(lengths), lengths, strict=True)
    )
    return Image.fromarray(pixels[rows, columns])


def _push(chance: random.Random, reach_px: float, cell_px: int) -> npt.NDArray[np.float32]:
    return (np.asarray(noise(chance, cell_px), np.float32) / 127.5 - 1) * np.float32(reach_px)


def mosaic(image: Image.Image, chance: random.Random) -> Image.Image:
    """Every pixel takes the colour of the nearest of some points."""
    rng = np.random.default_rng(chance.randrange(1 << 30))
    points = rng.integers(0, SIZE_PX, (60, 2))
    ys, xs = np.mgrid[0:SIZE_PX:4, 0:SIZE_PX:4]
    far = (ys[..., None] - points[:, 0]) ** 2 + (xs[..., None] - points[:, 1]) ** 2
    colours = np.asarray(image)[points[:, 0], points[:, 1]]
    panes = Image.fromarray(colours[far.argmin(-1)]).resize(image.size, Image.Resampling.NEAREST)
    return Image.blend(panes, image, 0.65)
