"""CLIP through open_clip: texts and pictures in one space."""

from __future__ import annotations

import difflib
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from polaris_core.encoders.base import Embeddings, RGBImage
from polaris_core.encoders.checks import checked_image, checked_text, required
from polaris_core.encoders.clip_folder import FOLDER_WEIGHTS, clip_folder, open_folder
from polaris_core.encoders.weights import digest, in_hub_cache
from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.progress import Progress, silent

__all__ = ["ClipEncoder"]

_SIZES = {
    "ViT-B-32": "605 MB",
    "ViT-B-16": "599 MB",
    "ViT-L-14": "1.7 GB",
    "ViT-L-14-336": "1.7 GB",
    "ViT-H-14": "3.9 GB",
    "ViT-bigG-14": "10.2 GB",
}
_WORDS, _LETTERS = 256, 256
"""More words, and more letters of a word, than fill CLIP's 77 tokens."""

_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")

Item = TypeVar("Item")


class _Parts(NamedTuple):
    model: Any
    tokenize: Any
    preprocess: Any


class ClipEncoder:
    """Texts (the first 77 tokens) and pictures as CLIP sees them, at unit length.

    The weights are found at once and loaded on first use.
    """

    def __init__(
        self,
        model: str = "ViT-L-14",
        weights: str = "openai",
        device: str | None = None,
        batch_size: int = 32,
    ) -> None:
        """Find the weights.

        Args:
            model: As open_clip names it; or a folder of one's own model in the form in which
                open_clip's are shared, `open_clip_config.json` and `open_clip_model.safetensors`.
            weights: A tag that open_clip knows for it, looked up in the hub's cache; or a local
                .safetensors file. For a file trained with QuickGELU (OpenAI's were), choose the
                model whose name ends in -quickgelu; for a tag that is seen to. Unused for a folder.
            device: As torch names it; None takes a GPU where there is one.
            batch_size: How many texts or pictures at a time; a cancel waits for one batch.

        Raises:
            MissingDependency: open_clip is not installed.
            MissingWeights: The weights are not on this machine.
            InvalidInput: There is no such model, tag or file, or the file is not safetensors; or
                the folder's configuration is no such thing.
        """
        open_clip = required("open_clip", "open_clip_torch")
        folder = clip_folder(model)
        if folder is not None:
            self._model, self._config, self._settings = open_folder(folder)
            self._file = folder / FOLDER_WEIGHTS
            shown = "own"
        else:
            _check_known(open_clip.list_models(), model)
            self._model = shown = model
            self._config: dict[str, Any] = open_clip.get_model_config(model)
            self._file, self._settings = _find(model, weights)
        self._device = device
        self._batch_size = max(1, batch_size)
        self._lock = threading.Lock()
        self._loaded: _Parts | None = None
        told = [self._settings, self._config] if folder is not None else self._settings
        settings = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
        self._name = f"clip:{shown}:{digest(self._file)}-{settings.hexdigest()[:4]}"

    @property
    def name(self) -> str:
        """Model, weights and how pictures are prepared."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._config["embed_dim"]

    @property
    def module(self) -> Any:  # noqa: ANN401
        """The torch module, loaded; a host may move it between devices.

        Raises:
            InvalidInput: The weights do not fit the model.
        """
        return self._parts().model

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Embed each text, shape `n dim`.

        Raises:
            InvalidInput: The weights do not fit the model.
        """

        def embed(parts: _Parts, batch: Sequence[str]) -> Any:  # noqa: ANN401
            tokens = parts.tokenize([_shortened(text) for text in batch])
            return parts.model.encode_text(tokens.to(_device_of(parts.model)))

        return self._encode(texts, embed, progress, "embedding texts")

    def encode_images(self, images: Sequence[RGBImage], progress: Progress = silent) -> Embeddings:
        """Embed each picture, shape `n dim`.

        Raises:
            InvalidInput: A picture is not `h w 3` bytes; or the weights do not fit the model.
        """

        def embed(parts: _Parts, batch: Sequence[RGBImage]) -> Any:  # noqa: ANN401
            import torch
            from PIL import Image

            pixels = [parts.preprocess(Image.fromarray(checked_image(image))) for image in batch]
            return parts.model.encode_image(torch.stack(pixels).to(_device_of(parts.model)))

        return self._encode(images, embed, progress, "embedding pictures")

    def _encode(
        self,
        items: Sequence[Item],
        embed: Callable[[_Parts, Sequence[Item]], Any],
        progress: Progress,
        what: str,
    ) -> Embeddings:
        rows = np.empty((len(items), self.dim), np.float32)
        if not items:
            return rows
        parts = self._parts()
        import torch

        for at in range(0, len(items), self._batch_size):
            progress(at, len(items), what)
            batch = items[at : at + self._batch_size]
            with torch.inference_mode():
                vectors = torch.nn.functional.normalize(embed(parts, batch).float(), dim=-1)
            rows[at : at + len(batch)] = vectors.cpu().numpy()
        progress(len(items), len(items), what)
        return rows

    def _parts(self) -> _Parts:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(
                    self._model, self._config, self._file, self._settings, self._device
                )
            return self._loaded


