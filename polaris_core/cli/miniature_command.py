"""`polaris miniature`: write the miniature zoo into ComfyUI's folders."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from polaris_core.cli.output import print_json, terminal_progress
from polaris_core.miniature.parts import NAME
from polaris_core.miniature.zoo import make_miniature_zoo

__all__ = ["run_miniature"]


def run_miniature(options: argparse.Namespace) -> int:
    """Write what is not there yet; say where it is and what to do with it."""
    begin = time.monotonic()
    base: Path = options.base
    zoo = make_miniature_zoo(base, weights=options.weights, progress=terminal_progress())
    if options.json:
        print_json({"base": str(base), "name": NAME, "made": zoo.made, "kept": zoo.kept})
        return 0
    print(f"{zoo.made} parts made, {zoo.kept} kept, {time.monotonic() - begin:.1f} s")
    print(f"The models lie in folders named {NAME} below {base / 'models'}.")
    print("In ComfyUI: restart it, then Workflow > Browse Templates > Polaris.")
    print(f'Without:    polaris edit "A watercolor fox" --models {base / "models"} --cfg 4 \\')
    print("                --width 128 --height 128")
    return 0
