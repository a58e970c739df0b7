"""Which files of a folder belong to a model file: its sidecars and its previews.

Everything is told by names alone, from one listing of the folder: `companions` groups all names
by stem in one pass, so that a folder of thousands of models is not searched once for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = [
    "PICTURE_SUFFIXES",
    "PREVIEW_SUFFIXES",
    "SAFE_SUFFIXES",
    "SIDECAR_SUFFIXES",
    "UNSAFE_SUFFIXES",
    "companions",
    "is_model",
    "stem_of",
]

SAFE_SUFFIXES = frozenset({".safetensors", ".sft"})
UNSAFE_SUFFIXES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
"""Pickled files run code when they are opened: they are listed and never opened."""

SIDECAR_SUFFIXES = (
    ".json",
    ".metadata.json",
    ".cm-info.json",
    ".civitai.info",
    ".rgthree-info.json",
    ".polaris.json",
)
"""Own values of the user first, then as tools are known to keep them up to date."""

PICTURE_SUFFIXES = (".webp", ".png", ".jpeg", ".jpg", ".gif", ".avif", ".jxl")
PREVIEW_SUFFIXES = (
    *(f".preview{end}" for end in (".webp", ".png", ".jpeg", ".jpg", ".mp4")),
    *(".webp", ".png", ".jpeg", ".jpg", ".mp4", ".gif", ".webm", ".avif", ".jxl"),
    *(".thumb.jpg", ".thumb.png"),
)
"""Best first."""

_MODEL = re.compile(r"\.(?:safetensors|sft|ckpt|pt|pth|bin)\Z", re.IGNORECASE)
_COMPANION = re.compile(
    "(?:"
    + "|".join(
        re.escape(suffix)
        for suffix in sorted((*SIDECAR_SUFFIXES, *PREVIEW_SUFFIXES), key=len, reverse=True)
    )
    + r")\Z",
    re.IGNORECASE,
)


def is_model(name: str) -> bool:
    """Whether a file name ends like a model's, safe or not."""
    return _MODEL.search(name) is not None


def stem_of(name: str) -> str:
    """The name of a model file without its suffix; a name that is no model's is returned whole."""
    return _MODEL.sub("", name)


def companions(names: Iterable[str]) -> dict[str, list[str]]:
    """Group the sidecars and previews of one folder by the stem of the model they belong to.

    Args:
        names: File names of one folder, without the folder; others than companions are passed by.

    Returns:
        Sorted names by stem: those of a model are `companions(names).get(stem_of(model), [])`.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        if found := _COMPANION.search(name):
            owner = name[: found.start()]
            # This one format is named after the whole model file, suffix and all.
            stem = stem_of(owner) if found[0].lower() == ".rgthree-info.json" else owner
            groups.setdefault(stem, []).append(name)
    for group in groups.values():
        group.sort()
    return groups
