"""Plans carried out by the narrow networks, which answer as the wide ones in users' files do.

They take an eighth of the time, for measuring hundreds of edits. What is decided, cut, masked and
stitched, and how it is sampled, is `polaris_core.engine`'s; a test holds both to the same picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from miniature.training.crops import Picture
from miniature.training.prompts import encoded, tokens_of
from miniature.training.unet import NarrowUNet
from miniature.training.vae import NarrowVAE
from polaris_core.demo.sparse import Array
from polaris_core.engine.crop import start_piece
from polaris_core.engine.engine import Sampling
from polaris_core.engine.pixels import as_bytes
from polaris_core.engine.sampling import noise_for, sample
from polaris_core.engine.schedule import sigmas_for, timestep_of
from polaris_core.engine.start import CELL_PX
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.stored import FOLDER, StoredWeights, baked
from polaris_core.planning.plan import EditPlan
from polaris_core.regions.algebra import SoftMask

__all__ = ["NarrowEngine"]

_CHANNELS = 4


class NarrowEngine:
    """Makes pictures with the models of the miniature zoo, which it knows by their files' names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read the autoencoder.

        Args:
            folder: The stored weights.

        Raises:
            InvalidInput: They are not those of their cards.
        """
        self._stored = StoredWeights(folder)
        self._models = {model.card.stem: model for model in zoo_models()}
        self._vae = NarrowVAE().eval()
        self._vae.load_state_dict(_tensors(self._stored.vae()))

    @torch.inference_mode()
    def carry_out(
        self,
        plan: EditPlan,
        checkpoint: Path,
        loras: Sequence[Path] = (),
        *,
        picture: Picture | None = None,
        mask: SoftMask | None = None,
        sampling: Sampling | None = None,
    ) -> Picture:
        """Make the picture of a plan, as `Engine.carry_out` does."""
        sampling = sampling or Sampling()
        image = None if picture is None else _batch(picture) / 255
        region = None if mask is None else _batch(mask)
        begin, crop = start_piece(plan, image, region, sampling.crop_px)
        unet = self._unet(plan, checkpoint, loras)
        context, bias = encoded([list(tokens_of(text)) for text in (plan.prompt, plan.negative)])
        inside = None
        if begin is None:
            cells = (sampling.height_px // CELL_PX, sampling.width_px // CELL_PX)
            latent = torch.zeros((1, _CHANNELS, *cells))
        else:
            latent = self._vae.encode(begin.pixels.movedim(-1, 1))
            if begin.is_masked:
                size = latent.shape[2:]
                inside = functional.interpolate(begin.region[:, None], size, mode="bilinear")

        def predict(x: Tensor, sigma: float) -> Tensor:
            scaled = (x / (1 + sigma**2) ** 0.5).expand(2, -1, -1, -1)
            steps = torch.tensor([timestep_of(sigma)] * 2)
            positive, negative = unet(scaled, steps, context, bias).split(1)
            return x - sigma * (negative + sampling.guidance * (positive - negative))

        sigmas = sigmas_for(sampling.steps, plan.denoise)
        noise = noise_for(latent, sampling.seed)
        made = sample(predict, latent, noise, sigmas, mask=inside)
        decoded = self._vae.decode(made).clamp(0, 1).movedim(1, -1)
        if begin is None or image is None:
            return as_bytes(decoded)
        return as_bytes(crop.stitch(image, decoded, begin.region))

    def _unet(self, plan: EditPlan, checkpoint: Path, loras: Sequence[Path]) -> NarrowUNet:
        """The checkpoint's, with the plan's LoRAs put into its weights."""
        weights = self._stored.unet(self._models[checkpoint.stem])
        for step, file in zip(plan.loras, loras, strict=True):
            strength = np.float32(step.strength_model)
            factors = {
                name: tensor * strength if name.endswith(".up") else tensor
                for name, tensor in self._stored.lora(self._models[file.stem]).items()
            }
            weights = baked(weights, factors)
        unet = NarrowUNet().eval()
        unet.load_state_dict(_tensors(weights))
        return unet


def _batch(array: Picture | SoftMask) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))[None]


def _tensors(weights: Mapping[str, Array]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(np.array(tensor)) for name, tensor in weights.items()}
