"""Sentences and the answers a model should give: what the rules of the prompt come to."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["EXAMPLES", "Example"]


class Example(NamedTuple):
    """A sentence with its answer."""

    instruction: str
    has_picture: bool
    answer: str
    """JSON that obeys the schema."""


def _example(instruction: str, kind: str, *, has_picture: bool = True, **said: Any) -> Example:  # noqa: ANN401  of a field
    """An example in which every field that is not said is empty."""
    style, objects = said.get("style_words", ""), said.pop("objects", [])
    fields: dict[str, Any] = {
        "instruction_type": kind,
        **dict.fromkeys(("subject", "place", "anchor", "style_words", "object_words"), ""),
        "style_transformation": bool(style),
        "generation_prompt": "",
        "contour_compatible": True,
        "foreground": [],
        "topics": {"style": style, "objects": objects},
        "remaining": [],
        "explanation": "",
    }
    answer = json.dumps({**fields, **said}, ensure_ascii=False)
    return Example(instruction, has_picture, answer)


EXAMPLES = (
    _example(
        "Could you swap the kettle on the stove for a copper lantern?",
        "category_change",
        subject="kettle",
        place="on the stove",
        object_words="copper lantern",
        generation_prompt="a copper lantern",
        contour_compatible=False,
        foreground=["kettle"],
        objects=["copper lantern"],
    ),
    _example(
        "put a charcoal heron beside the pier",
        "add",
        subject="heron",
        anchor="beside the pier",
        style_words="charcoal",
        object_words="heron",
        generation_prompt="a charcoal heron",
        foreground=["heron", "pier"],
        objects=["heron"],
    ),
    _example(
        "I want the baker's apron striped green, and then get rid of the stool",
        "local_style",
        subject="apron",
        place="on the baker",
        style_words="striped green",
        generation_prompt="striped green apron",
        foreground=["apron"],
        remaining=["get rid of the stool"],
    ),
    _example(
        "let the backdrop be a snowy harbour",
        "local_style",
        subject="background",
        style_words="snowy harbour",
        generation_prompt="snowy harbour",
    ),
    _example(
        "everything as a linocut print please",
        "global_style",
        subject="image",
        style_words="linocut print",
        generation_prompt="linocut print",
    ),
    _example(
        "paint a ferryman the way this picture is painted",
        "new_picture",
        subject="ferryman",
        object_words="ferryman",
        generation_prompt="a ferryman",
        foreground=["ferryman"],
        objects=["ferryman"],
    ),
    _example(
        "take away the cables above the tram",
        "remove",
        subject="cables",
        place="above the tram",
        generation_prompt="the background",
        foreground=["cable"],
    ),
    _example(
        "have the violinist bow to the audience",
        "other",
        subject="violinist",
        explanation="It asks for another pose, which is none of these edits.",
    ),
    _example(
        "a paper-cut whale above the clouds",
        "new_picture",
        has_picture=False,
        subject="whale",
        style_words="paper-cut",
        object_words="whale",
        generation_prompt="a paper-cut whale above the clouds",
        foreground=["whale"],
        objects=["whale", "clouds"],
    ),
)
