"""Read the metadata files beside a model, whatever format they are in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import cast

from polaris_core.catalogue.companions import SIDECAR_SUFFIXES
from polaris_core.catalogue.facts import Facts
from polaris_core.catalogue.files import UNREADABLE, open_regular, reason_of
from polaris_core.catalogue.sidecar_formats import READERS
from polaris_core.catalogue.values import Json
from polaris_core.errors import BrokenSidecar

__all__ = ["SIDECAR_LIMIT_BYTES", "read_sidecar", "sidecar_names"]

SIDECAR_LIMIT_BYTES = 16 * 2**20

_HINT = "mend or remove it; the model is used without it"


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
    except (*UNREADABLE, RecursionError) as error:
        reason = reason_of(error)
        raise BrokenSidecar("not readable as JSON", path=path, value=reason, hint=_HINT) from error
    if type(found) is not dict:
        raise BrokenSidecar("holds no JSON object", path=path, value=found, hint=_HINT)
    return cast("Json", found)


def _read(path: str) -> bytes:
    with open_regular(path) as (descriptor, status):
        if status.st_size > SIDECAR_LIMIT_BYTES:
            raise ValueError(f"larger than {SIDECAR_LIMIT_BYTES} bytes")
        parts: list[bytes] = []
        while part := os.read(descriptor, status.st_size + 1):
            parts.append(part)
            if sum(map(len, parts)) > SIDECAR_LIMIT_BYTES:
                raise ValueError(f"larger than {SIDECAR_LIMIT_BYTES} bytes")
        return b"".join(parts)
