"""A diffusers pipeline from a single file, without the network."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polaris_core.catalogue.header import read_header
from polaris_core.encoders.checks import required
from polaris_core.engine.layout import Layout, read_layout
from polaris_core.engine.tiny_autoencoder import tiny_autoencoder
from polaris_core.engine.vocabulary import clip_tokenizer
from polaris_core.errors import InvalidInput, MissingDependency, UnsupportedModel

__all__ = ["choose_device", "load_pipeline", "require_engine"]

_PACKAGES = {
    "torch": "torch",
    "transformers": "'transformers>=4.56'",
    "diffusers": "diffusers",
    "peft": "peft",
    "safetensors": "safetensors",
    "open_clip": "open_clip_torch",
}
"""What must be importable, and what installs it."""
_COMFYUI_CAN = (
    "ComfyUI may run it; or choose another with --pin, or restrict the search with --base"
)

_GET_AGAIN = "Download the file again, or use another"


def require_engine() -> Any:  # noqa: ANN401
    """The package diffusers, once it is sure that all that this engine needs is there.

    Raises:
        MissingDependency: A package is not installed.
    """
    # Asked for before any is imported, which takes seconds.
    missing = [package for package in _PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise MissingDependency(
            "edits without ComfyUI need packages that are not installed",
            value=", ".join(missing),
            hint=f"Install: pip install {' '.join(_PACKAGES[package] for package in missing)}",
        )
    return required("diffusers", "diffusers")


def choose_device(name: str) -> Any:  # noqa: ANN401
    """The torch device of this name; `auto` takes a GPU if there is one.

    Raises:
        InvalidInput: There is no such device here.
    """
    torch = required("torch", "torch")
    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "mps" if has_mps else "cpu")
    kind, _, number = name.partition(":")
    there = {"cpu": 1, "cuda": torch.cuda.device_count() if has_cuda else 0, "mps": int(has_mps)}
    index = int(number) if number.isdigit() else 0
    if kind not in there or (number and not number.isdigit()):
        raise InvalidInput("no such device", value=name, hint="cpu, cuda, cuda:1, mps or auto")
    if index >= there[kind]:
        raise InvalidInput(
            f"PyTorch finds {there[kind] or 'no'} {kind} device here",
            value=name,
            hint="Use --device cpu, or install a PyTorch built for your GPU",
        )
    return torch.device(kind, index) if number else torch.device(kind)


def load_pipeline(path: Path, device: Any) -> tuple[Any, Layout]:  # noqa: ANN401
    """The pipeline of a checkpoint, ready to compute, and its layout.

    On a GPU the UNet and the text encoders are of half precision, the VAE never.

    Args:
        path: A safetensors file that holds UNet, text encoders and VAE.
        device: Of torch.

    Raises:
        UnsupportedModel: It is of a family or form that this engine does not run.
        BrokenHeader: The file is damaged.
        MissingDependency: A package is not installed.
    """
    diffusers, torch = require_engine(), required("torch", "torch")
    try:
        layout = read_layout(read_header(path).tensors)
    except UnsupportedModel as error:
        raise UnsupportedModel(
            f"the checkpoint cannot be run without ComfyUI: {error}",
            value=path.name,
            hint=_COMFYUI_CAN,
        ) from error
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    try:
        pipeline = _assembled(diffusers, path, layout, dtype)
    except (ValueError, KeyError, RuntimeError) as error:  # NotImplementedError is one of the last
        raise UnsupportedModel(
            "the checkpoint is incomplete or damaged",
            value=f"{path.name}: {' '.join(str(error).split())[:120]}",
            hint=_GET_AGAIN,
        ) from error
    for name in ("unet", "vae", *(text.part for text in layout.texts)):
        _check_complete(getattr(pipeline, name), name, path)
    return pipeline.to(device), layout


def _assembled(diffusers: Any, path: Path, layout: Layout, dtype: Any) -> Any:  # noqa: ANN401
    """The pipeline on the CPU; the VAE is of full precision."""
    torch, file = required("torch", "torch"), os.fspath(path)
    parts: dict[str, Any] = {"tokenizer": clip_tokenizer()}
    if len(layout.texts) > 1:
        parts["tokenizer_2"] = clip_tokenizer("!")
    with tempfile.TemporaryDirectory(prefix="polaris-") as folder, _quiet(diffusers):
        layout.write(Path(folder))
        common: dict[str, Any] = {"config": folder, "local_files_only": True}
        if layout.vae is None:
            parts["vae"] = tiny_autoencoder(_tensors(path), layout.latent_scale)
        else:
            parts["vae"] = diffusers.AutoencoderKL.from_single_file(
                file, subfolder="vae", torch_dtype=torch.float32, **common
            )
        cls = getattr(diffusers, layout.pipeline_class)
        return cls.from_single_file(file, torch_dtype=dtype, **common, **parts)


def _tensors(path: Path) -> dict[str, Any]:
    """The VAE's tensors of a file; the others are not read."""
    safetensors = required("safetensors", "safetensors")
    with safetensors.safe_open(os.fspath(path), framework="pt") as file:
        names = [name for name in file.keys() if name.startswith("first_stage_model.")]  # noqa: SIM118
        return {name: file.get_tensor(name) for name in names}


def _check_complete(part: Any, name: str, path: Path) -> None:  # noqa: ANN401
    """Refuse weights without memory: diffusers leaves so what it did not find in the file."""
    missing = [key for key, weight in part.named_parameters() if weight.is_meta]
    if missing:
        raise UnsupportedModel(
            f"the checkpoint's {name.replace('_', ' ')} is incomplete",
            value=f"{path.name}: {len(missing)} missing, {missing[0]} among them",
            hint=_GET_AGAIN,
        )


@contextmanager
def _quiet(diffusers: Any) -> Generator[None]:  # noqa: ANN401
    """No bars and no warnings about parts that a checkpoint need not have."""
    logging = diffusers.utils.logging
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()
        logging.set_verbosity(level)
