"""Pictures from files of unknown origin."""

from __future__ import annotations

import io
import warnings
from contextlib import closing
from pathlib import Path

from PIL import Image, ImageOps

from polaris_core.errors import InvalidInput

__all__ = ["read_picture", "read_picture_bytes"]

_MOST_PIXELS = 100_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
"""What pictures that are sent may be; others have decoders that nobody looks after."""
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
    return _read(path, str(path), longest_px)


def read_picture_bytes(content: bytes, longest_px: int | None = None) -> Image.Image:
    """Read a picture that was sent as RGB: PNG, JPEG, WebP, GIF or AVIF.

    Args:
        content: The file's bytes.
        longest_px: As `read_picture`.

    Raises:
        InvalidInput: As `read_picture`.
    """
    Image.init()
    formats = tuple(name for name in _FORMATS if name in Image.OPEN)  # as far as Pillow was built
    return _read(io.BytesIO(content), f"{len(content)} bytes", longest_px, formats)


def _read(
    file: Path | str | io.BytesIO,
    called: str,
    longest_px: int | None,
    formats: tuple[str, ...] | None = None,
) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what strangers' files lack
            with closing(Image.open(file, formats=formats)) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    size = f"{called}, {picture.width}x{picture.height}"
                    raise InvalidInput("the picture has over 100 million pixels", value=size)
                if longest_px:
                    picture.draft("RGB", (longest_px, longest_px))
                    picture.thumbnail((longest_px, longest_px))
                return _as_rgb(ImageOps.exif_transpose(picture))
    except InvalidInput:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise InvalidInput(f"the picture cannot be read ({error})", value=called) from error


def _as_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in _DEEP:  # which Pillow would clip at 255 instead of scaling
        return picture.convert("I").point(lambda level: level / 257).convert("L").convert("RGB")
    return picture.convert("RGB")
