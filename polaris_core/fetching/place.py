"""Where a fetched file will stand: its name, the room for it, and putting it there."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from polaris_core.catalogue.companions import SAFE_SUFFIXES
from polaris_core.errors import InvalidInput, NameTaken, NoRoom
from polaris_core.fetching.addresses import Address

__all__ = ["check_name", "check_room", "name_for", "put_in_place", "taken"]

_MOST_BYTES = 180
"""Of a name: the part's and the lock's are longer, and most disks take 255."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def check_name(name: str) -> str:
    """See that a name is that of a model file in a folder, on every system.

    Raises:
        InvalidInput: It leads elsewhere, is hidden, reserved, too long, or ends otherwise.
    """
    hint = "Give a bare name that ends in .safetensors"
    if os.path.splitext(name)[1].lower() not in SAFE_SUFFIXES:
        hint = f"{hint}; pickled files are not fetched"
        raise InvalidInput("not the name of a safetensors file", value=name, hint=hint)
    bad = (
        _FORBIDDEN.search(name)
        or _RESERVED.fullmatch(name)
        or name[0] in ".-~ "
        or not name.isprintable()
        or len(name.encode("utf-8", "surrogatepass")) > _MOST_BYTES
        or any("\ud800" <= c <= "\udfff" for c in name)
    )
    if bad:
        raise InvalidInput("not a name for a file", value=name, hint=hint)
    return name


def name_for(title: str, address: Address, sha256: str) -> str:
    """A name for a file that has none: that of its address, else one made of its title.

    Args:
        title: What people call the model.
        address: Where it is fetched from.
        sha256: Names it where neither can.
    """
    with suppress(InvalidInput):
        return check_name(unquote(address.path.rpartition("/")[2]))
    plain = unicodedata.normalize("NFC", title)
    plain = "".join(c if c.isprintable() and not _FORBIDDEN.match(c) else " " for c in plain)
    plain = plain.encode("utf-8", "ignore")[: _MOST_BYTES - 40].decode("utf-8", "ignore")
    stem = "_".join(plain.split()).strip("._-~") or sha256[:12]
    with suppress(InvalidInput):
        return check_name(f"{stem}.safetensors")
    return f"{sha256[:12]}.safetensors"


def check_room(folder: Path, needed_bytes: int, spare_bytes: int) -> None:
    """See that a folder's disk takes so much more.

    Raises:
        NoRoom: It does not, or it cannot be asked.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise NoRoom(f"the folder cannot be used ({error.strerror})", value=str(folder)) from error
    if free - spare_bytes < needed_bytes:
        raise NoRoom(
            f"the file needs {_shown(needed_bytes)} and the disk has {_shown(free)} free, of which "
            f"{_shown(spare_bytes)} are left alone",
            value=str(folder),
            hint="Make room, or fetch it into another folder",
        )


def put_in_place(part: Path, target: Path) -> None:
    """Give a whole file its name, at once, and never that of another file.

    The part may still have its own name afterwards, too, where the disk gives one file two names.

    Raises:
        NameTaken: There is a file of that name.
        NoRoom: The system refuses.
    """
    try:
        try:
            os.link(part, target)
        except FileExistsError:
            raise
        except OSError:  # a disk on which a file has but one name
            if os.path.lexists(target):
                raise FileExistsError from None
            os.rename(part, target)
        _sync_folder(target.parent)
    except FileExistsError:
        raise taken(target) from None
    except OSError as error:
        problem = f"the file cannot be put into its place ({error.strerror})"
        raise NoRoom(problem, value=str(target), hint="What has come is kept") from error


def taken(target: Path) -> NameTaken:
    """The error for a name that another file has."""
    hint = "It stays as it is; fetch this one under another name"
    return NameTaken("another file has this name", value=str(target), hint=hint)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    with suppress(OSError):  # some network disks do not know this
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _shown(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**8 else f"{count / 1e6:.1f} MB"
