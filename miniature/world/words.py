"""How the world's things, styles and backgrounds are called in captions and instructions."""

from __future__ import annotations

__all__ = [
    "ADJECTIVES",
    "DRAWINGS",
    "NOTHING",
    "PLACES",
    "SCENERIES",
    "STYLE_PHRASES",
    "with_article",
]

ADJECTIVES = {
    "flat": ("flat",),
    "outline": ("outline", "outlined"),
    "pixel art": ("pixel art",),
    "neon": ("neon",),
    "stripes": ("striped", "stripes"),
    "mosaic": ("mosaic",),
    "watercolor": ("watercolor",),
    "blueprint": ("blueprint",),
    "charcoal": ("charcoal",),
    "stained glass": ("stained glass",),
    "polka dots": ("polka dot", "polka dots"),
    "chalkboard": ("chalkboard",),
    "halftone": ("halftone",),
    "gold leaf": ("gold leaf",),
}
"""What stands before a thing: "a neon cat"."""

STYLE_PHRASES = ("{} style", "in {} style", "{}", "{} style picture")
"""What follows a description."""

DRAWINGS = ("{} of", "{} drawing of", "{} picture of", "{} style,", "{},")
"""What leads a description."""

NOTHING = ("the background", "the empty background", "empty background")
"""What a scene without things shows."""

PLACES = {
    "plain": ("on a plain background", "plain background", "on plain ground"),
    "meadow": ("in a meadow", "on a meadow", "in the meadow"),
    "desert": ("in the desert", "in a desert", "on desert sand"),
    "sea": ("at sea", "by the sea", "at the sea"),
    "night": ("at night", "in the night", "by night"),
    "snow": ("in the snow", "in snow", "on snow"),
}
"""Where things are, in a sentence."""

SCENERIES = {
    "plain": ("plain background", "plain"),
    "meadow": ("meadow", "meadow background"),
    "desert": ("desert", "desert background"),
    "sea": ("sea", "sea background"),
    "night": ("night", "night background"),
    "snow": ("snow", "snow background"),
}
"""The same as a tag."""


def with_article(noun_phrase: str) -> str:
    """Put "a" or "an" before it."""
    return f"{'an' if noun_phrase[0] in 'aeiou' else 'a'} {noun_phrase}"
