"""Where on this machine ComfyUI is."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["find_comfyui"]

_PACK = Path(__file__).resolve().parent.parent.parent


def find_comfyui() -> Path | None:
    """The first ComfyUI checkout among $COMFYUI_PATH, the folders above this pack, and the home.

    Returns:
        The folder that holds `main.py`, or None if there is none.
    """
    named = os.environ.get("COMFYUI_PATH")
    home = Path.home()
    places = [Path(named)] if named else []
    places += [*_PACK.parents, home / "ComfyUI", home / "comfy" / "ComfyUI"]
    return next((place for place in places if _is_comfyui(place)), None)


def _is_comfyui(folder: Path) -> bool:
    return (folder / "main.py").is_file() and (folder / "comfy" / "ldm").is_dir()
