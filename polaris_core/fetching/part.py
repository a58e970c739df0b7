"""The bytes of a file that have come so far, beside the place where it will stand.

    NAME.1a2b3c4d5e6f.part        the bytes, from the first on
    NAME.1a2b3c4d5e6f.part.note   what the site called the file when they came
    NAME.1a2b3c4d5e6f.part.lock   held by whoever fetches it

The digits are the first of the file's SHA-256, so that a part is never gone on with as another
file, and never mistaken for a part that a browser left.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from polaris_core.errors import Cancelled, NoRoom
from polaris_core.fetching.ranges import Validator

__all__ = ["Part"]

_NOTE_BYTES = 4096


class Part:
    """A file in part. One thread writes; `abandon` may be called from another.

    Args:
        target: Where the file will stand.
        sha256: Of the whole file.
    """

    def __init__(self, target: Path, sha256: str) -> None:
        self.path = target.with_name(f"{target.name}.{sha256[:12]}.part")
        self.lock_path = self.path.with_name(f"{self.path.name}.lock")
        self._note = self.path.with_name(f"{self.path.name}.note")
        self._descriptor: int | None = None
        self._guard = threading.RLock()
        self._abandoned = False

    def size(self) -> int:
        """How many bytes are here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def validator(self) -> Validator:
        """What the site called the file when the bytes came; empty if that is not known."""
        try:
            with self._note.open("rb") as file:
                data: object = json.loads(file.read(_NOTE_BYTES))
        except (OSError, ValueError, RecursionError):
            return Validator()
        facts = cast("dict[str, object]", data) if isinstance(data, dict) else {}
        # Checked like what a site says: it is sent to one.
        return Validator.of(
            {
                header: text
                for key, header in (("etag", "ETag"), ("modified", "Last-Modified"))
                if isinstance(text := facts.get(key), str)
            }
        )

    @contextmanager
    def writing(self, start: int, validator: Validator) -> Generator[None]:
        """Open the part for writing from byte `start` on; what stood behind it is dropped.

        Raises:
            NoRoom: It cannot be opened.
        """
        with self._changing():
            if start == 0:
                self._write_note(validator)
            flags = os.O_WRONLY | os.O_CREAT
            for name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW"):
                flags |= getattr(os, name, 0)
            descriptor = os.open(self.path, flags, 0o666)
            self._descriptor = descriptor
            try:
                os.ftruncate(descriptor, start)
                os.lseek(descriptor, start, os.SEEK_SET)
            except OSError:
                self._close()
                raise
        try:
            yield
        finally:
            self._close()

    def write(self, block: bytes) -> None:
        """Append, within `writing`.

        Raises:
            NoRoom: The disk is full, or does not take it.
        """
        with self._changing():
            assert self._descriptor is not None, "used outside `with writing`"
            left = memoryview(block)
            while left:
                left = left[os.write(self._descriptor, left) :]

    def sync(self) -> None:
        """Have the disk hold what was written.

        Raises:
            NoRoom: It does not take it.
        """
        with self._changing(), self.path.open("rb+") as file:
            os.fsync(file.fileno())

    def discard(self) -> None:
        """Remove the bytes and the note.

        Raises:
            NoRoom: The system refuses.
        """
        with self._changing():
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)

    def drop(self) -> None:
        """Remove bytes and note once the file stands in its place."""
        _remove(self.path, self._note)

    def forget(self) -> None:
        """Remove the lock as well, once nobody can gain anything by it any more."""
        _remove(self.path, self._note, self.lock_path)

    def abandon(self) -> None:
        """Let nothing be changed any more, whatever thread still tries."""
        with self._guard:
            self._abandoned = True
            self._close()

    def _write_note(self, validator: Validator) -> None:
        # Bytes of another state must not be taken for those of this one.
        self.path.unlink(missing_ok=True)
        fresh = self._note.with_name(f"{self._note.name}.new")
        facts = {"etag": validator.etag, "modified": validator.modified}
        fresh.write_text(json.dumps(facts), "utf-8")
        os.replace(fresh, self._note)

    def _close(self) -> None:
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    @contextmanager
    def _changing(self) -> Generator[None]:
        with self._guard:
            if self._abandoned:
                raise Cancelled
            try:
                yield
            except OSError as error:
                raise NoRoom(
                    f"the folder does not take the file ({error.strerror})",
                    value=str(self.path.parent),
                    hint="Make room or see to the folder's permissions; what has come is kept",
                ) from error


def _remove(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
