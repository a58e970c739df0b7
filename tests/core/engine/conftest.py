"""Small models that diffusers really runs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from polaris_core.demo.tiny_models import make_checkpoint, make_lora


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> SimpleNamespace:
    """Files of two checkpoints and two LoRAs."""
    folder: Path = tmp_path_factory.mktemp("engine-models")
    files = {name: folder / f"{name}.safetensors" for name in ("first", "second", "ink", "wash")}
    make_checkpoint(files["first"], 1)
    make_checkpoint(files["second"], 2)
    make_lora(files["ink"], 3)
    make_lora(files["wash"], 4)
    return SimpleNamespace(**files, folder=folder)


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Noise, of a size that is no multiple of eight."""
    return np.random.default_rng(0).integers(0, 256, (61, 75, 3), dtype=np.uint8)
