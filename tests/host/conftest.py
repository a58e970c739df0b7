"""A real ComfyUI with our pack and a small zoo, started once for all host tests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer
from polaris_core.demo.tiny_language_models import make_text_model
from polaris_core.demo.tiny_models import make_checkpoint, make_lora

ROOT = Path(__file__).resolve().parent.parent.parent

CHECKPOINTS = {
    "aquarelle": "Soft watercolor paintings, paper texture, gentle washes",
    "photon_real": "Photographs: realistic skin, natural light",
    "pixel_world": "Pixel art, game sprites, castles and dungeons",
}
LORAS = {
    "wtrclr_wash": ("style", "watercolor style", "Watercolor washes on rough paper"),
    "red_fox": ("animal", "red fox", "A red fox, the animal, in the forest"),
    "grey_wolf": ("animal", "grey wolf", "A grey wolf"),
    "pixel_sprite": ("style", "pixel art", "Pixel art sprites"),
    "stone_castle": ("buildings", "castle", "Medieval stone castle"),
    "lighthouse": ("buildings", "lighthouse", "A lighthouse on a cliff"),
}


def make_zoo(models: Path) -> None:
    """Three runnable checkpoints, six LoRAs that fit them, and one for SDXL."""
    for folder in ("checkpoints", "loras"):
        (models / folder).mkdir(parents=True)
    for seed, (name, text) in enumerate(CHECKPOINTS.items()):
        make_checkpoint(models / "checkpoints" / f"{name}.safetensors", seed)
        sidecar = models / "checkpoints" / f"{name}.json"
        sidecar.write_text(json.dumps({"description": text, "sd version": "SD1"}))
    for seed, (name, (tag, words, text)) in enumerate(LORAS.items()):
        make_lora(models / "loras" / f"{name}.safetensors", 100 + seed)
        civitai = {
            "name": "v1",
            "baseModel": "SD 1.5",
            "trainedWords": [words],
            "description": f"<p>{text}</p>",
            "model": {"name": words.title(), "type": "LORA", "nsfw": False, "tags": [tag]},
        }
        (models / "loras" / f"{name}.civitai.info").write_text(json.dumps(civitai))
    make_sdxl_lora(models / "loras" / "watercolor_xl.safetensors")


def make_sdxl_lora(path: Path) -> None:
    """A LoRA whose cross-attention reads 2,048 wide text, as only SDXL's does."""
    from safetensors.numpy import save_file

    layer = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
    tensors = {
        f"{layer}.lora_down.weight": np.zeros((4, 2048), np.float16),
        f"{layer}.lora_up.weight": np.zeros((640, 4), np.float16),
        f"{layer}.alpha": np.array(4, np.float16),
    }
    save_file(tensors, path, {"ss_output_name": "watercolor xl"})


@pytest.fixture(scope="session")
def comfy_server(tmp_path_factory):
    comfyui = find_comfyui()
    if comfyui is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    base = tmp_path_factory.mktemp("comfyui")
    make_zoo(base / "models")
    make_text_model(base / "models" / "LLM" / "tiny")
    with ComfyServer(comfyui, base, custom_nodes={"polaris": ROOT}) as server:
        yield server
