"""Draw the pictures that the demo and the example workflows edit.

    python -m miniature.draw_pictures

Writes `miniature/pictures/*.png`; the same bytes each time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from miniature.world import Scene, Thing, draw, masks

PICTURES = Path(__file__).parent / "pictures"

CAT = Scene(
    (Thing("house", "blue", (97, 60), 54), Thing("cat", "orange", (36, 82), 62)), "meadow", "flat"
)
REFERENCE = Scene(
    (Thing("boat", "red", (48, 76), 72), Thing("star", "yellow", (98, 34), 44)), "sea", "watercolor"
)
_SLACK_PX = 4


def main() -> None:
    """Draw and write them."""
    PICTURES.mkdir(exist_ok=True)
    cat = draw(CAT)
    Image.fromarray(cat).save(PICTURES / "cat.png", optimize=True)
    place = masks(CAT)[1]
    rows, columns = (np.flatnonzero(place.any(axis)) for axis in (1, 0))
    alpha = np.full(place.shape, 255, np.uint8)
    alpha[
        max(0, rows[0] - _SLACK_PX) : rows[-1] + _SLACK_PX + 1,
        max(0, columns[0] - _SLACK_PX) : columns[-1] + _SLACK_PX + 1,
    ] = 0
    masked = np.dstack([cat, alpha])
    Image.fromarray(masked).save(PICTURES / "cat_masked.png", optimize=True)
    Image.fromarray(draw(REFERENCE)).save(PICTURES / "reference.png", optimize=True)


if __name__ == "__main__":
    main()
