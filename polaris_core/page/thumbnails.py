"""Small pictures of previews: made once, kept in a private folder, served by entry alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from polaris_core.catalogue.entry import Entry, Maturity
from polaris_core.catalogue.files import UNREADABLE
from polaris_core.catalogue.previews import check_picture
from polaris_core.errors import BrokenPreview, InvalidInput, UnknownModel
from polaris_core.images import read_picture
from polaris_core.page.cards import shown_preview
from polaris_core.page.thumbnail_cache import ThumbnailCache

__all__ = ["LONGEST_PX", "Thumbnail", "thumbnail"]

LONGEST_PX = 320
"""Of a thumbnail's longer edge."""
_QUALITY = 78


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture."""

    content: bytes
    """A WebP file."""
    tag: str
    """Another one whenever the picture is."""


def thumbnail(
    entry: Entry, level: Maturity, cache: ThumbnailCache, folders: Iterable[str]
) -> Thumbnail:
    """The small picture of an entry; made and kept if there is none yet.

    Args:
        entry: Of the catalogue; its previews say which file is read.
        level: The most mature picture that may be shown.
        cache: Where small pictures are kept.
        folders: The model folders; a picture is read only if it lies in one of them, or beside its
            model. A preview that is a link to elsewhere is not.

    Raises:
        UnknownModel: It has no picture that may be shown.
        BrokenPreview: Its picture cannot be read.
    """
    preview = shown_preview(entry, level)
    if preview is None:
        raise UnknownModel("there is no picture of this entry to show", value=entry.id)
    path = _inside(preview.path, entry, folders)
    try:
        status = os.stat(path)
    except UNREADABLE as error:
        raise _gone(path) from error
    facts = f"{path}\0{status.st_mtime_ns}\0{status.st_size}\0{LONGEST_PX}\0{_QUALITY}"
    tag = hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    content = cache.get(tag)
    if content is None:
        content = _shrunk(path)
        cache.put(tag, content)
    return Thumbnail(content, tag)


def _inside(path: str, entry: Entry, folders: Iterable[str]) -> str:
    """The path without links, if it may be read for this entry."""
    real = os.path.realpath(path)
    homes = [os.path.realpath(folder) for folder in folders]
    if os.path.realpath(entry.root) not in homes:
        raise UnknownModel(
            "the entry is not in the model folders any more",
            value=entry.id,
            hint="Scan again",
        )
    beside = os.path.dirname(os.path.join(entry.root, *entry.file.split("/")))
    if any(_holds(home, real) for home in (*homes, os.path.realpath(beside))):
        return real
    raise UnknownModel("the picture does not lie in the model folders", value=entry.id)


def _holds(folder: str, path: str) -> bool:
    try:
        return os.path.commonpath([folder, path]) == folder
    except ValueError:  # another drive
        return False


def _gone(path: str) -> BrokenPreview:
    return BrokenPreview("cannot be read", path=path, hint="Scan again")


def _shrunk(path: str) -> bytes:
    import io

    check_picture(path)
    try:
        picture = read_picture(path, LONGEST_PX)
    except InvalidInput as error:
        raise BrokenPreview(error.problem, path=path, hint="Put another in its place") from error
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=_QUALITY, method=2)
    return content.getvalue()
