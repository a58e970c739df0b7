"""Carry out plans, one after the other, without ComfyUI.

    plan + files ─▶ pipeline + LoRAs ─▶ prompts ─▶ latent ─▶ sampler ─▶ picture
    picture + mask ─▶ piece around the region ───────┘          stitched back ◀─┘

The pipeline of the last checkpoint is kept, so that a batch loads each checkpoint once if plans
with the same one follow each other. LoRAs are taken off after each plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polaris_core.encoders.base import RGBImage
from polaris_core.encoders.checks import checked_image, required
from polaris_core.engine.crop import start_piece
from polaris_core.engine.layout import Layout
from polaris_core.engine.loading import choose_device, load_pipeline, require_engine
from polaris_core.engine.loras import applied
from polaris_core.engine.pixels import as_bytes, decode, encode
from polaris_core.engine.prompts import encode_prompt
from polaris_core.engine.sampling import noise_for, predictor, sample
from polaris_core.engine.schedule import sigmas_for
from polaris_core.engine.start import CELL_PX, Start
from polaris_core.errors import InvalidInput, PolarisError
from polaris_core.planning.plan import EditPlan
from polaris_core.progress import Progress, silent
from polaris_core.regions.algebra import SoftMask

__all__ = ["Engine", "Sampling"]

Tensor = Any

_MOST_PX = 8192
_MOST_SEED = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Sampling:
    """How pictures are sampled.

    Raises:
        InvalidInput: A number out of its range.
    """

    seed: int = 0
    steps: int = 20
    guidance: float = 7.0
    """How strongly the prompt counts against the negative one, 1 to 100."""
    width_px: int = 512
    """Of a new picture, 64 to 8192; rounded down to whole cells of 8."""
    height_px: int = 512
    crop_px: int = 0
    """A piece around the region is edited, enlarged to at least so many pixels, 64 to 8192, and
    stitched back. 0: the whole picture at its own size."""

    def __post_init__(self) -> None:
        sigmas_for(self.steps)
        if not 0 <= self.seed <= _MOST_SEED:
            raise InvalidInput("the seed is out of range", value=self.seed, hint="From 0 to 2^64-1")
        if not 1 <= self.guidance <= 100:
            raise InvalidInput("guidance is out of range", value=self.guidance, hint="1 to 100")
        for edge in (self.width_px, self.height_px, *([self.crop_px] if self.crop_px else [])):
            if not 64 <= edge <= _MOST_PX:
                hint = f"From 64 to {_MOST_PX} pixels"
                raise InvalidInput("a picture's edge is out of range", value=edge, hint=hint)


class Engine:
    """Makes pictures by diffusers; holds one checkpoint at a time."""

    def __init__(self, device: str = "auto") -> None:
        """Choose the device; nothing is loaded yet.

        Raises:
            MissingDependency: A package is not installed.
            InvalidInput: There is no such device here.
        """
        require_engine()
        self.device = choose_device(device)
        self._key: tuple[str, int, int] | None = None
        self._loaded: tuple[Any, Layout] | None = None

    def pipeline(self, checkpoint: Path) -> tuple[Any, Layout]:
        """The diffusers pipeline of a checkpoint and its layout, loaded if it is another one.

        Raises:
            PolarisError: As `load_pipeline` does.
        """
        stat = checkpoint.stat()
        key = (str(checkpoint), stat.st_mtime_ns, stat.st_size)
        if self._loaded is None or self._key != key:
            self._loaded = self._key = None  # first make room
            self._loaded = load_pipeline(checkpoint, self.device)
            self._key = key
        return self._loaded

    def carry_out(
        self,
        plan: EditPlan,
        checkpoint: Path,
        loras: Sequence[Path] = (),
        *,
        picture: RGBImage | None = None,
        mask: SoftMask | None = None,
        sampling: Sampling | None = None,
        progress: Progress = silent,
    ) -> RGBImage:
        """Make the picture of a plan.

        Args:
            plan: What to do; its files are given beside it.
            checkpoint: The file of its checkpoint.
            loras: A file for each of its LoRAs, in their order.
            picture: `h w 3`, bytes: what is edited.
            mask: `h w`, 0 to 1; 1 is what changes.
            sampling: Seed, steps and the like.
            progress: Called at every step.

        Returns:
            `h w 3`, bytes. Pixels outside the mask, which the plan may widen, are those of the
            picture.

        Raises:
            InvalidInput: The picture or the mask cannot be used.
            UnsupportedModel: The checkpoint is of a family or form that this engine does not run.
            IncompatibleAdapter: A LoRA does not fit.
            MissingDependency: A package is not installed.
        """
        sampling = sampling or Sampling()
        torch = required("torch", "torch")
        image = None if picture is None else _tensor(checked_image(picture)) / 255
        region = None if mask is None else _tensor(mask)
        begin, crop = start_piece(plan, image, region, sampling.crop_px)
        progress(0, 0, f"loading {checkpoint.name}")
        pipeline, layout = self.pipeline(checkpoint)
        steps = list(zip(plan.loras, loras, strict=True))
        try:
            with torch.inference_mode(), applied(pipeline, layout, steps):
                decoded = _sampled(pipeline, layout, plan, begin, sampling, progress)
        except torch.cuda.OutOfMemoryError as error:
            raise PolarisError(
                "the device's memory ran out",
                value=str(self.device),
                hint="Use a smaller picture, or --device cpu",
            ) from error
        if begin is None or image is None:
            return as_bytes(decoded)
        return as_bytes(crop.stitch(image, decoded, begin.region.cpu()))


def _sampled(
    pipeline: Any,  # noqa: ANN401
    layout: Layout,
    plan: EditPlan,
    begin: Start | None,
    sampling: Sampling,
    progress: Progress,
) -> Tensor:
    """The decoded picture, `1 h w 3`, 0 to 1."""
    torch = required("torch", "torch")
    functional = required("torch.nn.functional", "torch")
    positive, negative = (encode_prompt(pipeline, layout, p) for p in (plan.prompt, plan.negative))
    mask = None
    if begin is None:
        size_hw = (sampling.height_px // CELL_PX, sampling.width_px // CELL_PX)
        channels = pipeline.vae.config.latent_channels
        latent = torch.zeros((1, channels, *size_hw), device=pipeline.device)
    else:
        latent = encode(pipeline.vae, begin.pixels)
        if begin.is_masked:
            mask = functional.interpolate(begin.region[:, None], latent.shape[2:], mode="bilinear")
            mask = mask.to(latent)
    size_px = (latent.shape[2] * CELL_PX, latent.shape[3] * CELL_PX)
    made = sample(
        predictor(pipeline, positive, negative, sampling.guidance, size_px),
        latent,
        noise_for(latent, sampling.seed),
        sigmas_for(sampling.steps, plan.denoise),
        mask=mask,
        progress=progress,
    )
    return decode(pipeline.vae, made)


def _tensor(array: RGBImage | SoftMask) -> Tensor:
    """A batch of one, float32."""
    return required("torch", "torch").from_numpy(array.astype(np.float32))[None]
