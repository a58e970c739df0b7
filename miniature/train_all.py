"""Train every model of the miniature world but the judge on a GPU, in about ten minutes.

    python -m miniature.train_all --state FOLDER

One process draws while another trains; those that share the GPU run side by side. What each says is
in a log of its own in the folder. Goes on where it stopped if the folder holds states.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from miniature.lora_cards import CARDS

_LORAS_AT_ONCE = 6


class _Size(NamedTuple):
    """How much of everything."""

    vae_minutes: float = 1.1
    pictures: int = 12000
    base_minutes: float = 4.7
    scenes: int = 40000
    lora_minutes: float = 0.65
    lora_scenes: int = 2500
    reader_scenes: int = 12000
    encoder_steps: int = 2800
    language_steps: int = 3000


def main() -> None:
    """Read the command line, train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, help="folder to go on from")
    for name, usual in _Size()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(usual), default=usual)
    options = parser.parse_args()
    state: Path = options.state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    size = _Size(*(getattr(options, name) for name in _Size._fields))

    def start(log: str, module: str, *words: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"miniature.{module}", "--state", str(state)]
        command += map(str, words)
        with (state / f"{log}.log").open("ab") as out:
            return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    base = ("--scenes", size.scenes, "--minutes", size.base_minutes, "--batch", 256)
    loras = ("--scenes", size.lora_scenes, "--minutes", size.lora_minutes, "--batch", 128)
    first = ("--pictures", size.pictures, "--minutes", size.vae_minutes, "--batch", 32)
    asked = ("--steps", size.language_steps, "--questions", 24, "--workers", 6)
    seen = ("--steps", size.encoder_steps, "--scenes", size.reader_scenes)
    vae = start("vae", "train_vae", *first)
    readers = (
        start("language", "train_language_model", *asked),
        start("eyes", "train_encoder", *seen),
    )
    _wait(start("draw", "train_generator", *base, "--draw-only"))
    names = [name for name in CARDS if name != "plain"]
    more = start("draw", "train_loras", *loras, "--draw-only", *names)
    _wait(vae)
    _wait(start("base", "train_generator", *base), more)
    shares = [names[i::_LORAS_AT_ONCE] for i in range(_LORAS_AT_ONCE)]
    _wait(*(start(share[0], "train_loras", *loras, *share) for share in shares))
    _wait(*readers)


def _wait(*processes: subprocess.Popen[bytes]) -> None:
    """Wait until they have ended.

    Raises:
        SystemExit: One has failed; its log says why.
    """
    for process in processes:
        if process.wait():
            words = process.args
            sys.exit(f"failed, see its log: {words if isinstance(words, str) else list(words)}")


if __name__ == "__main__":
    main()
