"""SAM 2 (Ravi et al., 2024) as a proposer, through transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import checked_image, required
from polaris_core.encoders.weights import digest, read_config
from polaris_core.errors import InvalidInput
from polaris_core.progress import Progress, silent
from polaris_core.regions.grid import GridSettings, Points
from polaris_core.regions.proposal import Proposal
from polaris_core.regions.sam2_config import WANTED, plain_config
from polaris_core.regions.sam_generator import Precision, device_of, generate
from polaris_core.regions.select import Limits, selected

__all__ = ["Sam2Proposer", "load_sam2"]

_NEEDED = ("config.json", "model.safetensors")
_NUMBERS = ("F64", "F32", "F16", "BF16")
_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
"""Of the pictures it was trained on, by colour."""


@dataclass(frozen=True)
class Sam2Proposer:
    """Proposes what SAM 2 answers on a grid of points.

    The model may be moved to another device, or its weights given back, between calls.
    """

    model: Any
    """The `transformers.Sam2Model`."""
    name: str = "sam2"
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
            f"SAM 2 ({self.name}): masks of things and of their parts, found by asking at "
            f"{side} × {side} points. It knows where things end, not what they are."
        )

    def propose(self, picture: RGBImage, progress: Progress = silent) -> tuple[Proposal, ...]:
        """Masks in pixels of the picture: distinct, none of them tiny, the largest first.

        Raises:
            InvalidInput: The picture is not `h w 3` bytes; or the weights are broken.
        """
        answers = _Answers(self.model, self.precision)
        found = generate(answers, checked_image(picture), self.settings, progress)
        return selected(found, self.limits, progress)


def load_sam2(
    folder: Path,
    device: str = "cpu",
    settings: GridSettings | None = None,
    limits: Limits | None = None,
    precision: Precision = "float32",
) -> Sam2Proposer:
    """A proposer of the weights in a folder, as transformers and its hub store a SAM 2.

    Args:
        folder: With config.json and model.safetensors; those of SAM 2's video model serve as well.
        device: Where the model is put, as torch names it.
        settings: Where the model is asked, and which answers count.
        limits: What is kept in the end.
        precision: Of the picture encoder; half of it is quicker on a GPU.

    Raises:
        InvalidInput: The folder lacks a file or holds another model.
        MissingDependency: torch or transformers is not installed.
    """
    if (folder / "adapter_config.json").exists():
        raise InvalidInput("the folder holds an adapter, no SAM 2", value=folder.name, hint=WANTED)
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise InvalidInput(
            f"the folder {folder.name} lacks files", value=", ".join(missing), hint=WANTED
        )
    plain = plain_config(read_config(folder / "config.json"))
    model = _loaded(folder, plain).to(device).eval()
    name = f"sam2:{folder.name}:{digest(folder / 'model.safetensors')}"
    return Sam2Proposer(model, name, settings or GridSettings(), limits or Limits(), precision)


def _loaded(folder: Path, plain: dict[str, Any]) -> Any:  # noqa: ANN401
    torch, transformers = required("torch", "torch"), required("transformers", "transformers")
    if not hasattr(transformers, "Sam2Model"):
        raise InvalidInput(
            "this transformers has no SAM 2",
            value=transformers.__version__,
            hint="Install a newer one: pip install -U transformers",
        )
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # it warns of the parts for videos, which are left out
    logging.disable_progress_bar()
    try:
        config = transformers.Sam2Config.from_dict(plain)
        _check_weights(torch, transformers, config, folder / "model.safetensors")
        model, report = transformers.Sam2Model.from_pretrained(
            str(folder),
            config=config,
            local_files_only=True,
            attn_implementation="sdpa",
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except InvalidInput:
        raise
    except Exception as error:  # whatever a foreign file makes of another library
        raise InvalidInput(
            "the SAM 2 cannot be loaded", value=f"{folder}: {error}", hint=WANTED
        ) from error
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    if lacking := sorted(report["missing_keys"]):
        raise InvalidInput("the SAM 2 lacks weights", value=", ".join(lacking[:5]), hint=WANTED)
    return model


def _check_weights(torch: Any, transformers: Any, config: Any, file: Path) -> None:  # noqa: ANN401
    """Make sure, before it is made, that a model has no more weights than its file.

    Raises:
        InvalidInput: It has, or those in the file are whole numbers.
    """
    with required("safetensors", "safetensors").safe_open(file, "pt") as tensors:
        kinds = {key: tensors.get_slice(key).get_dtype() for key in tensors.keys()}  # noqa: SIM118
    with torch.device("meta"):
        model = transformers.Sam2Model(config)
    needed = sum(weights.numel() for weights in model.parameters())
    if needed > file.stat().st_size:
        raise InvalidInput("the SAM 2's config is of a larger model", value=needed, hint=WANTED)
    for key in model.state_dict():
        if (kind := kinds.get(key, "F32")) not in _NUMBERS:
            raise InvalidInput(
                "a quantised SAM 2 cannot be used", value=f"{key}: {kind}", hint=WANTED
            )


@dataclass(frozen=True)
class _Answers:
    """The model as the generator asks it."""

    model: Any
    precision: Precision

    @property
    def enlarged_px(self) -> int:
        return 1

    @property
    def layers(self) -> Sequence[Any]:
        return list(self.model.vision_encoder.backbone.blocks)

    def look(self, picture: RGBImage) -> Any:  # noqa: ANN401
        import torch
        from torchvision.transforms.v2 import functional

        device = device_of(self.model)
        pixels = torch.as_tensor(np.array(picture), device=device).permute(2, 0, 1)[None]
        edge = self._edge_px
        pixels = functional.resize(pixels, [edge, edge], antialias=True).float() / 255
        pixels = functional.normalize(pixels, list(_MEAN), list(_DEVIATION))
        exact = self.precision == "float32"
        with torch.autocast(device.type, getattr(torch, self.precision), enabled=not exact):
            return [level.float() for level in self.model.get_image_embeddings(pixels)]

    def answer(
        self,
        seen: Any,  # noqa: ANN401
        points: Points,
        size_hw: tuple[int, int],
    ) -> tuple[Any, Any]:
        import torch

        scaled = points * (self._edge_px / size_hw[1], self._edge_px / size_hw[0])
        asked = torch.as_tensor(scaled, dtype=torch.float32, device=seen[0].device)
        answer = self.model(
            image_embeddings=list(seen),
            input_points=asked[None, :, None],
            input_labels=torch.ones(1, len(points), 1, dtype=torch.long, device=asked.device),
            multimask_output=True,
        )
        return answer.pred_masks[0], answer.iou_scores[0]

    def enlarge(self, logits: Any, size_hw: tuple[int, int]) -> Any:  # noqa: ANN401
        import torch

        return torch.nn.functional.interpolate(logits[:, None], size_hw, mode="bilinear")[:, 0]

    @property
    def _edge_px(self) -> int:
        """Edge of the square that every picture is brought to."""
        return self.model.prompt_encoder.input_image_size
