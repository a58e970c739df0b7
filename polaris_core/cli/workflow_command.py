"""`polaris run`: fill an API workflow, submit it, wait, save the pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path, PurePosixPath

from polaris_core.cli.output import print_json, terminal_progress
from polaris_core.comfyui.client import ComfyClient
from polaris_core.comfyui.workflow import fill, load_workflow
from polaris_core.errors import InvalidInput

__all__ = ["run_workflow"]


def run_workflow(options: argparse.Namespace) -> int:
    """Run a workflow on a server; every picture it saved ends in `--out`."""
    values = dict(_assignment(text) for text in options.values)
    workflow = load_workflow(options.workflow)
    client = ComfyClient(options.server)
    if options.image:
        uploaded = client.upload_image(options.image)
        workflow = fill(workflow, {"LoadImage.image": uploaded})
    workflow = fill(workflow, values)
    result = client.run(workflow, progress=terminal_progress(), timeout_s=options.timeout)
    options.out.mkdir(parents=True, exist_ok=True)
    saved = [str(_save(options.out, filename, content)) for _, filename, content in result.images]
    if options.json:
        print_json({"prompt_id": result.prompt_id, "seconds": result.seconds, "pictures": saved})
    else:
        print("\n".join(saved) if saved else "the workflow saved no picture")
    return 0


def _assignment(text: str) -> tuple[str, object]:
    name, sign, value = text.partition("=")
    if not sign or "." not in name:
        raise InvalidInput(
            "--set takes TITLE.INPUT=VALUE", value=text, hint="For instance --set Sampler.seed=7"
        )
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        return name, value


def _save(folder: Path, filename: str, content: bytes) -> Path:
    # The name comes from a server: only its last part counts, and nothing is overwritten.
    name = PurePosixPath(filename.replace("\\", "/")).name or "picture.png"
    target = folder / name
    number = 1
    while True:
        try:
            with target.open("xb") as file:
                file.write(content)
            return target
        except FileExistsError:
            number += 1
            target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
