"""What a picture's look is called: said in the prompt, it is kept in what is made anew.

A checkpoint that is not told how to draw draws as it likes best, whatever stands around. An encoder
of pictures and texts in one space can tell (Radford et al. 2021, zero-shot): the name whose text is
nearest to the picture, if it is clearly nearest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from polaris_core.encoders.base import ImageEncoder, PictureTextEncoder
from polaris_core.encoders.hashing import HashingEncoder

__all__ = ["LookNames"]

_NAMES = (
    *("photo", "3d render", "anime", "comic book", "oil painting", "watercolor", "pastel"),
    *("charcoal", "pencil sketch", "ink drawing", "outline", "woodcut", "flat", "pixel art"),
    *("low poly", "mosaic", "stained glass", "halftone", "blueprint", "chalkboard", "neon"),
    *("origami", "claymation", "embroidery", "graffiti", "stripes", "polka dots"),
)
_ASKED = "{} style"
_CLEARLY = 0.3
"""By how many standard deviations of all names' cosines the nearest leads the next. In the
miniature world right ones lead by 0.5 to 1.9, wrong ones by 0.2 and less."""


class LookNames:
    """Names the looks of pictures by one encoder; its texts are encoded once."""

    def __init__(self, encoder: ImageEncoder | None) -> None:
        """Nothing is encoded yet.

        Args:
            encoder: Without one, or with one that does not read texts, no look has a name.
        """
        self._encoder = encoder
        self._texts: npt.NDArray[np.float32] | None = None

    def of(self, picture: npt.NDArray[np.float32]) -> str:
        """The name of a look.

        Args:
            picture: The picture's embedding by this encoder, a unit vector of shape `dim`.

        Returns:
            As it is said in a prompt; empty if none is clearly right.

        Raises:
            PolarisError: As the encoder does.
        """
        encoder = self._encoder
        if not isinstance(encoder, PictureTextEncoder) or isinstance(encoder, HashingEncoder):
            return ""
        if self._texts is None:
            self._texts = encoder.encode_texts([_ASKED.format(name) for name in _NAMES])
        cosines = self._texts @ picture
        second, first = np.sort(cosines)[-2:]
        if first - second < _CLEARLY * max(float(cosines.std()), 1e-6):
            return ""
        name = _NAMES[int(cosines.argmax())]
        return name if name == "photo" else _ASKED.format(name)
