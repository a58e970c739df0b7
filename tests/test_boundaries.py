"""What may import what, and what importing costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "polaris_core"
HEAVY = ["torch", "faiss", "transformers", "open_clip", "pydantic", "aiohttp", "llguidance"]
HEAVY += ["diffusers", "peft", "accelerate", "huggingface_hub", "pyarrow", "ray", "pymilvus"]
HOST = ["comfy", "comfy_api", "folder_paths", "server", "nodes"]

# A module may import its own package and those to its left.
ORDER = [
    {"shown"},
    {"errors", "progress"},
    {"images"},
    {"catalogue", "encoders", "comfyui", "llm"},
    {"settings_files", "site_tokens"},
    {"index", "instructions", "fetching", "importing", "refining", "testing"},
    {"regions", "retrieval"},
    {"rerank"},
    {"planning"},
    {"page"},
    {"demo", "engine"},
    {"miniature"},
    {"sheet"},
    {"cli"},
    {"__main__"},
]


def core_files() -> list[Path]:
    return sorted(CORE.rglob("*.py"))


def level(part: str) -> int:
    return next(i for i, names in enumerate(ORDER) if part in names)


def package_of(file: Path) -> str:
    return file.relative_to(CORE).parts[0].removesuffix(".py")


def imported_parts(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    names = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return {n.split(".")[1] for n in names if n.startswith("polaris_core.")}


@pytest.mark.parametrize("file", core_files(), ids=lambda f: str(f.relative_to(CORE)))
def test_imports_point_to_the_left(file):
    if file.parent == CORE and file.name == "__init__.py":
        assert not imported_parts(file)
        return
    own = package_of(file)
    for part in imported_parts(file):
        assert part == own or level(part) < level(own), f"{file.name} imports {part}"


@pytest.mark.parametrize("file", core_files(), ids=lambda f: str(f.relative_to(CORE)))
def test_no_file_has_grown_beyond_300_lines(file):
    assert len(file.read_text("utf-8").splitlines()) <= 300


def run_blocking(blocked: list[str], code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter in which importing any of `blocked` fails."""
    prelude = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_core_module_imports_without_heavy_packages_or_the_host():
    modules = [
        ".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for f in core_files()
        if f.name != "__main__.py"
    ]
    done = run_blocking([*HEAVY, *HOST], "\n".join(f"import {m}" for m in modules))
    assert done.returncode == 0, done.stderr


# A host of a few lines: enough for the schemas to be built, so that what loading the pack imports
# can be told apart from what ComfyUI itself imports.
_STAND_IN_HOST = """
import sys, types
class Anything:
    def __init__(self, *a, **k): pass
    def __class_getitem__(cls, item): return cls
    def __getattr__(self, name): return Anything()
    def __call__(self, *a, **k): return type("Socket", (Anything,), {})
api = types.ModuleType("comfy_api"); latest = types.ModuleType("comfy_api.latest")
latest.io = types.SimpleNamespace(
    ComfyNode=object, Schema=object, NodeOutput=object, Custom=Anything()
)
latest.ui = Anything(); latest.ComfyExtension = object
sys.modules.update({"comfy_api": api, "comfy_api.latest": latest})
sys.modules["folder_paths"] = types.ModuleType("folder_paths")
import asyncio, importlib.util
spec = importlib.util.spec_from_file_location(
    "pack", "__init__.py", submodule_search_locations=["."]
)
pack = importlib.util.module_from_spec(spec); sys.modules["pack"] = pack
spec.loader.exec_module(pack)
extension = asyncio.run(pack.comfy_entrypoint())
print(len(asyncio.run(extension.get_node_list())))
"""


def test_loading_the_pack_imports_nothing_heavy():
    done = run_blocking(HEAVY, _STAND_IN_HOST)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 5


def test_the_core_name_is_registered_once_whatever_folder_the_pack_lies_in():
    done = run_blocking(
        HEAVY,
        _STAND_IN_HOST
        + "\nimport polaris_core as first\n"
        + "pack._expose_core()\n"
        + "assert sys.modules['polaris_core'] is first\n"
        + "assert not any(name.startswith('pack.polaris_core') for name in sys.modules)\n",
    )
    assert done.returncode == 0, done.stderr
