"""Pictures from files of unknown origin."""

from __future__ import annotations

import warnings
from contextlib import closing
from pathlib import Path

from PIL import Image

from polaris_core.errors import InvalidInput

__all__ = ["read_picture"]

_MOST_PIXELS = 100_000_000


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
                return picture.convert("RGB")
    except InvalidInput:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise InvalidInput(f"the picture cannot be read ({error})", value=str(path)) from error
