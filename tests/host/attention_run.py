"""Runs `nodes/_attention.py` inside ComfyUI and writes down what happens.

Started by `test_attention.py` as a process of its own, for a ComfyUI and this pack both have a
module named `nodes`. Usage: attention_run.py COMFYUI FOLDER; what was seen goes into
FOLDER/seen.json and FOLDER/maps.npz.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

COMFYUI, FOLDER = map(Path, sys.argv[1:])
HERE = Path(__file__).resolve().parent
sys.path[0] = str(COMFYUI)
sys.path.append(str(HERE))
sys.argv[1:] = ["--cpu"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import attention_by_hand as by_hand  # noqa: E402
import comfy.model_management as management  # noqa: E402
import comfy.sd  # noqa: E402
import comfy.utils  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402
import torch  # noqa: E402
from attention_by_hand import COLUMNS, ByHand, edit, state  # noqa: E402

root = HERE.parent.parent
spec = importlib.util.spec_from_file_location(
    "polaris_pack", root / "__init__.py", submodule_search_locations=[str(root)]
)
pack = importlib.util.module_from_spec(spec)
sys.modules["polaris_pack"] = pack
spec.loader.exec_module(pack)
pack._expose_core()
attention, inner, words = (
    importlib.import_module(f"polaris_pack.nodes._attention{part}")
    for part in ("", "_steps", "_words")
)

from polaris_core.demo.tiny_models import make_checkpoint, make_lora  # noqa: E402
from polaris_core.errors import PolarisError  # noqa: E402

LONG = "make it nicer, " * 30 + "and add a red balloon"
"""So long that the text encoder reads it in two parts."""

seen: dict[str, Any] = {}
maps: dict[str, np.ndarray] = {}


def main() -> None:
    parts = load(8)
    for experiment in (
        gathered_and_by_hand,
        model_stays,
        other_patches,
        batches,
        sizes,
        positions,
        refusals,
        cancelling,
        chunks,
        memory,
    ):
        begin = time.monotonic()
        experiment(parts)
        print(f"{experiment.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
    (FOLDER / "seen.json").write_text(json.dumps(seen))
    np.savez(FOLDER / "maps.npz", **maps)


def load(channels: int) -> SimpleNamespace:
    path = FOLDER / f"{channels}.safetensors"
    make_checkpoint(path, 3, in_channels=channels)
    model, clip, vae, _ = comfy.sd.load_checkpoint_guess_config(str(path))
    return SimpleNamespace(model=model, clip=clip, vae=vae)


def picture(seed: int, height: int = 64, width: int = 256) -> torch.Tensor:
    coarse = torch.rand((1, 3, 6, 8), generator=torch.Generator().manual_seed(seed))
    fine = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    return fine.clamp(0, 1).movedim(1, -1)


def ask(parts: SimpleNamespace, image: torch.Tensor, **changes: Any) -> list[Any]:
    given = {
        "instruction": by_hand.INSTRUCTION,
        "object_words": by_hand.WORDS,
        "steps": by_hand.STEPS,
        "seed": by_hand.SEED,
    }
    return attention.addition_maps(parts.model, parts.clip, parts.vae, image, **given | changes)


def changed(parts: SimpleNamespace, **other: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(parts), **other})


def compare(name: str, parts: SimpleNamespace, image: torch.Tensor, **long: Any) -> None:
    maps[f"{name}, gathered"] = ask(parts, image, **long)[0]
    layers = ByHand(parts, image, *([LONG, [126, 127]] if long else []))
    maps[f"{name}, by hand"], maps[f"{name}, without instruction"] = map(layers.map, (0, 1))
    seen[f"{name}, layers"] = len(layers.layers)


def gathered_and_by_hand(parts: SimpleNamespace) -> None:
    compare("one grid", parts, picture(0, 128))
    compare("long instruction", parts, picture(0), instruction=LONG)
    compare("two grids", by_hand.with_two_grids(parts, torch.float32), picture(0))
    for dtype in (torch.bfloat16, torch.float16):
        half = by_hand.with_two_grids(parts, dtype)
        compare(str(dtype), half, picture(0))
        seen[f"{dtype}, type"] = str(half.model.model_dtype())


def model_stays(parts: SimpleNamespace) -> None:
    before, picture_before = state(parts.model), edit(parts, picture(1))
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    ask(parts, picture(1))
    seen["random numbers stay"] = torch.equal(torch.rand(3), expected)
    seen["model stays"] = state(parts.model) == before
    seen["picture stays"] = torch.equal(edit(parts, picture(1)), picture_before)
    watcher = inner.TokenMaps(COLUMNS)
    while_watched = edit(parts, picture(1), model=inner.watched(parts.model, watcher))
    seen["picture while watched is the same"] = torch.equal(while_watched, picture_before)
    seen["maps while watched"] = watcher.maps.added


def other_patches(parts: SimpleNamespace) -> None:
    """A LoRA, another pack's replacement of a layer, and another pack's attention function."""
    make_lora(FOLDER / "lora.safetensors", 5)
    weights = comfy.utils.load_torch_file(str(FOLDER / "lora.safetensors"), safe_load=True)
    model, _ = comfy.sd.load_lora_for_models(parts.model, parts.clip, weights, 1.0, 1.0)
    called = {"replacement": 0, "function": 0}

    def replacement(q: Any, _k: Any, _v: Any, _options: dict) -> Any:
        called["replacement"] += 1
        return torch.roll(q, 1, 1)

    def function(original: Callable, *args: Any, **kwargs: Any) -> Any:
        called["function"] += 1
        return original(*args, **kwargs)

    model.set_model_attn2_replace(replacement, "output", 0)
    model.set_model_attn2_replace(replacement, "output", 1, 0)
    model.model_options["transformer_options"]["optimized_attention_override"] = function
    patched = changed(parts, model=model)
    picture_before = edit(patched, picture(2))
    before, calls = state(model), dict(called)
    compare("patched", patched, picture(2))
    seen["other patches are called"] = called == {name: 3 * count for name, count in calls.items()}
    seen["calls of other patches"] = calls
    seen["patched model stays"] = state(model) == before
    seen["patched picture stays"] = torch.equal(edit(patched, picture(2)), picture_before)


def batches(parts: SimpleNamespace) -> None:
    alone = [ask(parts, picture(seed))[0] for seed in (3, 4)]
    batch = ask(parts, torch.cat([picture(3), picture(4)]))
    seen["batch is as alone"] = list(map(np.array_equal, alone, batch))
    seen["pictures differ by"] = float(np.abs(batch[0] - batch[1]).max())
    seen["seeds differ by"] = float(np.abs(ask(parts, picture(3), seed=8)[0] - alone[0]).max())


def sizes(parts: SimpleNamespace) -> None:
    asked: list[tuple[int, ...]] = []

    def encode(pixels: torch.Tensor) -> torch.Tensor:
        asked.append(tuple(pixels.shape[1:]))
        return parts.vae.encode(pixels)

    odd = changed(parts, vae=SimpleNamespace(encode=encode))
    shapes = []
    for size in ((1, 1), (37, 411), (1, 3000), (1500, 400)):
        with_alpha = torch.cat([picture(5, *size), torch.ones(1, *size, 1)], -1)
        result = ask(odd, with_alpha, steps=1)[0]
        shapes.append(None if result is None else [*result.shape, str(result.dtype)])
    seen["shapes"], seen["at work"] = shapes, asked


def positions(parts: SimpleNamespace) -> None:
    seen["positions"] = {
        name: words.positions(parts.clip, instruction, phrase)
        for name, (instruction, phrase) in {
            "phrase": (by_hand.INSTRUCTION, "a red balloon"),
            "capitals": ("ADD A RED BALLOON!", "Red balloon"),
            "words apart": ("add a balloon, big and red, to the sky", "red balloon"),
            "only some": ("add a hot-air balloon", "green balloon"),
            "pieces of a word": ("add a xylophonist here", "xylophonist"),
            "first of two": ("add a cat next to the cat", "cat"),
            "parentheses": ("add (a hat:1.3) to it", "hat"),
            "second part": (LONG, "red balloon"),
        }.items()
    }


def refusals(parts: SimpleNamespace) -> None:
    plain = load(4)
    broken = picture(0)
    broken[0, 3, 4] = float("nan")
    wide = SimpleNamespace(encode=lambda pixels: parts.vae.encode(pixels).repeat(1, 4, 1, 1))
    t5 = SimpleNamespace(tokenize=lambda *_, **__: {"t5xxl": [[(1, 1.0, 1)]]})

    def narrow(tokens: Any) -> list[Any]:
        return [[v[..., :512], d] for v, d in parts.clip.encode_from_tokens_scheduled(tokens)]

    small = SimpleNamespace(tokenize=parts.clip.tokenize, encode_from_tokens_scheduled=narrow)
    for name, attempt in {
        "not an InstructPix2Pix": lambda: ask(plain, picture(0)),
        "no CLIP": lambda: ask(changed(parts, clip=None, vae=None), picture(0)),
        "no CLIP of Stable Diffusion": lambda: ask(changed(parts, clip=t5), picture(0)),
        "CLIP of another model": lambda: ask(changed(parts, clip=small), picture(0)),
        "VAE of another model": lambda: ask(changed(parts, vae=wide), picture(0)),
        "words not there": lambda: ask(parts, picture(0), object_words="purple giraffe"),
        "no words": lambda: ask(parts, picture(0), object_words=" the , "),
        "too long": lambda: ask(parts, picture(0), instruction="add a red balloon " * 200),
        "no steps": lambda: ask(parts, picture(0), steps=0),
        "NaN": lambda: ask(parts, broken),
        "no picture": lambda: ask(parts, picture(0)[0]),
    }.items():
        try:
            attempt()
        except PolarisError as error:
            seen[f"refused: {name}"] = f"{type(error).__name__}: {error}"


def cancelling(parts: SimpleNamespace) -> None:
    class Stop(Exception):
        pass

    def progress(done: int, total: int, _what: str, /) -> None:
        told.append((done, total))
        if done == 3:
            raise Stop

    before, picture_before = state(parts.model), edit(parts, picture(1))
    told: list[tuple[int, int]] = []
    try:
        ask(parts, torch.cat([picture(0), picture(1)]), progress=progress)
    except Stop:
        seen["told until stopped"] = told
    management.interrupt_current_processing(True)
    try:
        ask(parts, picture(0))
    except management.InterruptProcessingException:
        seen["the host's cancel is heard"] = True
    seen["model stays after a stop"] = state(parts.model) == before
    seen["picture stays after a stop"] = torch.equal(edit(parts, picture(1)), picture_before)


def chunks(parts: SimpleNamespace) -> None:
    whole, most = ask(parts, picture(0))[0], inner._MOST_SCORES
    inner._MOST_SCORES = 10_000
    seen["difference by chunks"] = float(np.abs(ask(parts, picture(0))[0] - whole).max())
    inner._MOST_SCORES = most


def memory(parts: SimpleNamespace) -> None:
    def measured() -> dict[str, float]:
        gc.collect()
        if sys.platform == "linux":  # what the allocator keeps for later would hide a leak
            getattr(ctypes.CDLL(None), "malloc_trim", bool)(0)
        return {
            "rss_mb": psutil.Process().memory_info().rss / 1e6,
            "tensors": sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects()),
            "loaded models": len(management.current_loaded_models),
        }

    for i in range(3):
        ask(parts, picture(i), steps=1)
    before = measured()
    for i in range(20):
        ask(parts, picture(i), steps=1)
    seen["memory"] = [before, measured()]


main()
