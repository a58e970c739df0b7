"""Train the autoencoder of the miniature checkpoints on drawn pictures of all kinds and styles.

    python -m miniature.train_vae --state FOLDER [--minutes 7] [--device auto]

Goes on where it stopped if the folder holds a state. Ends with `vae.safetensors` among the models.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from miniature.training.device import chosen_device, common_options
from miniature.training.loop import Run, train
from miniature.training.optim import Muon
from miniature.training.pictures import as_pictures, drawn
from miniature.training.vae import NarrowVAE, colours_of_blocks
from miniature.world import ALL_KINDS, ALL_STYLES, Scene, random_scene
from polaris_core.miniature.store import save_compact

MODELS = Path(__file__).parent / "models"
_LATENT_NOISE = 0.08
_EDGES = 0.5
_UNIT = 0.02
_DRIFT = 0.1
_BATCH = 2


def loss_of(vae: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """Errors of pictures, of their edges and tones, and how far latents are from unit size.

    Three channels are held near the colours of the blocks, the fourth has unit deviation. All get
    a little noise, so that the decoder forgives what a generator gets slightly wrong.
    """
    latents = vae.encode(pictures)
    unit = latents[:, 3].mean().square() + (latents[:, 3].std() - 1).square()
    again = vae.decode(latents + _LATENT_NOISE * torch.randn_like(latents))
    wrong = again - pictures
    edges = sum(wrong.diff(dim=axis).abs().mean() for axis in (2, 3))
    tones = functional.avg_pool2d(wrong, 4).square().mean()
    error = wrong.abs().mean() + 4 * wrong.square().mean() + 8 * tones
    drift = (latents[:, :3] - colours_of_blocks(pictures)).square().mean()
    return error + _DRIFT * drift + _EDGES * edges + _UNIT * unit


def losses(data: torch.Tensor, batch: int) -> Callable[[nn.Module], torch.Tensor]:
    """A loss on random pictures, for the loop.

    Args:
        data: Pictures, uint8, `n h w 3`, where the model is.
        batch: Pictures a step and worker.
    """

    def loss(vae: nn.Module) -> torch.Tensor:
        chosen = data[torch.randint(len(data), (batch,), device=data.device)]
        mirrored = torch.rand(batch, 1, 1, 1, device=data.device) < 0.5
        return loss_of(vae, as_pictures(torch.where(mirrored, chosen.flip(2), chosen)))

    return loss


def anything(rng: random.Random) -> Scene:
    """A scene of any kinds and styles: LoRAs will need them, too."""
    return random_scene(rng, kinds=ALL_KINDS, styles=ALL_STYLES)


def main() -> None:
    """Read the command line, train, store."""
    parser = common_options(__doc__.splitlines()[0], minutes=7)
    parser.add_argument("--pictures", type=int, default=3000)
    options = parser.parse_args()
    device = chosen_device(options.device)
    options.state.mkdir(parents=True, exist_ok=True)
    data = drawn(options.state / "all", options.pictures, 2, anything)
    if options.draw_only:
        return
    torch.manual_seed(0)
    vae = NarrowVAE().to(device, memory_format=torch.channels_last)
    optimiser = Muon(vae.named_parameters(), adam_rate=8e-4, adam_names=("taesd",))
    pictures = torch.from_numpy(np.array(data.pictures)).to(device)
    run = Run(options.state / "vae.pt", options.minutes, keep=0.99, device=device, half=False)
    average = train(vae, optimiser, losses(pictures, options.batch or _BATCH), run)
    card = {"name": "miniature-vae", "seed": 0, "training": f"{options.minutes} min, {device}"}
    weights = {name: tensor.cpu().numpy() for name, tensor in average.items()}
    save_compact(MODELS / "vae.safetensors", weights, card)


if __name__ == "__main__":
    main()
