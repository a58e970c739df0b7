"""Weights of Segment Anything: found by name in a folder, read by key, told apart by shape.

A safetensors file holds numbers only. The official files are pickles in a zip: they are read by
torch's restricted reader, which rebuilds tensors and refuses anything that would run.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from polaris_core.encoders.checks import required
from polaris_core.errors import InvalidInput

__all__ = ["SUFFIXES", "SamArchitecture", "architecture_of", "read_tensors"]

SUFFIXES = (".safetensors", ".pth", ".pt")

_KNOWN = {(768, 12): "vit_b", (1024, 24): "vit_l", (1280, 32): "vit_h"}
_NOT_LEARNED = ("pixel_mean", "pixel_std")
_RELATIVES = {
    "mask_decoder.hf_token.weight": "SAM-HQ, which has parts that Segment Anything lacks",
    "image_encoder.patch_embed.seq.0.c.weight": "MobileSAM, whose picture encoder is another one",
    "image_encoder.trunk.patch_embed.proj.weight": "SAM 2 as its authors store it",
    "vision_encoder.backbone.patch_embed.projection.weight": "SAM 2 as transformers stores it",
    "vision_encoder.patch_embed.projection.weight": "Segment Anything as transformers stores it",
}
_WANTED = (
    "Give sam_vit_b_01ec64.pth, sam_vit_l_0b3195.pth or sam_vit_h_4b8939.pth, or the same "
    "weights as .safetensors; for SAM 2 give the folder of a model of transformers"
)
_LARGEST = {"depth": 128, "width": 8192, "grid": 512}

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each tensor by its key."""


@dataclass(frozen=True)
class SamArchitecture:
    """The numbers from which a Segment Anything model is built."""

    width: int
    """Of the picture encoder."""
    depth: int
    """Its layers."""
    heads: int
    """Attention heads of a layer."""
    global_layers: tuple[int, ...]
    """Layers that see the whole picture; the others see windows."""
    window: int
    """Edge of a window, in patches."""
    patch_px: int
    grid: int
    """Edge of the picture, in patches."""
    mlp_ratio: float
    prompt_width: int
    """Of prompts and of the decoder."""
    mask_channels: int
    """Of the encoder of mask prompts."""
    decoder_depth: int
    decoder_mlp: int
    masks: int
    """Masks for one point."""
    quality_depth: int
    """Layers of the head that predicts quality."""
    quality_width: int

    @property
    def name(self) -> str:
        """`vit_b`, `vit_l`, `vit_h`, or width and depth of another one."""
        return _KNOWN.get((self.width, self.depth), f"vit {self.width}x{self.depth}")

    @property
    def picture_px(self) -> int:
        """Edge of the square that the model sees."""
        return self.grid * self.patch_px


