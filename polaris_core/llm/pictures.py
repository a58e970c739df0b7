"""Pictures of a size that every vision model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["fitted"]

_LONGEST_PX = 1024
"""Enough to see what a sentence speaks of, and a thousand tokens for Qwen2.5-VL."""
_SHORTEST_PX = 32
"""Patches of 14 or 16 pixels, two by two."""


def fitted(picture: Image) -> Image:
    """The picture in RGB, no edge over 1,024 px, none under 32 px; slivers are widened."""
    picture = picture.convert("RGB")
    scale = min(1.0, _LONGEST_PX / max(picture.size))
    width, height = (max(_SHORTEST_PX, round(edge * scale)) for edge in picture.size)
    return picture if picture.size == (width, height) else picture.resize((width, height))
