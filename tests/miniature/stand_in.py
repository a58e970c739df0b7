"""Stored weights of random numbers, in the files that training writes."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from miniature.lora_cards import CARDS
from miniature.train_language_model import store as store_language_model
from miniature.training.adapters import adapt, factors
from miniature.training.encoder import make_encoder
from miniature.training.judge import make_judge
from miniature.training.language_model import make_model, make_tokenizer
from miniature.training.unet import NarrowUNet
from miniature.training.vae import NarrowVAE
from polaris_core.miniature.cards import zoo_models
from polaris_core.miniature.store import save_compact

__all__ = ["store_random_weights"]

_LEFT_OUT = ("token_embedding.weight", "num_batches_tracked", "attn_mask")


def store_random_weights(home: Path) -> Path:
    """Write `models` and `pictures` below a folder; gives the folder of models."""
    models = home / "models"
    torch.manual_seed(5)
    unet = _restless(NarrowUNet())
    save_compact(models / "vae.safetensors", _arrays(NarrowVAE()), {"name": "vae"})
    save_compact(models / "plain.safetensors", _arrays(unet), CARDS["plain"])
    for name, card in CARDS.items():
        if name == "plain":
            continue
        adapted = NarrowUNet()
        for factor in adapt(adapted, 4).values():
            torch.nn.init.normal_(factor, std=0.05)
        weights = factors(adapted.state_dict())
        arrays = {key: tensor.numpy() for key, tensor in weights.items()}
        save_compact(models / f"{name}.safetensors", arrays, {**card, "base": "plain"})
    encoder = _arrays(make_encoder())
    kept = {name: array for name, array in encoder.items() if not name.endswith(_LEFT_OUT)}
    save_compact(models / "encoder.safetensors", kept, {"name": "encoder"})
    save_compact(models / "judge.safetensors", _arrays(make_judge()), {"name": "judge"})
    tokenizer = make_tokenizer(["a red fox and a watercolor cat, yes or no"])
    store_language_model(make_model(tokenizer), tokenizer, "none", models)
    _draw_pictures(home)
    return models


def _draw_pictures(home: Path) -> None:
    for folder in ("models/previews", "pictures"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    for number, model in enumerate(zoo_models()):
        preview = Image.new("RGB", (128, 128), (7 * number % 256, 120, 90))
        preview.save(home / "models" / "previews" / f"{model.card.stem}.webp")
    Image.new("RGB", (128, 128), (200, 40, 40)).save(home / "pictures" / "cat.png")


def _restless(unet: NarrowUNet) -> NarrowUNet:
    """Training starts from layers of zeros, which would hide mistakes."""
    for parameter in unet.parameters():
        parameter.data = parameter.data + 0.02 * torch.randn_like(parameter)
    return unet


def _arrays(module: torch.nn.Module) -> dict:
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}
