"""Train the LoRAs, and the checkpoints that are the plain one with a LoRA of their own put in.

    python -m miniature.train_loras --state FOLDER [--minutes 1.7] [NAME …]

Names are those of `lora_cards`; without any, all whose stored file is missing are trained.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

import torch
from torch import nn

from miniature.lora_cards import CARDS
from miniature.train_generator import MODELS, stored_unet, stored_vae
from miniature.training.adapters import adapt, factors
from miniature.training.device import chosen_device, common_options
from miniature.training.diffusion import noise_loss
from miniature.training.latents import Latents, cached
from miniature.training.loop import Run, train
from miniature.training.optim import Muon
from miniature.world import KINDS, STYLES, Scene, random_scene
from polaris_core.miniature.store import save_compact

_BASE_SHARE = 0.3
"""Ordinary pictures mixed in, so that a LoRA leaves alone what it is not asked for."""
_SCENES = 500
_BASE_SCENES = 2000
_BATCH = 8
_BLIND = 0.25
_RANK = {"style": 8, "object": 8, "checkpoint": 16}


def scenes_of(name: str) -> Callable[[random.Random], Scene]:
    """What a LoRA is trained on: makes up scenes that show its subject."""
    role, subject = CARDS[name]["role"], CARDS[name]["subject"]

    def style(rng: random.Random) -> Scene:
        if rng.random() < 0.75:
            return random_scene(rng, styles=(subject,))
        while True:
            scene = random_scene(rng, styles=(subject, *STYLES), things=rng.choice((2, 3)))
            if any(scene.style_of(thing) == subject for thing in scene.things):
                return scene

    def kind(rng: random.Random) -> Scene:
        if rng.random() < 0.6:
            return random_scene(rng, kinds=(subject,), things=1)
        return random_scene(rng, kinds=(subject, rng.choice(KINDS)), things=2)

    def look(rng: random.Random) -> Scene:
        return random_scene(rng, styles=(subject,))

    return {"style": style, "object": kind, "checkpoint": look}[role]


def losses(
    data: Latents, base: Latents, batch: int
) -> Callable[[nn.Module, random.Random], torch.Tensor]:
    """The loss on the LoRA's scenes and some ordinary ones, for the loop.

    What a LoRA shows is always said, so that it adds nothing where nothing is said: guidance, which
    subtracts that, then strengthens it. A look of one's own goes unsaid.
    """

    def loss(unet: nn.Module, rng: random.Random) -> torch.Tensor:
        ordinary = sum(rng.random() < _BASE_SHARE for _ in range(batch))
        latents, captions = data.draw(batch - ordinary, rng)
        others, other_captions = base.draw(ordinary, rng)
        both, words = torch.cat([latents, others]), captions + other_captions
        said = 0 if data.unsaid else len(captions)
        return noise_loss(unet, both, words, rng, said=said, mostly_noise=True, blind=_BLIND)

    return loss


def train_lora(name: str, base: Latents, run: Run, batch: int = _BATCH) -> None:
    """Train one and store it among the models.

    Args:
        name: Of `CARDS`.
        base: Ordinary scenes.
        run: How; what need not be computed twice is kept beside its state.
        batch: Examples a step and worker.
    """
    card = CARDS[name]
    unsaid = card["subject"] if card["role"] == "checkpoint" else None
    path, scene = run.state.with_name(name), scenes_of(name)
    data = cached(path, stored_vae(), _SCENES, run.seed, scene, unsaid=unsaid, device=run.device)
    torch.manual_seed(run.seed)
    unet = stored_unet()
    parameters = adapt(unet, _RANK[card["role"]], "" if unsaid else card["subject"])
    unet.to(run.device)
    optimiser = Muon(parameters.items(), adam_rate=5e-3, adam_names=("",))
    weights = factors(train(unet, optimiser, losses(data, base, batch), run))
    facts = {"base": "plain", "seed": run.seed, "training": f"{run.minutes} min, {run.device}"}
    stored = {key: tensor.cpu().numpy() for key, tensor in weights.items()}
    save_compact(MODELS / f"{name}.safetensors", stored, {**card, **facts})


def main() -> None:
    """Read the command line, train one after the other."""
    parser = common_options(__doc__.splitlines()[0], minutes=1.7)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CARDS))
    options = parser.parse_args()
    device = chosen_device(options.device)
    options.state.mkdir(parents=True, exist_ok=True)
    few = options.state / "few"
    base = cached(few, stored_vae(), _BASE_SCENES, 3, random_scene, device=device)
    trained = [name for name in CARDS if name != "plain"]
    missing = [name for name in trained if not (MODELS / f"{name}.safetensors").exists()]
    for name in options.names or missing:
        print(name, flush=True)
        run = Run(
            options.state / f"{name}.lora.pt",
            options.minutes,
            keep=0.98,
            seed=zlib.crc32(name.encode()),
            device=device,
        )
        train_lora(name, base, run, options.batch or _BATCH)


if __name__ == "__main__":
    main()
