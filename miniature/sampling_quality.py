"""What the generator makes of prompts, with and without its LoRAs, judged."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from miniature.judging import Judge, Said
from miniature.training.crops import Picture
from miniature.world import KINDS, NEW_KINDS, NEW_STYLES, STYLES, Scene, random_scene
from miniature.world.captions import describe
from miniature.world.sampling import Split
from polaris_core.demo.sparse import Array
from polaris_core.miniature.cards import ZooModel, zoo_models
from polaris_core.miniature.stored import StoredWeights, baked

__all__ = ["Generator", "Shares", "lora_shares", "of_prompts", "single_scenes"]

_BATCH = 25


@dataclass(frozen=True, slots=True)
class Shares:
    """How many of the pictures show what was asked, 0 to 1."""

    kind: float
    colour: float
    style: float


class Generator:
    """A checkpoint's narrow networks; the wide ones in users' files answer the same."""

    def __init__(self, stored: StoredWeights, unet: Mapping[str, Array]) -> None:
        """Load them.

        Args:
            stored: Holds the autoencoder.
            unet: The narrow UNet's tensors.
        """
        import torch

        from miniature.training.unet import NarrowUNet
        from miniature.training.vae import NarrowVAE

        self._unet, self._vae = NarrowUNet().eval(), NarrowVAE().eval()
        for network, weights in ((self._unet, unet), (self._vae, stored.vae())):
            tensors = {name: torch.from_numpy(np.array(t)) for name, t in weights.items()}
            network.load_state_dict(tensors)

    def sample(self, prompts: Sequence[str], seed: int = 0) -> list[Picture]:
        """A picture for each prompt, `128 128 3`."""
        import torch

        from miniature.training.diffusion import sample

        made: list[Any] = []
        with torch.no_grad():
            for at in range(0, len(prompts), _BATCH):
                latents = sample(self._unet, prompts[at : at + _BATCH], seed=seed + at)
                decoded = self._vae.decode(latents).clamp(0, 1).permute(0, 2, 3, 1)
                made += list((255 * decoded).round().byte().numpy())
        return made


def single_scenes(
    count: int,
    seed: int,
    split: Split,
    kinds: Sequence[str] = KINDS,
    styles: Sequence[str] = STYLES,
) -> list[Scene]:
    """Scenes of one thing."""
    rng = random.Random(seed)
    return [
        random_scene(rng, split=split, kinds=kinds, styles=styles, things=1) for _ in range(count)
    ]


def of_prompts(generator: Generator, judge: Judge, scenes: Sequence[Scene], seed: int) -> Shares:
    """How often pictures of the scenes' full descriptions show their thing, colour and style."""
    made = generator.sample([describe(scene) for scene in scenes], seed)
    return _shares(scenes, judge.of_pictures(made))


def lora_shares(
    stored: StoredWeights, judge: Judge, count: int, seed: int = 0
) -> Iterator[tuple[ZooModel, Shares, Shares]]:
    """Of each LoRA that teaches something the shares with it and without it.

    Args:
        stored: The stored weights.
        judge: Looks at the pictures.
        count: Prompts for each LoRA.
        seed: Of scenes and noise.
    """
    models = zoo_models()
    plain = stored.unet(models[0])
    without = Generator(stored, plain)
    for model in models:
        if model.nature != "lora" or model.share < 1:
            continue
        kinds = (model.teaches,) if model.teaches in NEW_KINDS else KINDS
        styles = (model.teaches,) if model.teaches in NEW_STYLES else STYLES
        scenes = single_scenes(count, seed, "train", kinds, styles)
        changed = Generator(stored, baked(plain, stored.lora(model)))
        yield (
            model,
            of_prompts(changed, judge, scenes, seed),
            of_prompts(without, judge, scenes, seed),
        )


def _shares(scenes: Sequence[Scene], said: Sequence[Said]) -> Shares:
    rows = [
        (
            got.kind == scene.things[0].kind,
            got.colour == scene.things[0].colour,
            got.style == scene.style_of(scene.things[0]),
        )
        for scene, got in zip(scenes, said, strict=True)
    ]
    return Shares(*(float(share) for share in np.mean(rows, axis=0)))
