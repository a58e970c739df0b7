"""Workflow files in either of ComfyUI's forms, as far as models are named in them.

A file may be JSON, or a picture that ComfyUI saved, which carries the same JSON. In the form that
the page saves, what stands in a node's inputs is a list in the order of its widgets; in the API
form it goes by name.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from polaris_core.errors import InvalidInput, InvalidWorkflow
from polaris_core.page.cards import Json
from polaris_core.page.nodes import (
    CHECKPOINT_RETRIEVER,
    EDITOR,
    LORA_RETRIEVER,
    Editor,
    PolarisNodes,
    Retriever,
)
from polaris_core.page.plans import CHUNK, plans_in_chunk, texts_in_png
from polaris_core.planning.serialize import plan_from_json

__all__ = ["WIDGETS", "WorkflowFile", "read_workflow"]

WIDGETS: Mapping[str, tuple[str, ...]] = {
    CHECKPOINT_RETRIEVER: ("pins", "candidates", "fetch"),
    LORA_RETRIEVER: ("pins", "candidates", "unknown_base", "fetch"),
    EDITOR: (
        *("width", "height", "pictures", "style_strength", "object_strength", "denoise"),
        *("negative", "unknown_base", "plan_json", "fetch"),
    ),
}
"""The widgets of our nodes, in the order of their schemas."""

_LARGEST_BYTES = 64 << 20
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of either form."""

    name: str
    """Its id; within a subgraph the subgraph's before it."""
    kind: str
    values: dict[str, Any] | list[Any]
    """By name, or in the order of the widgets. Writing to it changes the workflow."""
    sources: Mapping[str, str]
    """The nodes that its linked inputs come from, by input."""

    def text(self, name: str) -> str:
        """What stands in an input; empty if nothing does, or it comes from another node."""
        if name in self.sources:
            return ""
        value = self.values.get(name) if isinstance(self.values, dict) else self._listed(name)
        return value if isinstance(value, str) else ""

    def _listed(self, name: str) -> object:
        place = WIDGETS[self.kind].index(name)
        return self.values[place] if place < len(self.values) else None  # type: ignore[index]

    def write(self, name: str, text: str) -> None:
        """Put a text into an input.

        Raises:
            InvalidWorkflow: It comes from another node, or the workflow is of another version.
        """
        if name in self.sources:
            hint = "Take the link away, or write it there"
            raise InvalidWorkflow(f"{name} comes from another node", value=self.name, hint=hint)
        if isinstance(self.values, dict):
            self.values[name] = text
            return
        place = WIDGETS[self.kind].index(name)
        if place >= len(self.values):
            hint = "Open it in ComfyUI and save it again"
            raise InvalidWorkflow("the node has too few values", value=self.name, hint=hint)
        self.values[place] = text


class WorkflowFile:
    """A workflow that was read, with the plans that came with it."""

    def __init__(self, value: object, plans: Mapping[str, str] | None = None) -> None:
        """Look for our nodes.

        Raises:
            InvalidWorkflow: It is no workflow of either form.
            InvalidPlan: A plan in it is damaged.
        """
        if not isinstance(value, dict):
            raise InvalidWorkflow("a workflow is a JSON object", value=type(value).__name__)
        self.value: Json = copy.deepcopy(cast(Json, value))
        for node in self.value.values():
            # What ComfyUI had found out of folders then is saved too, and would be believed again.
            _mapping(node).pop("is_changed", None)
        self._nodes = {node.name: node for node in _nodes_of(self.value)}
        extra = _mapping(self.value.get("extra")).get(CHUNK)
        self._plans = {**(plans_in_chunk(json.dumps(extra)) if extra else {}), **(plans or {})}

    def nodes(self, plan: str = "") -> PolarisNodes:
        """Our nodes, with what they name.

        Args:
            plan: JSON of a plan for editors, in place of those of the file; empty if there is none.

        Raises:
            InvalidPlan: A plan in it is damaged.
        """
        retrievers: dict[str, Retriever] = {}
        editors: dict[str, Editor] = {}
        for node in self._nodes.values():
            if node.kind == EDITOR:
                text = plan or node.text("plan_json") or self._plans.get(node.name, "")
                editors[node.name] = Editor(
                    plan_from_json(text) if text.strip() else None,
                    self._upstream(node, CHECKPOINT_RETRIEVER),
                    self._upstream(node, LORA_RETRIEVER),
                )
            elif node.kind in (CHECKPOINT_RETRIEVER, LORA_RETRIEVER):
                retrievers[node.name] = Retriever(node.text("pins"))
        return PolarisNodes(retrievers, editors)

    def apply(self, edits: list[Json]) -> None:
        """Write edits into it, as `freeze` gives them; plans beside the inputs are taken out.

        Raises:
            InvalidWorkflow: An input comes from another node.
        """
        for edit in edits:
            self._nodes[edit["node"]].write(edit["input"], edit["value"])
        _mapping(self.value.get("extra")).pop(CHUNK, None)

    def _upstream(self, node: _Node, kind: str) -> str:
        """The nearest node of a kind that this one gets anything from; empty if there is none."""
        seen, now = {node.name}, [node.name]
        while now:
            following: list[str] = []
            for name in now:
                for source in self._nodes[name].sources.values() if name in self._nodes else ():
                    if source not in seen:
                        seen.add(source)
                        following.append(source)
            for name in following:
                if name in self._nodes and self._nodes[name].kind == kind:
                    return name
            now = following
        return ""


