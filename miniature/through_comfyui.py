"""The same edits through ComfyUI's API: the nodes parse, search, plan and sample by themselves."""

from __future__ import annotations

import io
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image

from miniature.training.crops import Picture
from miniature.world import Edit
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer
from polaris_core.comfyui.workflow import Workflow, fill, load_workflow
from polaris_core.errors import ServerProblem
from polaris_core.instructions.grammar import parse_instruction
from polaris_core.miniature.parts import NAME
from polaris_core.planning.plan import EditPlan
from polaris_core.planning.serialize import plan_from_json

__all__ = ["HostChain"]

_PACK = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 300


class HostChain:
    """A ComfyUI with the pack and the miniature zoo; use it as a context manager."""

    def __init__(self, base: Path, text: str) -> None:
        """Say what is to be started.

        Args:
            base: The folder that holds the zoo's `models`.
            text: The encoder that reads texts; "clip" is the miniature one.

        Raises:
            ServerProblem: There is no ComfyUI on this machine.
        """
        comfyui = find_comfyui()
        if comfyui is None:
            raise ServerProblem("no ComfyUI found", hint="Set COMFYUI_PATH")
        self.server = ComfyServer(comfyui, base, custom_nodes={"polaris": _PACK})
        self._text = f"clip:{NAME}" if text == "clip" else text

    def __enter__(self) -> HostChain:
        self.server.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.server.__exit__(kind, error, traceback)

    def carry_out(self, edit: Edit, picture: Picture, seed: int) -> tuple[Picture, EditPlan]:
        """Make the picture of an edit, under the true mask; gives also the plan that was made.

        Raises:
            PolarisError: As the client does.
        """
        local = parse_instruction(edit.instruction, has_picture=True).instruction_type.is_local
        drawn = Image.fromarray(picture).convert("RGBA")
        if local:
            drawn.putalpha(Image.fromarray(np.where(edit.mask, 0, 255).astype(np.uint8)))
        file = self.server.base / "input" / f"edit-{seed}.png"
        file.parent.mkdir(exist_ok=True)
        drawn.save(file)
        name = "polaris_local_change" if local else "polaris_global_style"
        values = {"Picture.image": file.name, "Instruction.instruction": edit.instruction}
        workflow = self.filled(name, values | {"Sampler.seed": seed})
        result = self.server.client.run(workflow, timeout_s=_TIMEOUT_S)
        content = next(content for node, _, content in result.images if node == "10")
        made = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        return made, plan_from_json("".join(result.texts["11"]))

    def filled(self, name: str, values: dict[str, object]) -> Workflow:
        """An example workflow on the miniature zoo.

        Raises:
            InvalidWorkflow: It has no such input.
        """
        file = _PACK / "example_workflows" / "api" / f"{name}.json"
        zoo = {
            "Zoo.folders": NAME,
            "Zoo.text_encoder": self._text,
            "Zoo.image_encoder": f"clip:{NAME}",
            "Sampler.steps": 20,
            "Sampler.cfg": 4.0,
        }
        return fill(load_workflow(file), zoo | values)
