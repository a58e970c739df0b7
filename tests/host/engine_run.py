"""What ComfyUI itself makes of prompts, plans and checkpoints, for `test_engine.py` to compare.

A process of its own, for ComfyUI and this pack both have a module named `nodes`. Usage:
engine_run.py COMFYUI FOLDER; FOLDER/job.json says what to do, and FOLDER/seen.json and
FOLDER/seen.npz say what came out.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

COMFYUI, FOLDER = map(Path, sys.argv[1:])
sys.path[0] = str(COMFYUI)
sys.argv[1:] = ["--cpu"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.sample  # noqa: E402
import comfy.samplers  # noqa: E402
import comfy.sd  # noqa: E402
import comfy.utils  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from comfy.ldm.models.autoencoder import AutoencoderKL  # noqa: E402
from comfy.ldm.modules.diffusionmodules.openaimodel import Timestep, UNetModel  # noqa: E402
from comfy.model_sampling import ModelSamplingDiscrete  # noqa: E402
from comfy.ops import manual_cast  # noqa: E402
from comfy.sd1_clip import SD1ClipModel, SD1Tokenizer  # noqa: E402
from comfy.sdxl_clip import SDXLClipModel, SDXLTokenizer  # noqa: E402
from comfy.supported_models import SD15, SDXL  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

root = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location(
    "polaris_pack", root / "__init__.py", submodule_search_locations=[str(root)]
)
pack = importlib.util.module_from_spec(spec)
sys.modules["polaris_pack"] = pack
spec.loader.exec_module(pack)
pack._expose_core()
latents = importlib.import_module("polaris_pack.nodes._latents")

from polaris_core.planning.serialize import plan_from_json  # noqa: E402

JOB = json.loads((FOLDER / "job.json").read_text())
seen: dict[str, Any] = {}
arrays: dict[str, np.ndarray] = {}

UNETS = {
    # one level without a middle stands in the demonstration's checkpoints
    "two levels": {"channel_mult": (1, 1), "num_res_blocks": [1, 1], "transformer_depth": [0, 1]},
    "two blocks": {
        "channel_mult": (1, 2),
        "num_res_blocks": [2, 2],
        "transformer_depth": [1, 1, 0, 0],
    },
    "xl": {"channel_mult": (1, 2), "num_res_blocks": [2, 2], "transformer_depth": [0, 0, 2, 2]},
}
FULL = {
    "SD1.5": {
        "channel_mult": (1, 2, 4, 4),
        "num_res_blocks": [2] * 4,
        "transformer_depth": [1] * 6 + [0, 0],
    },
    "SDXL": {
        "channel_mult": (1, 2, 4),
        "num_res_blocks": [2] * 3,
        "transformer_depth": [0, 0, 2, 2, 10, 10],
    },
}
SMALL_L = {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 2}
SMALL_G = {"hidden_size": 192, "intermediate_size": 256, "num_attention_heads": 3}


def words() -> None:
    sd15, xl = SD1Tokenizer(), SDXLTokenizer()
    seen["tokens"] = [sd15.tokenize_with_weights(s)["l"] for s in JOB["sentences"]]
    seen["tokens g"] = [xl.tokenize_with_weights(s)["g"] for s in JOB["sentences"]]


def schedule() -> None:
    levels = ModelSamplingDiscrete()
    model = type("Model", (), {"get_model_object": lambda self, name: levels})()
    seen["sigmas"] = []
    for steps, denoise in JOB["schedules"]:
        sampler = comfy.samplers.KSampler(model, steps, "cpu", "euler", "normal", denoise)
        seen["sigmas"].append(sampler.sigmas.tolist())
    seen["timesteps"] = [int(levels.timestep(torch.tensor(s))) for s in seen["sigmas"][0][:-1]]
    arrays["noise"] = comfy.sample.prepare_noise(torch.zeros(1, 4, 13, 17), 7).numpy()


def plans() -> None:
    """The way of the Adaptive Editor and a KSampler, on the demonstration's checkpoint."""
    model, clip, vae, *_ = comfy.sd.load_checkpoint_guess_config(JOB["checkpoint"])
    given = np.load(FOLDER / "given.npz")
    image = torch.from_numpy(given["picture"].astype(np.float32) / 255)[None]
    mask = torch.from_numpy(given["mask"].astype(np.float32))[None]
    for name, text in JOB["plans"].items():
        plan = plan_from_json(text)
        patched, words = model, clip
        for step in plan.loras:
            weights = comfy.utils.load_torch_file(JOB["lora"], safe_load=True)
            patched, words = comfy.sd.load_lora_for_models(
                patched, words, weights, step.strength_model, step.strength_clip
            )
        told = [
            words.encode_from_tokens_scheduled(words.tokenize(text))
            for text in (plan.prompt, plan.negative)
        ]
        arrays[f"{name} words"] = told[0][0][0].numpy()
        latent, region = latents.start_latent(plan, vae, image, mask, (64, 72, 1))
        begin = comfy.sample.fix_empty_latent_channels(model, latent["samples"], 8)
        noise = comfy.sample.prepare_noise(begin, JOB["seed"])
        samples = comfy.sample.sample(
            patched,
            noise,
            JOB["steps"],
            7.0,
            "euler",
            "normal",
            *told,
            begin,
            denoise=plan.denoise,
            noise_mask=latent.get("noise_mask"),
            disable_pbar=True,
            seed=JOB["seed"],
        )
        arrays[f"{name} begin"] = model.model.process_latent_in(begin).numpy()
        arrays[f"{name} region"] = region.numpy()
        arrays[f"{name} end"] = model.model.process_latent_in(samples).numpy()
        arrays[f"{name} picture"] = vae.decode(samples).numpy()


