"""The parts of the miniature zoo: each knows of what it is made and how to write itself."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from polaris_core.demo.header_models import make_header_lora
from polaris_core.demo.sidecars import FORMATS, Card, header_metadata
from polaris_core.demo.sparse import Array
from polaris_core.miniature.cards import ZooModel, zoo_models
from polaris_core.miniature.checkpoints import write_checkpoint
from polaris_core.miniature.loras import write_lora
from polaris_core.miniature.readers import write_encoder, write_language_model
from polaris_core.miniature.stored import StoredWeights

__all__ = ["NAME", "Part", "parts_of", "write_beside"]

NAME = "polaris-miniature"
"""The folder of the zoo in each of ComfyUI's model folders."""
_VERSION = 1
"""Changes when the files are to be written otherwise, so that older ones are made anew."""
_FAMILIES = {"SD 2.1 768": "sd2", "Flux.1 D": "flux"}
_PREVIEWS = (".preview.png", ".png", ".jpg", ".preview.webp", ".webp", ".jpeg")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the zoo."""

    name: str
    source: str
    """Changes when what it is made of does."""
    make: Callable[[Path], list[Path]]
    """Writes its files below the folder that holds `models`, and gives them."""


def parts_of(stored: StoredWeights) -> list[Part]:
    """All parts, in a fixed order.

    Args:
        stored: Of what they are made; nothing but cards is read yet.

    Raises:
        InvalidInput: A card cannot be read.
    """
    parts = [_model(stored, model) for model in zoo_models()]
    for name, folder, write in (
        ("encoder", "clip_vision", write_encoder),
        ("language_model", "LLM", write_language_model),
    ):
        make = partial(_folder, Path("models", folder, NAME), partial(write, stored.path(name)))
        parts.append(Part(name, _digest(stored.digest(name)), make))
    for file in sorted((stored.folder.parent / "pictures").glob("*.png")):
        content = file.read_bytes()
        target = Path("input", f"polaris_{file.name}")
        parts.append(
            Part(f"picture {file.stem}", _digest(content), partial(_copy, target, content))
        )
    return parts


def write_beside(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    write(part)
    part.replace(path)
    return path


def _digest(*sources: str | bytes) -> str:
    whole = hashlib.sha256(str(_VERSION).encode())
    for source in sources:
        whole.update(b"\0" + (source.encode("utf-8") if isinstance(source, str) else source))
    return whole.hexdigest()


def _model(stored: StoredWeights, model: ZooModel) -> Part:
    card = model.card
    preview = stored.folder / "previews" / f"{card.stem}.webp"
    shown = preview.read_bytes() if preview.is_file() else b""
    said = json.dumps([asdict(card), model.weights, model.share])
    digests = [stored.digest(name) for name in stored.sources(model)]
    return Part(card.file, _digest(said, shown, *digests), partial(_write, stored, model, shown))


def _write(stored: StoredWeights, model: ZooModel, shown: bytes, base: Path) -> list[Path]:
    card = model.card
    kind, _, name = card.file.partition("/")
    home = base / "models" / kind / NAME
    path = home / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not card.is_lora:
        write_checkpoint(path, stored.unet(model), stored.vae(), _metadata(card))
    elif model.nature == "wrong base":
        make_header_lora(path, _FAMILIES.get(card.base, "sdxl"), header_metadata(card))
    else:
        factors = stored.lora(model)
        write_lora(path, factors, _metadata(card, factors))
    files = [path]
    if sidecar := FORMATS[card.format]:
        # Hashing a whole checkpoint takes longer than making it.
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest() if card.is_lora else ""
        suffix, record = sidecar(card, sha256)
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        files += _copy(home / f"{name}{suffix}", text.encode("utf-8"), Path())
    if shown:
        suffix = _PREVIEWS[zlib.crc32(card.file.encode("utf-8")) % len(_PREVIEWS)]
        files += _copy(home / f"{name}{suffix}", _as(suffix, shown), Path())
    return files


def _metadata(card: Card, factors: Mapping[str, Array] | None = None) -> dict[str, str]:
    """What a trainer would have written, with the sizes that are true of these models."""
    metadata = header_metadata(card)
    if "modelspec.resolution" in metadata:
        metadata["modelspec.resolution"] = "128x128"
    if factors is not None and "ss_network_dim" in metadata:
        rank = str(next(len(tensor) for name, tensor in factors.items() if name.endswith(".down")))
        metadata |= {
            "ss_network_dim": rank,
            "ss_network_alpha": rank,
            "ss_resolution": "(128, 128)",
        }
        if any(tensor.ndim > 2 for tensor in factors.values()):
            metadata["ss_network_args"] = json.dumps({"conv_dim": rank, "conv_alpha": rank})
    return metadata


def _as(suffix: str, content: bytes) -> bytes:
    """A picture in the format of another suffix."""
    if suffix.endswith(".webp"):
        return content
    written = io.BytesIO()
    kind = "PNG" if suffix.endswith(".png") else "JPEG"
    Image.open(io.BytesIO(content)).convert("RGB").save(written, kind, quality=92)
    return written.getvalue()


def _copy(target: Path, content: bytes, base: Path) -> list[Path]:
    return [write_beside(base / target, lambda part: part.write_bytes(content))]


def _folder(target: Path, write: Callable[[Path], None], base: Path) -> list[Path]:
    """Write the files of a folder elsewhere, then move each to its place."""
    home = base / target
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".part-", dir=home.parent) as made:
        write(Path(made))
        return [file.replace(home / file.name) for file in sorted(Path(made).iterdir())]
