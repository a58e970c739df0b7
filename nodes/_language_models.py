"""Language models in ComfyUI: found in its folders, loaded once, moved by its memory management."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths

from . import _host
from ._managed import managed

if TYPE_CHECKING:
    from collections.abc import Callable

    from polaris_core.llm.base import Question
    from polaris_core.llm.server import ServerModel
    from polaris_core.llm.transformers_model import TransformersModel
    from polaris_core.progress import Progress

_FOLDER = "LLM"
_LONGEST_NAME = 200
_NAMED = "A local model is named by its folder in models/LLM, or OWNER/NAME on the hub"

_models: weakref.WeakValueDictionary[tuple[str, str, bool], HostLanguageModel] = (
    weakref.WeakValueDictionary()
)
"""Those in use: what ComfyUI drops from its cache is gone from here, and from memory."""
_models_lock = threading.Lock()


class HostLanguageModel:
    """A ChatModel on this machine, loaded when it is first asked.

    ComfyUI moves it to the GPU to answer, and off it for others: `patcher`, None until it is
    loaded, is by what ComfyUI knows it.
    """

    def __init__(self, name: str, load: Callable[[], TransformersModel]) -> None:
        self.name = name
        self.patcher: Any = None
        self._load = load
        self._loading = threading.Lock()
        self._model: TransformersModel | None = None

    @property
    def sees_pictures(self) -> bool:
        return self.ready().sees_pictures

    def ready(self) -> TransformersModel:
        """The model, all of it where it computes.

        Raises:
            InvalidInput: There is no such model.
            MissingDependency: A package that the model needs is not installed.
            MissingWeights: The weights are not on this machine.
            LanguageModelProblem: They are no chat model, or do not fit into memory.
        """
        from comfy import model_management

        from polaris_core.llm.loading import is_out_of_memory, out_of_memory

        with self._loading:
            if self._model is None:
                model = self._load()
                offload = model_management.text_encoder_offload_device()
                self.patcher = managed(model.model, _device(), offload)
                self._model = model
        try:
            model_management.load_models_gpu([self.patcher], force_full_load=True)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise out_of_memory() from error
        return self._model

    def reply(self, question: Question, progress: Progress | None = None) -> str:
        from polaris_core.progress import silent

        return self.ready().reply(question, progress or silent)


def local_model(name: str, precision: str = "auto", download: bool = False) -> HostLanguageModel:
    """A model of this machine; the one in use already where there is one.

    Args:
        name: Its folder in ComfyUI's folders for language models, or OWNER/NAME on the hub.
        precision: auto, bfloat16, float16 or float32.
        download: Whether a hub model that is not on this machine may be fetched.

    Raises:
        InvalidInput: The name leads out of these folders.
    """
    _check_name(name)
    dtype = _precision() if precision == "auto" else precision

    def load() -> TransformersModel:
        from comfy import model_management

        from polaris_core.llm.transformers_model import TransformersModel

        offloaded = str(model_management.text_encoder_offload_device())
        return TransformersModel.load(
            str(_find(name, download)),
            name=name,
            dtype=dtype,
            device=offloaded,
            progress=_host.progress(),
        )

    with _models_lock:
        model = _models.get((name, dtype, download))
        if model is None:
            model = _models[name, dtype, download] = HostLanguageModel(name, load)
    return model


def server_model(url: str, name: str, send_pictures: bool, timeout_s: float) -> ServerModel:
    """A model behind a server that the user allows to be asked."""
    from polaris_core.llm.keys import check_allowed, key_for
    from polaris_core.llm.server import ServerModel

    home = _host.zoo_home()
    check_allowed(url, home)
    key = key_for(url, home)
    return ServerModel(url, name, key=key, sees_pictures=send_pictures, timeout_s=timeout_s)


def keys_state() -> str:
    """Changes whenever the file of the servers' keys does."""
    from polaris_core.llm.keys import KEYS_FILE

    try:
        stat = (_host.zoo_home() / KEYS_FILE).stat()
    except OSError:
        return ""
    return f"{stat.st_mtime_ns} {stat.st_size}"


def language_model_names() -> list[str]:
    """The folders in ComfyUI's folders for language models that hold one, sorted."""
    found: set[str] = set()
    for root in _roots():
        for pattern in ("*/config.json", "*/*/config.json"):
            found |= {file.parent.relative_to(root).as_posix() for file in root.glob(pattern)}
    return sorted(found)


def _roots() -> list[Path]:
    folder_paths.add_model_folder_path(_FOLDER, os.path.join(folder_paths.models_dir, _FOLDER))
    return [Path(path) for path in folder_paths.get_folder_paths(_FOLDER)]


def _check_name(name: str) -> None:
    from polaris_core.errors import InvalidInput

    parts = name.replace("\\", "/").split("/")
    outside = any(part in ("", ".", "..", "~") for part in parts)
    if outside or ":" in name or "\0" in name or len(name) > _LONGEST_NAME:
        raise InvalidInput("this is not the name of a local model", value=name, hint=_NAMED)


def _find(name: str, download: bool) -> Path:
    """The folder that a name from a workflow means: in the model folders or the hub's cache."""
    from polaris_core.errors import InvalidInput
    from polaris_core.llm.weights import find_on_hub, is_hub_name

    for root in _roots():
        folder = root.joinpath(*name.replace("\\", "/").split("/"))
        if folder.is_dir():
            return folder
    if is_hub_name(name):
        return find_on_hub(name, download=download, progress=_host.progress())
    known = ", ".join(language_model_names()) or "none"
    raise InvalidInput("there is no such model", value=name, hint=f"{_NAMED}. There: {known}")


def _device() -> Any:
    """Where it computes. Where ComfyUI keeps no weights on the GPU, a whole model has no room."""
    import torch
    from comfy import model_management

    if model_management.vram_state == model_management.VRAMState.NO_VRAM:
        return torch.device("cpu")
    return model_management.text_encoder_device()


def _precision() -> str:
    from comfy import model_management

    device = _device()
    if model_management.is_device_cpu(device):
        return "float32"
    return "bfloat16" if model_management.should_use_bf16(device) else "float16"