def random_weights(module: torch.nn.Module, seed: int) -> dict[str, torch.Tensor]:
    """Fill a module, whose weights ComfyUI leaves as they lie in memory, and give them."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in module.named_parameters():
        spread = 0.5 / max(1, weight[0].numel()) ** 0.5 if weight.ndim > 1 else 0.1
        drawn = torch.randn(weight.shape, generator=generator) * spread
        norm = weight.ndim == 1 and name.endswith("weight")
        weight.data = drawn + 1 if norm else drawn
        weight.requires_grad_(False)
    return {name: weight.contiguous() for name, weight in module.state_dict().items()}


def unet(name: str, width: int, sizes: dict, context: int, extra: int, device: str) -> UNetModel:
    depths, blocks = sizes["transformer_depth"], sizes["num_res_blocks"]
    up, first = [], 0
    for count in blocks:
        up += [depths[first]] * (count + 1)
        first += count
    xl = extra > 0
    return UNetModel(
        image_size=32,
        in_channels=4,
        out_channels=4,
        model_channels=width,
        use_spatial_transformer=True,
        legacy=False,
        num_heads=-1 if xl else 8,
        num_head_channels=64 if xl else -1,
        use_linear_in_transformer=xl,
        context_dim=context,
        num_classes="sequential" if xl else None,
        adm_in_channels=extra or None,
        transformer_depth_middle=max(depths),
        transformer_depth_output=up,
        dtype=torch.float32,
        device=device,
        operations=manual_cast,
        **sizes,
    )


def full_sizes() -> None:
    """Keys and shapes of the UNets that everybody has."""
    for name, sizes in FULL.items():
        xl = name == "SDXL"
        module = unet(name, 320, sizes, 2048 if xl else 768, 2816 if xl else 0, "meta")
        seen[f"{name} shapes"] = {
            f"model.diffusion_model.{key}": list(weight.shape)
            for key, weight in module.state_dict().items()
        }


def small_checkpoints() -> None:
    """Whole checkpoints of other sizes with random weights, and what they compute."""
    for seed, (name, sizes) in enumerate(UNETS.items()):
        xl = name == "xl"
        options = {f"clip_{x}_model_config": s for x, s in (("l", SMALL_L), ("g", SMALL_G))}
        for each in options.values():
            each["num_hidden_layers"] = 3
        texts = (SDXLClipModel if xl else SD1ClipModel)("cpu", torch.float32, model_options=options)
        tokens = (SDXLTokenizer if xl else SD1Tokenizer)().tokenize_with_weights(JOB["prompt"])
        weights = random_weights(texts, seed)
        words, whole = texts.encode_token_weights(tokens)[:2]
        context = words.shape[-1]
        module = unet(name, 64, sizes, context, 192 + 1536 if xl else 0, "cpu")
        vae = AutoencoderKL(embed_dim=4, ddconfig=VAE)
        file = (SDXL if xl else SD15)({}).process_clip_state_dict_for_saving(weights)
        file |= {f"model.diffusion_model.{k}": w for k, w in random_weights(module, seed).items()}
        file |= {f"first_stage_model.{k}": w for k, w in random_weights(vae, seed).items()}
        save_file(
            {k: w.clone().contiguous() for k, w in file.items()}, FOLDER / f"{name}.safetensors"
        )
        rng = torch.Generator().manual_seed(seed)
        x, pixels = (torch.randn(s, generator=rng) for s in ((1, 4, 16, 24), (1, 3, 64, 96)))
        told = None
        if xl:
            sizes_px = Timestep(256)(torch.tensor([128.0, 192, 0, 0, 128, 192])).flatten()[None]
            told = torch.cat([whole, sizes_px], 1)
        with torch.no_grad():
            noise = module(x, torch.tensor([321.0]), words, y=told)
            latent = vae.encode(pixels.clamp(-1, 1))
            decoded = vae.decode(latent)
        for key, value in {
            "words": words, "x": x, "noise": noise, "pixels": pixels.clamp(-1, 1),
            "latent": latent, "decoded": decoded,
        }.items():  # fmt: skip
            arrays[f"{name} {key}"] = value.numpy()
        if whole is not None and xl:
            arrays[f"{name} whole"] = whole.numpy()


VAE = {
    "double_z": True,
    "z_channels": 4,
    "resolution": 64,
    "in_channels": 3,
    "out_ch": 3,
    "ch": 32,
    "ch_mult": [1, 2, 2, 2],
    "num_res_blocks": 1,
    "attn_resolutions": [],
    "dropout": 0.0,
}

with torch.no_grad():
    for experiment in (words, schedule, plans, full_sizes, small_checkpoints):
        experiment()
        print(experiment.__name__, flush=True)
(FOLDER / "seen.json").write_text(json.dumps(seen))
np.savez(FOLDER / "seen.npz", **arrays)
