"""A plan as text that a person reads."""

from __future__ import annotations

import textwrap

from polaris_core.planning.plan import EditPlan

__all__ = ["explain"]

_WIDTH = 100
_LABEL = 16


def explain(plan: EditPlan) -> str:
    """The instruction, the intent, and each decision with its reason, in two columns.

    Lines are at most 100 characters wide, unless a single word is longer.
    """
    intent = plan.intent
    rows = [
        ("instruction", intent.instruction[:400]),
        ("type", intent.instruction_type.value.replace("_", " ")),
        ("subject", " ".join(filter(None, (intent.subject, intent.place or intent.anchor)))),
    ]
    rows += [(d.what, f"{d.value} - {d.reason}" if d.reason else d.value) for d in plan.decisions]
    return "\n".join(line for label, text in rows if text for line in _row(label, text))


def _row(label: str, text: str) -> list[str]:
    label = " ".join(label.split())
    if len(label) > _LABEL:
        return [label, *_row("", text)]
    lines = textwrap.wrap(
        " ".join(text.split()), _WIDTH - _LABEL - 2, break_long_words=False, break_on_hyphens=False
    )
    first, *others = lines or [""]
    indent = " " * (_LABEL + 2)
    return [f"{label:<{_LABEL}}  {first}", *(indent + line for line in others)]
