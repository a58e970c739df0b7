"""Make the drag-and-drop form and the thumbnail of every example workflow from its API form.

    python .ci/example_workflows.py            writes example_workflows/*.json and *.jpg
    python .ci/example_workflows.py --graphs   only the *.json

The API form is the source. Which inputs are widgets, and in which order, is asked of a real ComfyUI
that is started for it; the thumbnails are pictures that the workflows made there with the
miniature zoo, as they stand.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image, ImageOps  # noqa: E402

from polaris_core.comfyui.locate import find_comfyui  # noqa: E402
from polaris_core.comfyui.server import ComfyServer  # noqa: E402
from polaris_core.miniature.zoo import make_miniature_zoo  # noqa: E402

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
    "PolarisCrop": (1500, 1520, 460, 200),
    "PolarisStitch": (2020, 520, 340, 140),
    "SaveImage": (2420, 0, 400, 440),
    "PreviewAny": (2420, 500, 400, 320),
}
_MINIATURE = (
    "This runs on the miniature zoo: small trained models that come with the pack. Write them once "
    "with `python -m polaris_core miniature FOLDER` in the pack's folder, FOLDER being ComfyUI's, "
    "and restart.\n\nFor your own models: empty folders in the Zoo node, set its text_encoder to "
    "sentence:all-MiniLM-L6-v2, the image encoders to none or a CLIP that you have, width and "
    "height in the Editor, size in Crop and cfg in the Sampler to what your checkpoints want (512, "
    "512 and 7), and choose a picture of yours."
)
_FOUND = (
    "The mask is found by itself. The preview numbers the regions: write another number into "
    "choice to take that one. superpixels needs no download; for photographs put Segment Anything "
    "into models/sams and choose it."
)
NOTES = {
    "polaris_replace": _FOUND,
    "polaris_restyle_part": _FOUND,
    "polaris_add": f"{_FOUND} Where an added thing goes is better found with an InstructPix2Pix "
    "checkpoint at ip2p_model, ip2p_clip and ip2p_vae.",
    "polaris_whole_chain": f"All six stages. The language model reads every LoRA found. A larger "
    f"one, connected to the Instruction Parser too, also reads the sentence. {_FOUND}",
    "polaris_remove": _FOUND,
    "polaris_background": _FOUND,
    "polaris_language_model": "With a language model the sentence may be in any language the model "
    "reads. Name the model of your own server, or choose local and a folder in models/LLM. If it "
    "does not answer, the grammar reads the sentence, and the parser says so.",
    "polaris_local_change": "Choose a picture in Load Image, right-click it, open the mask editor "
    "and draw over what is to change. Everything outside the mask stays exactly as it was.",
    "polaris_style_of_reference": "To look at pictures, the zoo needs an image encoder. For your "
    "own models use clip:ViT-L-14/openai: the first run tells the one command that fetches it.",
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
        "pos": [460, 1160],
        "size": [460, 340],
        "flags": {},
        "order": 99,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "properties": {},
        "widgets_values": [text],
    }


def thumbnail(server: ComfyServer, api: dict[str, Any]) -> Image.Image:
    """The picture a workflow makes, as it stands."""
    made = server.client.run(api, timeout_s=600)
    content = next(content for node, _, content in made.images if node == "10")
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return ImageOps.fit(picture, (400, 266), Image.Resampling.LANCZOS)


def main() -> int:
    """Write every graph and, unless told not to, every thumbnail."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--graphs", action="store_true", help="no thumbnails")
    options = parser.parse_args()
    comfyui = find_comfyui()
    if comfyui is None:
        print("no ComfyUI found; set COMFYUI_PATH", file=sys.stderr)
        return 1
    examples = ROOT / "example_workflows"
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        if not options.graphs:
            make_miniature_zoo(base)
        with ComfyServer(comfyui, base, custom_nodes={"polaris": ROOT}) as server:
            info = server.client.get_json("/object_info")
            for file in sorted((examples / "api").glob("*.json")):
                api = json.loads(file.read_text("utf-8"))
                note = "\n\n".join(filter(None, (NOTES.get(file.stem), _MINIATURE)))
                text = json.dumps(to_graph(api, info, note), indent=1) + "\n"
                (examples / file.name).write_text(text, "utf-8")
                if not options.graphs:
                    thumbnail(server, api).save(examples / f"{file.stem}.jpg", quality=88)
                print(file.stem)
    return 0


if __name__ == "__main__":
    sys.exit(main())
