"""How fast model folders are read: for the first time, and again when nothing has changed.

    python benchmarks/scan.py [--json] [--files N]

Makes small LoRA files in a temporary folder: real safetensors headers with kohya's keys and
metadata, each with a sidecar as Civitai's or LoRA Manager's tools write it, some with a preview.
The files are read from memory, having just been written: a disk is not what is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import struct
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.catalogue.entry import Kind  # noqa: E402
from polaris_core.catalogue.scan import ModelFolder, ScanReport, scan  # noqa: E402
from polaris_core.catalogue.store import Store  # noqa: E402

_LAYERS = [
    f"lora_unet_{place}_attentions_{i}_transformer_blocks_0_attn{a}_to_{part}"
    for place in ("down_blocks_1", "up_blocks_2")
    for i in range(2)
    for a in (1, 2)
    for part in ("k", "v")
]
_TEXT = """watercolor ink fox castle portrait dress neon city forest dragon armor style soft light
pastel retro anime film grain sketch marble glass robot garden ocean winter lantern silk"""
_WORDS = _TEXT.split()
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)


def make_lora(path: Path, chance: random.Random) -> None:
    """Write a LoRA of 16 layers (48 tensors) of rank 1 for SD 1.5."""
    header: dict[str, object] = {}
    end = 0

    def tensor(key: str, shape: list[int]) -> None:
        nonlocal end
        begin, end = end, end + 2 * (shape[0] * shape[1] if shape else 1)
        header[key] = {"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}

    for layer in _LAYERS:
        width = 768 if "attn2" in layer else 640
        tensor(f"{layer}.alpha", [])
        tensor(f"{layer}.lora_down.weight", [1, width])
        tensor(f"{layer}.lora_up.weight", [640, 1])
    captions = {word: chance.randint(1, 99) for word in chance.sample(_WORDS, 12)}
    header["__metadata__"] = {
        "ss_base_model_version": "sd_v1-5",
        "ss_network_module": "networks.lora",
        "ss_network_dim": "1",
        "ss_output_name": path.stem,
        "ss_tag_frequency": json.dumps({f"10_{path.stem}": captions}),
        "sshs_model_hash": f"{chance.getrandbits(256):064x}",
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _version(path: Path, chance: random.Random) -> dict[str, object]:
    number, sha256 = chance.randint(1, 10**6), f"{chance.getrandbits(256):064x}"
    pictures = [
        {
            "url": f"https://pictures.example/{number}/{i}.jpeg",
            "nsfwLevel": 1,
            "width": 512,
            "height": 768,
            "hash": f"{chance.getrandbits(128):032x}",
            "type": "image",
            "meta": {
                "prompt": f"<lora:{path.stem}:0.8> {_sentence(chance, 30)}",
                "negativePrompt": "blurry, lowres",
                "steps": 25,
                "sampler": "Euler a",
                "cfgScale": 7,
            },
        }
        for i in range(4)
    ]
    return {
        "id": number,
        "modelId": number // 2,
        "name": "v1.0",
        "baseModel": "SD 1.5",
        "description": f"<p>{_sentence(chance, 20)}</p>",
        "trainedWords": [_sentence(chance, 2), _sentence(chance, 1)],
        "model": {"name": _sentence(chance, 4), "type": "LORA", "nsfw": False, "poi": False},
        "files": [
            {
                "name": path.name,
                "type": "Model",
                "sizeKB": path.stat().st_size / 1024,
                "primary": True,
                "hashes": {"SHA256": sha256.upper(), "AutoV2": sha256[:10].upper()},
            }
        ],
        "images": pictures,
        "stats": {"downloadCount": 100, "thumbsUpCount": 10},
    }


def make_sidecar(path: Path, chance: random.Random) -> int:
    """Write `.civitai.info` or `.metadata.json` beside `path`; returns its size in bytes."""
    version = _version(path, chance)
    about = "".join(f"<p>{_sentence(chance, 25)}</p>" for _ in range(4))
    if chance.random() < 0.5:
        sidecar, content = path.with_suffix(".civitai.info"), version
    else:
        version["model"] = {"name": path.stem, "description": about, "tags": ["style", "ink"]}
        sidecar = path.with_suffix(".metadata.json")
        content = {
            "file_name": path.stem,
            "model_name": path.stem,
            "file_path": path.name,
            "base_model": "SD 1.5",
            "preview_nsfw_level": 1,
            "from_civitai": True,
            "civitai": version,
            "tags": ["style", "ink"],
            "modelDescription": about,
            "usage_tips": '{"strength": 0.8}',
        }
    sidecar.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return sidecar.stat().st_size


def make_folder(root: Path, files: int) -> float:
    """Fill `root`, 500 files a subfolder; returns the mean size of a sidecar in bytes."""
    chance = random.Random(1)
    sizes: list[int] = []
    for number in range(files):
        path = root / f"set{number // 500:03}" / f"lora_{number:05}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        make_lora(path, chance)
        sizes.append(make_sidecar(path, chance))
        if number % 4 == 0:
            path.with_suffix(".preview.png").write_bytes(_PIXEL)
    return statistics.mean(sizes)


def measure(files: int, runs: int) -> tuple[float, float, float]:
    """Seconds of a first scan, seconds of one that finds nothing new, bytes of a sidecar."""
    with tempfile.TemporaryDirectory() as home:
        root = Path(home) / "loras"
        sidecar_bytes = make_folder(root, files)
        folders = [ModelFolder(root, Kind.LORA)]
        with Store.open(Path(home) / "catalogue.sqlite") as store:
            cold = scan(store, folders)
            again = [scan(store, folders) for _ in range(runs)]
        _check(cold, again, files)
        return cold.seconds, statistics.median(report.seconds for report in again), sidecar_bytes


def _check(cold: ScanReport, again: list[ScanReport], files: int) -> None:
    if cold.added != files or cold.problems or any(r.unchanged != files for r in again):
        raise SystemExit(f"the scan went wrong: {cold.summary()}; {again[-1].summary()}")


def main() -> None:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7, help="scans of the unchanged folder")
    options = parser.parse_args()
    cold, unchanged, sidecar_bytes = measure(options.files, options.runs)
    figures = {
        "files": options.files,
        "sidecar_bytes": round(sidecar_bytes),
        "cold_files_per_s": round(options.files / cold),
        "unchanged_files_per_s": round(options.files / unchanged),
    }
    print(f"{options.files} LoRA files, sidecars of {sidecar_bytes:.0f} bytes")
    print(f"{'first scan':<28}{cold:>8.2f} s {figures['cold_files_per_s']:>9} files/s (floor 1500)")
    print(
        f"{'nothing changed (median)':<28}{unchanged:>8.3f} s "
        f"{figures['unchanged_files_per_s']:>9} files/s (floor 30000)"
    )
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
