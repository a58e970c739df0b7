"""Workflows in ComfyUI's API form: read, check, fill in.

In this form a workflow is a mapping from node ids to nodes, and a node has a `class_type`, `inputs`
and usually a title under `_meta`. What the page saves by default is another form, with positions
and colours, which a server does not run.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from polaris_core.errors import InvalidWorkflow

__all__ = ["Workflow", "check_workflow", "fill", "fresh", "load_workflow", "title_of"]

Workflow = dict[str, dict[str, Any]]
"""Nodes by id, each with `class_type` and `inputs`."""

_EXPORT = "In ComfyUI choose Workflow > Export (API) and use that file"
_LARGEST_BYTES = 32 << 20
_SHOWN_CHOICES = 20


def load_workflow(path: Path) -> Workflow:
    """Read an API workflow from a file.

    Raises:
        InvalidWorkflow: The file cannot be read, is no JSON, is over 32 MiB, or `check_workflow`
            refuses it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidWorkflow("the workflow cannot be read", value=str(path)) from error
    if len(content) > _LARGEST_BYTES:
        raise InvalidWorkflow("the workflow is over 32 MiB", value=str(path), hint=_EXPORT)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidWorkflow("the workflow is not JSON", value=str(path), hint=_EXPORT) from error
    return check_workflow(value)


def check_workflow(value: object) -> Workflow:
    """Tell an API workflow from everything else.

    Returns:
        The same value, known to be a non-empty mapping of ids to nodes.

    Raises:
        InvalidWorkflow: It is a workflow in the page's form, or no workflow at all.
    """
    if not isinstance(value, dict) or not value:
        raise InvalidWorkflow("a workflow is a JSON object of nodes", hint=_EXPORT)
    nodes = cast(dict[Any, Any], cast(object, value))
    if isinstance(nodes.get("nodes"), list):
        raise InvalidWorkflow(
            "this is the form that the page saves, which a server does not run", hint=_EXPORT
        )
    for node_id, node in nodes.items():
        if (
            not isinstance(node_id, str)
            or not isinstance(node, dict)
            or not isinstance(cast(dict[Any, Any], node).get("class_type"), str)
            or not isinstance(cast(dict[Any, Any], node).get("inputs"), dict)
        ):
            raise InvalidWorkflow(
                "every node of an API workflow has class_type and inputs",
                value=str(node_id),
                hint=_EXPORT,
            )
    return cast(Workflow, nodes)


def fresh(workflow: Workflow) -> Workflow:
    """The workflow without what a server noted in it when it ran; the original is not changed.

    A saved picture and the history carry `is_changed`: what was found out of folders then. A server
    that is sent it believes it and does not look again.
    """
    return {
        node_id: {name: value for name, value in node.items() if name != "is_changed"}
        for node_id, node in workflow.items()
    }


def title_of(node: Mapping[str, Any]) -> str:
    """The title a person gave a node, else its class."""
    meta = node.get("_meta")
    title = cast(dict[Any, Any], meta).get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) and title else str(node["class_type"])


def fill(workflow: Workflow, values: Mapping[str, object]) -> Workflow:
    """Set inputs of a workflow.

    Args:
        workflow: An API workflow; it is not changed.
        values: What to set, by `TITLE.INPUT`, `CLASS.INPUT` or `ID.INPUT`. An id is preferred to a
            title, a title to a class. A list becomes the list itself, not a link to a node.

    Returns:
        A copy with the values in place.

    Raises:
        InvalidWorkflow: No node or more than one is meant, the node does not list the input (a
            server would pass by a misspelt one in silence), or a value is not JSON.
    """
    filled = copy.deepcopy(workflow)
    for name, value in values.items():
        target, dot, input_name = name.rpartition(".")
        if not (dot and target and input_name):
            raise InvalidWorkflow("inputs are named NODE.INPUT", value=name)
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidWorkflow(
                f"{name} was given what JSON cannot say", value=repr(type(value).__name__)
            ) from error
        inputs = filled[_find(filled, target)]["inputs"]
        if input_name not in inputs:
            raise InvalidWorkflow(
                f"{target} has no such input", value=input_name, hint=_choices(inputs)
            )
        # A bare list of two would be read as a link.
        inputs[input_name] = {"__value__": value} if isinstance(value, list) else value
    return filled


def _find(workflow: Workflow, target: str) -> str:
    if target in workflow:
        return target
    found = [node_id for node_id, node in workflow.items() if title_of(node) == target]
    found = found or [i for i, node in workflow.items() if node["class_type"] == target]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidWorkflow(
            "several nodes are called this", value=target, hint=f"Use an id: {', '.join(found)}"
        )
    raise InvalidWorkflow(
        "no node has this title, class or id",
        value=target,
        hint=_choices(title_of(node) for node in workflow.values()),
    )


def _choices(names: Iterable[str]) -> str:
    there = sorted(set(names))
    more = ", …" if len(there) > _SHOWN_CHOICES else ""
    return f"There are {', '.join(there[:_SHOWN_CHOICES])}{more}" if there else "There are none"
