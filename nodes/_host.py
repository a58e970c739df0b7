"""Everything that is asked of ComfyUI besides its types: folders, models, progress, cancelling."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths
from comfy_api.latest import io, ui

if TYPE_CHECKING:
    from polaris_core.catalogue.entry import BaseModel, Entry
    from polaris_core.catalogue.scan import ModelFolder
    from polaris_core.catalogue.store import Store
    from polaris_core.progress import Progress
    from polaris_core.retrieval.zoo import Zoo

log = logging.getLogger("polaris")

_REPORT_EVERY_S = 0.1
"""The host opens an event loop for every report, and language models report every token."""
_FOLDERS = {"checkpoint": "checkpoints", "lora": "loras"}
"""Kind of entry to the host's name for its folders."""
_FOLDER_NAME = re.compile(r"\w[\w.-]*")
"""Of a folder right below one of the host's."""
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|!(?=\[)")
"""Where a name would become an element or a picture: one of the renderers reads Markdown."""
_zoos: dict[tuple[str, str], Zoo] = {}
_zoos_lock = threading.Lock()
_loaded: dict[tuple[str, int, int], tuple[weakref.ref[Any], ...]] = {}

_BASES = {"SD15": "sd15", "SD20": "sd2", "SDXL": "sdxl", "SD3": "sd3", "Flux": "flux"}
"""ComfyUI's class of a model to our base model."""


def progress() -> Progress:
    """Report to the node's progress bar, and stop when the user cancels."""
    from comfy.model_management import throw_exception_if_processing_interrupted
    from comfy_api.latest import ComfyAPISync

    api = ComfyAPISync()
    last = 0.0

    def report(done: int, total: int, what: str, /) -> None:
        nonlocal last
        throw_exception_if_processing_interrupted()
        now = time.monotonic()
        if total > 0 and (done >= total or now - last >= _REPORT_EVERY_S):
            last = now
            api.execution.set_progress(done, total)

    return report


def given(text: str) -> str:
    """A text from a workflow; ComfyUI makes "None" of the null that some programs send."""
    return "" if text == "None" else text


def show(cls: type[io.ComfyNode], text: str) -> ui.PreviewText:
    """Show a text on the node, and keep it in the history for those who run headless."""
    from server import PromptServer

    text = _MARKUP.sub("\\g<0>\N{WORD JOINER}", text)
    PromptServer.instance.send_progress_text(text, cls.hidden.unique_id)
    return ui.PreviewText(text)


def show_cards(cls: type[io.ComfyNode], text: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Show a text on the node, and give the page the cards of what was found."""
    return {**show(cls, text).as_dict(), "polaris_cards": cards}


def show_both(cls: type[io.ComfyNode], image: Any, text: str) -> dict[str, Any]:
    """Show pictures (IMAGE) and a text on the node, and keep both in the history."""
    return {**ui.PreviewImage(image, cls=cls).as_dict(), **show(cls, text).as_dict()}


def model_folders() -> list[ModelFolder]:
    """The host's checkpoint and LoRA folders that exist."""
    from polaris_core.catalogue.entry import Kind
    from polaris_core.catalogue.scan import ModelFolder

    return [
        ModelFolder(Path(path), Kind(kind))
        for kind, name in _FOLDERS.items()
        for path in folder_paths.get_folder_paths(name)
        if os.path.isdir(path)
    ]


def folders_state() -> str:
    """Changes whenever a file is put into, renamed in or taken from a model folder."""
    state: list[tuple[str, float]] = []
    for name in _FOLDERS.values():
        folder_paths.get_filename_list(name)
        state += sorted(folder_paths.filename_list_cache[name][1].items())
    return repr(state)


def zoo_home() -> Path:
    """Where this host's catalogue and indices stand: private, not served over HTTP."""
    return Path(folder_paths.get_system_user_directory("polaris"))


def store() -> Store:
    """The host's catalogue, whichever encoders index it."""
    from polaris_core.catalogue.store import Store
    from polaris_core.retrieval.zoo import CATALOGUE

    with _zoos_lock:
        return next((z.store for z in _zoos.values()), None) or Store.open(zoo_home() / CATALOGUE)


def hashed(entry: Entry) -> Entry:
    """The entry with the SHA-256 of its file; computed once per file, with progress."""
    from polaris_core.catalogue import fingerprints

    return fingerprints.hashed(store(), entry, progress())


def encoder_spec(spec: str) -> str:
    """What names an encoder, with `clip:NAME` of a folder in models/clip_vision written out."""
    family, _, name = spec.partition(":")
    if family == "clip" and _FOLDER_NAME.fullmatch(name):
        for root in folder_paths.get_folder_paths("clip_vision"):
            if os.path.isfile(os.path.join(root, name, "open_clip_config.json")):
                return f"clip:{os.path.abspath(os.path.join(root, name))}"
    return spec


def open_zoo(text_spec: str, image_spec: str) -> Zoo:
    """The zoo of this host for these encoders; one per process, shared by all nodes."""
    from polaris_core.encoders.base import Encoders
    from polaris_core.encoders.factory import image_encoder, text_encoder
    from polaris_core.retrieval.zoo import Zoo

    text_spec, image_spec = encoder_spec(text_spec), encoder_spec(image_spec)
    with _zoos_lock:
        zoo = _zoos.get((text_spec, image_spec))
        if zoo is None:
            image = None if image_spec == "none" else image_encoder(image_spec)
            zoo = Zoo.open(zoo_home(), Encoders(text_encoder(text_spec), image))
            _zoos[text_spec, image_spec] = zoo
    return zoo


def opened_zoo(text_spec: str, image_spec: str) -> Zoo | None:
    """That zoo, if it was opened before."""
    return _zoos.get((text_spec, image_spec))


def listed(kind: str, path: str) -> str | None:
    """The name by which ComfyUI's loaders find this very file of a kind; None if they do not."""
    folder = _FOLDERS[kind]
    known = set(folder_paths.get_filename_list(folder))
    for root in folder_paths.get_folder_paths(folder):
        name = os.path.relpath(path, root) if _below(root, path) else ""
        if name in known and folder_paths.get_full_path(folder, name) == os.path.join(root, name):
            return name
    return None


def _below(root: str, path: str) -> bool:
    try:
        return os.path.commonpath([root, path]) == os.path.normpath(root)
    except ValueError:  # another drive
        return False


def path_of(entry: Entry) -> str:
    """The file of an entry, which must lie in one of the host's model folders.

    Raises:
        UnknownModel: It is not on this disk, gone, or lies elsewhere.
    """
    from polaris_core.errors import UnknownModel

    if not entry.on_disk:
        place = entry.source or entry.download
        hint = f"Get it from {place}, and let the Zoo node scan again" if place else ""
        raise UnknownModel("the model is not on this disk", value=entry.name, hint=hint)
    roots = {os.path.realpath(f.path) for f in model_folders()}
    path = os.path.join(entry.root, *entry.file.split("/"))
    if entry.unsafe:
        raise UnknownModel(
            "a pickled file is never opened", value=entry.file, hint="Convert it to safetensors"
        )
    if os.path.realpath(entry.root) not in roots or not os.path.isfile(path):
        raise UnknownModel(
            "the file is not in ComfyUI's model folders any more",
            value=entry.file,
            hint="Let the Zoo node scan again",
        )
    return path


def load_checkpoint(entry: Entry) -> tuple[Any, Any, Any]:
    """MODEL, CLIP and VAE of a checkpoint; the ones in use already where they are still alive."""
    import comfy.sd

    from polaris_core.errors import UnknownModel

    path = path_of(entry)
    stat = os.stat(path)
    key = (path, stat.st_mtime_ns, stat.st_size)
    alive = [ref() for ref in _loaded.get(key, ())]
    if len(alive) == 3 and all(part is not None for part in alive):
        return alive[0], alive[1], alive[2]
    model, clip, vae, *_ = comfy.sd.load_checkpoint_guess_config(
        path, embedding_directory=folder_paths.get_folder_paths("embeddings")
    )
    missing = [n for n, p in (("MODEL", model), ("CLIP", clip), ("VAE", vae)) if p is None]
    if missing:
        raise UnknownModel(
            f"the checkpoint holds no {' and no '.join(missing)}",
            value=entry.file,
            hint=f"Ban it with a line `-{entry.file}` in the retriever's pins",
        )
    _loaded.clear()
    _loaded[key] = tuple(weakref.ref(part) for part in (model, clip, vae))
    return model, clip, vae


def apply_lora(
    model: Any, clip: Any, entry: Entry, strength_model: float, strength_clip: float
) -> tuple[Any, Any]:
    """A LoRA patched onto copies of `model` and `clip`.

    Raises:
        IncompatibleAdapter: None of its weights fits.
    """
    import comfy.sd
    import comfy.utils

    from polaris_core.errors import IncompatibleAdapter

    weights, metadata = comfy.utils.load_torch_file(
        path_of(entry), safe_load=True, return_metadata=True
    )
    before = _patch_count(model) + _patch_count(clip.patcher)
    model, clip = comfy.sd.load_lora_for_models(
        model, clip, weights, strength_model, strength_clip, lora_metadata=metadata
    )
    if _patch_count(model) + _patch_count(clip.patcher) == before:
        raise IncompatibleAdapter(
            "no weight of the LoRA fits this checkpoint",
            value=entry.file,
            hint=f"Ban it with a line `-{entry.file}` in the retriever's pins",
        )
    return model, clip


def _patch_count(patcher: Any) -> int:
    return sum(len(patches) for patches in patcher.patches.values())


def base_model_of(model: Any) -> BaseModel:
    """The family of a MODEL, by the class ComfyUI recognised it as."""
    from polaris_core.catalogue.entry import BaseModel

    for cls in type(model.model.model_config).__mro__:
        if cls.__name__ in _BASES:
            return BaseModel(_BASES[cls.__name__])
    return BaseModel.UNKNOWN
