"""The miniature zoo in ComfyUI's folders: trained models that are small enough to keep.

    models/checkpoints/polaris-miniature/    three SD1.5 checkpoints
    models/loras/polaris-miniature/          LoRAs for them, and traps of other families
    models/clip_vision/polaris-miniature/    the encoder of pictures and texts
    models/LLM/polaris-miniature/            the language model that reads candidates
    input/polaris_*.png                      pictures to edit

What is there already, made of the same stored weights, is kept. A note beside the models says what
was made; it is written after every model, so that the next call goes on where one was stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polaris_core.errors import InvalidInput
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.parts import Part, parts_of, write_beside
from polaris_core.miniature.stored import FOLDER, StoredWeights
from polaris_core.progress import Progress, silent

__all__ = ["MiniatureZoo", "make_miniature_zoo"]

_NOTE = ".polaris-miniature.json"


@dataclass(frozen=True, slots=True)
class MiniatureZoo:
    """What a call did."""

    base: Path
    """The folder that holds `models`."""
    made: int
    """Parts that were written: models, the encoder, pictures."""
    kept: int
    """Parts that were there already."""


def make_miniature_zoo(
    base: Path, *, weights: Path | None = None, progress: Progress = silent
) -> MiniatureZoo:
    """Write the zoo's files; those that an earlier call made of the same weights are kept.

    Args:
        base: The folder that holds (or is to hold) `models` and `input`, such as ComfyUI's.
        weights: The folder of stored weights; None: the one beside this package.
        progress: Told before every part.

    Raises:
        InvalidInput: `base` is no such folder, or stored weights are not those of their card.
        MissingWeights: There are no stored weights.
        Cancelled: `progress` said so; the next call goes on.
    """
    _check(base)
    stored = StoredWeights(weights or FOLDER)
    stored.check({"vae", "encoder", "language_model"} | {m.weights for m in zoo_models()} - {""})
    parts = parts_of(stored)
    note = _Note(base / "models" / _NOTE)
    made = 0
    for done, part in enumerate(parts):
        progress(done, len(parts), f"making {part.name}")
        if note.has(part, base):
            continue
        files = part.make(base)
        note.add(part, base, files)
        made += 1
    note.forget({part.name for part in parts}, base)
    progress(len(parts), len(parts), "the miniature zoo is made")
    return MiniatureZoo(base, made, len(parts) - made)


def _check(base: Path) -> None:
    if base.is_file():
        raise InvalidInput("a folder is needed", value=str(base))
    if (base / "checkpoints").is_dir() and not (base / "models").is_dir():
        raise InvalidInput(
            "this is the folder of models itself",
            value=str(base),
            hint=f"Name the folder that holds it, {base.parent}",
        )


class _Note:
    """What was made, by the name of its part: of which source, and how large each file is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[str, Any] = {}
        try:
            read: Any = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):  # none yet, or a broken one: everything is made again
            return
        if isinstance(read, dict):
            self._made = read

    def has(self, part: Part, base: Path) -> bool:
        """Whether a part's files are there and of its present source."""
        record: Any = self._made.get(part.name)
        try:
            return record["source"] == part.source and all(
                (base / file).stat().st_size == size for file, size in record["files"].items()
            )
        except (TypeError, KeyError, AttributeError, OSError):
            return False

    def add(self, part: Part, base: Path, files: list[Path]) -> None:
        """Write down that a part was made."""
        sizes = {file.relative_to(base).as_posix(): file.stat().st_size for file in files}
        self._remove(part.name, base, kept=set(sizes))
        self._made[part.name] = {"source": part.source, "files": sizes}
        self._write()

    def forget(self, names: set[str], base: Path) -> None:
        """Remove what an earlier version made and this one does not."""
        gone = self._made.keys() - names
        for name in gone:
            self._remove(name, base, kept=set())
            del self._made[name]
        if gone:
            self._write()

    def _remove(self, name: str, base: Path, kept: set[str]) -> None:
        try:
            files: dict[str, int] = self._made[name]["files"]
            sizes = {file: size for file, size in files.items() if file not in kept}
        except (TypeError, KeyError, AttributeError):
            return
        for file, size in sizes.items():
            path = (base / file).resolve()
            within = path.is_relative_to(base.resolve())
            if within and path.is_file() and path.stat().st_size == size:
                path.unlink()

    def _write(self) -> None:
        text = json.dumps(self._made, indent=1) + "\n"
        write_beside(self._path, lambda part: part.write_text(text, "utf-8"))
