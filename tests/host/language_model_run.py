"""Runs `nodes/_language_models.py` inside ComfyUI's memory management and writes down what happens.

Started by `test_language_model_memory.py` as a process of its own, for a ComfyUI and this pack both
have a module named `nodes`. Usage: language_model_run.py COMFYUI FOLDER, where
FOLDER/models/LLM/tiny is a model; what was seen goes into FOLDER/seen.json.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import logging
import sys
import weakref
from pathlib import Path
from typing import Any

COMFYUI, FOLDER = map(Path, sys.argv[1:])
PACK = Path(__file__).resolve().parent.parent.parent
sys.path[0] = str(COMFYUI)
sys.argv[1:] = ["--cpu", "--base-directory", str(FOLDER)]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.model_management as management  # noqa: E402
import folder_paths  # noqa: E402
import psutil  # noqa: E402
import torch  # noqa: E402
from comfy_execution.utils import CurrentNodeContext  # noqa: E402

spec = importlib.util.spec_from_file_location(
    "polaris_pack", PACK / "__init__.py", submodule_search_locations=[str(PACK)]
)
assert spec
assert spec.loader
pack = importlib.util.module_from_spec(spec)
sys.modules["polaris_pack"] = pack
spec.loader.exec_module(pack)
pack._expose_core()
host = importlib.import_module("polaris_pack.nodes._language_models")

from polaris_core.errors import PolarisError  # noqa: E402
from polaris_core.llm.base import Message, Question  # noqa: E402

QUESTION = Question((Message("user", "hello"),), {"enum": ["yes", "no"]}, 9)
CPU = torch.device("cpu")


def silent(done: int, total: int, what: str, /) -> None:
    pass


def resident_mb() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def load(name: str, **options: Any) -> Any:
    """As a node does it, which runs in inference mode."""
    with torch.inference_mode(), CurrentNodeContext("prompt", "node"):
        model = host.local_model(name, **options)
        model.ready()
        return model


def answer(model: Any) -> str:
    with torch.inference_mode():
        return model.reply(QUESTION, silent)


def refusal(name: str) -> str:
    try:
        load(name)
    except PolarisError as error:
        return f"{type(error).__name__}: {error}"
    return "loaded"


def known() -> list[str]:
    return [type(m.model.model).__name__ for m in management.current_loaded_models]


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


seen: dict[str, Any] = {}
log = Log()
logging.getLogger().addHandler(log)
logging.getLogger().setLevel(logging.INFO)

seen["names"] = host.language_model_names()
seen["registered"] = folder_paths.get_folder_paths("LLM")
(FOLDER / "outside").mkdir()
(FOLDER / "models" / "LLM" / "empty").mkdir()
seen["refused"] = {
    name: refusal(name)
    for name in (
        "../../outside",
        "..\\..\\outside",
        str(FOLDER / "outside"),
        "C:\\models",
        "~/models",
        "tiny/../tiny",
        "",
        "a\0b",
        "unknown",
        "empty",
        "models/LLM",
        "someone/unknown",
    )
}

answer(load("tiny"))  # imports what a first model needs
before = resident_mb()
model = load("tiny")
seen["answer"] = answer(model)
seen["loaded mb"] = resident_mb() - before
seen["shared"] = load("tiny") is model
seen["shared in another precision"] = load("tiny", precision="bfloat16") is model
seen["dtype"] = str(model.ready().model.dtype)
seen["name"] = model.name
seen["known"] = known()
seen["size mb"] = model.patcher.model_size() / 2**20

moved = model.patcher.partially_unload(CPU, 1000)  # outside of inference mode, as ComfyUI does it
seen["moved bytes"] = moved
seen["answer after a part was moved"] = answer(model)
management.unload_all_models()
seen["known after unloading"] = known()
seen["answer after unloading"] = answer(model)
seen["all of it loaded"] = model.patcher.loaded_size() == model.patcher.model_size()

gone = [weakref.ref(o) for o in (model, model.patcher, model.ready(), model.ready().model)]
del model
seen["left mb"] = resident_mb() - before
seen["alive"] = [type(ref()).__name__ for ref in gone if ref() is not None]
seen["known at the end"] = known()
seen["leaks"] = [line for line in log.lines if "leak" in line]

(FOLDER / "seen.json").write_text(json.dumps(seen))
