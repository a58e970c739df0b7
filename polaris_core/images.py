"""Pictures from files of unknown origin."""

from __future__ import annotations

import warnings
from contextlib import closing
from pathlib import Path

from PIL import Image, ImageOps

from polaris_core.errors import InvalidInput

__all__ = ["read_picture"]

_MOST_PIXELS = 100_000_000
_DEEP = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
"""Modes in which Pillow opens greys of 16 bits."""


def read_picture(path: Path | str, longest_px: int | None = None) -> Image.Image:
    """Read a picture as RGB.

    Args:
        path: The file, in any format that Pillow reads; of several frames the first.
        longest_px: Shrink it so that no edge is longer, which also decodes JPEG faster; None
            leaves its size.

    Raises:
        InvalidInput: It cannot be read, or has over 100 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what strangers' files lack
            with closing(Image.open(path)) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    size = f"{path}, {picture.width}x{picture.height}"
                    raise InvalidInput("the picture has over 100 million pixels", value=size)
                if longest_px:
                    picture.draft("RGB", (longest_px, longest_px))
                    picture.thumbnail((longest_px, longest_px))
                return _as_rgb(ImageOps.exif_transpose(picture))
    except InvalidInput:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise InvalidInput(f"the picture cannot be read ({error})", value=str(path)) from error


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in _DEEP:  # which Pillow would clip at 255 instead of scaling
        return picture.convert("I").point(lambda level: level / 257).convert("L").convert("RGB")
    return picture.convert("RGB")
