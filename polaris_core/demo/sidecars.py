"""Metadata files beside the demonstration models, in every format that people's folders hold.

One small function each, from a model's description (`Card`) to the name and text of a file. The
facts are the same, so that a search sees no difference; what a format has no field for is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["FORMATS", "Card", "header_metadata"]

_CREATOR = "polaris-demo"
_SHORT_NAMES = {"SD 1.5": "SD1", "SD 2.1 768": "SD2"}
_TRAINED_ON = {
    "SD 1.5": "sd_v1",
    "SD 2.1 768": "sd_v2_768_v",
    "SDXL 1.0": "sdxl_base_v1-0",
    "Pony": "sdxl_base_v1-0",
    "Illustrious": "sdxl_base_v1-0",
    "Flux.1 D": "flux1",
}
_ARCHITECTURES = {
    "SD 1.5": "stable-diffusion-v1",
    "SD 2.1 768": "stable-diffusion-v2-768-v",
    "Flux.1 D": "flux-1-dev",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What an uploader says about a model."""

    file: str
    """Path below `models`, without a suffix."""
    name: str
    base: str
    """As Civitai spells it."""
    role: str
    format: str
    """A key of `FORMATS`."""
    strength: float | None
    triggers: str
    """Divided by commas."""
    tags: str
    """Divided by commas."""
    maturity: int
    """A bit of Civitai's levels."""
    drawing: str
    """Style and shape of its preview."""
    description: str
    """HTML in the formats of sites, else plain text."""

    @property
    def is_lora(self) -> bool:
        """Whether it is a LoRA and no checkpoint."""
        return self.file.startswith("loras/")

    @property
    def stem(self) -> str:
        """Its file name without the suffix."""
        return self.file.rpartition("/")[2]

    @property
    def trigger_list(self) -> list[str]:
        """Its trigger words."""
        return _divided(self.triggers)

    @property
    def tag_list(self) -> list[str]:
        """Its tags."""
        return _divided(self.tags)

    @property
    def type(self) -> str:
        """What Civitai calls its kind."""
        return "LORA" if self.is_lora else "Checkpoint"


