"""Train the UNet of the miniature checkpoints.

    python -m miniature.train_generator --state FOLDER [--minutes 60] [--device auto]

Goes on where it stopped if the folder holds a state. Ends with `plain.safetensors` among the
models. A signal that stops the processes is a pause: it does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from miniature.lora_cards import CARDS
from miniature.training.device import chosen_device, common_options
from miniature.training.diffusion import noise_loss
from miniature.training.latents import Latents, cached
from miniature.training.lesson import TaughtUNet, without_lesson
from miniature.training.loop import Run, train
from miniature.training.optim import Muon
from miniature.training.pictures import drawn
from miniature.training.unet import NarrowUNet
from miniature.training.vae import NarrowVAE
from miniature.world import random_scene
from polaris_core.miniature.store import load_compact, save_compact

MODELS = Path(__file__).parent / "models"
ENDS = ("input_blocks.0", "out.", "time_embed.0", "lesson.")
"""Layers that get Adam: their rows or columns are no features."""
BATCH = 12
_LESSON = 0.1
_BLIND = 0.12


def stored_vae(file: Path = MODELS / "vae.safetensors") -> NarrowVAE:
    """The autoencoder as it is stored, in eight bits, so that latents are those of its users."""
    vae = NarrowVAE().to(memory_format=torch.channels_last)
    vae.load_state_dict({name: torch.from_numpy(t) for name, t in load_compact(file).items()})
    return vae.requires_grad_(False)


def new_unet() -> NarrowUNet:
    """The UNet that is trained, with fresh weights."""
    torch.manual_seed(0)
    return NarrowUNet().to(memory_format=torch.channels_last)


def stored_unet(file: Path = MODELS / "plain.safetensors") -> NarrowUNet:
    """A UNet as it is stored."""
    unet = new_unet()
    unet.load_state_dict({name: torch.from_numpy(t) for name, t in load_compact(file).items()})
    return unet


def losses(data: Latents, batch: int = BATCH) -> Callable[[nn.Module], torch.Tensor]:
    """The loss on random scenes, and on what is asked on the side, for the loop."""

    def loss(unet: nn.Module) -> torch.Tensor:
        latents, context, bias, places = data.draw(batch)
        noise = noise_loss(unet, latents, context, bias, blind=_BLIND)
        return noise + _LESSON * unet.lesson_loss(places)

    return loss


def main() -> None:
    """Read the command line, train, store."""
    parser = common_options(__doc__.splitlines()[0], minutes=60)
    parser.add_argument("--scenes", type=int, default=24000)
    options = parser.parse_args()
    device, count = chosen_device(options.device), options.scenes
    options.state.mkdir(parents=True, exist_ok=True)
    path = options.state / "base"
    if options.draw_only:
        drawn(path, count, 1, random_scene)
        return
    data = cached(path, stored_vae(), count, 1, random_scene, device=device)
    torch.manual_seed(0)
    unet = TaughtUNet().to(device, memory_format=torch.channels_last)
    optimiser = Muon(unet.named_parameters(), rate=0.015, adam_rate=2e-3, adam_names=ENDS)
    run = Run(options.state / "unet.pt", options.minutes, device=device)
    average = train(unet, optimiser, losses(data, options.batch or BATCH), run)
    facts = {"seed": 0, "training": f"{options.minutes} min, {device}, {count} scenes"}
    weights = {name: tensor.cpu().numpy() for name, tensor in without_lesson(average).items()}
    save_compact(MODELS / "plain.safetensors", weights, {**CARDS["plain"], **facts})


if __name__ == "__main__":
    main()