def read_tensors(path: Path) -> dict[str, Any]:
    """The tensors of a weights file by key, on the CPU, not yet read where the file can be mapped.

    Raises:
        InvalidInput: It cannot be read, would run something, or holds more than tensors.
        MissingDependency: torch or safetensors is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidInput(
            "a segmenter's weights cannot be such a file", value=path.name, hint=_WANTED
        )
    torch = required("torch", "torch")
    try:
        if path.suffix.lower() == ".safetensors":
            read: object = required("safetensors.torch", "safetensors").load_file(path)
        else:
            mapped = zipfile.is_zipfile(path)
            read = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:  # whatever a foreign file makes of another library
        raise InvalidInput(
            "the segmenter's weights cannot be read", value=f"{path}: {error}", hint=_WANTED
        ) from error
    tensors = cast("dict[object, Any]", read) if isinstance(read, dict) else {}
    if len(tensors) == 1 and isinstance(inner := tensors.get("model"), dict):
        tensors = cast("dict[object, Any]", inner)  # as SAM 2 and trainers store theirs
    for key, tensor in tensors.items():
        if not isinstance(key, str) or not _plain(torch, tensor):
            raise InvalidInput(
                "the file holds more than plain tensors by key",
                value=f"{path}: {key}",
                hint=_WANTED,
            )
    return {str(key): tensors[key] for key in tensors if key not in _NOT_LEARNED}


def _plain(torch: Any, value: object) -> bool:  # noqa: ANN401
    """Whether it is a tensor of floating-point numbers that are all in the file."""
    if not isinstance(value, torch.Tensor):
        return False
    tensor: Any = value
    if tensor.layout is not torch.strided or tensor.device.type != "cpu":
        return False
    stored = tensor.untyped_storage().nbytes()
    return tensor.is_floating_point() and tensor.numel() * tensor.element_size() <= stored


def architecture_of(shapes: Shapes) -> SamArchitecture:
    """Which Segment Anything model has tensors of these shapes.

    Raises:
        InvalidInput: None has; where a related model is recognised, it is named.
    """
    for key, what in _RELATIVES.items():
        if key in shapes:
            raise InvalidInput("the weights are of another segmenter", value=what, hint=_WANTED)
    if empty := next((key for key, shape in shapes.items() if 0 in shape), ""):
        raise InvalidInput("the weights hold a tensor of no size", value=empty, hint=_WANTED)
    try:
        found = _architecture(shapes)
    except (KeyError, ValueError, IndexError, ZeroDivisionError) as error:
        raise InvalidInput(
            "the weights are not Segment Anything's",
            value=", ".join(list(shapes)[:3]),
            hint=_WANTED,
        ) from error
    if (
        max(found.depth, found.decoder_depth, found.quality_depth, found.masks) > _LARGEST["depth"]
        or max(
            found.width,
            found.prompt_width,
            found.decoder_mlp,
            found.mask_channels,
            found.quality_width,
        )
        > _LARGEST["width"]
        or max(found.grid, found.patch_px) > _LARGEST["grid"]
    ):
        raise InvalidInput("no Segment Anything model is as large", value=found, hint=_WANTED)
    return found


def _architecture(shapes: Shapes) -> SamArchitecture:
    width, _, patch_px, _ = shapes["image_encoder.patch_embed.proj.weight"]
    _, grid, _, _ = shapes["image_encoder.pos_embed"]
    depth = _count(shapes, r"image_encoder\.blocks\.(\d+)\.attn\.qkv\.weight")
    spans = [(shapes[f"image_encoder.blocks.{i}.attn.rel_pos_h"][0] + 1) // 2 for i in range(depth)]
    windows = [span for span in spans if span != grid]
    head_width = shapes["image_encoder.blocks.0.attn.rel_pos_h"][1]
    quality = r"mask_decoder\.iou_prediction_head\.layers\.(\d+)\.weight"
    return SamArchitecture(
        width=width,
        depth=depth,
        heads=width // head_width,
        global_layers=tuple(i for i, span in enumerate(spans) if span == grid),
        window=windows[0] if windows else 0,
        patch_px=patch_px,
        grid=grid,
        mlp_ratio=shapes["image_encoder.blocks.0.mlp.lin1.weight"][0] / width,
        prompt_width=shapes["prompt_encoder.no_mask_embed.weight"][1],
        mask_channels=shapes["prompt_encoder.mask_downscaling.3.weight"][0],
        decoder_depth=_count(shapes, r"mask_decoder\.transformer\.layers\.(\d+)\.norm1\.weight"),
        decoder_mlp=shapes["mask_decoder.transformer.layers.0.mlp.lin1.weight"][0],
        masks=shapes["mask_decoder.mask_tokens.weight"][0] - 1,
        quality_depth=_count(shapes, quality),
        quality_width=shapes["mask_decoder.iou_prediction_head.layers.0.weight"][0],
    )


def _count(shapes: Shapes, pattern: str) -> int:
    """How many consecutive numbers, from 0, stand in the keys of this form."""
    found = {int(match[1]) for key in shapes if (match := re.fullmatch(pattern, key))}
    return next(i for i in range(len(found) + 1) if i not in found)
