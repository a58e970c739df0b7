"""What a ComfyUI server answers, read with suspicion.

Pure functions from decoded JSON to values. Anything a server may leave out or get wrong is passed
by where nothing depends on it, and is a `ServerProblem` where something does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from polaris_core.errors import ServerProblem, WorkflowFailed, WorkflowRejected

__all__ = [
    "Outcome",
    "PictureRef",
    "as_mapping",
    "failure",
    "is_queued",
    "read_history",
    "read_prompt_id",
    "rejection",
]

_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture that lies on the server."""

    node_id: str
    filename: str
    subfolder: str
    folder: str
    """`output` for saved pictures, `temp` for previews, `input` for uploaded ones."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the history says of a workflow that has run to its end."""

    pictures: tuple[PictureRef, ...] = ()
    """In the order of their nodes' ids."""
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Texts shown on nodes, by node id."""
    cached: frozenset[str] = frozenset()
    """Ids of the nodes that did not have to run."""


def as_mapping(value: object) -> Mapping[str, Any]:
    """The value where it is a JSON object, else an empty one."""
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


def _as_list(value: object) -> list[Any]:
    return cast(list[Any], value) if isinstance(value, list) else []


def _text(value: object) -> str:
    return " ".join(value.split())[:_LONGEST_TEXT] if isinstance(value, str) else ""


def read_prompt_id(answer: object) -> str:
    """The number the server gave to a submitted workflow.

    Raises:
        ServerProblem: The answer has none.
    """
    prompt_id = as_mapping(answer).get("prompt_id")
    if not isinstance(prompt_id, str) or not 0 < len(prompt_id) <= 100:
        raise ServerProblem(
            "the server took the workflow without giving it a number",
            value=answer,
            hint="Is this really a ComfyUI?",
        )
    return prompt_id


def rejection(answer: object) -> WorkflowRejected:
    """The error for a refused workflow: which node, which input, what is wrong with it."""
    error = as_mapping(as_mapping(answer).get("error"))
    lines = [
        f"{_text(as_mapping(node).get('class_type'))} (node {node_id}): {_input_error(wrong)}"
        for node_id, node in as_mapping(as_mapping(answer).get("node_errors")).items()
        for wrong in _as_list(as_mapping(node).get("errors"))
    ]
    if not lines:
        lines = [_message(error) or "it did not say why"]
    return WorkflowRejected("the server refused the workflow: " + "; ".join(lines))


def _input_error(wrong: object) -> str:
    extra = as_mapping(as_mapping(wrong).get("extra_info"))
    name = _text(extra.get("input_name"))
    said = _message(as_mapping(wrong)) or "invalid"
    return f"input {name}: {said}" if name and name not in said else said


def _message(error: Mapping[str, Any]) -> str:
    parts = [_text(error.get("message")), _text(error.get("details"))]
    return ": ".join(part for part in parts if part)


def failure(data: Mapping[str, Any]) -> WorkflowFailed:
    """The error for a node that failed, from the data of an `execution_error` event."""
    node = _text(data.get("node_type")) or "a node"
    node_id = _text(data.get("node_id"))
    kind = _text(data.get("exception_type"))
    said = _text(data.get("exception_message")) or kind or "it did not say why"
    where = f"{node} (node {node_id})" if node_id else node
    return WorkflowFailed(f"{where} failed: {said}")


def is_queued(queue: object, prompt_id: str, *lists: str) -> bool:
    """Whether the answer of `/queue` has a workflow in one of its lists.

    Args:
        queue: The decoded answer.
        prompt_id: The workflow's number.
        lists: `queue_running`, `queue_pending` or both.
    """
    jobs = [job for name in lists for job in _as_list(as_mapping(queue).get(name))]
    return any(prompt_id in _as_list(job)[1:2] for job in jobs)


def read_history(history: object, prompt_id: str) -> Outcome | None:
    """What the answer of `/history/ID` says.

    Returns:
        None while the workflow has not ended.

    Raises:
        WorkflowFailed: A node failed, or someone interrupted the workflow.
    """
    entry = as_mapping(as_mapping(history).get(prompt_id))
    if not entry:
        return None
    status = as_mapping(entry.get("status"))
    cached: set[str] = set()
    for message in _as_list(status.get("messages")):
        event, data = [*_as_list(message), None, None][:2]
        if event == "execution_error":
            raise failure(as_mapping(data))
        if event == "execution_interrupted":
            raise WorkflowFailed("the workflow was interrupted on the server")
        if event == "execution_cached":
            nodes = _as_list(as_mapping(data).get("nodes"))
            cached.update(node for node in nodes if isinstance(node, str))
    if status.get("status_str") == "error":
        raise WorkflowFailed("the workflow failed, and the server did not say why")
    outputs = as_mapping(entry.get("outputs"))
    in_order = sorted(outputs, key=lambda node_id: (len(node_id), node_id))
    return Outcome(
        pictures=tuple(ref for node_id in in_order for ref in _pictures(node_id, outputs[node_id])),
        texts={node_id: texts for node_id in in_order if (texts := _texts(outputs[node_id]))},
        cached=frozenset(cached),
    )


def _pictures(node_id: str, output: object) -> list[PictureRef]:
    found: list[PictureRef] = []
    for image in map(as_mapping, _as_list(as_mapping(output).get("images"))):
        filename, subfolder = image.get("filename"), image.get("subfolder", "")
        folder = image.get("type", "output")
        if isinstance(filename, str) and isinstance(subfolder, str) and isinstance(folder, str):
            found.append(PictureRef(node_id, filename, subfolder, folder))
    return found


def _texts(output: object) -> tuple[str, ...]:
    text = as_mapping(output).get("text")
    return tuple(
        t for t in ([text] if isinstance(text, str) else _as_list(text)) if isinstance(t, str)
    )
