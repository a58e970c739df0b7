"""Segmenters and picture encoders in ComfyUI: found in its folders, loaded once, moved by it."""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folder_paths

from . import _host
from ._managed import managed

if TYPE_CHECKING:
    from polaris_core.encoders.base import PictureTextEncoder
    from polaris_core.progress import Progress
    from polaris_core.regions.proposal import Proposer

SUPERPIXELS = "superpixels"
_FOLDER = "sams"

_loaded: weakref.WeakValueDictionary[tuple[str, int, str], Loaded] = weakref.WeakValueDictionary()
"""Those in use: what ComfyUI drops from its cache is gone from here, and from memory."""
_lock = threading.Lock()


class Loaded:
    """A proposer or an encoder, and by what ComfyUI moves its weights."""

    def __init__(self, value: Any, module: Any) -> None:
        from comfy import model_management

        self.value = value
        self.patcher = managed(
            module, model_management.get_torch_device(), model_management.unet_offload_device()
        )


@dataclass(frozen=True)
class HostSegmenter:
    """What travels on POLARIS_SEGMENTER: what proposes regions, and what looks at them."""

    proposer: Proposer
    encoder: PictureTextEncoder | None = None
    models: tuple[Loaded, ...] = field(default=(), repr=False)

    def ready(self) -> HostSegmenter:
        """Itself, with all weights where they compute."""
        from comfy import model_management

        if self.models:
            model_management.load_models_gpu([model.patcher for model in self.models])
        return self


def names() -> list[str]:
    """What a Segmenter node offers: superpixels first, then what lies in the folders."""
    from polaris_core.regions.listing import segmenters_in

    found = [name for root in _roots() for name in segmenters_in(root)]
    return list(dict.fromkeys((SUPERPIXELS, *found)))


def checked(value: object) -> HostSegmenter:
    """What came in on POLARIS_SEGMENTER; superpixels where nothing did."""
    from polaris_core.errors import InvalidInput
    from polaris_core.regions.superpixels import SuperpixelProposer

    if value is None:
        return HostSegmenter(SuperpixelProposer())
    if isinstance(value, HostSegmenter):
        return value
    raise InvalidInput("not a segmenter", value=value, hint="Connect Polaris Segmenter")


def segmenter(
    name: str, encoder_spec: str, points_per_side: int, most: int, progress: Progress
) -> HostSegmenter:
    """A segmenter, and the encoder that looks at what it proposes.

    Args:
        name: `superpixels`, or what lies in ComfyUI's folders for segmenters.
        encoder_spec: `none`, or an encoder as the Zoo node names it.
        points_per_side: The model is asked at this number squared of points.
        most: Regions that are kept at the most.
        progress: Called between loading the two.

    Raises:
        InvalidInput: A name leads elsewhere, or a file holds something else.
        MissingDependency: A package is not installed.
        MissingWeights: The weights are not on this machine.
    """
    from dataclasses import replace

    from polaris_core.regions.grid import GridSettings
    from polaris_core.regions.select import Limits
    from polaris_core.regions.superpixels import SuperpixelProposer

    limits = Limits(most=most)
    models: list[Loaded] = []
    progress(0, 2, "loading the segmenter")
    if name == SUPERPIXELS:
        proposer: Any = SuperpixelProposer(limits)
    else:
        models.append(_once(_path_of(name), "segmenter", _load_segmenter))
        settings = GridSettings(points_per_side=points_per_side)
        proposer = replace(models[0].value, settings=settings, limits=limits)
    progress(1, 2, "loading the encoder")
    encoder = None
    if encoder_spec.strip().lower() not in ("", "none"):
        models.append(_encoder(_host.encoder_spec(encoder_spec.strip())))
        encoder = models[-1].value
    progress(2, 2, "loaded")
    return HostSegmenter(proposer, encoder, tuple(models))


def _load_segmenter(path: Path) -> Loaded:
    from comfy import model_management

    from polaris_core.regions.proposers import load_segmenter

    proposer = load_segmenter(path, str(model_management.unet_offload_device()))
    return Loaded(proposer, proposer.model)


def _encoder(spec: str) -> Loaded:
    from polaris_core.encoders.factory import image_encoder
    from polaris_core.errors import InvalidInput

    encoder: Any = image_encoder(spec)
    if not hasattr(encoder, "module"):
        raise InvalidInput(
            "this encoder does not compare pictures with texts",
            value=spec,
            hint="Use clip:ViT-L-14/openai, clip:MODEL//file.safetensors, or none",
        )
    with _lock:
        key = (spec, id(encoder), "encoder")
        loaded = _loaded.get(key)
        if loaded is None:
            loaded = _loaded[key] = Loaded(encoder, encoder.module)
    return loaded


def _once(path: Path, kind: str, load: Any) -> Loaded:
    with _lock:
        key = (str(path), path.stat().st_mtime_ns, kind)
        loaded = _loaded.get(key)
        if loaded is None:
            loaded = _loaded[key] = load(path)
    return loaded


def _roots() -> list[Path]:
    folder_paths.add_model_folder_path(_FOLDER, os.path.join(folder_paths.models_dir, _FOLDER))
    return [Path(path) for path in folder_paths.get_folder_paths(_FOLDER)]


def _path_of(name: str) -> Path:
    from polaris_core.errors import MissingWeights
    from polaris_core.regions.proposers import find_segmenter

    roots = _roots()
    for number, root in enumerate(roots, start=1):
        try:
            return find_segmenter(root, name)
        except MissingWeights:
            if number == len(roots):
                raise
    raise MissingWeights("ComfyUI has no folder for segmenters", value=_FOLDER)
