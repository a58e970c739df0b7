"""What a checkpoint consists of, and the small configuration files that diffusers asks for.

All is read from the header: the family, each part's measures, the form of its VAE. So the loader
needs nothing but the file, and takes models of any size, for instance those made for tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polaris_core.catalogue.entry import BaseModel
from polaris_core.engine.text_shape import TextShape, read_texts
from polaris_core.engine.unet_shape import UnetShape, read_unet
from polaris_core.errors import UnsupportedModel

__all__ = ["Layout", "read_layout"]

Shapes = Mapping[str, tuple[int, ...]]

_VAE = "first_stage_model."
_LATENT_SCALE = {BaseModel.SD15: 0.18215, BaseModel.SDXL: 0.13025}
_HEADS = {BaseModel.SD15: 8, BaseModel.SDXL: None}
_SIZES = 6
"""Numbers that tell SDXL the picture's sizes, each as a vector of 256."""
_PREDICTIONS = {
    "v_pred": "it predicts velocity instead of noise",
    "edm_mean": "it was trained with EDM's noise schedule",
    "edm_vpred.sigma_max": "it was trained with EDM's noise schedule",
}
_SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
_OTHER_CHANNELS = {
    8: "it is an InstructPix2Pix checkpoint, which edits by itself",
    9: "it is an inpainting checkpoint, whose UNet is given the mask",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of a checkpoint."""

    family: BaseModel
    """`SD15` or `SDXL`."""
    unet: UnetShape
    texts: tuple[TextShape, ...]
    """One text encoder for SD1.5, two for SDXL."""
    vae: dict[str, Any] | None
    """What diffusers' AutoencoderKL is built from; None: it is of TAESD's form."""

    @property
    def latent_scale(self) -> float:
        """Latents in the UNet are so much smaller than the VAE's."""
        return _LATENT_SCALE[self.family]

    def write(self, folder: Path) -> None:
        """Write the configuration files of a diffusers pipeline into `folder`."""
        parts: dict[str, tuple[str | None, str | None]] = {
            "scheduler": ("diffusers", "EulerDiscreteScheduler"),
            "unet": ("diffusers", "UNet2DConditionModel"),
            "vae": ("diffusers", "AutoencoderKL" if self.vae else "AutoencoderTiny"),
            "feature_extractor": (None, None),
            "image_encoder": (None, None),
        }
        if self.family is BaseModel.SD15:
            parts["safety_checker"] = (None, None)
        for text in self.texts:
            parts[text.part] = ("transformers", text.class_name)
            parts[text.part.replace("text_encoder", "tokenizer")] = (
                "transformers",
                "CLIPTokenizer",
            )
            _write(folder / text.part / "config.json", text.config())
        _write(folder / "model_index.json", {"_class_name": self.pipeline_class, **parts})
        _write(folder / "unet" / "config.json", self.unet.config(heads=_HEADS[self.family]))
        if self.vae:
            _write(folder / "vae" / "config.json", self.vae)
        _write(folder / "scheduler" / "scheduler_config.json", _SCHEDULER)

    @property
    def pipeline_class(self) -> str:
        """The pipeline of diffusers that holds these parts."""
        xl = "XL" if self.family is BaseModel.SDXL else ""
        return f"StableDiffusion{xl}Pipeline"


def read_layout(shapes: Shapes) -> Layout:
    """The parts of a checkpoint.

    Args:
        shapes: Shape of every tensor of the file by its key.

    Raises:
        UnsupportedModel: It is none of SD1.5 or SDXL, lacks a part, or is of a kind that takes
            other input or predicts something other than noise.
    """
    unet = read_unet(shapes)
    family = _family(unet)
    for key, reason in _PREDICTIONS.items():
        if key in shapes:
            raise UnsupportedModel(reason)
    if unet.in_channels != 4:
        told = _OTHER_CHANNELS.get(unet.in_channels, f"its UNet has {unet.in_channels} channels")
        raise UnsupportedModel(told)
    texts = read_texts(shapes, family)
    if sum(text.width for text in texts) != unet.context:
        raise UnsupportedModel("its text encoders are not as wide as its UNet reads")
    if unet.extra and unet.extra != texts[-1].projection + _SIZES * 256:
        raise UnsupportedModel("its UNet is told something other than SDXL's")
    return Layout(family, unet, texts, _vae(shapes, _LATENT_SCALE[family]))


def _family(unet: UnetShape) -> BaseModel:
    if unet.extra and unet.linear:
        return BaseModel.SDXL
    if not unet.extra and not unet.linear:
        return BaseModel.SD15
    raise UnsupportedModel("it is neither SD1.5 nor SDXL")


def _vae(shapes: Shapes, scale: float) -> dict[str, Any] | None:
    if f"{_VAE}taesd_decoder.1.weight" in shapes and f"{_VAE}taesd_encoder.0.weight" in shapes:
        return None
    latent = shapes.get(f"{_VAE}decoder.conv_in.weight")
    if not latent or len(latent) != 4 or f"{_VAE}encoder.conv_in.weight" not in shapes:
        raise UnsupportedModel("it holds no VAE")
    widths: list[int] = []
    while shape := shapes.get(f"{_VAE}encoder.down.{len(widths)}.block.0.conv2.weight"):
        widths.append(shape[0])
    blocks = 0
    while f"{_VAE}encoder.down.0.block.{blocks}.conv1.weight" in shapes:
        blocks += 1
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * len(widths),
        "up_block_types": ["UpDecoderBlock2D"] * len(widths),
        "latent_channels": latent[1],
        "layers_per_block": blocks,
        "scaling_factor": scale,
        "sample_size": 512,
    }


def _write(file: Path, value: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value), "utf-8")
