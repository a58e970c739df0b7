"""Hashes of model files: the whole file's SHA-256, and telling a real hash from a false one.

`AutoV2` is the first ten digits of the file's SHA-256. `AutoV3` is the first twelve of the hash
of the tensors alone, which trainers write into the header.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from polaris_core.catalogue.files import UNREADABLE, open_regular, reason_of
from polaris_core.errors import FileProblem
from polaris_core.progress import Progress, silent

__all__ = ["autov3_of", "sha256_of", "valid_sha256"]

_BLOCK_BYTES = 4 * 2**20
_NOTHING = hashlib.sha256().hexdigest()
_HEX = re.compile(r"[0-9a-f]+")


def sha256_of(path: Path | str, progress: Progress = silent) -> str:
    """Hash a whole file: 64 lower-case hex digits.

    Reads 4 MiB at a time and reports bytes done after each, so that it can be stopped.

    Raises:
        FileProblem: The file cannot be read.
        Cancelled: The user stopped it.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        with open_regular(path) as (descriptor, status):
            while block := os.read(descriptor, _BLOCK_BYTES):
                digest.update(block)
                done += len(block)
                progress(done, status.st_size, "hashing")
    except UNREADABLE as error:
        hint = "check that the file is still there and may be read"
        problem, reason = "cannot be read", reason_of(error)
        raise FileProblem(problem, path=str(path), value=reason, hint=hint) from error
    return digest.hexdigest()


def valid_sha256(text: str) -> str:
    """Return `text` as a lower-case SHA-256 without `0x`; empty if it is none.

    The hash of nothing, which broken tools write, counts as none.
    """
    digits = text.strip().lower().removeprefix("0x")
    fits = len(digits) == len(_NOTHING) and _HEX.fullmatch(digits) and digits != _NOTHING
    return digits if fits else ""


def autov3_of(text: str) -> str:
    """Return the AutoV3 (12 lower-case hex digits) of a tensors' hash; empty if it is none.

    Takes the whole hash, with or without `0x`, or an AutoV3 itself.
    """
    digits = text.strip().lower().removeprefix("0x")
    fits = len(digits) in (12, 64) and _HEX.fullmatch(digits) and not _NOTHING.startswith(digits)
    return digits[:12] if fits and digits[:12] != _NOTHING[:12] else ""
