"""What the browser tests do with the page: load, run, look into nodes."""

from __future__ import annotations

import json
import mimetypes
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT_ENCODER = "sentence:all-MiniLM-L6-v2"
APP = "window.comfyAPI.app.app"
FILTERS = {
    "Kind": "kind",
    "Base model": "family",
    "Role": "role",
    "Which are here": "on_disk",
    "Order": "order",
}


def graph(name: str = "polaris_text_to_picture", **values: object) -> dict[str, Any]:
    """An example workflow in its drag-and-drop form, small and quick.

    Args:
        name: Of the example.
        **values: By `Class__input`: what stands in a widget.
    """
    loaded = json.loads((ROOT / "example_workflows" / f"{name}.json").read_text("utf-8"))
    quick = {
        "PolarisZoo__folders": "",
        "PolarisZoo__base_model": "sd15",
        "PolarisZoo__text_encoder": TEXT_ENCODER,
        "PolarisZoo__image_encoder": "hashing",
        "PolarisSegmenter__image_encoder": "none",
        "PolarisLanguageModel__model": "tiny",
        "PolarisAdaptiveEditor__width": 128,
        "PolarisAdaptiveEditor__height": 128,
        "KSampler__steps": 1,
    }
    loaded["extra"]["values"] = {**quick, **values}
    return loaded


def load(page: Any, workflow: dict[str, Any]) -> None:
    """Load a workflow, then write its values by the names of the inputs."""
    values = workflow["extra"].pop("values", {})
    page.evaluate(
        f"""async ([workflow, values]) => {{
            const app = {APP};
            await app.loadGraphData(workflow);
            for (const [name, value] of Object.entries(values)) {{
                const [type, input] = name.split("__");
                for (const node of app.graph.nodes) if (node.type === type)
                    for (const widget of node.widgets) if (widget.name === input)
                        widget.value = value;
            }}
        }}""",
        [workflow, values],
    )


def run(page: Any, timeout_ms: int) -> None:
    """Queue what is on the canvas and wait until it has ended; an error is raised."""
    page.evaluate(
        f"""(timeout) => new Promise((resolve, reject) => {{
            const {{ api }} = window.comfyAPI.api;
            let ours = "";
            setTimeout(() => reject(new Error("the run does not end")), timeout);
            api.addEventListener("execution_start", (e) => {{ ours ||= e.detail.prompt_id; }});
            api.addEventListener("execution_error",
                (e) => reject(new Error(e.detail.exception_message)));
            api.addEventListener("execution_success",
                (e) => {{ if (e.detail.prompt_id === ours) resolve(); }});
            {APP}.queuePrompt(0, 1).catch(reject);
        }})""",
        timeout_ms,
    )


def widget(page: Any, node_type: str, name: str) -> str:
    """What stands in a widget."""
    return page.evaluate(
        f"""([type, name]) => {APP}.graph.nodes.find((n) => n.type === type)
            .widgets.find((w) => w.name === name).value""",
        [node_type, name],
    )


def wait_for_widget(page: Any, node_type: str, name: str, holds: str) -> None:
    """Wait until a text stands in a widget."""
    page.wait_for_function(
        f"""([type, name, text]) => {APP}.graph.nodes.find((n) => n.type === type)
            .widgets.find((w) => w.name === name).value.includes(text)""",
        arg=[node_type, name, holds],
    )


def select(page: Any, node_type: str) -> None:
    """Select one node and no other."""
    page.evaluate(
        f"""(type) => {{
            const {{ canvas, graph }} = {APP};
            canvas.deselectAll();
            canvas.selectNode(graph.nodes.find((n) => n.type === type));
        }}""",
        node_type,
    )


def saved(page: Any) -> dict[str, Any]:
    """The workflow as it would be saved."""
    return page.evaluate(f"() => JSON.parse(JSON.stringify({APP}.graph.serialize()))")


def api_form(page: Any) -> dict[str, Any]:
    """The workflow as it would be run through the API."""
    return page.evaluate(f"async () => (await {APP}.graphToPrompt()).output")


def cards_of(page: Any, node_type: str) -> Any:
    """The cards under a node, wherever the renderer has put them."""
    page.evaluate(
        f"""(type) => {{
            for (const node of {APP}.graph.nodes) for (const widget of node.widgets ?? [])
                if (widget.element?.classList?.contains("polaris-panel"))
                    widget.element.dataset.of = node.type;
        }}""",
        node_type,
    )
    return page.locator(f'.polaris-panel[data-of="{node_type}"] .polaris-card')


def look_at(page: Any, node_type: str) -> None:
    """Bring a node into the middle of the canvas, at its full size."""
    page.evaluate(
        f"""(type) => {{
            const app = {APP};
            const node = app.graph.nodes.find((n) => n.type === type);
            const box = app.canvas.canvas.getBoundingClientRect();
            const ds = app.canvas.ds;
            ds.scale = 1;
            ds.offset[0] = box.width / 2 - node.pos[0] - node.size[0] / 2;
            ds.offset[1] = Math.max(60, (box.height - node.size[1]) / 2) - node.pos[1];
            app.canvas.setDirty(true, true);
        }}""",
        node_type,
    )
    drawn(page)


def drawn(page: Any) -> None:
    """Wait until the page has drawn what it shows by now."""
    page.evaluate(
        """async () => {
            for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
        }"""
    )


def command(page: Any, name: str) -> None:
    """Do what the command palette would."""
    page.evaluate(f"{APP}.extensionManager.command.execute('{name}')")


def drop_file(page: Any, target: str, file: Path) -> None:
    """Drop a file on an element, as if it came from a folder of the computer."""
    page.evaluate(
        """([target, name, type, bytes]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
            const element = document.querySelector(target);
            const box = element.getBoundingClientRect();
            const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
            for (const kind of ["dragenter", "dragover", "drop"])
                element.dispatchEvent(new DragEvent(kind,
                    { bubbles: true, cancelable: true, composed: true, dataTransfer, ...at }));
        }""",
        [target, file.name, mimetypes.guess_type(file.name)[0], list(file.read_bytes())],
    )


def scan(page: Any, sidebar: Any) -> None:
    """Press Scan, and wait until it has ended and cards are there."""
    sidebar.get_by_role("button", name="Scan", exact=True).click()
    page.wait_for_function("!document.querySelector('.polaris-jobs button').disabled")
    sidebar.locator(".polaris-in-list").first.wait_for()


def choose(sidebar: Any, label: str, value: str) -> int:
    """Choose in a filter of the sidebar, and wait for the answer; how many models it says.

    Args:
        sidebar: As `open_sidebar` gives it.
        label: One of `FILTERS`.
        value: Of the choice.
    """

    def is_asked(response: Any) -> bool:
        address = urlsplit(response.url)
        asked = parse_qs(address.query).get(FILTERS[label], [""])[0]
        return address.path.endswith("/polaris/cards") and asked == value

    with sidebar.page.expect_response(is_asked) as answer:
        sidebar.get_by_label(label, exact=True).select_option(value)
    total: int = answer.value.json()["total"]
    said = sidebar.locator(".polaris-search-box [role=status]")
    said.filter(has_text=re.compile(rf"^{total:,}\b")).wait_for()
    return total


def open_sidebar(page: Any) -> Any:
    """The Polaris tab."""
    sidebar = page.locator('[data-testid="polaris-sidebar"]')
    if not sidebar.count():
        page.locator(".polaris-tab-button").first.click()
    sidebar.wait_for()
    return sidebar
