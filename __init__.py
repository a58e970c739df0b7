"""ComfyUI-Polaris: say the edit; it finds the checkpoint, the LoRAs and the place."""

import importlib.util
import logging
import sys
from pathlib import Path

WEB_DIRECTORY = "./web"


def _expose_core() -> None:
    """Give polaris_core one import name, whatever folder ComfyUI loaded this pack from."""
    if "polaris_core" in sys.modules:
        return
    home = Path(__file__).parent / "polaris_core"
    spec = importlib.util.spec_from_file_location(
        "polaris_core", home / "__init__.py", submodule_search_locations=[str(home)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["polaris_core"] = module
    spec.loader.exec_module(module)


async def comfy_entrypoint():  # noqa: ANN201  its type is the host's
    """What ComfyUI calls to get the nodes."""
    _expose_core()
    try:
        from .nodes import PolarisExtension  # not at the top: pytest imports this file hostless
    except Exception:
        # ComfyUI would shorten this to one line without the place.
        logging.getLogger("polaris").exception("Polaris could not load its nodes")
        raise
    return PolarisExtension()
