"""Make the drag-and-drop form of every example workflow from its API form.

    python .ci/example_workflows.py            writes example_workflows/*.json

The API form is the source. Which inputs are widgets, and in which order, is asked of a real ComfyUI
that is started for it; thumbnails (.jpg) come from `.ci/thumbnails.py`, which runs the workflows.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from polaris_core.comfyui.locate import find_comfyui  # noqa: E402
from polaris_core.comfyui.server import ComfyServer  # noqa: E402

WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
COLUMNS = {
    "PolarisZoo": (0, 0),
    "LoadImage": (0, 330),
    "PolarisInstructionParser": (440, 0),
    "PolarisCheckpointRetriever": (440, 330),
    "PolarisLoraRetriever": (880, 0),
    "PolarisAdaptiveEditor": (1320, 0),
    "KSampler": (1760, 0),
    "VAEDecode": (1760, 330),
    "ImageCompositeMasked": (1760, 430),
    "SaveImage": (2160, 0),
    "PreviewAny": (2160, 430),
}
NOTES = {
    "polaris_local_change": "Choose a picture in Load Image, right-click it, open the mask editor "
    "and draw over what is to change. Everything outside the mask stays exactly as it was.",
    "polaris_style_of_reference": "To look at pictures, the zoo needs an image encoder. The first "
    "run tells the one command that fetches it.",
}


def describe_widgets(info: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """(name, type, whether it is a widget) of each input, in the order of the schema."""
    rows: list[tuple[str, str, bool]] = []
    for group in ("required", "optional"):
        for name, spec in info["input"].get(group, {}).items():
            kind = "COMBO" if isinstance(spec[0], list) else spec[0]
            forced = len(spec) > 1 and bool(spec[1].get("forceInput"))
            rows.append((name, kind, kind in WIDGETS and not forced))
    return rows


def values_of(node: dict[str, Any], rows: list[tuple[str, str, bool]]) -> list[object]:
    """What stands in the widgets, with the extra ones that the page adds of its own."""
    values: list[object] = []
    for name, kind, is_widget in rows:
        if not is_widget:
            continue
        given = node["inputs"].get(name)
        values.append(1.0 if isinstance(given, list) else given)
        if name in ("seed", "noise_seed") and kind == "INT":
            values.append("fixed")
    if node["class_type"] == "LoadImage":
        values.append("image")
    return values


def to_graph(api: dict[str, Any], info: dict[str, Any], note: str) -> dict[str, Any]:
    """The drag-and-drop form of an API workflow."""
    nodes: dict[str, dict[str, Any]] = {}
    links: list[list[object]] = []
    for order, (node_id, node) in enumerate(api.items()):
        schema = info[node["class_type"]]
        nodes[node_id] = {
            "id": int(node_id),
            "type": node["class_type"],
            "title": node["_meta"]["title"],
            "pos": list(COLUMNS[node["class_type"]]),
            "size": [400, 200],
            "flags": {},
            "order": order,
            "mode": 0,
            "inputs": [],
            "outputs": [
                {"name": name, "type": kind, "links": []}
                for name, kind in zip(schema["output_name"], schema["output"], strict=True)
            ],
            "properties": {"Node name for S&R": node["class_type"]},
            "widgets_values": values_of(node, describe_widgets(schema)),
        }
    for node_id, node in api.items():
        for name, kind, is_widget in describe_widgets(info[node["class_type"]]):
            given = node["inputs"].get(name)
            linked = isinstance(given, list)
            if is_widget and not linked:
                continue
            socket: dict[str, Any] = {"name": name, "type": kind, "link": None}
            if is_widget:
                socket["widget"] = {"name": name}
            if linked:
                source, slot = nodes[str(given[0])], int(given[1])
                link = len(links) + 1
                links.append(
                    [link, source["id"], slot, int(node_id), len(nodes[node_id]["inputs"]), kind]
                )
                source["outputs"][slot]["links"].append(link)
                socket["link"] = link
            nodes[node_id]["inputs"].append(socket)
    every = list(nodes.values())
    if note:
        every.append(note_node(max(n["id"] for n in every) + 1, note))
    return {
        "last_node_id": max(n["id"] for n in every),
        "last_link_id": len(links),
        "nodes": every,
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def note_node(node_id: int, text: str) -> dict[str, Any]:
    """A note on the canvas."""
    return {
        "id": node_id,
        "type": "Note",
        "pos": [0, 720],
        "size": [400, 120],
        "flags": {},
        "order": 99,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [text],
    }


def main() -> int:
    """Write every graph."""
    comfyui = find_comfyui()
    if comfyui is None:
        print("no ComfyUI found; set COMFYUI_PATH", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as base,
        ComfyServer(comfyui, Path(base), custom_nodes={"polaris": ROOT}) as server,
    ):
        info = server.client.object_info()
    for file in sorted((ROOT / "example_workflows" / "api").glob("*.json")):
        api = json.loads(file.read_text("utf-8"))
        graph = to_graph(api, info, NOTES.get(file.stem, ""))
        (ROOT / "example_workflows" / file.name).write_text(
            json.dumps(graph, indent=1) + "\n", "utf-8"
        )
        print(file.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
