"""The stored weights of the miniature zoo: where they are, and what is made of them.

    miniature/models/NAME.safetensors, NAME.json     weights in eight bits and their card
    miniature/models/previews/STEM.webp              a model's preview, sampled with it
    miniature/pictures/NAME.png                      drawn pictures to edit

They come with the repository and the published archive, not with the installed package.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from polaris_core.demo.sparse import Array
from polaris_core.errors import InvalidInput, MissingWeights
from polaris_core.miniature.cards import ZooModel
from polaris_core.miniature.store import load_compact, read_card

__all__ = ["FOLDER", "StoredWeights", "baked", "idle_lora"]

FOLDER = Path(__file__).resolve().parent.parent.parent / "miniature" / "models"
"""Where the stored weights lie beside this package."""
_VAE = "vae"
_IDLE_RANK = 4
_IDLE_SIZE = 2e-3


class StoredWeights:
    """A folder of stored weights; each file is read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Nothing is read yet.

        Args:
            folder: Where they lie.
        """
        self.folder = folder
        self._read: dict[str, Mapping[str, Array]] = {}

    def check(self, names: set[str]) -> None:
        """Make sure that the files are there.

        Raises:
            MissingWeights: Some are not.
        """
        missing = sorted(name for name in names if not self.path(name).is_file())
        if missing:
            raise MissingWeights(
                "the stored weights of the miniature zoo are not here",
                value=f"{self.folder}: {', '.join(missing)}",
                hint="They come with the repository, not with `pip install`: clone it and call "
                "`python -m polaris_core miniature` there, or name their folder with --weights",
            )

    def path(self, name: str) -> Path:
        """The file of stored weights."""
        return self.folder / f"{name}.safetensors"

    def digest(self, name: str) -> str:
        """The SHA-256 that their card tells.

        Raises:
            InvalidInput: The card cannot be read.
        """
        return str(read_card(self.path(name)).get("sha256", ""))

    def load(self, name: str) -> Mapping[str, Array]:
        """Stored weights, float32 by name.

        Raises:
            InvalidInput: They are not those of their card.
        """
        if name not in self._read:
            self._read[name] = load_compact(self.path(name))
        return self._read[name]

    def sources(self, model: ZooModel) -> list[str]:
        """Names of all stored weights that go into a model."""
        if not model.weights:
            return []
        if model.card.is_lora:
            return [model.weights]
        base = read_card(self.path(model.weights)).get("base")
        return [model.weights, *([base] if isinstance(base, str) else []), _VAE]

    def unet(self, model: ZooModel) -> Mapping[str, Array]:
        """The narrow UNet of a checkpoint: stored as it is, or as what it adds to another."""
        own = self.load(model.weights)
        base = read_card(self.path(model.weights)).get("base")
        return baked(self.load(base), own) if isinstance(base, str) else own

    def vae(self) -> Mapping[str, Array]:
        """The narrow autoencoder of all checkpoints."""
        return self.load(_VAE)

    def lora(self, model: ZooModel) -> Mapping[str, Array]:
        """The narrow factors of a LoRA; of a useless one, some that change next to nothing."""
        if not model.weights:
            return idle_lora(zlib.crc32(model.card.file.encode("utf-8")))
        return {
            name: tensor * np.float32(model.share) if name.endswith(".up") else tensor
            for name, tensor in self.load(model.weights).items()
        }


def baked(unet: Mapping[str, Array], factors: Mapping[str, Array]) -> dict[str, Array]:
    """A narrow UNet with a LoRA put into its weights.

    Args:
        unet: Its tensors by SD1.5's names.
        factors: `LAYER.down` and `LAYER.up` by the same.

    Raises:
        InvalidInput: The UNet has no such layer, or it is of another shape.
    """
    changed = dict(unet)
    for name, down in factors.items():
        layer, _, half = name.rpartition(".")
        if half != "down":
            continue
        key, up = f"{layer}.weight", factors.get(f"{layer}.up")
        base = unet.get(key)
        if base is None or up is None or len(up) != len(base):
            raise InvalidInput("the UNet has no place for a factor", value=name)
        added: Array = np.reshape(up, (len(up), -1)) @ np.reshape(down, (len(down), -1))
        if added.size != base.size:
            raise InvalidInput("a factor is of another shape than its layer", value=name)
        changed[key] = base + np.reshape(added, base.shape)
    return changed


def idle_lora(seed: int) -> dict[str, Array]:
    """Narrow factors that fit a miniature checkpoint and do nothing that could be seen.

    Args:
        seed: Of the numbers.
    """
    rng = np.random.default_rng(seed)
    factors: dict[str, Array] = {}
    for layer in ("attn1.to_q", "attn1.to_v", "attn2.to_out.0"):
        name = f"middle_block.1.transformer_blocks.0.{layer}"
        for half, shape in (("down", (_IDLE_RANK, 160)), ("up", (160, _IDLE_RANK))):
            drawn = rng.standard_normal(shape, np.float32)
            factors[f"{name}.{half}"] = (_IDLE_SIZE * drawn).astype(np.float32)
    return factors
