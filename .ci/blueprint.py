"""Make "subgraphs/Polaris Edit.json", the node of that name, from the example workflow of an edit.

    python .ci/blueprint.py

The API form of the example is the source; which inputs are widgets, and in which order, is asked of
a real ComfyUI that is started for it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from example_workflows import PLACES, ROOT, describe_widgets, values_of
from polaris_core.comfyui.locate import find_comfyui
from polaris_core.comfyui.server import ComfyServer

SOURCE = ROOT / "example_workflows" / "api" / "polaris_replace.json"
NAME = "Polaris Edit"
TARGET = ROOT / "subgraphs" / f"{NAME}.json"  # the page lists it under the name of its file
DESCRIPTION = "Say the edit; it finds the checkpoint, the LoRAs and the place."
OWN_MODELS: dict[str, dict[str, object]] = {  # the example itself is for the miniature zoo
    "PolarisZoo": {
        **{"folders": "", "text_encoder": "sentence:all-MiniLM-L6-v2", "image_encoder": "none"}
    },
    "PolarisSegmenter": {"image_encoder": "none"},
    "PolarisAdaptiveEditor": {"width": 512, "height": 512},
    "PolarisCrop": {"size": 512},
    "KSampler": {"cfg": 7.0},
}
OUTSIDE = {"LoadImage", "SaveImage", "PreviewAny"}
IN, OUT = -10, -20
INPUTS = [  # name, label, type, (node, input) it goes to
    ("instruction", "sentence", "STRING", [("3", "instruction")]),
    ("image", "picture", "IMAGE", []),
    ("denoise", "strength", "FLOAT", [("6", "denoise")]),
]
RESULT = ("9", 0)


def id_of(what: str) -> str:
    """The same id in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"polaris/{NAME}/{what}"))


def links_of(api: dict[str, Any]) -> list[tuple[int, int, str, str]]:
    """(origin, its slot, target, its input) of every link within, and from the inputs."""
    picture = next(name for name, node in api.items() if node["class_type"] == "LoadImage")
    rows: list[tuple[int, int, str, str]] = []
    for name, node in api.items():
        if node["class_type"] in OUTSIDE:
            continue
        for key, value in node["inputs"].items():
            if isinstance(value, list):
                outside = value[0] == picture
                rows.append((IN, 1, name, key) if outside else (int(value[0]), value[1], name, key))
    for slot, (_, _, _, targets) in enumerate(INPUTS):
        rows += [(IN, slot, node, key) for node, key in targets]
    return rows