def read_workflow(path: Path, *, api: bool = False) -> WorkflowFile:
    """Read a workflow, or the one that a saved picture carries.

    Args:
        path: JSON in either form, or a PNG.
        api: Of a picture that carries both forms take the API form.

    Raises:
        InvalidInput: It cannot be read, is over 64 MiB, or a picture without a workflow.
        InvalidWorkflow: It is no workflow.
        InvalidPlan: A plan in it is damaged.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput("the workflow cannot be read", value=str(path)) from error
    if len(content) > _LARGEST_BYTES:
        raise InvalidInput("the workflow is over 64 MiB", value=str(path))
    if not content.startswith(_PNG):
        return WorkflowFile(_json_of(content, path))
    texts = texts_in_png(content)
    found = texts.get("prompt") if api else texts.get("workflow") or texts.get("prompt")
    if not found:
        hint = "Take a picture that ComfyUI saved, or the workflow itself"
        raise InvalidInput("the picture carries no workflow", value=str(path), hint=hint)
    plans = plans_in_chunk(texts[CHUNK]) if CHUNK in texts else {}
    return WorkflowFile(_json_of(found, path), plans)


def _json_of(text: bytes | str, path: Path) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidWorkflow("the workflow is not JSON", value=str(path)) from error


def _nodes_of(value: Json) -> Iterator[_Node]:
    if isinstance(value.get("nodes"), list):
        yield from _nodes_of_page(value, "")
        for subgraph in _rows(_mapping(value.get("definitions")).get("subgraphs")):
            yield from _nodes_of_page(subgraph, f"{subgraph.get('id')}:")
        return
    if not value or any("class_type" not in _mapping(node) for node in value.values()):
        raise InvalidWorkflow("neither of ComfyUI's forms of a workflow")
    for name, node in value.items():
        inputs = _mapping(_mapping(node).get("inputs"))
        links = {i: str(v[0]) for i, v in inputs.items() if isinstance(v, list) and len(v) == 2}  # pyright: ignore[reportUnknownArgumentType]
        yield _Node(name, str(node["class_type"]), inputs, links)


def _nodes_of_page(graph: Json, before: str) -> Iterator[_Node]:
    origins = dict(_link(row) for row in _list(graph.get("links")))
    for node in _rows(graph.get("nodes")):
        sources = {
            str(row.get("name")): f"{before}{origins[str(row['link'])]}"
            for row in _rows(node.get("inputs"))
            if row.get("link") is not None and str(row["link"]) in origins
        }
        values = node.get("widgets_values")
        held = cast("dict[str, Any] | list[Any]", values) if _is_held(values) else []
        yield _Node(f"{before}{node.get('id')}", str(node.get("type")), held, sources)


def _link(row: object) -> tuple[str, str]:
    """A link's id and where it comes from: rows in a workflow, objects in its subgraphs."""
    if isinstance(row, list):
        id, origin, *_ = [*cast(list[object], row), None, None]
        return str(id), str(origin)
    return str(_mapping(row).get("id")), str(_mapping(row).get("origin_id"))


def _is_held(values: object) -> bool:
    return isinstance(values, (dict, list))


def _list(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []


def _rows(value: object) -> list[Json]:
    return [cast(Json, row) for row in _list(value) if isinstance(row, dict)]


def _mapping(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}
