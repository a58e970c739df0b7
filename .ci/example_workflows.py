"""Make the drag-and-drop form and the thumbnail of every example workflow from its API form.

    python .ci/example_workflows.py            writes example_workflows/*.json and *.jpg

The API form is the source. Which inputs are widgets, and in which order, is asked of a real ComfyUI
that is started for it; the thumbnails are pictures that the workflows made there with the
demonstration zoo.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image, ImageOps  # noqa: E402

from polaris_core.cli.demo_command import draw_photograph  # noqa: E402
from polaris_core.comfyui.locate import find_comfyui  # noqa: E402
from polaris_core.comfyui.server import ComfyServer  # noqa: E402
from polaris_core.comfyui.workflow import fill  # noqa: E402
from polaris_core.demo.tiny_language_models import make_text_model  # noqa: E402
from polaris_core.demo.zoo import make_demo_zoo  # noqa: E402

WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
PLACES = {  # class: (x, y, width, height) on the canvas
    "PolarisZoo": (0, 0, 400, 320),
    "PolarisLanguageModel": (0, 1220, 400, 260),
    "LoadImage": (0, 380, 400, 340),
    "PolarisSegmenter": (0, 780, 400, 200),
    "PolarisRegionMasker": (980, 620, 460, 620),
    "PolarisInstructionParser": (460, 0, 400, 620),
    "PolarisCheckpointRetriever": (460, 680, 460, 420),
    "PolarisLoraRetriever": (980, 0, 460, 560),
    "PolarisTreeRerank": (1500, 900, 460, 560),
    "PolarisAdaptiveEditor": (1500, 0, 460, 820),
    "KSampler": (2020, 0, 340, 340),
    "VAEDecode": (2020, 400, 340, 60),
    "ImageCompositeMasked": (2020, 520, 340, 180),
    "SaveImage": (2420, 0, 400, 440),
    "PreviewAny": (2420, 500, 400, 320),
}
_FOUND = (
    "The mask is found by itself. The preview numbers the regions: write another number into "
    "choice to take that one. superpixels needs no download and knows no things; with Segment "
    "Anything in models/sams and a CLIP image encoder, things are found by their names."
)
NOTES = {
    "polaris_replace": _FOUND,
    "polaris_restyle_part": _FOUND,
    "polaris_add": f"{_FOUND} Where an added thing goes is better found with an InstructPix2Pix "
    "checkpoint at ip2p_model, ip2p_clip and ip2p_vae.",
    "polaris_whole_chain": f"All six stages. The language model reads the sentence, looks at the "
    f"picture, and reads every LoRA found. {_FOUND}",
    "polaris_remove": _FOUND,
    "polaris_background": _FOUND,
    "polaris_language_model": "With a language model the sentence may be in any language the model "
    "reads. Name the model of your own server, or choose local and a folder in models/LLM. If it "
    "does not answer, the grammar reads the sentence, and the parser says so.",
    "polaris_local_change": "Choose a picture in Load Image, right-click it, open the mask editor "
    "and draw over what is to change. Everything outside the mask stays exactly as it was.",
    "polaris_style_of_reference": "To look at pictures, the zoo needs an image encoder. The first "
    "run tells the one command that fetches it.",
}


def describe_widgets(info: dict[str, Any]) -> list[tuple[str, str, bool, object]]:
    """(name, type, whether it is a widget, default) of each input, in the order of the schema."""
    rows: list[tuple[str, str, bool, object]] = []
    for group in ("required", "optional"):
        for name, spec in info["input"].get(group, {}).items():
            kind = "COMBO" if isinstance(spec[0], list) else spec[0]
            options = spec[1] if len(spec) > 1 else {}
            forced = bool(options.get("forceInput"))
            rows.append((name, kind, kind in WIDGETS and not forced, options.get("default")))
    return rows


def values_of(node: dict[str, Any], rows: list[tuple[str, str, bool, object]]) -> list[object]:
    """What stands in the widgets, with the extra ones that the page adds of its own."""
    values: list[object] = []
    for name, kind, is_widget, default in rows:
        if not is_widget:
            continue
        given = node["inputs"].get(name, default)
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
            "pos": list(PLACES[node["class_type"]][:2]),
            "size": list(PLACES[node["class_type"]][2:]),
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
        for name, kind, is_widget, _ in describe_widgets(info[node["class_type"]]):
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
        "pos": [0, 1040],
        "size": [400, 120],
        "flags": {},
        "order": 99,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [text],
    }


def without(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    """The inputs of a node but for one."""
    return {key: value for key, value in inputs.items() if key != name}


def thumbnail(server: ComfyServer, api: dict[str, Any], picture: str) -> Image.Image:
    """The picture a workflow makes with the demonstration zoo."""
    values: dict[str, object] = {"Sampler.steps": 6, "Editor.width": 256, "Editor.height": 256}
    values["Zoo.base_model"] = "sd15"  # the others of the demonstration zoo have no weights
    if any(node["class_type"] == "LoadImage" for node in api.values()):
        values["Picture.image"] = picture
    if any(node["class_type"] == "PolarisTreeRerank" for node in api.values()):
        values["Language Model.model"] = "tiny"  # of random weights, which understand no sentence
        api = {**api, "3": {**api["3"], "inputs": without(api["3"]["inputs"], "language_model")}}
    if api["1"]["inputs"]["image_encoder"] != "none":
        values["Zoo.image_encoder"] = "hashing"  # weights of CLIP are not assumed here
    made = server.client.run(fill(api, values), timeout_s=300)
    content = next(content for node, _, content in made.images if node == "10")
    return ImageOps.fit(Image.open(io.BytesIO(content)).convert("RGB"), (400, 266))


def main() -> int:
    """Write every graph and every thumbnail."""
    comfyui = find_comfyui()
    if comfyui is None:
        print("no ComfyUI found; set COMFYUI_PATH", file=sys.stderr)
        return 1
    examples = ROOT / "example_workflows"
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        make_demo_zoo(base / "models", runnable=True)
        draw_photograph().save(base / "cat.png")
        make_text_model(base / "models" / "LLM" / "tiny")
        with ComfyServer(comfyui, base, custom_nodes={"polaris": ROOT}) as server:
            info = server.client.get_json("/object_info")
            picture = server.client.upload_image(base / "cat.png")
            for file in sorted((examples / "api").glob("*.json")):
                api = json.loads(file.read_text("utf-8"))
                graph = to_graph(api, info, NOTES.get(file.stem, ""))
                text = json.dumps(graph, indent=1) + "\n"
                (examples / file.name).write_text(text, "utf-8")
                picture_file = examples / f"{file.stem}.jpg"
                thumbnail(server, api, picture).save(picture_file, quality=88)
                print(file.stem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
