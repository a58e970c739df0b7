"""The demonstration zoo: models in ComfyUI's folders, with metadata as uploaders write it.

Names, descriptions and pictures are our own (`entries.json`). SD1.5 models run; models of other
families have the right headers and no weights. Some are there to be chosen for a watercolor fox,
some are near misses (a wolf, ink wash), some would be right but for their family.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

from polaris_core.demo.drawing import draw
from polaris_core.demo.header_models import make_header_checkpoint, make_header_lora
from polaris_core.demo.sidecars import FORMATS, Card, header_metadata
from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from polaris_core.progress import Progress, silent

__all__ = ["demo_cards", "make_demo_zoo"]

_VERSION = 2
"""Changes when the zoo does, so that an older one is made anew."""
_TABLE = Path(__file__).with_name("entries.json")
_MARK = ".polaris-demo.json"
_FAMILIES = {"SD 1.5": "sd15", "SD 2.1 768": "sd2", "Flux.1 D": "flux"}
_PREVIEWS = (".preview.png", ".png", ".jpg", ".preview.webp", ".webp", ".jpeg")
_PLACEHOLDER = b"A placeholder. Pickled files are listed and never opened.\n"


def demo_cards() -> list[Card]:
    """What is in the zoo, checkpoints first; without the unsafe placeholders."""
    table = _table()
    columns: list[str] = table["columns"]
    rows: list[list[Any]] = [
        [f"{folder}/{row[0]}", *row[1:]]
        for folder in ("checkpoints", "loras")
        for row in table[folder]
    ]
    return [Card(**dict(zip(columns, row, strict=True))) for row in rows]


def make_demo_zoo(models_dir: Path, *, runnable: bool, progress: Progress = silent) -> None:
    """Write the zoo's files; those of an earlier call are kept if they are what is asked for.

    Args:
        models_dir: ComfyUI's `models` folder, made if need be; other files in it are left alone.
        runnable: Whether the SD1.5 checkpoints are to run. If not, they too are headers only.
        progress: Told after every model.

    Raises:
        Cancelled: `progress` said so; the next call begins anew.
    """
    models_dir.mkdir(parents=True, exist_ok=True)
    mark = models_dir / _MARK
    wanted = json.dumps({"version": _VERSION, "runnable": runnable})
    same = mark.is_file() and mark.read_text("utf-8") == wanted
    if not same:
        mark.unlink(missing_ok=True)
    cards = demo_cards()
    for done, card in enumerate(cards):
        progress(done, len(cards), f"making {card.name}")
        if not (same and (models_dir / f"{card.file}.safetensors").is_file()):
            _make(models_dir, card, runnable)
    for placeholder in (_path(models_dir, name) for name in _table()["unsafe"]):
        if not placeholder.exists():
            placeholder.write_bytes(_PLACEHOLDER)
    mark.write_text(wanted, "utf-8")
    progress(len(cards), len(cards), "the demonstration zoo is made")


def _table() -> dict[str, Any]:
    return json.loads(_TABLE.read_text("utf-8"))


def _path(models_dir: Path, name: str) -> Path:
    path = models_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _make(models_dir: Path, card: Card, runnable: bool) -> None:
    seed = zlib.crc32(card.file.encode("utf-8"))
    weights = _path(models_dir, f"{card.file}.safetensors")
    _make_weights(weights, card, seed, runnable)
    if sidecar := FORMATS[card.format]:
        # Hashing a whole checkpoint takes longer than making it.
        sha256 = hashlib.sha256(weights.read_bytes()).hexdigest() if card.is_lora else ""
        suffix, record = sidecar(card, sha256)
        text = json.dumps(record, indent=1, ensure_ascii=False)
        _path(models_dir, f"{card.file}{suffix}").write_text(text + "\n", "utf-8")
    preview = _path(models_dir, f"{card.file}{_PREVIEWS[seed % len(_PREVIEWS)]}")
    draw(card.drawing, seed).save(preview, quality=88)


def _make_weights(path: Path, card: Card, seed: int, runnable: bool) -> None:
    family = _FAMILIES.get(card.base, "sdxl")
    metadata = header_metadata(card)
    if card.is_lora and family == "sd15":
        make_lora(path, seed, metadata)
    elif card.is_lora:
        make_header_lora(path, family, metadata, loha=card.stem.endswith("_loha"))
    elif runnable and family == "sd15":
        make_checkpoint(path, seed, metadata)
    else:
        make_header_checkpoint(path, family, metadata)
