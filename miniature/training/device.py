"""Where to train: options that all training commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

__all__ = ["chosen_device", "common_options"]


def common_options(summary: str, *, minutes: float) -> argparse.ArgumentParser:
    """A parser with the options that all training commands have.

    Args:
        summary: What the command does.
        minutes: How long it takes unless one says so.
    """
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--state", type=Path, required=True, help="folder to go on from")
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--batch", type=int, help="examples a step and worker")
    parser.add_argument("--draw-only", action="store_true", help="draw the pictures and stop")
    return parser


def chosen_device(name: str) -> str:
    """The device that is meant: "cuda" if there is one and none was named."""
    torch.set_num_threads(1)  # workers are processes
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name
