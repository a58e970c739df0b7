"""Segmenters by name, out of a folder of models."""

from __future__ import annotations

import difflib
from pathlib import Path, PureWindowsPath

from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.regions.grid import GridSettings
from polaris_core.regions.listing import segmenters_in
from polaris_core.regions.sam import SamProposer, load_sam
from polaris_core.regions.sam2 import Sam2Proposer, load_sam2
from polaris_core.regions.sam_generator import Precision
from polaris_core.regions.select import Limits

__all__ = ["find_segmenter", "load_segmenter"]

_GET = (
    "Put sam_vit_b_01ec64.pth (375 MB) of Segment Anything there, or the folder of a SAM 2 of "
    "transformers"
)


def find_segmenter(folder: Path, name: str) -> Path:
    """The file or folder of this name, in a folder of models.

    Raises:
        InvalidInput: The name leads out of the folder.
        MissingWeights: There is no such segmenter; those that are there are named.
    """
    parts = PureWindowsPath(name)  # which knows slashes as well
    if not name or parts.anchor or ".." in parts.parts or "\0" in name:
        raise InvalidInput("a segmenter's name must not leave its folder", value=name)
    path = folder.joinpath(*parts.parts)
    if path.exists():
        return path
    known = segmenters_in(folder)
    near = difflib.get_close_matches(name, known, 5, 0.0)
    raise MissingWeights(
        "there is no such segmenter",
        value=name,
        hint=f"Nearest: {', '.join(near)}" if near else _GET,
    )


def load_segmenter(
    path: Path,
    device: str = "cpu",
    settings: GridSettings | None = None,
    limits: Limits | None = None,
    precision: Precision = "float32",
) -> SamProposer | Sam2Proposer:
    """Segment Anything from a file of weights, SAM 2 from a folder of transformers.

    The model stays loaded as long as the proposer is held; `model` is the torch module, for the
    host to move. Arguments are those of `load_sam` and `load_sam2`.

    Raises:
        InvalidInput: There is no such file or folder, or it holds something else.
        MissingDependency: A package is not installed.
    """
    load = load_sam2 if path.is_dir() else load_sam
    return load(path, device, settings, limits, precision)