def _check_known(known: list[str], model: str) -> None:
    if model not in known:
        near = difflib.get_close_matches(model, known, 3, 0.0)
        raise InvalidInput("no such model", value=model, hint=f"Nearest: {', '.join(near)}")


def _find(model: str, weights: str) -> tuple[Path, dict[str, Any]]:
    """The file of weights, and how open_clip's list says that they were trained."""
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    tags = cast("list[str]", list_pretrained_tags_by_model(model))
    entry = cast("dict[str, Any]", get_pretrained_cfg(model, weights))
    if entry:
        kept = {key: entry[key] for key in (*_PREPROCESSING, "quick_gelu") if key in entry}
        return _in_cache(model, weights, entry), kept
    file = Path(weights).expanduser()
    if not file.is_file():
        raise InvalidInput(
            f"{model} has no such weights",
            value=weights,
            hint=f"Give a .safetensors file, or one of: {', '.join(tags) or 'no tags'}",
        )
    if file.suffix.lower() != ".safetensors":
        raise InvalidInput(
            "weights are read as safetensors only; other files may hold programs",
            value=weights,
            hint="Convert them, or get the same weights as .safetensors",
        )
    like = cast("dict[str, Any]", get_pretrained_cfg(model, tags[0])) if tags else {}
    return file, {key: like[key] for key in _PREPROCESSING if key in like}


def _in_cache(model: str, tag: str, entry: dict[str, Any]) -> Path:
    repository, _, name = entry.get("hf_hub", "").rpartition("/")
    name = Path(name).with_suffix(".safetensors").name if name else "open_clip_model.safetensors"
    found = in_hub_cache(repository, name)
    if found is None:
        size = _SIZES.get(model.removesuffix("-quickgelu"), "0.3 to 10 GB")
        raise MissingWeights(
            f"the CLIP weights {model}/{tag} are not on this machine",
            value=f"{repository}/{name}, {size}",
            hint=f"Get them once with: hf download {repository} {name}",
        )
    return found


def _load(
    name: str, config: dict[str, Any], file: Path, settings: dict[str, Any], device: str | None
) -> _Parts:
    torch, open_clip = required("torch", "torch"), required("open_clip", "open_clip_torch")
    try:
        model = open_clip.create_model(
            name,
            str(file),
            device=device or ("cuda" if torch.cuda.is_available() else "cpu"),
            force_quick_gelu=bool(settings.get("quick_gelu")),
            force_preprocess_cfg={k: settings[k] for k in _PREPROCESSING if k in settings},
            require_pretrained=True,
        )
    except Exception as error:  # whatever a foreign file makes of another library
        raise InvalidInput(
            f"these weights do not make a {name}",
            value=f"{file}: {error}",
            hint="Choose the model that they were trained for",
        ) from error
    from open_clip.transform import PreprocessCfg, image_transform_v2

    prepared = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    return _Parts(model.eval(), _tokenizer(open_clip, name, config), prepared)


def _tokenizer(open_clip: Any, name: str, config: dict[str, Any]) -> Any:  # noqa: ANN401
    """CLIP's own tokenizer comes with open_clip; other models name one on the hub."""
    repository = config["text_cfg"].get("hf_tokenizer_name")
    if not repository:
        return open_clip.get_tokenizer(name)
    try:
        return open_clip.get_tokenizer(name, local_files_only=True)
    except (OSError, ValueError) as error:
        raise MissingWeights(
            f"the tokenizer of {name} is not on this machine",
            value=f"{repository}, some MB",
            hint=f"Get it once with: hf download {repository}",
        ) from error


def _device_of(model: Any) -> Any:  # noqa: ANN401
    return next(model.parameters()).device


def _shortened(text: str) -> str:
    """No more than can fill the tokens: the tokenizer takes quadratic time for a long word."""
    return " ".join(word[:_LETTERS] for word in checked_text(text).split()[:_WORDS])