def own(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the example, for the user's own models."""
    return {**node, "inputs": node["inputs"] | OWN_MODELS.get(node["class_type"], {})}


def blueprint(api: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    """The whole file."""
    inside = {name: own(node) for name, node in api.items() if node["class_type"] not in OUTSIDE}
    rows = links_of(api)
    links: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for order, (name, node) in enumerate(inside.items()):
        schema = info[node["class_type"]]
        sockets: list[dict[str, Any]] = []
        for key, kind, is_widget, _ in describe_widgets(schema):
            link = next((r for r in rows if r[2:] == (name, key)), None)
            socket: dict[str, Any] = {"name": key, "type": kind, "link": None}
            if is_widget:
                socket["widget"] = {"name": key}
            if link:
                socket["link"] = len(links) + 1
                links.append(link_row(len(links) + 1, link[:2], (int(name), len(sockets)), kind))
            sockets.append(socket)
        values = values_of(node, describe_widgets(schema))
        nodes.append(
            {
                "id": int(name),
                "type": node["class_type"],
                "title": node["_meta"]["title"],
                "pos": list(PLACES[node["class_type"]][:2]),
                "size": list(PLACES[node["class_type"]][2:]),
                "flags": {},
                "order": order,
                "mode": 0,
                "inputs": sockets,
                "outputs": outputs_of(schema),
                "properties": {"Node name for S&R": node["class_type"]},
                "widgets_values": ["randomize" if v == "fixed" else v for v in values],
            }
        )
    links.append(link_row(len(links) + 1, (int(RESULT[0]), RESULT[1]), (OUT, 0), "IMAGE"))
    by_id = {node["id"]: node for node in nodes}
    for link in links:
        if link["origin_id"] in by_id:
            by_id[link["origin_id"]]["outputs"][link["origin_slot"]]["links"].append(link["id"])
    return {
        "revision": 0,
        "last_node_id": 1,
        "last_link_id": 0,
        "nodes": [outer_node()],
        "links": [],
        "version": 0.4,
        "definitions": {"subgraphs": [subgraph(nodes, links)]},
        "extra": {},
    }


def link_row(
    id: int, origin: tuple[int, int], target: tuple[int, int], kind: str
) -> dict[str, Any]:
    """A link as subgraphs hold it."""
    return {
        "id": id,
        "origin_id": origin[0],
        "origin_slot": origin[1],
        "target_id": target[0],
        "target_slot": target[1],
        "type": kind,
    }


def outputs_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The outputs of a node, without links yet."""
    names = zip(schema["output_name"], schema["output"], strict=True)
    return [{"name": name, "type": kind, "links": []} for name, kind in names]


def subgraph(nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> dict[str, Any]:
    """What is inside."""
    ends: dict[tuple[int, int], list[int]] = {}
    for link in links:
        ends.setdefault((link["origin_id"], link["origin_slot"]), []).append(link["id"])
        ends.setdefault((link["target_id"], link["target_slot"]), []).append(link["id"])
    inputs = [
        {
            "id": id_of(name),
            "name": name,
            "label": label,
            "type": kind,
            "linkIds": ends.get((IN, slot), []),
            "pos": [-140, 20 * slot],
        }
        for slot, (name, label, kind, _) in enumerate(INPUTS)
    ]
    output = {
        "id": id_of("result"),
        "name": "IMAGE",
        "label": "picture",
        "type": "IMAGE",
        "linkIds": ends[OUT, 0],
        "pos": [2460, 20],
    }
    return {
        "id": id_of("subgraph"),
        "version": 1,
        "state": {
            "lastGroupId": 0,
            "lastNodeId": max(node["id"] for node in nodes),
            "lastLinkId": len(links),
            "lastRerouteId": 0,
        },
        "revision": 0,
        "config": {},
        "name": NAME,
        "inputNode": {"id": IN, "bounding": [-200, 0, 120, 100]},
        "outputNode": {"id": OUT, "bounding": [2420, 0, 120, 60]},
        "inputs": inputs,
        "outputs": [output],
        "widgets": [],
        "nodes": nodes,
        "groups": [],
        "links": links,
        "extra": {},
        "category": "Polaris",
        "description": DESCRIPTION,
    }


def outer_node() -> dict[str, Any]:
    """The one node that people see."""
    sockets: list[dict[str, Any]] = []
    for name, label, kind, targets in INPUTS:
        socket: dict[str, Any] = {"name": name, "label": label, "type": kind, "link": None}
        if targets:
            socket["widget"] = {"name": name}
        sockets.append(socket)
    widgets = [list(target) for *_, targets in INPUTS for target in targets]
    return {
        "id": 1,
        "type": id_of("subgraph"),
        "title": NAME,
        "pos": [0, 0],
        "size": [420, 240],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": sockets,
        "outputs": [{"name": "IMAGE", "label": "picture", "type": "IMAGE", "links": []}],
        "properties": {"proxyWidgets": widgets},
        "widgets_values": [],
    }


def main() -> int:
    """Write the file."""
    comfyui = find_comfyui()
    if comfyui is None:
        print("no ComfyUI found; set COMFYUI_PATH", file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        ComfyServer(
            comfyui, Path(folder), custom_nodes={"polaris": ROOT}, start_timeout_s=900
        ) as server,
    ):
        info = server.client.get_json("/object_info")
    made = blueprint(json.loads(SOURCE.read_text("utf-8")), info)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
