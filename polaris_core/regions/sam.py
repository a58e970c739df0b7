"""Segment Anything (Kirillov et al., 2023) as a proposer, through the package segment-anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import checked_image, required
from polaris_core.encoders.weights import digest
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent
from polaris_core.regions.grid import GridSettings, Points
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.sam_generator import Precision, device_of, generate
from polaris_core.regions.select import Limits, selected
from polaris_core.regions.weights import SamArchitecture, architecture_of, read_tensors

__all__ = ["SamProposer", "build_sam", "load_sam"]

_DECODER_HEADS = 8


@dataclass(frozen=True)
class SamProposer:
    """Proposes what Segment Anything answers on a grid of points.

    The model may be moved to another device, or its weights given back, between calls.
    """

    model: Any
    """The `segment_anything.modeling.Sam`."""
    name: str = "sam"
    """Kind and weights."""
    settings: GridSettings = field(default_factory=GridSettings)
    """Where the model is asked, and which answers count."""
    limits: Limits = field(default_factory=Limits)
    """What is kept in the end."""
    precision: Precision = "float32"

    def describe(self) -> str:
        """What it is and what it can be expected to find."""
        side = self.settings.points_per_side
        return (
            f"Segment Anything ({self.name}): masks of things and of their parts, found by asking "
            f"at {side} × {side} points. It knows where things end, not what they are."
        )

    def propose(self, picture: RGBImage, progress: Progress = silent) -> tuple[Proposal, ...]:
        """Masks in pixels of the picture: distinct, none of them tiny, the largest first.

        Raises:
            InvalidInput: The picture is not `h w 3` bytes; or the weights are broken.
            MissingDependency: torch or segment-anything is not installed.
        """
        answers = _Answers(self.model, self.precision)
        found = generate(answers, checked_image(picture), self.settings, progress)
        return selected(found, self.limits, progress)


def load_sam(
    path: Path,
    device: str = "cpu",
    settings: GridSettings | None = None,
    limits: Limits | None = None,
    precision: Precision = "float32",
) -> SamProposer:
    """A proposer of the weights in a file: vit_b, vit_l or vit_h, told apart by their shapes.

    Args:
        path: The official .pth, or the same weights as .safetensors.
        device: Where the model is put, as torch names it.
        settings: Where the model is asked, and which answers count.
        limits: What is kept in the end.
        precision: Of the picture encoder; half of it is quicker on a GPU.

    Raises:
        InvalidInput: There is no such file, or it holds something else.
        MissingDependency: torch, safetensors or segment-anything is not installed.
    """
    if not path.is_file():
        raise InvalidInput("there is no such file of weights", value=path)
    tensors = read_tensors(path)
    architecture = architecture_of({key: tuple(t.shape) for key, t in tensors.items()})
    model = build_sam(architecture, tensors).to(device)
    name = f"sam:{architecture.name}:{digest(path)}"
    return SamProposer(model, name, settings or GridSettings(), limits or Limits(), precision)


def build_sam(architecture: SamArchitecture, tensors: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
    """The model, in float32 on the CPU, ready to answer; without tensors its weights are random.

    Raises:
        InvalidInput: The tensors do not fit the architecture.
        MissingDependency: torch or segment-anything is not installed.
    """
    torch = required("torch", "torch")
    if tensors is None:
        return _module(architecture).eval()
    try:
        with torch.device("meta"):  # weights are taken over, not copied
            model = _module(architecture)
        weights = {key: tensor.to(torch.float32) for key, tensor in tensors.items()}
        model.load_state_dict(weights, strict=True, assign=True)
    except (RuntimeError, AssertionError) as error:
        raise InvalidInput(
            "the weights do not make a Segment Anything model",
            value=" ".join(str(error).split()),
            hint="The file may be cut off or changed; get it again",
        ) from error
    return model.eval()


def _module(a: SamArchitecture) -> Any:  # noqa: ANN401
    torch = required("torch", "torch")
    parts = required("segment_anything.modeling", "segment-anything")
    return parts.Sam(
        image_encoder=parts.ImageEncoderViT(
            img_size=a.picture_px,
            patch_size=a.patch_px,
            embed_dim=a.width,
            depth=a.depth,
            num_heads=a.heads,
            mlp_ratio=a.mlp_ratio,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=a.window,
            global_attn_indexes=a.global_layers,
            out_chans=a.prompt_width,
        ),
        prompt_encoder=parts.PromptEncoder(
            embed_dim=a.prompt_width,
            image_embedding_size=(a.grid, a.grid),
            input_image_size=(a.picture_px, a.picture_px),
            mask_in_chans=a.mask_channels,
        ),
        mask_decoder=parts.MaskDecoder(
            num_multimask_outputs=a.masks,
            transformer=parts.TwoWayTransformer(
                depth=a.decoder_depth,
                embedding_dim=a.prompt_width,
                mlp_dim=a.decoder_mlp,
                num_heads=_DECODER_HEADS,
            ),
            transformer_dim=a.prompt_width,
            iou_head_depth=a.quality_depth,
            iou_head_hidden_dim=a.quality_width,
        ),
    )


@dataclass(frozen=True)
class _Answers:
    """The model as the generator asks it."""

    model: Any
    precision: Precision

    @property
    def enlarged_px(self) -> int:
        return self.model.image_encoder.img_size**2

    @property
    def layers(self) -> Sequence[Any]:
        return list(self.model.image_encoder.blocks)

    def look(self, picture: RGBImage) -> Any:  # noqa: ANN401
        import torch
        from PIL import Image

        height, width = self._seen_hw((picture.shape[0], picture.shape[1]))
        small = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
        device = device_of(self.model)
        pixels = torch.as_tensor(np.array(small, np.uint8), device=device)
        pixels = self.model.preprocess(pixels.permute(2, 0, 1)[None])
        exact = self.precision == "float32"
        with torch.autocast(device.type, getattr(torch, self.precision), enabled=not exact):
            return self.model.image_encoder(pixels).float()

    def answer(self, seen: Any, points: Points, size_hw: tuple[int, int]) -> tuple[Any, Any]:  # noqa: ANN401
        import torch

        height, width = self._seen_hw(size_hw)
        scaled = points * (width / size_hw[1], height / size_hw[0])
        device = seen.device
        exact = torch.float32 if device.type == "mps" else torch.float64  # Apple's have no float64
        asked = torch.as_tensor(scaled, dtype=exact, device=device)[:, None]
        labels = torch.ones(len(points), 1, dtype=torch.int, device=device)
        sparse, dense = self.model.prompt_encoder(points=(asked, labels), boxes=None, masks=None)
        return self.model.mask_decoder(
            image_embeddings=seen,
            image_pe=self.model.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=True,
        )

    def enlarge(self, logits: Any, size_hw: tuple[int, int]) -> Any:  # noqa: ANN401
        return self.model.postprocess_masks(logits[:, None], self._seen_hw(size_hw), size_hw)[:, 0]

    def _seen_hw(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        """The picture's size when its longer edge is what the model sees; never without pixels."""
        scale = self.model.image_encoder.img_size / max(size_hw)
        height, width = (max(1, int(edge * scale + 0.5)) for edge in size_hw)
        return height, width