def _divided(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


def _version(card: Card, sha256: str) -> dict[str, object]:
    """What Civitai would answer about this version, had it the model."""
    usage = f"<p>Strength {card.strength:g}.</p>" if card.strength else ""
    return {
        "name": "v1.0",
        "description": usage,
        "baseModel": card.base,
        "nsfwLevel": card.maturity,
        "trainedWords": card.trigger_list,
        "model": {"name": card.name, "type": card.type, "nsfw": card.maturity > 2, "poi": False},
        "files": [
            {
                "name": f"{card.stem}.safetensors",
                "type": "Model",
                "primary": True,
                "metadata": {"format": "SafeTensor"},
                "hashes": {"SHA256": sha256.upper(), "AutoV2": sha256[:10].upper()}
                if sha256
                else {},
            }
        ],
        "images": [],
    }


def _civitai(card: Card, sha256: str) -> tuple[str, object]:
    record = _version(card, sha256)
    record["creator"] = {"username": _CREATOR}
    record["model"] = {
        **{"name": card.name, "type": card.type, "nsfw": card.maturity > 2, "poi": False},
        **{"description": card.description, "tags": card.tag_list},
    }
    return ".civitai.info", record


def _lora_manager(card: Card, sha256: str) -> tuple[str, object]:
    tips = {"strength": card.strength} if card.strength else {}
    return ".metadata.json", {
        "file_name": card.stem,
        "model_name": card.name,
        "sha256": sha256,
        "base_model": card.base,
        "preview_nsfw_level": card.maturity,
        "notes": "",
        "from_civitai": False,
        "civitai": {
            "nsfwLevel": card.maturity,
            "trainedWords": card.trigger_list,
            "creator": {"username": _CREATOR},
        },
        "tags": card.tag_list,
        "modelDescription": card.description,
        **({"usage_tips": json.dumps(tips)} if card.is_lora else {"model_type": "checkpoint"}),
    }


def _cm_info(card: Card, sha256: str) -> tuple[str, object]:
    strength = f"Use it at strength {card.strength:g}." if card.strength else ""
    return ".cm-info.json", {
        "ModelName": card.name,
        "ModelDescription": card.description,
        "VersionName": "v1.0",
        "VersionDescription": strength,
        "Nsfw": card.maturity > 2,
        "Tags": card.tag_list,
        "ModelType": card.type,
        "AuthorUsername": _CREATOR,
        "BaseModel": card.base,
        "Hashes": {"SHA256": sha256.upper()} if sha256 else {},
        "TrainedWords": card.trigger_list,
        "Source": "OpenModelDb",
    }


def _rgthree(card: Card, sha256: str) -> tuple[str, object]:
    strengths = {"strengthMin": card.strength, "strengthMax": card.strength}
    return ".safetensors.rgthree-info.json", {
        "file": f"{card.stem}.safetensors",
        "name": card.name,
        "type": card.type,
        "baseModel": card.base,
        **({"sha256": sha256} if sha256 else {}),
        **(strengths if card.strength else {}),
        "trainedWords": [{"word": word, "civitai": True} for word in card.trigger_list],
        "userTags": card.tag_list,
        "links": [],
        "images": [],
        "raw": {"civitai": _civitai(card, sha256)[1]},
    }


def _a1111(card: Card, sha256: str) -> tuple[str, object]:
    return ".json", {
        "description": f"{card.description}\nTags: {card.tags}",
        "sd version": _SHORT_NAMES.get(card.base, "SDXL" if "SDXL" in card.base else "Unknown"),
        "activation text": card.triggers,
        "preferred weight": card.strength or 0,
        "negative text": "",
        "notes": "",
    }


FORMATS: dict[str, Callable[[Card, str], tuple[str, object]] | None] = {
    "civitai": _civitai,
    "lora_manager": _lora_manager,
    "cm_info": _cm_info,
    "rgthree": _rgthree,
    "a1111": _a1111,
    "header": None,  # nothing beside the file: what the trainer wrote into it is all
    "modelspec": None,
}
"""From a card and the file's sha256 (empty if unknown) to the file's suffix and JSON."""


def header_metadata(card: Card) -> dict[str, str]:
    """What a trainer would have written into the file's own header."""
    if card.format == "modelspec" or not card.is_lora:
        architecture = _ARCHITECTURES.get(card.base, "stable-diffusion-xl-v1-base")
        return {
            "modelspec.sai_model_spec": "1.0.1",
            "modelspec.architecture": f"{architecture}/lora" if card.is_lora else architecture,
            "modelspec.implementation": "diffusers",
            "modelspec.title": card.name,
            "modelspec.author": _CREATOR,
            "modelspec.description": card.description,
            "modelspec.tags": card.tags,
            "modelspec.resolution": "512x512" if card.base == "SD 1.5" else "1024x1024",
            **({"modelspec.trigger_phrase": card.triggers} if card.triggers else {}),
        }
    counts = {tag: 60 - 4 * i for i, tag in enumerate([*card.trigger_list, *card.tag_list])}
    return {
        "ss_output_name": card.stem,
        "ss_base_model_version": _TRAINED_ON[card.base],
        "ss_v2": str(card.base.startswith("SD 2")),
        "ss_network_module": "networks.lora_flux" if "Flux" in card.base else "networks.lora",
        "ss_network_dim": "4",
        "ss_network_alpha": "4.0",
        "ss_num_train_images": "64",
        "ss_resolution": "(512, 512)" if card.base == "SD 1.5" else "(1024, 1024)",
        "ss_tag_frequency": json.dumps({f"10_{card.stem}": counts}),
        **({"ss_training_comment": card.description} if card.format == "header" else {}),
    }
