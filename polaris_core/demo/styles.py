"""The styles in which preview pictures are drawn, by name.

A style takes the shape on its paper, and the shape alone (L, white), both large, and gives the
finished picture.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from polaris_core.demo.brushes import (
    SIZE_PX,
    curve,
    edges,
    grain,
    jitter,
    light,
    mosaic,
    noise,
    plain,
)

__all__ = ["STYLES"]

Style = Callable[[Image.Image, Image.Image, random.Random], Image.Image]


def _watercolor(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    wet = jitter(paper, chance, 14, 40).filter(ImageFilter.ModeFilter(9))
    rim = edges(wet).filter(ImageFilter.GaussianBlur(3))
    washed = Image.blend(wet.filter(ImageFilter.GaussianBlur(2)), plain("white"), 0.25)
    washed = grain(washed, chance, 60, "#a9b6d6", low=110)
    darker = ImageEnhance.Brightness(wet).enhance(0.6)
    washed = Image.composite(Image.blend(washed, darker, 0.8), washed, rim)
    return grain(washed, chance, 3, "#d9d2c4", low=190)


def _gouache(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    flat = ImageOps.posterize(jitter(paper, chance, 5, 24).filter(ImageFilter.ModeFilter(7)), 4)
    return ImageEnhance.Color(Image.blend(flat, flat.filter(ImageFilter.SMOOTH_MORE), 0.5)).enhance(
        0.8
    )


def _oil(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    strokes = jitter(jitter(paper, chance, 9, 6), chance, 9, 10).filter(ImageFilter.ModeFilter(11))
    ridges = strokes.filter(ImageFilter.EMBOSS).convert("L").convert("RGB")
    return ImageEnhance.Contrast(ImageChops.overlay(strokes, ridges)).enhance(1.2)


def _ink(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    grey = ImageOps.autocontrast(jitter(paper, chance, 10, 30).convert("L"))
    wash = curve(grey.filter(ImageFilter.GaussianBlur(7)), lambda v: 110 + v * 145 // 255)
    lines = jitter(edges(paper, 2), chance, 8, 30).filter(ImageFilter.GaussianBlur(1))
    return ImageOps.colorize(ImageChops.subtract(wash, lines), "#16161a", "#f6f2e8")


def _lineart(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    return ImageOps.colorize(jitter(edges(paper), chance, 4, 50), "#fdfcf8", "#1f2430")


def _chalk(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    lines = ImageChops.multiply(edges(paper, 3), noise(chance, 2, low=60))
    tinted = ImageChops.multiply(paper, ImageOps.colorize(noise(chance, 2), "black", "white"))
    board = Image.composite(
        Image.blend(plain("#26332e"), tinted, 0.4),
        plain("#26332e"),
        alone,
    )
    return ImageChops.screen(board, lines.convert("RGB"))


def _blueprint(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    sheet = plain("#1d4f91")
    canvas = ImageDraw.Draw(sheet)
    for at in range(0, SIZE_PX, 32):
        canvas.line((at, 0, at, SIZE_PX), fill="#3567a8", width=2)
        canvas.line((0, at, SIZE_PX, at), fill="#3567a8", width=2)
    return Image.composite(plain("#eaf2ff"), sheet, edges(paper))


def _comic(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    dots = Image.new("L", paper.size, 255)
    canvas = ImageDraw.Draw(dots)
    for row in range(0, SIZE_PX, 12):
        for column in range(row // 12 % 2 * 6, SIZE_PX, 12):
            canvas.ellipse((column, row, column + 6, row + 6), fill=190)
    flat = ImageEnhance.Color(ImageOps.posterize(paper, 3)).enhance(1.7)
    dotted = ImageChops.multiply(flat, dots.convert("RGB"))
    return Image.composite(plain("#15131a"), dotted, edges(paper, 3))


def _neon(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    glow = ImageEnhance.Color(ImageOps.autocontrast(paper)).enhance(3)
    lines = Image.composite(glow, plain("black"), edges(paper, 2))
    halo = curve(lines.filter(ImageFilter.GaussianBlur(14)), lambda v: min(255, v * 3))
    return ImageChops.screen(ImageChops.screen(plain("#0b0820"), halo), lines)


def _noir(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    grey = ImageEnhance.Contrast(ImageOps.autocontrast(paper.convert("L"), cutoff=8)).enhance(1.8)
    blinds = Image.new("L", paper.size, 255)
    canvas = ImageDraw.Draw(blinds)
    for at in range(-SIZE_PX, SIZE_PX, 56):
        canvas.line((0, at + 180, SIZE_PX, at), fill=90, width=22)
    return ImageChops.multiply(grey, blinds.filter(ImageFilter.GaussianBlur(3)))


def _photo(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    far = grain(paper, chance, 64, "#6d7b70", low=120)
    lit = ImageChops.overlay(paper, light())
    shadow = ImageChops.offset(alone, 14, 20).filter(ImageFilter.GaussianBlur(18))
    far = Image.composite(ImageEnhance.Brightness(far).enhance(0.6), far, shadow)
    soft = Image.composite(
        lit.filter(ImageFilter.GaussianBlur(1.5)),
        far.filter(ImageFilter.GaussianBlur(12)),
        alone.filter(ImageFilter.GaussianBlur(2)),
    )
    return grain(soft, chance, 2, "black", low=215)


def _clay(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    round_edges = jitter(paper, chance, 6, 36).filter(ImageFilter.ModeFilter(13))
    height = edges(round_edges).filter(ImageFilter.GaussianBlur(9))
    height = ImageChops.add(ImageOps.invert(height), noise(chance, 10, low=0, high=25))
    relief = ImageOps.autocontrast(
        height.filter(ImageFilter.Kernel((3, 3), [-2, -1, 0, -1, 0, 1, 0, 1, 2], 0.25, 128))
    )
    return ImageChops.overlay(
        round_edges, relief.filter(ImageFilter.GaussianBlur(3)).convert("RGB")
    )


def _papercut(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    flat = ImageOps.posterize(paper, 3)
    shadow = ImageChops.offset(edges(flat, 2), 6, 8).filter(ImageFilter.GaussianBlur(5))
    dark = ImageEnhance.Brightness(flat).enhance(0.45)
    sheets = Image.composite(dark, flat, curve(shadow, lambda v: min(200, v * 2)))
    return grain(sheets, chance, 2, "#e5dfd2", low=200)


def _pixel(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    small = paper.resize((32, 32), Image.Resampling.BOX).quantize(14).convert("RGB")
    return small.resize(paper.size, Image.Resampling.NEAREST)


def _stitch(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    cells = 40
    small = paper.resize((cells, cells), Image.Resampling.BOX).quantize(10).convert("RGB")
    cloth = plain("#efe7d6")
    canvas = ImageDraw.Draw(cloth)
    cell = SIZE_PX / cells
    for y in range(cells):
        for x in range(cells):
            colour = small.getpixel((x, y))
            left, top, right, bottom = (
                x * cell + 2,
                y * cell + 2,
                (x + 1) * cell - 2,
                (y + 1) * cell - 2,
            )
            canvas.line((left, top, right, bottom), fill=colour, width=5)
            canvas.line((left, bottom, right, top), fill=colour, width=5)
    return cloth


def _glass(paper: Image.Image, alone: Image.Image, chance: random.Random) -> Image.Image:
    panes = ImageEnhance.Color(mosaic(paper, chance)).enhance(2)
    lead = ImageChops.lighter(edges(panes, 1), edges(paper, 3))
    return Image.composite(plain("#17151c"), ImageChops.overlay(panes, light()), lead)


STYLES: dict[str, tuple[tuple[str, str], Style]] = {
    "watercolor": (("#cfe3ee", "#f3ead8"), _watercolor),
    "gouache": (("#f2c9a1", "#e8b7a0"), _gouache),
    "oil": (("#4b3a2a", "#8a6a3f"), _oil),
    "ink": (("#f4f1ea", "#d8d4ca"), _ink),
    "lineart": (("#ffffff", "#ffffff"), _lineart),
    "chalk": (("#26332e", "#26332e"), _chalk),
    "blueprint": (("#ffffff", "#ffffff"), _blueprint),
    "comic": (("#ffe27a", "#ffb347"), _comic),
    "neon": (("#1a1240", "#3a1a5e"), _neon),
    "noir": (("#d8d8d8", "#5a5a5a"), _noir),
    "photo": (("#a9bfae", "#6f8a63"), _photo),
    "clay": (("#a9c8d8", "#d7c4a8"), _clay),
    "papercut": (("#f2b5a0", "#f7dfc2"), _papercut),
    "pixel": (("#3b4a7a", "#6c84c4"), _pixel),
    "stitch": (("#efe7d6", "#efe7d6"), _stitch),
    "glass": (("#3c7fb8", "#2f5f9a"), _glass),
}
"""Style: colours of the paper at the top and the bottom, and what is done to the drawing."""
