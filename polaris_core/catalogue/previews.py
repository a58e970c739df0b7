"""Find the preview pictures of a model and make sure that they are pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from polaris_core.catalogue.companions import PICTURE_SUFFIXES, PREVIEW_SUFFIXES
from polaris_core.catalogue.files import UNREADABLE, open_regular, reason_of
from polaris_core.errors import BrokenPreview

__all__ = ["check_picture", "is_picture", "preview_names"]

_HINT = "remove it, or put another picture in its place"
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\xff\x0a")
_BOXES = (b"ftypavif", b"ftypavis", b"ftypmif1", b"JXL \r\n\x87\n")


def preview_names(names: Iterable[str], stem: str) -> list[str]:
    """Those of `names` that are previews of the model called `stem`, best first; videos too."""
    by_suffix = {name[len(stem) :].lower(): name for name in sorted(names) if name.startswith(stem)}
    return [by_suffix[suffix] for suffix in PREVIEW_SUFFIXES if suffix in by_suffix]


def is_picture(name: str) -> bool:
    """Whether a preview is a picture rather than a video: only pictures are embedded."""
    return name.lower().endswith(PICTURE_SUFFIXES)


def check_picture(path: Path | str) -> None:
    """Make sure that a file starts as a picture does, whichever format its suffix promises.

    Reads 16 bytes: enough to tell a picture from an empty file or a web page that a failed
    download left behind.

    Raises:
        BrokenPreview: It does not, or cannot be read.
    """
    try:
        with open_regular(path) as (descriptor, _):
            start = os.read(descriptor, 16)
    except UNREADABLE as error:
        reason = reason_of(error)
        raise BrokenPreview("cannot be read", path=str(path), value=reason, hint=_HINT) from error
    webp = start.startswith(b"RIFF") and start[8:12] == b"WEBP"
    if not (webp or start.startswith(_SIGNATURES) or start[4:12] in _BOXES):
        raise BrokenPreview("not a picture", path=str(path), value=repr(start), hint=_HINT)
