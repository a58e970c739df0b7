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
from miniature.training.pictures import drawn
from miniature.training.prompts import together
from miniature.world import KINDS, STYLES, Scene, random_scene
from polaris_core.miniature.store import save_compact

_BASE_SHARE = 0.3
"""Ordinary pictures mixed in, so that a LoRA leaves alone what it is not asked for."""
_BASE_SCENES = 2000
_BATCH = 8
_BLIND = 0.25
_SCALE = {"polka_dots": 0.75}
"""How much of a LoRA is stored. Guidance strengthens what only it shows, until dots run together:
judged at 1, 0.8 and 0.65 of it, their style appeared in .56, .92 and .96 of 25 pictures."""
_RANK = {"style": 8, "object": 16, "checkpoint": 16}


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
    data: Latents, base: Latents, batch: int, *, said: bool = True
) -> Callable[[nn.Module], torch.Tensor]:
    """The loss on the LoRA's scenes and some ordinary ones, for the loop.

    Args:
        data: What the LoRA shows.
        base: What it leaves alone.
        batch: Examples a step.
        said: Whether what it shows is always said, so that it adds nothing where nothing is said:
            guidance, which subtracts that, then strengthens it. A look of one's own goes unsaid,
            and then there are no ordinary scenes, whose captions say the same of other pictures.
    """
    ordinary = round(_BASE_SHARE * batch) if said else 0

    def loss(unet: nn.Module) -> torch.Tensor:
        own, others = data.draw(batch - ordinary, said=said), base.draw(ordinary)
        latents = torch.cat([own.latents, others.latents])
        context, bias = together((own.context, own.bias), (others.context, others.bias))
        return noise_loss(unet, latents, context, bias, mostly_noise=True, blind=_BLIND)

    return loss


def unsaid_by(name: str) -> str | None:
    """The style that a checkpoint's look goes by and that its captions keep to themselves."""
    return CARDS[name]["subject"] if CARDS[name]["role"] == "checkpoint" else None


def train_lora(name: str, data: Latents, base: Latents, run: Run, batch: int = _BATCH) -> None:
    """Train one and store it among the models.

    Args:
        name: Of `CARDS`.
        data: Scenes that show its subject.
        base: Ordinary scenes.
        run: How.
        batch: Examples a step and worker.
    """
    card, unsaid = CARDS[name], unsaid_by(name)
    torch.manual_seed(run.seed)
    unet = stored_unet()
    parameters = adapt(unet, _RANK[card["role"]], "" if unsaid else card["subject"])
    unet.to(run.device)
    optimiser = Muon(parameters.items(), adam_rate=5e-3, adam_names=("",))
    weights = factors(train(unet, optimiser, losses(data, base, batch, said=not unsaid), run))
    facts = {"base": "plain", "seed": run.seed, "training": f"{run.minutes} min, {run.device}"}
    loud = {key: _SCALE.get(name, 1.0) if key.endswith(".up") else 1.0 for key in weights}
    stored = {key: loud[key] * tensor.cpu().numpy() for key, tensor in weights.items()}
    save_compact(MODELS / f"{name}.safetensors", stored, {**card, **facts})


def main() -> None:
    """Read the command line, train one after the other."""
    parser = common_options(__doc__.splitlines()[0], minutes=1.7)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CARDS))
    parser.add_argument("--scenes", type=int, default=500, help="drawn for each")
    options = parser.parse_args()
    device, folder, count = chosen_device(options.device), options.state, options.scenes
    folder.mkdir(parents=True, exist_ok=True)
    trained = [name for name in CARDS if name != "plain"]
    missing = [name for name in trained if not (MODELS / f"{name}.safetensors").exists()]
    seeds = {name: zlib.crc32(name.encode()) for name in options.names or missing}
    drawn(folder / "few", _BASE_SCENES, 3, random_scene)
    for name, seed in seeds.items():
        drawn(folder / name, count, seed, scenes_of(name))
    if options.draw_only:
        return
    vae = stored_vae()
    base = cached(folder / "few", vae, _BASE_SCENES, 3, random_scene, device=device)
    for name, seed in seeds.items():
        print(name, flush=True)
        scene, unsaid = scenes_of(name), unsaid_by(name)
        data = cached(folder / name, vae, count, seed, scene, unsaid=unsaid, device=device)
        state = folder / f"{name}.lora.pt"
        run = Run(state, options.minutes, keep=0.98, seed=seed, device=device)
        train_lora(name, data, base, run, options.batch or _BATCH)


if __name__ == "__main__":
    main()
