"""How things and backgrounds look in the styles that only LoRAs know."""

from __future__ import annotations

import numpy as np

from miniature.world import textures
from miniature.world.styles import WHITE, Colours, Look, Paint, horizon, mix, rgb
from miniature.world.textures import Plane, clipped

__all__ = ["NEW_LOOKS"]

_PAPER = rgb(252, 249, 240)
_BLUE = rgb(24, 66, 150)
_BOARD = rgb(36, 62, 52)
_GOLD = rgb(226, 178, 58)
_NIGHT = rgb(46, 26, 36)
_FLOW = textures.flow()
_SQUARES = textures.seams(16, 1)
_GRAIN = textures.grain(5)
_HATCH = textures.stripes(period_px=8)
_LEAD = textures.leads(3)
_PANES = textures.seams(16, 3)
_NEAR = textures.dots(8)
_SPOT = textures.dots(16)
_SPOTS = np.minimum(_SPOT, np.roll(_SPOT, (8, 8), (0, 1)))
_WAVES = textures.waves(2.0)


def _luminance(colours: Colours) -> Plane:
    return colours @ np.asarray((0.3, 0.59, 0.11), np.float32) / 255


def _watercolor(paint: Paint) -> tuple[Colours, Plane]:
    wash = mix(paint.flat, _PAPER, 0.12 + 0.45 * paint.cut(_FLOW))
    rim = clipped(paint.line * 1.2, 0, 1) * paint.alpha
    wet = mix(wash, paint.flat * 0.86, rim * 0.7)
    bleed = mix(paint.base, _PAPER, 0.45)
    return mix(bleed, wet, paint.alpha), np.maximum(paint.alpha, clipped(paint.glow * 1.3, 0, 0.5))


def _watercolor_background(bands: Colours) -> Colours:
    return mix(_PAPER, bands, (0.3 + 0.4 * _FLOW).astype(np.float32))


def _blueprint(paint: Paint) -> tuple[Colours, Plane]:
    fill = mix(_BLUE, paint.base, 0.5)
    fill = mix(fill, WHITE, paint.cut(_SQUARES) * 0.3)
    return mix(fill, mix(WHITE, paint.base, 0.66), paint.line), paint.alpha


def _blueprint_background(bands: Colours) -> Colours:
    sheet = _BLUE * (0.8 + 0.3 * _luminance(bands))[..., None]
    return mix(mix(sheet, WHITE, _SQUARES * 0.4), WHITE, horizon(bands) * 0.55)


def _charcoal(paint: Paint) -> tuple[Colours, Plane]:
    tinted = mix(rgb(58, 54, 52), paint.flat, 0.76)
    strokes = paint.cut(_HATCH) * 0.22 + paint.cut(_GRAIN) * 0.26
    rubbed = mix(tinted, rgb(214, 208, 198), strokes)
    return mix(rubbed, rgb(24, 22, 22), paint.line * 0.92), paint.alpha


def _charcoal_background(bands: Colours) -> Colours:
    light = 120 + 105 * _luminance(bands)
    grey = light - 30 * _GRAIN - 14 * _HATCH
    return mix(grey[..., None] * rgb(1, 1, 1), rgb(60, 58, 56), horizon(bands) * 0.6)


def _stained_glass(paint: Paint) -> tuple[Colours, Plane]:
    shine = clipped(1.25 - paint.cut(_SPOTS) * 0.07, 0.6, 1.3)
    glass = clipped(paint.flat * shine[..., None] + 14, 0, 255)
    lead = np.maximum(paint.cut(_LEAD), clipped(paint.line * 1.3, 0, 1))
    return mix(glass, rgb(22, 16, 22), lead), paint.alpha


def _stained_glass_background(bands: Colours) -> Colours:
    shine = clipped(1.15 - _SPOT * 0.045, 0.6, 1.15)[..., None]
    grey = bands.mean(2, keepdims=True)
    vivid = clipped(grey * 0.85 + (bands - grey) * 2, 0, 255)
    return mix(clipped(vivid * shine, 0, 255), rgb(12, 10, 14), _PANES)


def _polka_dots(paint: Paint) -> tuple[Colours, Plane]:
    spots = clipped(3.7 - paint.cut(_SPOTS), 0, 1) * (1 - paint.tones[..., 3])
    return mix(paint.flat, WHITE, spots), paint.alpha


def _polka_dots_background(bands: Colours) -> Colours:
    return mix(bands * 0.94, WHITE, clipped(3.2 - _SPOTS, 0, 1) * 0.5)


def _chalkboard(paint: Paint) -> tuple[Colours, Plane]:
    chalk = mix(paint.base, WHITE, 0.22)
    dust = 0.34 + 0.5 * paint.cut(_HATCH) * (0.45 + 0.55 * paint.cut(_GRAIN))
    fill = mix(_BOARD, chalk, dust)
    stroke = paint.line * (0.72 + 0.28 * paint.cut(_GRAIN))
    return mix(fill, mix(chalk, WHITE, 0.12), stroke), paint.alpha


def _chalkboard_background(bands: Colours) -> Colours:
    dusty = mix(_BOARD, bands, 0.07 + 0.05 * _GRAIN)
    return mix(dusty, rgb(220, 225, 218), horizon(bands) * 0.6)


_RADII = np.asarray((4.0, 5.0, 2.9, 6.5, 0.5), np.float32)


def _halftone(paint: Paint) -> tuple[Colours, Plane]:
    ink = mix(paint.base, rgb(20, 20, 24), paint.tones[..., 3])
    dot = clipped(paint.tones @ _RADII - paint.cut(_NEAR), 0, 1)
    printed = mix(WHITE, ink, dot)
    return mix(printed, paint.palette[1], paint.line * 0.35), paint.alpha


def _halftone_background(bands: Colours) -> Colours:
    radius = 1.2 + 2.6 * (1 - _luminance(bands))
    grey = bands.mean(2, keepdims=True)
    ink = clipped(grey * 0.78 + (bands - grey) * 1.5, 0, 255)
    return mix(_PAPER, ink, clipped(radius - _NEAR, 0, 1))


def _gold_leaf(paint: Paint) -> tuple[Colours, Plane]:
    veins = np.maximum(paint.cut(_WAVES), paint.line)
    return mix(paint.flat * 0.95, _GOLD, veins), paint.alpha


def _gold_leaf_background(bands: Colours) -> Colours:
    ground = mix(_NIGHT, bands, 0.10)
    veined = mix(ground, _GOLD * 0.75, _WAVES * 0.7)
    return mix(veined, _GOLD, horizon(bands) * 0.8)


NEW_LOOKS = {
    "watercolor": Look(_watercolor, _watercolor_background),
    "blueprint": Look(_blueprint, _blueprint_background),
    "charcoal": Look(_charcoal, _charcoal_background),
    "stained glass": Look(_stained_glass, _stained_glass_background),
    "polka dots": Look(_polka_dots, _polka_dots_background),
    "chalkboard": Look(_chalkboard, _chalkboard_background),
    "halftone": Look(_halftone, _halftone_background),
    "gold leaf": Look(_gold_leaf, _gold_leaf_background),
}
