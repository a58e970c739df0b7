"""Plans in saved pictures, beside what the host writes there itself.

The host hands every node one mapping for a run, which its saving nodes write into their files, a
text for each key. A plan put there is saved by all of them. A run in which the editor is cached
does not carry the editor out: its plan is remembered by what led to it, and put there beforehand.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import warnings
from collections import OrderedDict
from contextlib import closing
from typing import Any, cast

from polaris_core.errors import InvalidInput, InvalidPlan
from polaris_core.page.cards import Json
from polaris_core.page.nodes import EDITOR
from polaris_core.planning.serialize import plan_from_json

__all__ = ["CHUNK", "PlanMemory", "embed", "plans_in_chunk", "plans_in_png"]

CHUNK = "polaris"
"""The key of the host's mapping, and so of the text in the picture."""
_VERSION = 1
_REMEMBERED = 256
_MOST_NODES = 20_000
_MOST_PLANS = 500


class PlanMemory:
    """The last plan of every editor, by all that led to it; may be used from several threads."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, prompt: object, node: str, plan_json: str) -> None:
        """Keep what an editor decided in this API workflow."""
        key = key_of(prompt, node)
        if key:
            with self._lock:
                self._plans[key] = plan_json
                self._plans.move_to_end(key)
                while len(self._plans) > _REMEMBERED:
                    self._plans.popitem(last=False)

    def recall(self, prompt: object, node: str) -> str:
        """What an editor decided when it was carried out last with the same inputs; or nothing."""
        key = key_of(prompt, node)
        with self._lock:
            return self._plans.get(key, "")

    def prepare(self, request: Json) -> None:
        """Put the plans that are known into a run that is about to be queued.

        A run that comes without the host's mapping is given one, so that an editor finds it.

        Args:
            request: What was sent to the host: `prompt`, and perhaps `extra_data`.
        """
        prompt = _mapping(request.get("prompt"))
        editors = [n for n, node in prompt.items() if _mapping(node).get("class_type") == EDITOR]
        if not editors:
            return
        extra = request.setdefault("extra_data", {})
        if isinstance(extra, dict):
            info = cast(Json, extra).setdefault("extra_pnginfo", {})
            for node in editors:
                plan = self.recall(prompt, node)
                if plan and isinstance(info, dict):
                    embed(cast(Json, info), node, plan)


def key_of(prompt: object, node: str) -> str:
    """A text that is the same for the same node with the same inputs, and theirs, and so on."""
    nodes = _mapping(prompt)
    found: dict[str, Any] = {}
    open_ids = [node]
    while open_ids and len(found) < _MOST_NODES:
        id = open_ids.pop()
        if id in found or id not in nodes:
            continue
        one = _mapping(nodes[id])
        inputs = _mapping(one.get("inputs"))
        found[id] = [one.get("class_type"), inputs]
        for value in inputs.values():
            if isinstance(value, list) and len(cast(list[object], value)) == 2:
                open_ids.append(str(cast(list[object], value)[0]))
    if node not in found:
        return ""
    text = json.dumps([node, found], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def embed(info: Json, node: str, plan_json: str) -> None:
    """Put a plan into the host's mapping for saved files, and into the workflow that lies there."""
    plan = json.loads(plan_json)
    _plans_of(info, CHUNK)[node] = plan
    workflow = info.get("workflow")
    if isinstance(workflow, dict):
        extra = cast(Json, workflow).setdefault("extra", {})
        if isinstance(extra, dict):
            _plans_of(cast(Json, extra), CHUNK)[node] = plan


def _plans_of(holder: Json, key: str) -> Json:
    if not isinstance(_mapping(holder.get(key)).get("plans"), dict):
        holder[key] = {"version": _VERSION, "plans": {}}
    return holder[key]["plans"]


def plans_in_chunk(text: str) -> dict[str, str]:
    """The plans of a picture's text, as JSON, by the editor's node.

    Raises:
        InvalidPlan: It is damaged, or of a newer version.
    """
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidPlan("the picture's plans are no JSON", value=text) from error
    version, plans = _mapping(held).get("version"), _mapping(held).get("plans")
    if version != _VERSION or not isinstance(plans, dict):
        raise InvalidPlan("the picture's plans are of a version nobody knows", value=repr(version))
    found = {name: json.dumps(plan) for name, plan in cast(Json, plans).items()}
    if len(found) > _MOST_PLANS:
        raise InvalidPlan("the picture holds too many plans", value=len(found))
    for plan in found.values():
        plan_from_json(plan)
    return found


def texts_in_png(content: bytes) -> dict[str, str]:
    """The texts that stand in a PNG before its pixels.

    Raises:
        InvalidInput: It is no PNG, or a damaged one.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with closing(Image.open(io.BytesIO(content), formats=("PNG",))) as picture:
                info = cast(Json, picture.info)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput("not a PNG", value=f"{len(content)} bytes") from error
    return {name: text for name, text in info.items() if isinstance(text, str)}


def plans_in_png(content: bytes) -> dict[str, str]:
    """The plans that a picture saved by ComfyUI carries; none if it carries none.

    Raises:
        InvalidInput: It is no PNG.
        InvalidPlan: Its plans are damaged.
    """
    text = texts_in_png(content).get(CHUNK, "")
    return plans_in_chunk(text) if text else {}


def _mapping(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}
