"""What the licences of a plan's models ask for, in plain words."""

from __future__ import annotations

from polaris_core.catalogue.entry import Entry, Terms
from polaris_core.planning.plan import Decision

__all__ = ["decide_licence"]


def decide_licence(entry: Entry) -> Decision:
    """An entry's licence, what it allows, and whether it shows a real person."""
    parts = [*_allowed(entry.terms)]
    if entry.real_person:
        parts.append("it shows the likeness of a real person, whose consent matters too")
    value = f"{entry.name}: {entry.licence or 'none is known'}"
    return Decision("licence", value, "; ".join(parts) or "what it allows is not known")


def _allowed(terms: Terms) -> list[str]:
    answers = (
        (terms.commercial, "pictures may be sold", "pictures may not be sold"),
        (terms.credit, "its maker must be named", "no credit is asked for"),
        (terms.derivatives, "derivatives are allowed", "no derivatives"),
    )
    return [yes if answer else no for answer, yes, no in answers if answer is not None]
