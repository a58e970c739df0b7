"""Where a language model's files lie: a folder, or the hub's cache, filled on request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.llm.download import fetch
from polaris_core.llm.packages import required
from polaris_core.progress import Progress, silent

__all__ = ["find_model", "find_on_hub", "is_hub_name"]

_WEIGHTS = "model.safetensors"
_PARTS = "model.safetensors.index.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_INDEX_LIMIT = 1 << 24
_HUB_NAME = re.compile(r"\w[\w.-]{0,95}/[\w.-]{0,95}\w", re.ASCII)
_FOREIGN = {
    "*.gguf": "GGUF files are run by llama.cpp or Ollama: ask that server instead",
    "*.bin": "Pickled weights are never opened: get the model's safetensors",
    "*.pth": "Pickled weights are never opened: get the model's safetensors",
}


def is_hub_name(name: str) -> bool:
    """Whether it has the form OWNER/NAME."""
    return bool(_HUB_NAME.fullmatch(name)) and ".." not in name and "--" not in name


def find_model(where: str, *, download: bool = False, progress: Progress = silent) -> Path:
    """The folder of a model's files.

    Args:
        where: A folder, or OWNER/NAME on the hub, as `find_on_hub` takes it.
        download: Whether what the cache lacks may be fetched from the hub.
        progress: Told bytes fetched; stops the download by raising.

    Raises:
        InvalidInput: `where` is neither.
        MissingWeights: The folder or the cache lacks files, or they could not be fetched.
        MissingDependency: huggingface_hub is not installed.
    """
    folder = Path(where).expanduser()
    if folder.is_dir():
        return _complete(folder, where)
    return find_on_hub(where, download=download, progress=progress)


def find_on_hub(name: str, *, download: bool = False, progress: Progress = silent) -> Path:
    """The folder of a model's files in the hub's cache on this machine.

    Args:
        name: OWNER/NAME.
        download: Whether what the cache lacks may be fetched from the hub.
        progress: Told bytes fetched; stops the download by raising.

    Raises:
        InvalidInput: The name has another form.
        MissingWeights: The cache lacks files, or they could not be fetched.
        MissingDependency: huggingface_hub is not installed.
    """
    if not is_hub_name(name):
        raise InvalidInput(
            "there is no such folder", value=name, hint="Give a folder, or OWNER/NAME of the hub"
        )
    cached = _in_cache(name)
    if cached is not None and not _lacking(cached):
        return cached
    if download:
        return _complete(fetch(name, progress), name)
    raise MissingWeights(
        f"the language model {name} is not on this machine",
        value=f"without {', '.join(_lacking(cached))}" if cached else "",
        hint=f"Get it once with: hf download {name}, or switch on download in the node",
    )


def _complete(folder: Path, name: str) -> Path:
    lacking = _lacking(folder)
    if lacking:
        raise MissingWeights(
            f"{name} is no language model of transformers",
            value=f"without {', '.join(lacking)}",
            hint=_hint(folder),
        )
    return folder


def _lacking(folder: Path) -> list[str]:
    """Names of files without which the model cannot be loaded."""
    names = ["config.json"]
    if (folder / _PARTS).is_file() and not (folder / _WEIGHTS).is_file():
        names += _parts(folder / _PARTS)
    else:
        names.append(_WEIGHTS)
    lacking = [name for name in names if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        lacking.append(_TOKENIZERS[0])
    return lacking


def _parts(index: Path) -> list[str]:
    """The files over which the weights are spread.

    Raises:
        InvalidInput: The index cannot be read, or names files elsewhere.
    """
    try:
        with index.open("rb") as file:
            raw = file.read(_INDEX_LIMIT + 1)
        places: object = json.loads(raw) if len(raw) <= _INDEX_LIMIT else None
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput("the list of a model's files cannot be read", value=index) from error
    listed = cast("dict[str, object]", places).get("weight_map") if _is_dict(places) else None
    names = set(cast("dict[str, object]", listed).values()) if _is_dict(listed) else {None}
    parts = [name for name in names if isinstance(name, str) and Path(name).name == name]
    if len(parts) < len(names):
        raise InvalidInput("the list of a model's files names none, or one elsewhere", value=index)
    return sorted(parts)


def _is_dict(value: object) -> bool:
    return isinstance(value, dict)


def _hint(folder: Path) -> str:
    for pattern, hint in _FOREIGN.items():
        if next(folder.glob(pattern), None) is not None:
            return hint
    return f"Put all files of the model there: config.json, tokenizer.json, {_WEIGHTS} …"


def _in_cache(name: str) -> Path | None:
    hub = required("huggingface_hub", "huggingface_hub")
    found = hub.try_to_load_from_cache(name, "config.json")
    return Path(found).parent if isinstance(found, str) else None
