"""Read the metadata files beside a model, whatever format they are in."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import cast

from polaris_core.catalogue.companions import SIDECAR_SUFFIXES
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.sidecar_formats import READERS
from polaris_core.catalogue.values import Json
from polaris_core.errors import BrokenSidecar

__all__ = ["SIDECAR_LIMIT_BYTES", "read_sidecar", "sidecar_names"]

SIDECAR_LIMIT_BYTES = 16 * 2**20


def sidecar_names(file_name: str, stem: str) -> dict[str, str]:
    """The suffix of a model's every possible sidecar, by its name; most trusted first."""
    return {
        (file_name if suffix == ".rgthree-info.json" else stem) + suffix: suffix
        for suffix in SIDECAR_SUFFIXES
    }


def read_sidecar(path: Path | str, suffix: str, *, size_bytes: int = 0) -> Facts:
    """Read one sidecar.

    Args:
        path: The file.
        suffix: Its format, one of `companions.SIDECAR_SUFFIXES`.
        size_bytes: Size of the model file, to tell whose hashes are given; 0 if unknown.

    Raises:
        BrokenSidecar: It cannot be read, is larger than 16 MiB, or is no JSON object.
    """
    return READERS[suffix](_object(str(path)), size_bytes)


def _object(path: str) -> Json:
    try:
        found = json.loads(_read(path))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = "mend or remove it; the model is used without it"
        raise BrokenSidecar("not readable as JSON", path=path, value=reason, hint=hint) from error
    if type(found) is not dict:
        hint = "mend or remove it; the model is used without it"
        raise BrokenSidecar("holds no JSON object", path=path, value=found, hint=hint)
    return cast("Json", found)


def _read(path: str) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        if status.st_size > SIDECAR_LIMIT_BYTES:
            raise ValueError(f"larger than {SIDECAR_LIMIT_BYTES} bytes")
        return file.read(SIDECAR_LIMIT_BYTES)
