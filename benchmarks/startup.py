"""What loading the pack costs ComfyUI's start.

    python benchmarks/startup.py [--json]

Where a ComfyUI is found, its API is imported first, as it is when packs are loaded, and the time is
that of our entry point alone; elsewhere it is the import of every module that the nodes use.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.comfyui.locate import find_comfyui  # noqa: E402

HEAVY = ["torch", "faiss", "transformers", "open_clip"]

_HOST = """
import sys
sys.path.insert(0, {comfyui!r}); sys.argv = ["main.py", "--cpu"]
import comfy.options; comfy.options.enable_args_parsing()
import comfy_api.latest, folder_paths, pydantic
"""

_LOAD = """
import asyncio, importlib.util, json, sys, time
before = set(sys.modules)
start = time.perf_counter()
spec = importlib.util.spec_from_file_location(
    "polaris_pack", {pack!r} + "/__init__.py", submodule_search_locations=[{pack!r}])
pack = importlib.util.module_from_spec(spec)
sys.modules["polaris_pack"] = pack
spec.loader.exec_module(pack)
if {hosted}:
    asyncio.run(asyncio.run(pack.comfy_entrypoint()).get_node_list())
else:
    pack._expose_core()
    import polaris_core.planning.planner, polaris_core.retrieval.two_level
    import polaris_core.instructions.grammar
taken = (time.perf_counter() - start) * 1000
new = set(sys.modules) - before
print(json.dumps([taken, sorted(new & set({heavy!r}))]))
"""


def measure(comfyui: Path | None) -> tuple[float, list[str]]:
    """Milliseconds of one cold load, and which heavy packages it imported."""
    prelude = _HOST.format(comfyui=str(comfyui)) if comfyui else ""
    code = prelude + _LOAD.format(pack=str(ROOT), hosted=comfyui is not None, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    taken, heavy = json.loads(done.stdout.splitlines()[-1])
    return taken, heavy


def heavy_without_host() -> list[str]:
    """Which heavy packages our modules import when no host has imported them before."""
    return measure(None)[1]


def main() -> None:
    """Measure, print the table, and the JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    comfyui = find_comfyui()
    runs = [measure(comfyui) for _ in range(options.runs)]
    figures = {
        "import_ms": round(statistics.median(taken for taken, _ in runs), 1),
        "heavy_modules": sorted({*heavy_without_host(), *(m for _, ms in runs for m in ms)}),
    }
    print("measured inside ComfyUI" if comfyui else "no ComfyUI found: the core alone")
    print(f"{'time of our entry point (median)':<36}{figures['import_ms']:>8} ms   (limit 200)")
    print(f"{'heavy packages imported by it':<36}{', '.join(figures['heavy_modules']) or 'none'}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
