"""The standalone engine makes what ComfyUI makes, part by part and as a whole.

The numbers of the other side come from `engine_run.py`, which runs ComfyUI's own code.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from polaris_core.catalogue.entry import BaseModel
from polaris_core.catalogue.header import read_header
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.demo.tiny_models import make_checkpoint, make_lora
from polaris_core.engine.engine import Engine, Sampling
from polaris_core.engine.layout import read_layout
from polaris_core.engine.loading import load_pipeline
from polaris_core.engine.loras import applied
from polaris_core.engine.pixels import decode, encode
from polaris_core.engine.prompts import encode_prompt
from polaris_core.engine.sampling import noise_for, predictor, sample
from polaris_core.engine.schedule import sigmas_for, timestep_of
from polaris_core.engine.start import start
from polaris_core.engine.unet_shape import read_unet
from polaris_core.engine.vocabulary import clip_tokenizer
from polaris_core.engine.weighted_words import in_pieces, weighted_words
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.planning.plan import EditPlan, LoraStep, MaskMode, MaskPlan, ModelPick
from polaris_core.planning.serialize import plan_to_json
from polaris_core.retrieval.shortlist import SlotName

pytestmark = pytest.mark.comfy

LATENT_TOLERANCE = 1e-3
"""Of latents of about unit deviation, before and after sampling. Seen after it: 1.4e-5."""
PICTURE_TOLERANCE = 2 / 255
"""Of decoded pictures from 0 to 1. Seen: less than 0.01 / 255."""
SEED, STEPS = 11, 3
SCHEDULES = [(20, 1.0), (20, 0.85), (6, 0.6), (1, 1.0), (1, 0.3), (7, 0.99995), (30, 0.07)]
PROMPT = "a (watercolor:1.3) fox \\(animal\\), ((wet edges)), " + "leaves and moss, " * 16
SENTENCES = [
    "",
    "a red cat and a blue house in a meadow, pixel art style",
    "It's the cat's; WE'VE 1234567 years — “quoted” … naïve café, ÅNGSTRÖM, ﬁne",
    "狐狸 水彩画, лиса, ثعلب, 여우, キツネ, 🦊🎨👩‍🎨, e\u0301 versus é, \u00a0nbsp\u200b, ß ẞ İ",
    "tabs\tand\nlines   and  spaces &amp; <|endoftext|> <b>tags</b> #tag @you a_b __init__ 3.14%",
    "(fox) ((fox)) (fox:1.4) (a (nested:0.5) one:1.2) (half open) ( ) () (:2) (a:b) (a:) (x:-1)",
    "closed) too early (and opened ) again ( never closed",
    "escaped \\(fox\\) and (\\(both\\):1.2) \\",
    "a" * 400,
    "very " * 90 + "(long:1.1) tail",
    "one, " * 37 + "supercalifragilisticexpialidocious",
    PROMPT,
]


def random_sentences() -> list[str]:
    rng = random.Random(5)
    alphabet = "abc de, ():1.25\\éß狐ж🦊'\"-_\n#%&"
    return ["".join(rng.choices(alphabet, k=rng.randint(1, 60))) for _ in range(300)]


def lora_step() -> LoraStep:
    pick = ModelPick("ink", "ink.safetensors", BaseModel.SD15)
    return LoraStep(pick, SlotName.STYLE, strength_model=0.8, strength_clip=0.4)


def plan_of(sentence: str, mask: MaskPlan, denoise: float, **fields) -> EditPlan:
    intent = parse_instruction(sentence, has_picture=True)
    return EditPlan(intent, prompt=PROMPT, negative="blurry", denoise=denoise, mask=mask, **fields)


PLANS = {
    "masked": plan_of("Make the cat a watercolor", MaskPlan(MaskMode.INSIDE, 8), 0.7),
    "filled": plan_of(
        "Replace the cat with a watercolor fox",
        MaskPlan(MaskMode.INSIDE, 12, fill=True),
        1.0,
        loras=(lora_step(),),
    ),
    "whole": plan_of("Make the picture a watercolor", MaskPlan(MaskMode.NONE), 0.6),
    "new": plan_of("A watercolor fox in a forest", MaskPlan(MaskMode.NONE), 1.0),
}


@pytest.fixture(scope="module")
def given() -> SimpleNamespace:
    """A photograph of a size that is no multiple of eight, and a mask with soft edges."""
    picture = np.asarray(Image.fromarray(data.cat()).resize((67, 53)))
    mask = np.zeros((53, 67), np.float32)
    mask[15:35, 20:45] = 1
    mask[13:15, 20:45] = 0.5
    return SimpleNamespace(picture=picture, mask=mask)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("models")
    make_checkpoint(folder / "tiny.safetensors", 3)
    make_lora(folder / "ink.safetensors", 4)
    return SimpleNamespace(checkpoint=folder / "tiny.safetensors", lora=folder / "ink.safetensors")


@pytest.fixture(scope="module")
def comfy(tmp_path_factory, files, given):
    """What `engine_run.py` saw, and its folder."""
    comfyui = find_comfyui()
    if comfyui is None:
        pytest.skip("no ComfyUI found; set COMFYUI_PATH")
    folder = tmp_path_factory.mktemp("engine")
    job = {
        "sentences": SENTENCES + random_sentences(),
        "schedules": SCHEDULES,
        "checkpoint": str(files.checkpoint),
        "lora": str(files.lora),
        "plans": {name: plan_to_json(plan) for name, plan in PLANS.items()},
        "prompt": PROMPT,
        "seed": SEED,
        "steps": STEPS,
    }
    (folder / "job.json").write_text(json.dumps(job))
    np.savez(folder / "given.npz", picture=given.picture, mask=given.mask)
    script = Path(__file__).with_name("engine_run.py")
    done = subprocess.run(
        [sys.executable, str(script), str(comfyui), str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-8000:]
    with np.load(folder / "seen.npz") as arrays:
        seen = json.loads((folder / "seen.json").read_text())
        return SimpleNamespace(seen=seen, arrays=dict(arrays), folder=folder)


@pytest.fixture(scope="module")
def tiny(files):
    return load_pipeline(files.checkpoint, torch.device("cpu"))


@pytest.mark.parametrize(("key", "pad"), [("tokens", 49407), ("tokens g", 0)])
def test_prompts_have_the_same_tokens_weights_and_pieces(comfy, key, pad):
    tokenizer = clip_tokenizer()
    sentences = SENTENCES + random_sentences()
    assert len(sentences) == len(comfy.seen[key])
    for sentence, expected in zip(sentences, comfy.seen[key], strict=True):
        mine = in_pieces(
            weighted_words(sentence),
            lambda text: tokenizer(text, verbose=False)["input_ids"][1:-1],
            begin=49406,
            end=49407,
            pad=pad,
        )
        assert [[list(pair) for pair in piece] for piece in mine] == expected, sentence


def test_the_schedule_is_the_same(comfy):
    for (steps, denoise), expected in zip(SCHEDULES, comfy.seen["sigmas"], strict=True):
        assert sigmas_for(steps, denoise) == pytest.approx(expected, rel=2e-6)
    mine = [timestep_of(sigma) for sigma in sigmas_for(*SCHEDULES[0])[:-1]]
    assert mine == comfy.seen["timesteps"]


def test_a_seed_gives_the_same_noise(comfy):
    noise = noise_for(torch.zeros(1, 4, 13, 17), 7).numpy()
    assert np.array_equal(noise, comfy.arrays["noise"])


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_starts_and_ends_alike(comfy, files, given, tiny, name):
    plan, (pipeline, layout), arrays = PLANS[name], tiny, comfy.arrays
    image = torch.from_numpy(given.picture.astype(np.float32) / 255)[None]
    begin = start(plan, image, torch.from_numpy(given.mask)[None])
    if begin is not None:
        assert np.array_equal(begin.region.numpy(), arrays[f"{name} region"])
    with torch.inference_mode(), applied(pipeline, layout, [(s, files.lora) for s in plan.loras]):
        latent = torch.zeros(1, 4, 9, 8) if begin is None else encode(pipeline.vae, begin.pixels)
        assert latent.numpy() == pytest.approx(arrays[f"{name} begin"], abs=LATENT_TOLERANCE)
        told = [encode_prompt(pipeline, layout, text) for text in (plan.prompt, plan.negative)]
        expected = arrays[f"{name} words"].reshape(told[0].words.shape)
        assert told[0].words.numpy() == pytest.approx(expected, abs=1e-4)
        mask = None
        if begin is not None and begin.is_masked:
            mask = torch.nn.functional.interpolate(
                begin.region[:, None], latent.shape[2:], mode="bilinear"
            )
        size = (latent.shape[2] * 8, latent.shape[3] * 8)
        end = sample(
            predictor(pipeline, *told, 7.0, size),
            latent,
            noise_for(latent, SEED),
            sigmas_for(STEPS, plan.denoise),
            mask=mask,
        )
        picture = decode(pipeline.vae, end).numpy()
    difference = np.abs(picture - arrays[f"{name} picture"])
    print(f"{name}: latents {np.abs(end.numpy() - arrays[f'{name} end']).max():.1e}, "
          f"pictures {difference.max() * 255:.2f}/255")  # fmt: skip
    assert difference.max() <= PICTURE_TOLERANCE
    assert end.numpy() == pytest.approx(arrays[f"{name} end"], abs=LATENT_TOLERANCE)


@pytest.mark.parametrize("name", ["filled", "new"])
def test_the_engine_as_a_whole_makes_the_picture_that_comfyui_makes(comfy, files, given, name):
    plan = PLANS[name]
    made = Engine("cpu").carry_out(
        plan,
        files.checkpoint,
        [files.lora for _ in plan.loras],
        picture=given.picture,
        mask=given.mask,
        sampling=Sampling(SEED, STEPS, 7.0, width_px=64, height_px=72),
    )
    theirs = comfy.arrays[f"{name} picture"][0]
    if name != "new":
        region = comfy.arrays[f"{name} region"][0][..., None]
        old = np.pad(given.picture, ((0, 3), (0, 5), (0, 0)), mode="edge") / 255
        theirs = (old * (1 - region) + theirs * region)[:53, :67]
    assert np.abs(made / 255 - theirs).max() <= PICTURE_TOLERANCE


@pytest.mark.parametrize("name", ["SD1.5", "SDXL"])
def test_full_sizes_are_read_from_keys_and_shapes(comfy, name):
    from accelerate import init_empty_weights
    from diffusers import UNet2DConditionModel

    shapes = {key: tuple(shape) for key, shape in comfy.seen[f"{name} shapes"].items()}
    config = read_unet(shapes).config(heads=8 if name == "SD1.5" else None)
    with init_empty_weights():
        unet = UNet2DConditionModel.from_config(config)
    theirs = sum(int(np.prod(shape)) for shape in shapes.values())
    assert sum(weight.numel() for weight in unet.parameters()) == theirs
    assert config["attention_head_dim"] == (8 if name == "SD1.5" else [5, 10, 20])


@pytest.mark.parametrize("name", ["two levels", "two blocks", "xl"])
def test_checkpoints_of_other_sizes_compute_the_same(comfy, name):
    path, arrays = comfy.folder / f"{name}.safetensors", comfy.arrays
    pipeline, layout = load_pipeline(path, torch.device("cpu"))
    expected = BaseModel.SDXL if name == "xl" else BaseModel.SD15
    assert read_layout(read_header(path).tensors).family is layout.family is expected
    with torch.inference_mode():
        told = encode_prompt(pipeline, layout, PROMPT)
        assert told.words.numpy() == pytest.approx(arrays[f"{name} words"], abs=1e-4)
        if name == "xl":
            assert told.whole.numpy() == pytest.approx(arrays[f"{name} whole"], abs=1e-4)
        x = torch.from_numpy(arrays[f"{name} x"])
        sigma = sigmas_for(1000)[999 - 321]
        noisy = x * (1 + sigma**2) ** 0.5
        picture = predictor(pipeline, told, told, 1.0, (128, 192))(noisy, sigma)
        noise = ((noisy - picture) / sigma).numpy()
        assert noise == pytest.approx(arrays[f"{name} noise"], abs=1e-4)
        pixels = torch.from_numpy(arrays[f"{name} pixels"])
        latent = encode(pipeline.vae, (pixels.movedim(1, -1) + 1) / 2)
        scaled = arrays[f"{name} latent"] * layout.latent_scale
        assert latent.numpy() == pytest.approx(scaled, abs=1e-4)
        decoded = pipeline.vae.decode(torch.from_numpy(arrays[f"{name} latent"])).sample.numpy()
        assert decoded == pytest.approx(arrays[f"{name} decoded"], abs=1e-3)
