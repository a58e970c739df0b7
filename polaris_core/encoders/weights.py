"""Weight files: where a hub's cache keeps them, and a name that is the same wherever they lie."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any, cast

from polaris_core.errors import InvalidInput

__all__ = ["digest", "in_hub_cache", "read_config"]

_SAMPLES = 64
_SAMPLE_BYTES = 1 << 14
_CONFIG_LIMIT = 1 << 20


def digest(path: Path) -> str:
    """Twelve hex digits of a file's size and of 64 pieces of it, evenly spread.

    Training changes every tensor, so two sets of weights differ in some piece, and a file of
    gigabytes need not be read for its name.
    """
    size = path.stat().st_size
    total = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for i in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE_BYTES) * i // (_SAMPLES - 1))
            total.update(file.read(_SAMPLE_BYTES))
    return total.hexdigest()[:12]


def in_hub_cache(repository: str, name: str) -> Path | None:
    """A file of the Hugging Face cache on this machine; None where it is not there."""
    try:
        hub: Any = importlib.import_module("huggingface_hub")
    except ImportError:
        return None
    try:
        found = hub.try_to_load_from_cache(repository, name)
    except (OSError, ValueError):  # a name that no repository can have
        return None
    return Path(found) if isinstance(found, str) and Path(found).is_file() else None


def read_config(path: Path) -> dict[str, object]:
    """A JSON object of at most 1 MiB.

    Raises:
        InvalidInput: It cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_CONFIG_LIMIT + 1)
        config: object = json.loads(raw) if len(raw) <= _CONFIG_LIMIT else None
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput("a model's configuration cannot be read", value=path) from error
    if not isinstance(config, dict):
        raise InvalidInput("a model's configuration is not a JSON object", value=path)
    return cast("dict[str, object]", config)
