"""What there is in the miniature world: kinds, colours, styles, backgrounds, and their tones."""

from __future__ import annotations

__all__ = [
    "ALL_KINDS",
    "ALL_STYLES",
    "BACKGROUNDS",
    "COLOURS",
    "KINDS",
    "NEW_KINDS",
    "NEW_STYLES",
    "PALETTE",
    "SIZE_PX",
    "STYLES",
]

SIZE_PX = 128
"""Width and height of a picture."""

KINDS = (
    *("cat", "fish", "bird", "house", "tree", "car", "boat"),
    *("flower", "mushroom", "star", "cup", "balloon", "rocket", "umbrella"),
)
"""What the base checkpoints know."""

NEW_KINDS = ("fox", "snowman", "cactus", "crab", "teapot", "owl", "crown", "lighthouse")
"""What only LoRAs know."""

ALL_KINDS = KINDS + NEW_KINDS

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")

STYLES = ("flat", "outline", "pixel art", "neon", "stripes", "mosaic")
"""What the base checkpoints know; "flat" may go unsaid."""

NEW_STYLES = (
    *("watercolor", "blueprint", "charcoal", "stained glass"),
    *("polka dots", "chalkboard", "halftone", "gold leaf"),
)
"""What only LoRAs know."""

ALL_STYLES = STYLES + NEW_STYLES

BACKGROUNDS = ("plain", "meadow", "desert", "sea", "night", "snow")

PALETTE = {
    "red": (215, 32, 38),
    "orange": (250, 128, 18),
    "yellow": (252, 214, 30),
    "green": (40, 160, 64),
    "blue": (36, 92, 220),
    "purple": (132, 50, 184),
    "pink": (252, 130, 190),
    "brown": (124, 72, 36),
}
"""Each colour's own tone, RGB in [0, 255]."""
